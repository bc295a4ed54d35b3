"""What a check of a Kubernetes object found, and the words that findings are made of."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cajajejo.yamlfile import Location

REQUIRED: Final = "required, and not there"
UNKNOWN_FIELD: Final = "unknown field"
_SHOWN: Final = 60
_LISTED: Final = 20


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


def shown(value: object) -> str:
    """A value as messages show it: never the inside of a mapping or list, and never long."""
    if value is None:
        return "empty"
    if isinstance(value, dict | list | tuple):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value[: _SHOWN + 1] if isinstance(value, str) else value)
    return cut(text)


def cut(text: str) -> str:
    """`text` as it stands in a sentence, never long."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def closest(name: object, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` is probably a misspelling of."""
    found = difflib.get_close_matches(str(name)[:_SHOWN], list(names), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(name: object, names: Sequence[str]) -> str | None:
    """The hint beside an unknown name: the closest that is known, then all of them where they are few."""
    guess = closest(name, names)
    listed = f"one of {', '.join(names)}" if names else "nothing can stand here"
    if guess is None:
        return listed
    return f"did you mean {guess}? ({listed})" if len(names) <= _LISTED else f"did you mean {guess}?"
