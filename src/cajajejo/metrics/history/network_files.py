"""File systems that lie on another machine: SQLite's locks do not hold there, so no history is kept on them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from cajajejo.errors import HistoryError

MOUNTS: Final = Path("/proc/self/mountinfo")
_KINDS: Final = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "coda"),
        *("ceph", "glusterfs", "lustre", "beegfs", "gpfs", "pvfs2", "orangefs", "davfs"),
    }
)
_IN_USER_SPACE: Final = frozenset(
    {
        *("sshfs", "gcsfuse", "s3fs", "rclone", "goofys", "mount-s3", "mountpoint-s3", "blobfuse", "blobfuse2"),
        *("ceph", "ceph-fuse", "glusterfs", "juicefs", "davfs", "davfs2", "smbnetfs", "curlftpfs", "moosefs", "mfs"),
    }
)
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


def refuse(path: Path, url: str, mounts: Path = MOUNTS) -> None:
    """Returns where `path` lies on this machine, as far as it can be known; `mounts` is the kernel's list.

    Raises:
        HistoryError: it lies on a network file system.
    """
    try:
        found = kind(path.resolve(), mounts.read_text("utf-8", "surrogateescape"))
    except (
        OSError,
        RuntimeError,
    ):  # no such file on this system, or a path that leads nowhere (RuntimeError: in a circle)
        return
    if found is not None:
        facts = {
            "file system": found,
            "why": "SQLite's locks do not hold there: a history that several write is damaged",
            "do": "keep it in PostgreSQL (--history postgresql://HOST/DATABASE), or on a disk of this machine;"
            " in a cluster on a claim that one pod mounts",
        }
        raise HistoryError(f"the metric history lies on a network file system: {url}", facts=facts)


def kind(path: Path, mounts: str) -> str | None:
    """The kind of network file system that an absolute path lies on, by the text of ``mountinfo``; None: on none."""
    within = f"{path}/"
    found, deepest = "", 0
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        place = _mounted_at(fields)
        if len(place) >= deepest and within.startswith(place):
            found, deepest = rest.partition(" ")[0], len(place)
    return found if _is_far(found) else None


def _mounted_at(fields: str) -> str:
    """Where a line says that something is mounted, with a slash at its end."""
    words = fields.split(" ")
    place = words[4] if len(words) > 4 else "?"  # noqa: PLR2004  # ID, parent, device, root, and then this
    return _ESCAPED.sub(lambda code: chr(int(code[1], 8)), place).rstrip("/") + "/"


def _is_far(name: str) -> bool:
    return name in _KINDS or (name.startswith("fuse.") and name.removeprefix("fuse.").lower() in _IN_USER_SPACE)
