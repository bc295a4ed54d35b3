"""What stands at an address that somebody gives: a scratch directory, an entry of the spool, or several of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo import storage
from cajajejo.errors import SpoolError
from cajajejo.spool.entries import KEPT
from cajajejo.spool.scratch import DESCRIPTION

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORK: Final = "evaluation"  # the directory below a scratch root


@dataclass(frozen=True, slots=True)
class Found:
    """What is kept at an address.

    Attributes:
        scratches: directories of finished evaluations.
        entries: addresses of complete entries.
        incomplete: addresses of copies that broke off.
    """

    scratches: tuple[Path, ...] = ()
    entries: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()


def find(address: str) -> Found:
    """What is kept at `address`.

    Raises:
        SpoolError: nothing is, or only copies that broke off.
        StorageError: the place does not answer, or refuses.
    """
    found = Found() if storage.is_remote(address) else Found(scratches=_scratches(_path(address)))
    if not found.scratches:
        found = _entries(address)
    if not found.scratches and not found.entries:
        raise _nothing(address, found.incomplete)
    return found


def _path(address: str) -> Path:
    return Path(address.removeprefix("file://"))


def _scratches(root: Path) -> tuple[Path, ...]:
    try:
        for directory in (root, root / _WORK):
            if (directory / DESCRIPTION).is_file():
                return (directory,)
        return tuple(sorted(file.parent for file in root.glob(f"*/{_WORK}/{DESCRIPTION}")))
    except (OSError, ValueError) as error:
        says = str(getattr(error, "strerror", None) or error)
        raise SpoolError(f"no results are kept there: {root}", facts={"says": says}) from error


def _entries(address: str) -> Found:
    paths = [file.path for file in storage.files(address)]
    if KEPT in paths:
        return Found(entries=(address,))
    complete = sorted({_top(path) for path in paths if path == f"{_top(path)}/{KEPT}"})
    others = sorted({_top(path) for path in paths if _is_part(path)} - {*complete})
    if any(_is_part(f"x/{path}") for path in paths):
        return Found(incomplete=(address,))
    return Found(
        entries=tuple(storage.join(address, top) for top in complete),
        incomplete=tuple(storage.join(address, top) for top in others),
    )


def _top(path: str) -> str:
    return path.partition("/")[0]


def _is_part(path: str) -> bool:
    """Whether a file stands where the files of an entry do: ``<entry>/<version>/output/…`` or ``…/configs/…``."""
    parts = path.split("/")
    return len(parts) > 3 and parts[2] in {"output", "configs"}  # noqa: PLR2004


def _nothing(address: str, incomplete: Sequence[str]) -> SpoolError:
    if incomplete:
        facts = {"found": "\n".join(incomplete), "missing": f"{KEPT}, which is written last: the copying broke off"}
        return SpoolError(f"the results are not complete: {address}", facts=facts)
    expected = f"a scratch directory with {_WORK}/{DESCRIPTION}, or an entry of a spool with {KEPT}"
    return SpoolError(f"no results are kept there: {address}", facts={"expected": expected})
