"""From a partial directory to a model under its name: room, journal, transfer, stamp, and one rename at the end."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cajajejo.errors import ModelError
from cajajejo.models import parts, stamp
from cajajejo.models.arrival import Wire
from cajajejo.models.crew import Crew
from cajajejo.models.journal import Journal, Stretch
from cajajejo.models.patience import Patience
from cajajejo.models.tally import Progress, Tally, size
from cajajejo.models.transfer import Transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cajajejo.models.source import RemoteFile, Source
    from cajajejo.models.stamp import Stamp


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model is fetched, and who hears of it.

    Attributes:
        parallel: how many files, or parts of files, at once.
        verify: whether checksums are taken; sizes always are.
        patience: with servers that are away.
        part_bytes: size of the parts of large files.
        say: takes a sentence.
        watch: takes how far it is, about ten times a second.
    """

    parallel: int = 8
    verify: bool = True
    patience: Patience = field(default_factory=Patience)
    part_bytes: int = parts.PART_BYTES
    say: Callable[[str], None] = lambda _: None
    watch: Callable[[Progress], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Landed:
    """A model that has come: its stamp, and how many bytes came over the wire for it."""

    stamp: Stamp
    came: int


def land(
    source: Source, files: Sequence[RemoteFile], target: Path, partial: Path, manner: Manner, *, sealed: bool = False
) -> Landed:
    """The model of `source`, brought to `target` by way of `partial`, which holds what an earlier try has left.

    Raises:
        ModelError: it cannot be had, or there is no room; what came is kept.
    """
    try:
        inside = _opened(partial / "files", files)
        with Journal(partial / "journal.jsonl") as journal:
            _check_room(files, journal, target)
            _take_over(target, inside, files, journal)
            landed = _transfer(source, files, inside, journal, manner, sealed=sealed)
        _put(inside, target, partial)
    except OSError as error:
        raise unwritable(error, target) from error
    return landed


def _transfer(
    source: Source, files: Sequence[RemoteFile], inside: Path, journal: Journal, manner: Manner, *, sealed: bool
) -> Landed:
    tally = Tally(file.size for file in files)
    crew = Crew(manner.parallel)
    wire = Wire(source, journal, crew, tally, manner.patience)
    transfer = Transfer(wire, files, inside, verify=manner.verify, part_bytes=manner.part_bytes)

    def tick() -> None:
        for note in tally.notes():
            manner.say(note)
        manner.watch(tally.progress)

    crew.work_off(transfer.tasks(), tick)
    made = stamp.write(inside, source.address, files, transfer.sha256, sealed=sealed)
    return Landed(made, tally.progress.came)


def _opened(inside: Path, files: Sequence[RemoteFile]) -> Path:
    """The directory `inside`, with nothing but what an earlier try has left of `files`."""
    if inside.is_symlink():
        inside.unlink()  # to the entry of a cache: a kill has left it, and what it leads to is not ours to change
    inside.mkdir(parents=True, exist_ok=True)
    _sweep(inside, {file.path for file in files})
    return inside


def clear(partial: Path) -> None:
    """Removes what a kill has left after the model had its name."""
    shutil.rmtree(partial, ignore_errors=True)


def _check_room(files: Sequence[RemoteFile], journal: Journal, target: Path) -> None:
    there = sum(part.end - part.start for file in files for part in journal.there(file))
    needed = sum(file.size or 0 for file in files) - there
    free = shutil.disk_usage(target.parent).free
    if needed > free:
        facts = {"needs": size(needed), "free": f"{size(free)} in {target.parent}"}
        raise ModelError(f"there is no room for the model: {target}", facts=facts)


def unwritable(error: OSError, target: Path) -> ModelError:
    """The error that says why nothing can be written for `target`."""
    says = {"says": (error.strerror or str(error)) + (f": {error.filename}" if error.filename else "")}
    again = "the same command again after making room there; what came is kept"
    return ModelError(f"the model cannot be written: {target}", facts=says, run=again)


def _take_over(target: Path, inside: Path, files: Sequence[RemoteFile], journal: Journal) -> None:
    """Links what has not changed since `target` was fetched, where its server tells when something does."""
    before = stamp.read(target)
    if before is None or target.is_symlink():
        return
    known = {_content(file.remote): file for file in before.files}
    for file in files:
        old, new = known.get(_content(file)), inside / file.path
        tells = file.checksum is not None or file.version is not None
        if old is None or not tells or not file.size or journal.there(file) or new.exists():
            continue
        path = target / old.remote.path
        with suppress(OSError):
            if stamp.Trace.of(path) == old.trace:
                new.parent.mkdir(parents=True, exist_ok=True)
                os.link(path, new)
                journal.add(file, Stretch.of(new))


def _content(file: RemoteFile) -> tuple[object, ...]:
    return (file.path, file.size, file.checksum, file.version)


def _sweep(inside: Path, wanted: set[str]) -> None:
    """Removes what an earlier listing had, and this one has not."""
    for folder, below, names in os.walk(inside, topdown=False):
        for path in (inside / folder / name for name in names):
            if path.relative_to(inside).as_posix() not in wanted:
                path.unlink()
        for directory in (inside / folder / name for name in below):
            with suppress(OSError):  # a directory that is not empty stays
                directory.rmdir()


def put_link(entry: Path, target: Path, partial: Path) -> None:
    """Makes `target` a link to `entry`, in the place of what is there."""
    clear(partial)
    partial.mkdir()
    link = partial / "files"
    link.symlink_to(entry, target_is_directory=True)
    _put(link, target, partial)


def _put(inside: Path, target: Path, partial: Path) -> None:
    """Gives the whole model its name; what had it before goes."""
    if target.is_symlink():
        target.unlink()
    elif target.exists():
        target.replace(partial / f"before-{secrets.token_hex(4)}")
    inside.replace(target)
    stamp.sync(target.parent)
    shutil.rmtree(partial)
