"""Reading millions of scalars from event files: ours, TensorBoard's EventAccumulator, and tensorboard-data-server.

    .venv/bin/python benchmarks/events.py [--scalars N] [--rounds N] [--seed N] [--logs NAME ...] [--check]

The logs are those of `benchmarks/event_logs.py`, of a million scalars; but `mixed` is that of five million, of which it
holds a tenth: of one million, it is read in less time than the start of Python and the import of numpy take, and these
are then what the ratio to the data server shows, which has neither. Each reader runs in a process of its own, and they
take turns:

* ours: ``events.read(DIRECTORY)``, which gives arrays of every point, checksums verified;
* EventAccumulator, told to keep every scalar and tensor, one for each run directory; it is only asked to load, and not
  for the numbers in what it loaded;
* the data server, in Rust, told to keep every scalar and to verify checksums as ours does; it ends when it has loaded.

CPU seconds are those of the whole process, start of the interpreter and imports included; memory is the largest
resident size; both are medians. Beside the clock, the points are compared: EventAccumulator's exactly, tag by
tag, with steps, wall times and values; the data server's in the same way, but for series of float64, which it does not
know. (In these logs no step goes backwards: it would leave such points out.)

All have ``OPENBLAS_NUM_THREADS=1``: numpy is imported by two of the three, and the threads that OpenBLAS starts with
it spin for work that never comes, which is counted as CPU on machines with many cores. All are compiled before they are
measured, as installed packages are: the points are compared first, and Python may keep the bytecode of what it runs.

``--check`` exits with 1 where points differ or a bar is missed: CPU seconds 100 times fewer than EventAccumulator's on
`simple`, `tensors` and `mixed`, 40 times on the others; 5 and 3 times fewer than the data server's; and less memory
than both.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import event_logs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Points = Mapping[tuple[str, str], tuple[np.ndarray[Any, Any], ...]]

REGULAR: Final = ("simple", "tensors", "mixed")
ENVIRON: Final = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
    "OPENBLAS_NUM_THREADS": "1"
}

OURS: Final = """
import sys
from cajajejo.metrics import events
read = events.read(sys.argv[1])
"""
OUR_POINTS: Final = """
import pickle
points = {key: (one.steps, one.wall_times, one.values) for key, one in read.series.items()}
pickle.dump(points, sys.stdout.buffer)
"""

ACCUMULATOR: Final = """
import os, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
loaded = {}
for folder, _, files in os.walk(sys.argv[1]):
    if files:
        run = os.path.relpath(folder, sys.argv[1])
        loaded[run] = EventAccumulator(folder, size_guidance={"scalars": 0, "tensors": 0}, purge_orphaned_data=False)
        loaded[run].Reload()
"""
ACCUMULATOR_POINTS: Final = """
import pickle
import numpy as np
from tensorboard.util.tensor_util import make_ndarray
points = {}
for run, accumulator in loaded.items():
    tags = accumulator.Tags()
    for tag in tags["scalars"]:
        points[run, tag] = [(one.step, one.wall_time, one.value) for one in accumulator.Scalars(tag)]
    for tag in tags["tensors"]:
        assert (run, tag) not in points
        read = [(one.step, one.wall_time, make_ndarray(one.tensor_proto)) for one in accumulator.Tensors(tag)]
        points[run, tag] = [(step, wall, float(array)) for step, wall, array in read if array.shape == ()]
pickle.dump({key: tuple(map(np.array, zip(*found))) for key, found in points.items()}, sys.stdout.buffer)
"""

SERVER: Final = """
import os, subprocess, sys, tempfile
import tensorboard_data_server

