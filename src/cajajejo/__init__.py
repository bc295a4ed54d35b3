"""Evaluate language models on Kubernetes, track every run in MLflow, and judge whether a metric regressed."""

TYPE_CHECKING = False
"""As that of typing, which need not be imported for it."""
if TYPE_CHECKING:
    from cajajejo.comparison.frames import compare
    from cajajejo.metrics.notebook.judging import judge
    from cajajejo.metrics.notebook.scalars import read_events
    from cajajejo.metrics.notebook.shifting import shifts

__version__ = "0.1.0"
__all__ = ["__version__", "compare", "judge", "read_events", "shifts"]

_PLACES = {
    "compare": "cajajejo.comparison.frames",
    "judge": "cajajejo.metrics.notebook.judging",
    "read_events": "cajajejo.metrics.notebook.scalars",
    "shifts": "cajajejo.metrics.notebook.shifting",
}
"""Where each function is that is imported when it is first asked for: numpy comes with them, and with some SciPy."""


def __getattr__(name: str) -> object:
    """The function of this name.

    Raises:
        AttributeError: there is nothing of this name.
    """
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    """The names of `__all__`, and what is imported already."""
    return sorted({*globals(), *__all__})
