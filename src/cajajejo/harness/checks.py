"""What is looked at before any work begins, so that a wrong environment costs seconds and not a GPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cajajejo import storage
from cajajejo.config import POD_VARIABLES
from cajajejo.errors import CajajejoError, FileProblemsError, ModelError, SanityError, UsageError
from cajajejo.models import model as models

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.models.model import Model


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


Looker = Callable[[], object]


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
        CajajejoError: the one that failed; all problems where only files are wrong; else a `SanityError` that names
            every check that failed.
    """
    errors = {check.name: check.error for check in checks if check.error is not None}
    if not errors:
        return
    if len(errors) == 1:
        raise next(iter(errors.values()))
    files = [error for error in errors.values() if isinstance(error, FileProblemsError)]
    if len(files) == len(errors):
        raise FileProblemsError([problem for error in files for problem in error.problems])
    facts = {name: _said_by(error) for name, error in errors.items()}
    run = next((error.run for error in errors.values() if error.run), ())
    raise _kind(errors.values())(
        f"{len(errors)} of {len(checks)} checks failed; nothing was started", facts=facts, run=run
    )


def _kind(errors: Iterable[CajajejoError]) -> type[CajajejoError]:
    """As what several errors are told: what the user has to mend wins."""
    given = list(errors)
    if any(isinstance(error, UsageError) for error in given):
        return UsageError
    return SanityError if any(isinstance(error, SanityError | FileProblemsError) for error in given) else CajajejoError


def _said_by(error: CajajejoError) -> str:
    if isinstance(error, FileProblemsError):
        return "\n".join(error.lines())
    return "\n".join([error.message, *(f"{name}: {text}" for name, text in error.facts.items())])


def variables(environ: Mapping[str, str]) -> None:
    """The four variables that the manifest sets are there.

    Raises:
        SanityError: some are missing; all are named.
    """
    missing = [name for name in POD_VARIABLES if not environ.get(name)]
    if missing:
        raise SanityError(
            f"environment variables are missing: {', '.join(missing)}",
            facts={"note": "the job spec sets them, docker takes them with -e NAME=VALUE; --local does without"},
        )


def secrets(config: EvaluationJobConfig, environ: Mapping[str, str]) -> None:
    """The variables of the config's ``secret_env`` are there.

    Raises:
        SanityError: some are missing; all are named.
    """
    missing = [name for name in config.secret_env if not environ.get(name)]
    if missing:
        raise SanityError(
            f"variables of secret_env are missing: {', '.join(missing)}",
            facts={"note": "on a cluster they come from Secrets, here from variables of the same name"},
            run=f"export {missing[0]}=…",
        )


def model(found: Model) -> None:
    """The model is there, and can be loaded as far as can be seen from its files.

    Raises:
        ModelError: it cannot; all reasons are named.
    """
    reasons = models.problems(found)
    if reasons:
        facts = {"also": "\n".join(reasons[1:])} if reasons[1:] else {}
        raise ModelError(reasons[0], facts=facts)


def spool(address: str) -> None:
    """The place where results wait while the tracking server is away can be written.

    Raises:
        StorageError: it cannot.
    """
    probe = f"{address.rstrip('/')}/.cajajejo-can-write"
    storage.put(probe, b"")
    storage.remove(probe)
