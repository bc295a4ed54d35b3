"""The form of a result: as it was asked for, else by the suffix of the file that it is written into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from cajajejo.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

Form: TypeAlias = Literal["text", "markdown", "junit", "json"]
RowsForm: TypeAlias = Literal["text", "csv", "json"]

_SUFFIXES: Final[dict[str, Form]] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".xml": "junit",
    ".json": "json",
    ".txt": "text",
}


def chosen(given: Form | None, path: Path | None, *, as_json: bool) -> Form:
    """The form of the result: as given, else by the suffix of the file; without one it is text.

    Raises:
        UsageError: two forms are given.
    """
    _ensure_one(given, as_json=as_json)
    if as_json or given is not None:
        return given or "json"
    return "text" if path is None else _SUFFIXES.get(path.suffix.lower(), "text")


def of_rows(given: RowsForm | None, *, as_json: bool, otherwise: RowsForm = "text") -> RowsForm:
    """The form of a table: as given, else `otherwise`.

    Raises:
        UsageError: two forms are given.
    """
    _ensure_one(given, as_json=as_json)
    return "json" if as_json else given or otherwise


def _ensure_one(given: str | None, *, as_json: bool) -> None:
    """Returns where one form is asked for.

    Raises:
        UsageError: two are.
    """
    if as_json and given not in {None, "json"}:
        raise UsageError(f"--json and --format {given} ask for two forms; one command prints one")
