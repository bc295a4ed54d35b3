"""Finishing what could not be tracked, from the scratch directory or from the spool: what ``upload-results`` calls.

The server decides what is missing. So it does not matter how often, from which of the two places, and by how many at
once the same evaluation is uploaded: it is on one run, once.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.errors import CajajejoError, SpoolError, TrackingError, UsageError
from cajajejo.spool import description, entries, scratch
from cajajejo.spool.attempts import persist
from cajajejo.spool.finding import find
from cajajejo.spool.kept import command, contents, removal
from cajajejo.tracking.connection import without_login
from cajajejo.tracking.evaluations import has
from cajajejo.tracking.patience import within

if TYPE_CHECKING:
    from collections.abc import Callable

    from cajajejo.spool.entries import Entry
    from cajajejo.tracking.finished import Finished

PATIENCE_SECONDS: Final = 60.0
"""How long a server that is away is waited for: somebody sits in front of it."""
_ASK_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Upload:
    """One evaluation that was kept, and stands on its MLflow run now.

    Attributes:
        where: it was kept.
        name: of its job.
        run_id: its run.
        tracking_uri: the store of the run.
        copy: whether it is a copy in the spool, which nothing needs any more.
        sent: whether anything was missing there.
        holds: what it has, in words; empty where nothing was looked at, because it was tracked before.
        refused: files that the store does not take.
    """

    where: str
    name: str
    run_id: str
    tracking_uri: str
    copy: bool
    sent: bool
    holds: str = ""
    refused: tuple[str, ...] = ()

    @property
    def removal(self) -> str | None:
        """The command that removes the copy; None where it is none."""
        return removal(self.where) if self.copy else None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of all that was kept at an address: tracked, failed, or never completely kept."""

    uploads: tuple[Upload, ...]
    failed: tuple[tuple[str, CajajejoError], ...] = ()
    incomplete: tuple[str, ...] = ()


def upload(
    address: str,
    *,
    tracking_uri: str | None = None,
    say: Callable[[str], None],
    patience_seconds: float = PATIENCE_SECONDS,
) -> Uploaded:
    """What became of every evaluation that is kept at `address`.

    Args:
        address: a scratch directory, an entry of the spool, or a directory of several of them.
        tracking_uri: the store; None: the one that each evaluation was made for.
        say: is told in a line how the waiting goes.
        patience_seconds: how long a server that is away is waited for.

    Raises:
        UsageError: `tracking_uri` is no address of a store.
        SpoolError: nothing is kept there; what is kept is damaged, where it is the only one.
        StorageError: the place does not answer, or refuses.
        TrackingError: the server is away, or refuses, where there is only one evaluation.
    """
    _check(tracking_uri)
    found = find(address)
    places: list[Path | str] = [*found.scratches, *found.entries]
    done: list[Upload] = []
    failed: list[tuple[str, CajajejoError]] = []
    for place in places:
        try:
            done.append(_upload(place, tracking_uri, say, patience_seconds))
        except CajajejoError as error:
            if len(places) == 1:
                raise
            failed.append((str(place), error))
    return Uploaded(tuple(done), tuple(failed), found.incomplete)


def _check(uri: str | None) -> None:
    if uri is not None and not description.is_store(uri):
        expected = "http://…, https://… or sqlite:///FILE"
        raise UsageError(f"--tracking-uri {without_login(uri)}: not a tracking store", facts={"expected": expected})


def _upload(place: Path | str, uri: str | None, say: Callable[[str], None], patience_seconds: float) -> Upload:
    try:
        if isinstance(place, Path):
            return _sent(str(place), _for(scratch.read(place), uri), say, patience_seconds)
        return _of_entry(entries.read(place), uri, say, patience_seconds)
    except SpoolError as error:
        raise SpoolError(error.message, facts={"kept": str(place), **error.facts}) from error


def _of_entry(entry: Entry, uri: str | None, say: Callable[[str], None], patience_seconds: float) -> Upload:
    store = uri or str(entry.description.get("tracking_uri"))
    run_id = entries.marked(entry, store)
    if run_id is not None and _is_there(store, run_id, str(entry.description.get("id"))):
        return Upload(
            entry.address, str(entry.description.get("name")), run_id, without_login(store), copy=True, sent=False
        )
    with tempfile.TemporaryDirectory(prefix="cajajejo-") as temporary:
        finished = _for(entries.fetch(entry, Path(temporary)), uri)
        done = _sent(entry.address, finished, say, patience_seconds)
    entries.mark(entry, store, done.run_id)
    return replace(done, copy=True)


def _is_there(uri: str, run_id: str, evaluation_id: str) -> bool:
    try:
        return within(_ASK_SECONDS, uri, lambda: has(uri, run_id, evaluation_id))
    except TrackingError:
        return False  # why is told by the attempt to send it


def _for(finished: Finished, uri: str | None) -> Finished:
    return finished if uri is None else replace(finished, new=replace(finished.new, uri=uri))


def _sent(where: str, finished: Finished, say: Callable[[str], None], patience_seconds: float) -> Upload:
    try:
        logged = persist(finished, say=say, patience_seconds=patience_seconds, failed=lambda: where)
    except TrackingError as error:
        facts = {"kept": where} | error.facts
        raise TrackingError(
            f"the results cannot be tracked: {error.message}", facts=facts, run=command(where)
        ) from error
    holds = contents(finished.results, log=False)
    return Upload(
        where,
        finished.name,
        logged.run_id,
        without_login(finished.new.uri),
        copy=False,
        sent=logged.sent,
        holds=holds,
        refused=logged.refused,
    )
