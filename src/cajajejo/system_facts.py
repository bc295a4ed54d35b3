"""Facts about the machine that an evaluation ran on: accelerators, processor, memory, versions. Nothing secret.

What is read from a program or a file is parsed by pure functions; whatever is absent, odd or slow is left out, and
never fails anything.
"""

from __future__ import annotations

import math
import os
import platform
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo import __version__
from cajajejo.errors import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGE_DIGEST: Final = "CAJAJEJO_IMAGE_DIGEST"
"""The variable that names the digest of the image, where whoever starts the container knows it."""
MEMORY_PEAK: Final = "memory_peak_bytes"
"""The fact that holds the most memory that the container took."""
MEMORY_METRIC: Final = "vm_memory_usage_bytes"
"""The same as a number of the evaluation, under the name that metric configurations know."""

_SMI_SECONDS: Final = 10.0
_LONGEST: Final = 200
_MOST_BYTES: Final = 1 << 20
_MIB: Final = 1 << 20
_NO_LIMIT: Final = 1 << 60
"""From here on a limit of memory is none: version 1 of control groups writes a number near 2**63."""
_GPU_FIELDS: Final = 3


def gather(environ: Mapping[str, str], *, image_digest: str | None = None, root: Path = Path("/")) -> dict[str, str]:
    """What is known about this machine and this program, by short names; to be asked when the work is done.

    Args:
        environ: where programs are found, and what tells of a container.
        image_digest: of the config, where it names one.
        root: where ``proc`` and ``sys`` are.
    """
    facts = {
        **_gpus(environ),
        "cpu": processor(_text(root / "proc/cpuinfo")) or platform.machine(),
        "cpu_count": str(_processors()),
        **_memory(environ, root),
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "cajajejo": __version__,
        "image_digest": image_digest or environ.get(IMAGE_DIGEST, ""),
    }
    shown = {name: printable(" ".join(value.split()))[:_LONGEST] for name, value in facts.items()}
    return {name: value for name, value in shown.items() if value}


def memory_metric(facts: Mapping[str, str]) -> dict[str, float]:
    """The most memory that the container took, by the name of the metric; nothing where `facts` do not hold it."""
    with suppress(KeyError, ValueError):
        peak = float(facts[MEMORY_PEAK])
        if math.isfinite(peak):
            return {MEMORY_METRIC: peak}
    return {}


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _gpus(environ: Mapping[str, str]) -> dict[str, str]:
    program = shutil.which("nvidia-smi", path=environ.get("PATH"))
    if program is None:
        return {}
    query = ("--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits")
    found = gpus(_said(program, *query, environ=environ))
    return {**found, **cuda(_said(program, environ=environ))} if found else {}


def _said(*command: str, environ: Mapping[str, str]) -> str:
    """What a program prints; nothing where it fails, hangs or is no program."""
    try:
        done = subprocess.run(  # noqa: S603  # found on the path, no shell
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SMI_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return ""
    return done.stdout[:_MOST_BYTES].decode("utf-8", "replace") if done.returncode == 0 else ""


def gpus(listed: str) -> dict[str, str]:
    """The facts in what ``nvidia-smi --query-gpu=name,memory.total,driver_version`` lists, in MiB without units."""
    rows = [[cell.strip() for cell in line.rsplit(",", _GPU_FIELDS - 1)] for line in listed.splitlines()]
    found = [row for row in rows if len(row) == _GPU_FIELDS and row[0]]
    if not found:
        return {}
    sizes = [int(size) * _MIB if size.isascii() and size.isdecimal() else 0 for _, size, _ in found]
    return {
        "gpu": ", ".join(dict.fromkeys(name for name, _, _ in found)),
        "gpu_count": str(len(found)),
        "gpu_memory_bytes": str(sum(sizes)) if all(sizes) else "",
        "gpu_driver": ", ".join(dict.fromkeys(driver for _, _, driver in found if driver[:1].isdecimal())),
    }


def cuda(shown: str) -> dict[str, str]:
    """The newest version of CUDA that the driver takes, as the head of ``nvidia-smi`` shows it."""
    found = re.search(r"CUDA Version\s*:\s*(\d+(?:\.\d+)*)", shown)
    return {"cuda": found[1]} if found else {}


def processor(cpuinfo: str) -> str:
    """The name of the processor in ``/proc/cpuinfo``; empty where it has none, as on ARM."""
    found = re.search(r"^model name\s*:\s*(\S.*)$", cpuinfo, re.MULTILINE)
    return found[1].strip() if found else ""


def _memory(environ: Mapping[str, str], root: Path) -> dict[str, str]:
    """The memory of the machine; in a container also its limit, and the most that it took."""
    total = re.search(r"^MemTotal:\s*(\d+) kB$", _text(root / "proc/meminfo"), re.MULTILINE)
    facts = {"memory_bytes": str(int(total[1]) * 1024) if total else ""}
    if not _in_container(environ, root):
        return facts
    places = [root / place for place in control_groups(_text(root / "proc/self/cgroup"))]
    limits = [limit(_text(place / name)) for place in places for name in ("memory.max", "memory.limit_in_bytes")]
    peaks = [limit(_text(place / name)) for place in places for name in ("memory.peak", "memory.max_usage_in_bytes")]
    known_limits = [found for found in limits if found is not None]
    known_peak = next((found for found in peaks if found), None)
    return {
        **facts,
        "memory_limit_bytes": str(min(known_limits)) if known_limits else "",
        MEMORY_PEAK: str(known_peak or ""),
    }


def _in_container(environ: Mapping[str, str], root: Path) -> bool:
    """Whether the control group is a container's; elsewhere it holds whatever else the user runs."""
    marks = (root / ".dockerenv", root / "run/.containerenv")
    return bool(environ.get("KUBERNETES_SERVICE_HOST")) or any(mark.exists() for mark in marks)


def control_groups(listed: str) -> list[str]:
    """Where the memory of a process that ``/proc/self/cgroup`` lists is counted, below the root; the nearest first.

    Inside of a container the path may be the host's, which is not there: the mount itself is the container's then.
    """
    found: list[str] = []
    for line in listed.splitlines():
        _, first, rest = line.partition(":")
        controllers, second, path = rest.partition(":")
        mount = {"": "sys/fs/cgroup", "memory": "sys/fs/cgroup/memory"}.get(
            "memory" if "memory" in controllers.split(",") else controllers
        )
        parts = [part for part in path.split("/") if part]
        if first and second and mount is not None and ".." not in parts:
            found += ["/".join([mount, *parts[:count]]) for count in range(len(parts), -1, -1)]
    return found


def limit(text: str) -> int | None:
    """The number of bytes in a file of a control group; None where it says that there is no limit, or nothing."""
    digits = text.strip()
    if not digits.isascii() or not digits.isdecimal():
        return None
    number = int(digits[:30])
    return number if number < _NO_LIMIT else None


def _text(path: Path) -> str:
    with suppress(OSError), path.open("rb") as file:
        return file.read(_MOST_BYTES).decode("utf-8", "replace")
    return ""
