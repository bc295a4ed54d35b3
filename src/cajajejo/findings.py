"""What a check of a Kubernetes object found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cajajejo.yamlfile import Location


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in a document, or odd; a cluster refuses what is an error."""

    document: int
    kind: str
    location: Location
    message: str
    hint: str | None = None
    level: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Findings:
    """Collects what is found in one document; the findings stand in `found`."""

    document: int
    kind: str
    found: list[Finding]

    def error(self, location: Location, message: str, hint: str | None = None) -> None:
        """A cluster refuses the value at `location`."""
        self.found.append(Finding(self.document, self.kind, location, message, hint))

    def warning(self, location: Location, message: str, hint: str | None = None) -> None:
        """A cluster takes the value at `location`, and does something that is hardly meant."""
        self.found.append(Finding(self.document, self.kind, location, message, hint, "warning"))
