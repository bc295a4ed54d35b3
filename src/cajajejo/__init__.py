"""Evaluate language models on Kubernetes, track every run in MLflow, and judge whether a metric regressed."""

TYPE_CHECKING = False
"""As that of typing, which need not be imported for it."""
if TYPE_CHECKING:
    from cajajejo.comparison.frames import compare

__version__ = "0.1.0"
__all__ = ["__version__", "compare"]


def __getattr__(name: str) -> object:
    """What is imported when it is first asked for: numpy and scipy come with `compare`.

    Raises:
        AttributeError: there is nothing of this name.
    """
    if name != "compare":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return import_module("cajajejo.comparison.frames").compare


def __dir__() -> list[str]:
    """The names of `__all__`, and what is imported already."""
    return sorted({*globals(), *__all__})
