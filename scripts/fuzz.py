"""Looks for files that the event reader or the loaders of metric files do not stand, guided by the code they reach.

    .venv/bin/python scripts/fuzz.py events|config|baselines [--seconds N] [--seed N] [--corpus DIR] [--replay FILE]

An input is one file. What must hold of it:

* events: reading it never raises, whatever its bytes; what is found is what a plain reader finds, which takes one
  record after the other through protobuf; and it is found again in a second run, and in a second file of that run.
  Inputs are made from real files, and most of them get right checksums, so that what is behind those is reached.
* config, baselines: loading it gives a value, or an error that says what is wrong with the file.

No input of at most 16 KiB may take more than 10 seconds, or more than 1 GiB of memory. The first that fails ends the
search with an exit code other than 0; it is kept in the current directory as ``crash-…`` (or ``timeout-…``, ``oom-…``),
and ``--replay`` tries it again. With ``--corpus``, inputs that reached something new are kept there and begun with.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

import atheris

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

NOT_SEARCHED: Final = ["cajajejo.event_writer", "cajajejo.errors", "cajajejo.metrics.events.messages"]

with atheris.instrument_imports(include=["cajajejo"], exclude=NOT_SEARCHED, enable_loader_override=False):
    from tests.fuzzing import checks

    from cajajejo.metrics import baselines, config

from benchmarks import event_logs  # noqa: E402
from tests.fuzzing import documents, records  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

LONGEST: Final = 1 << 14
SECONDS: Final = 10
MEBIBYTES: Final = 1024
DATA: Final = ROOT / "tests" / "metrics" / "data"
TORCH: Final = ROOT / "tests" / "data" / "events"
BASELINES: Final = b"""\
accepted:
  - {test: demo, metric: accuracy_final, from: 3f2a9c1d, reason: new tokenizer, by: jasper, date: 2026-11-21}
muted:
  - {test: demo, metric: "*", until: 2026-11-28, reason: node pool, by: jasper, date: 2026-11-21T10:00:00Z}
"""


@dataclass(frozen=True)
class Target:
    """What is searched: files to begin with, how another is made from one, and what must hold of each."""

    seeds: Callable[[], Iterable[bytes]]
    mutated: Callable[[bytes, int, Random, records.Mutate], bytes]
    check: Callable[[bytes, Path], None]


def event_files() -> Iterable[bytes]:
    """Real files: of torch, and of each regular layout and an irregular one."""
    for path in sorted(TORCH.rglob("*tfevents*")):
        yield path.read_bytes()[: LONGEST // 2]
    for name in ("simple", "tensors", "irregular"):
        for path in event_logs.made(name, 120, seed=1).iterdir():
            yield path.read_bytes()


def config_files() -> Iterable[bytes]:
    """The documentation's own, as it prints them and as plain JSON."""
    for path in sorted(DATA.iterdir()):
        yield path.read_bytes()
        yield config.load(path).model_dump_json(exclude_unset=True).encode()


def of_model(model: type[config.MetricsConfig | baselines.BaselinesFile]) -> Callable[..., bytes]:
    """How another document is made from one that this model describes."""
    return partial(documents.mutated, words=documents.names(model))


TARGETS: Final[Mapping[str, Target]] = {
    "events": Target(event_files, records.mutated, checks.event_file),
    "config": Target(
        lambda: (path.read_bytes() for path in sorted(DATA.iterdir())),
        of_model(config.MetricsConfig),
        checks.config_file,
    ),
    "baselines": Target(lambda: (BASELINES,), of_model(baselines.BaselinesFile), checks.baselines_file),
}


def search(target: Target, options: argparse.Namespace, folder: Path) -> None:
    """Ends this process: with 0 when the time is over, or at the first input that fails."""
    corpus = options.corpus or folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = folder / "seeds"
    seeds.mkdir()
    for number, seed in enumerate(target.seeds()):
        (seeds / f"{number}").write_bytes(seed)
    place = folder / "input"
    place.mkdir()

    def mutated(data: bytes, longest: int, seed: int) -> bytes:
        return target.mutated(data, longest, Random(seed), atheris.Mutate)  # noqa: S311  # chance that can be had again

    limits = [f"-max_len={LONGEST}", f"-timeout={SECONDS}", f"-rss_limit_mb={MEBIBYTES}"]
    given = [options.replay] if options.replay else [corpus, seeds]
    chosen = [f"-max_total_time={options.seconds}", f"-seed={options.seed}", *limits, *map(str, given)]
    atheris.Setup([sys.argv[0], *chosen], lambda data: target.check(data, place), custom_mutator=mutated)
    atheris.Fuzz()


def main() -> int:
    """Searches until the time is over; in a process of its own, because libFuzzer ends the one that it is in."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="a directory of inputs, which grows")
    parser.add_argument("--replay", type=Path, help="try this input, and nothing else")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if not child:
            search(TARGETS[options.target], options, Path(folder))
        _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
