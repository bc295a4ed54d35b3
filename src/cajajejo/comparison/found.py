"""What `cajajejo.compare` finds: a comparison that can be printed, shown in a notebook, and turned into a document."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from cajajejo.comparison.reports import documents, markdown, summaries, text
from cajajejo.comparison.values import Comparison
from cajajejo.phrases import some
from cajajejo.terminal import Style

if TYPE_CHECKING:
    from cajajejo.comparison.values import MetricComparison


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Found(Comparison):
    """A comparison: ``print`` shows what the command does, a notebook a page; `as_dict` is that of ``--json``."""

    @classmethod
    def of(cls, comparison: Comparison) -> Found:
        """`comparison`, with what people do with one in Python."""
        return cls(**{field.name: getattr(comparison, field.name) for field in fields(Comparison)})

    def __getitem__(self, name: str) -> MetricComparison:
        """The metric of this name.

        Raises:
            KeyError: there is none; says which there are.
        """
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise KeyError(f"no metric is called {name}; there are {some([metric.name for metric in self.metrics])}")

    def as_dict(self) -> dict[str, Any]:
        """The document that ``--json`` prints: plain values, with null for what is absent or not finite."""
        return documents.of([(self, None)])

    def as_markdown(self) -> str:
        """The page that ``--format markdown`` prints."""
        return markdown.page([(self, None)])

    def __str__(self) -> str:
        """What the command prints, after its warnings."""
        told = [f"Warning: {' '.join(warning.split())}" for warning in self.warnings]
        return "\n".join([*told, *text.screen((self, None), Style())])

    def __repr__(self) -> str:
        """The verdict in a line; all fields together would fill pages."""
        return f"<{type(self).__name__} {self.verdict}: {summaries.counted(self)}>"

    def _repr_markdown_(self) -> str:
        """What Jupyter shows."""
        return self.as_markdown()
