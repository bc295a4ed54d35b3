"""What an exit code means: those of the program in the pod, and those that a shell or the kernel gives."""

from __future__ import annotations

from typing import Final

_OURS: Final = {
    1: "something it needs failed: a download, a server, the harness",
    2: "its environment, config or run specs are wrong",
    3: "a bug",
    4: "a metric is out of bounds",
    5: "partial: what there is of results is kept",
}
_EVERYWHERE: Final = {
    126: "the image cannot run this program",
    127: "the image has no such program",
    128: "it could not be started",
    130: "interrupted",
    132: "illegal instruction: it was built for another CPU",
    134: "it gave up by itself, SIGABRT",
    135: "bus error: often too little shared memory",
    136: "arithmetic error",
    137: "killed from outside, SIGKILL",
    139: "segmentation fault",
    141: "broken pipe",
    143: "stopped from outside, SIGTERM",
}


def meaning(code: int, *, ours: bool) -> str:
    """What `code` means; empty where nobody can tell. Small codes mean something only where the program is `ours`."""
    return _EVERYWHERE.get(code) or (_OURS.get(code, "") if ours else "")


def told(code: int | None, *, ours: bool) -> str:
    """The code with its meaning: ``exit code 139 (segmentation fault)``."""
    if code is None:
        return "an unknown exit code"
    found = meaning(code, ours=ours)
    return f"exit code {code} ({found})" if found else f"exit code {code}"
