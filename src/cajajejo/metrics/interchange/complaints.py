"""What is wrong with files of rows: the first problems of all, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cajajejo.errors import FileProblemsError, Problem, printable
from cajajejo.phrases import cut, some

_SHOWN: Final = 20


@dataclass(slots=True)
class Complaints:
    """Problems and remarks of files, as they are met; only the first problems are kept."""

    first: list[Problem] = field(default_factory=list)
    total: int = 0
    warnings: list[str] = field(default_factory=list)

    def add(self, file: str, message: str, *, line: int | None = None, path: str = "", hint: str | None = None) -> None:
        """Takes one problem."""
        self.total += 1
        if len(self.first) < _SHOWN:
            self.first.append(Problem(file, message, path, line, hint))

    def unknown(self, file: str, columns: set[str]) -> None:
        """Takes down that columns of a file are left out."""
        if columns:
            several = len(columns) > 1
            named = some([printable(cut(name)) for name in sorted(columns)], most=5)
            said = f"columns that are not known are left out: {named}" if several else f"unknown column: {named}"
            self.warn(file, said)

    def warn(self, source: str, message: str) -> None:
        """Takes one remark."""
        self.warnings.append(f"{printable(source)}: {message}")

    def refuse(self) -> None:
        """Returns where there is no problem.

        Raises:
            FileProblemsError: there are some; shows the first.
        """
        if self.total:
            error = FileProblemsError(self.first)
            if self.total > len(self.first):
                error.message = f"{self.total:,} problems; the first {len(self.first)} are shown, nothing was stored"
            else:
                error.message += "; nothing was stored"
            raise error
