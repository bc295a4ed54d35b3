"""What ends a harness when we cannot: a process that waits for our end, and kills whatever is left of the harness then.

We may be killed with SIGKILL, which no program hears of, and a harness that goes on would use a GPU for nobody and
write where its successor writes. So a small process of its own holds the other end of a pipe. When we are gone, however
that happened, the pipe closes, and it kills the harness's process group and every process whose environment has the
mark of this run. Those that left the group are found on Linux only, and not where they changed their environment.

This file is also that program: it is started without site packages and imports the standard library alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARK: Final = "CAJAJEJO_HARNESS_MARK"
"""The variable that every process of one run of a harness inherits."""
_PAUSE_SECONDS: Final = 0.01
_PASSES: Final = 500


@contextmanager
def guarded(mark: str, keep_open: int) -> Iterator[Callable[[int], None]]:
    """A watchdog for the processes with `mark`; yields what tells it of a process group; nothing is left afterwards.

    It inherits the descriptor `keep_open`, as the harness does: a lock on it is held until both are gone.
    """
    process = subprocess.Popen(  # noqa: S603  # our own Python and this file
        [sys.executable, "-I", "-S", __file__, mark],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=[keep_open],
        bufsize=0,
    )

    def tell(group: int) -> None:
        with suppress(BrokenPipeError):  # somebody has killed it
            process.stdin.write(b"%d\n" % group)  # type: ignore[union-attr]  # it is a pipe

    try:
        yield tell
    finally:
        process.stdin.close()  # type: ignore[union-attr]  # as above
        process.wait()


def main(mark: str) -> None:
    """Waits until standard input ends, then ends the groups that were told there and the processes with `mark`."""
    groups = [int(line) for line in sys.stdin.buffer if line.endswith(b"\n")]
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for _ in range(_PASSES):  # one that is found may have started another meanwhile
        left = marked(mark)
        for process in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        if not left:
            return
        time.sleep(_PAUSE_SECONDS)


def marked(mark: str) -> list[int]:
    """The processes of ours whose environment has `mark`; none where the system shows no environments."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    with suppress(OSError), os.scandir("/proc") as entries:
        for name in [entry.name for entry in entries if entry.name.isdigit()]:
            with suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:  # noqa: PTH123  # pathlib takes longer
                if wanted in file.read().split(b"\0"):
                    found.append(int(name))
    return found


if __name__ == "__main__":
    main(sys.argv[1])
