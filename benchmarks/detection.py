"""Level shifts in synthetic series: how often rules tell one that is none, and how soon they tell one that is there.

    .venv/bin/python benchmarks/detection.py [--null N] [--shifted N] [--otava N] [--seed N] [--sets NAME ...]
                                             [--processes N] [--quick] [--check]

The series are those of `benchmarks/detection_sets.py`, drawn anew from the seed; at each run a rule knows the runs up
to it and no others. The rules (`benchmarks/detection_rules.py`):

* k = 3, 4, 5: that many standard deviations from the mean of all earlier runs, from the 11th run on;
* ours: `cajajejo.metrics.shifts.episodes` as `metrics check` has it, in both directions, with its defaults;
* Otava 0.8, rerun at each run over the latest 100: a change is told when it is new and at least three runs old.

A false episode is an alarm in a series without a shift: from the 61st run on, in --null runs; and in the first 45 runs
of the same series, of which those count that have enough runs before them to be judged. A shift that begins with the
121st run is found where an alarm in its direction comes in one of its first 15 runs; the delay is the number of runs
after the first of them, and its median is over those that are found.

Limits have 95 % confidence: of false episodes those of a Poisson count (Garwood), of shares Wilson's. Alarms come in
groups where runs are correlated, so that the limits of `ar` are too narrow.

Otava and ours are compared at equal false alarms: ours has the threshold with which it tells as many as Otava, in the
first 1,000 series without a shift. Both see the same shifted series, and the limits of the difference are those of
Bonett and Price for pairs. All that Otava tells counts, and is judged where 50 of its false episodes were counted in
half of --otava series. It also finds changes long after they were, when its window moves on; a user might not count
these, and so the same is shown, and not judged, for what it tells within 20 runs, which favours it.

With a threshold that low, ours often has a false episode open when the shift begins, or closed so lately that it would
be resumed, and then nobody is told anew. That is what episodes are for, and says nothing of whether a shift is seen:
the difference that is judged is that in series without such an episode. The difference in all series is shown beside
it, and is smaller; it is what a user would get who gave ours that threshold.

``--check`` exits with 1 where a bar is missed. A bar is about what was measured, and not about its limits, except for
the difference from Otava, of which the lower limit counts. ``--quick`` is to see that it works; its bars mean nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import detection_rules as rules
from benchmarks.detection_measures import Bar
from benchmarks.detection_otava import P_VALUES, Asking, compared
from benchmarks.detection_series import Series, Told
from benchmarks.detection_sets import SETS, Array, SyntheticSet

from cajajejo.errors import CajajejoError
from cajajejo.metrics.shifts import engines
from cajajejo.metrics.shifts.scan import Scan
from cajajejo.terminal import Column, Style, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.detection_rules import Alarms

OURS: Final = "ours"
RULES: Final[dict[str, Callable[[Array], Alarms]]] = {
    "k = 3": partial(rules.deviations, k=3),
    "k = 4": partial(rules.deviations, k=4),
    "k = 5": partial(rules.deviations, k=5),
    OURS: partial(rules.episodes, scan=Scan()),
}
NAMES: Final = tuple(kind.name for kind in SETS)
DEFAULT_SEED: Final = 72_150_418

FALSE: Final = {"t3": 0.3, "log-normal": 1.0, "ar": 1.0}
EARLY_FALSE: Final = {"log-normal": 1.5, "ar": 4.0}
FOUND: Final = {1.5: 60.0, 2.0: 90.0, 3.0: 95.0}
FOUND_IN_AR: Final = {1.5: 25.0, 2.0: 50.0, 3.0: 95.0}
DELAY: Final = {"ar": 5}


def screen(series: Series, told: dict[str, Told]) -> Iterator[str]:
    """The table of one set."""
    sizes = tuple(Column(f"% of {size:g} sigma, delay") for size in series.shifted)
    later = (Column("with the noise"),) if series.kind.later else ()
    columns = (Column("rule"), Column("false per 1,000 runs"), *later, Column("of the first 45"), *sizes)
    rows = [
        [name, str(one.settled), *([str(one.later)] if later else []), str(one.early), *map(str, one.found.values())]
        for name, one in told.items()
    ]
    ours = told[OURS].settled
    yield f"{series.kind.name}: {ours.runs:,} quiet runs" + f", {_shifted(series):,} series a size" * bool(sizes)
    yield from table(columns, rows, Style())


def _shifted(series: Series) -> int:
    return max((len(values) for values in series.shifted.values()), default=0)


def bars(kind: SyntheticSet, told: dict[str, Told]) -> Iterator[Bar]:
    """What ours has to hold on one set; nothing where there is no level to come back to."""
    if not kind.judged:
        return
    ours, name = told[OURS], kind.name
    most, early = FALSE.get(name, 0.1), EARLY_FALSE.get(name, 0.5)
    yield Bar(
        f"{name}: false episodes per 1,000 runs", str(ours.settled), f"<= {most:g}", holds=ours.settled.value <= most
    )
    yield Bar(f"{name}: of the first 45 runs", str(ours.early), f"<= {early:g}", holds=ours.early.value <= early)
    for size, least in (FOUND_IN_AR if name == "ar" else FOUND).items():
        found = ours.found[size]
        yield Bar(f"{name}: % of {size:g} sigma found", str(found), f">= {least:g}", holds=found.percent >= least)
    delay, longest = ours.found[3.0].delay, DELAY.get(name, 3)
    yield Bar(f"{name}: delay at 3 sigma", f"{delay:g}", f"<= {longest}", holds=delay <= longest)
    if name == "spikes":
        yield from _against_deviations(told["k = 4"], ours)


def _against_deviations(four: Told, ours: Told) -> Iterator[Bar]:
    """How much better ours is where there are spikes than the rule that alerts on each."""
    fewer = four.settled.value / max(ours.settled.value, 1000 / ours.settled.runs)
    yield Bar("spikes: times fewer false episodes than k = 4", f"{fewer:.0f}", ">= 100", holds=fewer >= 100)  # noqa: PLR2004
    more = ours.found[3.0].percent / max(four.found[3.0].percent, 1e-9)
    yield Bar("spikes: times as many of 3 sigma found as k = 4", f"{more:.2f}", ">= 3.5", holds=more >= 3.5)  # noqa: PLR2004


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--null", type=int, default=500_000, help="runs without a shift, of each set")
    parser.add_argument("--shifted", type=int, default=2_000, help="series with a shift, of each set and size")
    parser.add_argument(
        "--otava",
        type=int,
        default=600,
        help="shifted series of a size that Otava is shown, and half as many others; 0: leave it out",
    )
    parser.add_argument("--sets", nargs="+", choices=NAMES, default=NAMES, help="only these; each has its own seed")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--processes", type=int, default=2, help="processes that run Otava")
    parser.add_argument("--quick", action="store_true", help="a hundredth of everything, and Otava on four series")
    parser.add_argument("--check", action="store_true", help="exit 1 where a bar is missed")
    options = parser.parse_args()
    if options.quick:
        options.null, options.shifted, options.otava = 4_000, 20, min(options.otava, 4)
    return options


def _check_otava() -> None:
    """Returns where Otava is installed; ends the program where it is not."""
    try:
        engines.otava(np.zeros(0))
    except CajajejoError as error:
        sys.exit("\n".join([*error.lines(), "or leave it out: --otava 0"]))


def main() -> int:
    """Measures, prints, and with ``--check`` judges."""
    options = parsed()
    if options.otava:
        _check_otava()
    judged: list[Bar] = []
    began = time.monotonic()
    with ProcessPoolExecutor(options.processes) as pool:
        for kind in (kind for kind in SETS if kind.name in options.sets):
            series = Series.of(kind, options.seed, options.null, options.shifted)
            told = {name: series.told_by(rule) for name, rule in RULES.items()}
            print(*screen(series, told), sep="\n", flush=True)
            judged += bars(kind, told)
            for p_value in P_VALUES.get(kind.name, ()) if options.otava else ():
                for line in compared(series, p_value, options.otava, Asking(pool)):
                    if isinstance(line, Bar):
                        judged.append(line)
                    else:
                        print(line, flush=True)
            print(flush=True)
    rows = [("held" if bar.holds else "MISSED", bar.what, bar.measured, bar.wanted) for bar in judged]
    print(*table((Column("bar"), Column("of"), Column("measured"), Column("wanted")), rows, Style()), sep="\n")
    missed = sum(not bar.holds for bar in judged)
    print(f"{len(judged) - missed} of {len(judged)} bars held, seed {options.seed}, {time.monotonic() - began:.0f} s")
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