def start(port_file):
    return subprocess.Popen(
        [tensorboard_data_server.server_binary(), f"--logdir={sys.argv[1]}", "--reload=once", "--checksum", "--verbose",
         "--samples-per-plugin=scalars=all", "--port=0", f"--port-file={port_file}", "--die-after-stdin"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    )

def loaded(server):
    for line in server.stderr:
        if b"Finished load cycle" in line:
            return
    sys.exit("the data server ended")
"""
SERVER_POINTS: Final = """
import pathlib, pickle
import grpc
import numpy as np
from tensorboard import context
from tensorboard.data import grpc_provider, provider as providers

with tempfile.TemporaryDirectory() as folder:
    file = pathlib.Path(folder, "port")
    server = start(file)
    loaded(server)
    address = f"localhost:{int(file.read_text())}"
channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", 2**30)])
provider = grpc_provider.GrpcDataProvider(address, grpc_provider.make_stub(channel))
ctx = context.RequestContext()
listed = provider.list_scalars(ctx, experiment_id="", plugin_name="scalars")
points = {}
for tag in sorted({tag for tags in listed.values() for tag in tags}):
    chosen = providers.RunTagFilter(tags=[tag])
    asked = {"experiment_id": "", "plugin_name": "scalars", "run_tag_filter": chosen, "downsample": 2**31 - 1}
    for run, tags in provider.read_scalars(ctx, **asked).items():
        points[run, tag] = tuple(np.array([getattr(one, name) for one in tags[tag]])
                                 for name in ("step", "wall_time", "value"))
server.stdin.close()
server.wait()
pickle.dump(points, sys.stdout.buffer)
"""

LAUNCHER: Final = """
import json, os, subprocess, sys
process = subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""
"""Starts a program from a small process: the peak memory of a child counts from that of its parent on."""
SERVER_LAUNCHER: Final = (
    SERVER
    + """
import json
with tempfile.TemporaryDirectory() as folder:
    server = start(folder + "/port")
    loaded(server)
    server.stdin.close()
    _, status, used = os.wait4(server.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a reader took: seconds of CPU, and the most memory that it had, in MiB."""

    cpu: float
    memory: float

    def __str__(self) -> str:
        return f"{self.cpu:8.3f} s of CPU {self.memory:8.1f} MiB"


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader: the program that is measured, and the one that prints its points, pickled."""

    measured: Sequence[str]
    points: str


READERS: Final[Mapping[str, Reader]] = {
    "cajajejo": Reader(("-S", "-c", LAUNCHER, OURS), OURS + OUR_POINTS),
    "EventAccumulator": Reader(("-S", "-c", LAUNCHER, ACCUMULATOR), ACCUMULATOR + ACCUMULATOR_POINTS),
    "data server": Reader(("-c", SERVER_LAUNCHER), SERVER + SERVER_POINTS),
}


def cost(reader: Reader, directory: Path) -> Cost:
    """What one run of the reader takes."""
    command = [sys.executable, *reader.measured, str(directory)]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=ENVIRON).stdout
    code, cpu, memory = json.loads(told)
    assert code == 0, code
    return Cost(cpu, memory)


def points(reader: Reader, directory: Path) -> Points:
    """Steps, wall times and values of each run and tag."""
    with tempfile.TemporaryFile() as file:
        subprocess.run([sys.executable, "-c", reader.points, str(directory)], stdout=file, check=True, env=ENVIRON)
        file.seek(0)
        found: Points = pickle.load(file)  # noqa: S301  # our own program wrote it
        return found


def difference(ours: Points, theirs: Points) -> str:
    """The first run and tag in which both are not equal, in words; empty where there is none."""
    if ours.keys() != theirs.keys():
        return f"{len(ours)} series and {len(theirs)}: {sorted(ours.keys() ^ theirs.keys())[:3]} only in one"
    for key, series in ours.items():
        if not all(np.array_equal(*pair, equal_nan=True) for pair in zip(series, theirs[key], strict=True)):
            return f"{key}: {[len(one) for one in series]} and {[len(one) for one in theirs[key]]} points differ"
    return ""


def compared(directory: Path) -> bool:
    """Prints whether all readers find the same points."""
    (_, ours), *others = ((name, points(reader, directory)) for name, reader in READERS.items())
    same = True
    for name, theirs in others:
        asked = single(ours) if name == "data server" else ours
        differs = difference(asked, theirs)
        same = same and not differs
        count = sum(len(values) for _, _, values in theirs.values())
        print(f"  {name}: " + (differs or f"the same {count:,} points of {len(theirs):,} series"), flush=True)
    return same


def single(points: Points) -> Points:
    """The series of which every value is a float32."""
    with np.errstate(over="ignore"):
        return {key: one for key, one in points.items() if np.array_equal(one[2].astype("f4"), one[2], equal_nan=True)}


def measured(directory: Path, rounds: int) -> dict[str, Cost]:
    """The medians of each reader, which are printed."""
    taken: dict[str, list[Cost]] = {name: [] for name in READERS}
    for _ in range(rounds):
        for name, reader in READERS.items():
            taken[name].append(cost(reader, directory))
    medians = {
        name: Cost(statistics.median(one.cpu for one in costs), statistics.median(one.memory for one in costs))
        for name, costs in taken.items()
    }
    ours = medians["cajajejo"]
    for name, one in medians.items():
        ratios = f"{one.cpu / ours.cpu:8.1f} times the CPU {one.memory / ours.memory:6.2f} times the memory"
        print(f"  {name:<17}{one}" + ("" if one is ours else ratios), flush=True)
    return medians


def missed(name: str, medians: Mapping[str, Cost]) -> list[str]:
    """The bars that ours does not reach on a log, in words."""
    least = (
        {"EventAccumulator": 100, "data server": 5} if name in REGULAR else {"EventAccumulator": 40, "data server": 3}
    )
    ours = medians["cajajejo"]
    short = [
        f"{other} takes less than {bar} times the CPU"
        for other, bar in least.items()
        if medians[other].cpu < bar * ours.cpu
    ]
    return short + [f"{other} takes less memory" for other in least if medians[other].memory <= ours.memory]


def main() -> int:
    """Measures, prints, and with ``--check`` judges."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scalars", type=int, help="of each log; by default a million, of `mixed` five")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logs", nargs="+", choices=event_logs.LOGS, default=event_logs.LOGS, metavar="NAME")
    parser.add_argument("--check", action="store_true", help="exit 1 where a bar is missed or points differ")
    options = parser.parse_args()
    failures = []
    for name in options.logs:
        directory = event_logs.made(name, options.scalars or event_logs.SCALARS[name], options.seed)
        files = [file for file in directory.rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        print(f"{name}: {size / 1e6:,.1f} MB in {len(files):,} files")
        failures += [] if compared(directory) else [f"{name}: points differ"]
        failures += [f"{name}: {bar}" for bar in missed(name, measured(directory, options.rounds))]
    for failure in failures:
        print(f"missed: {failure}")
    return 1 if options.check and failures else 0


if __name__ == "__main__":
    sys.exit(main())
