"""What is looked at before any work begins, so that a wrong environment costs seconds and not a GPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cajajejo.config import POD_VARIABLES
from cajajejo.errors import CajajejoError, SanityError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Check:
    """One check by its name; `error` is None where it passed."""

    name: str
    error: CajajejoError | None = None

    @property
    def verdict(self) -> str:
        """``PASSED`` or ``FAILED``, the words of the log."""
        return "PASSED" if self.error is None else "FAILED"

    def line(self) -> str:
        """The check as the log shows it."""
        return f"check {self.name}: {self.verdict}" + (f" ({self.error.message})" if self.error else "")


Looker = Callable[[], None]


def look(checks: Sequence[tuple[str, Looker]]) -> list[Check]:
    """Every check carried out, in order; one that fails does not keep the next from being looked at."""
    done = []
    for name, looker in checks:
        try:
            looker()
        except CajajejoError as error:
            done.append(Check(name, error))
        else:
            done.append(Check(name))
    return done


def demand(checks: Sequence[Check]) -> None:
    """Returns when all passed.

    Raises:
        CajajejoError: the one that failed; or a `SanityError` that names all of them.
    """
    failed = [check for check in checks if check.error is not None]
    if len(failed) == 1 and failed[0].error is not None:
        raise failed[0].error
    if failed:
        facts = {check.name: check.error.message for check in failed if check.error}
        run = next((check.error.run for check in failed if check.error and check.error.run), ())
        raise SanityError(f"{len(failed)} of {len(checks)} checks failed; nothing was started", facts=facts, run=run)


def variables(environ: Mapping[str, str]) -> None:
    """The four variables that the manifest sets are there.

    Raises:
        SanityError: some are missing; all are named.
    """
    missing = [name for name in POD_VARIABLES if not environ.get(name)]
    if missing:
        raise SanityError(
            f"environment variables are missing: {', '.join(missing)}",
            facts={"note": "the job spec sets them; docker takes them with -e NAME=VALUE"},
        )


def readable(path: Path, what: str) -> None:
    """The file is there and is not empty.

    Raises:
        SanityError: it is not.
    """
    if not path.is_file():
        raise SanityError(f"no {what}: {path}")
    if path.stat().st_size == 0:
        raise SanityError(f"the {what} is empty: {path}")
