"""Two runs, compared metric by metric."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.comparison import differences
from cajajejo.comparison.items import columns, pairing
from cajajejo.comparison.judgement.judging import Measured, judge
from cajajejo.comparison.statistics import macro
from cajajejo.comparison.statistics.measuring import measure
from cajajejo.comparison.values import Answer, Comparison, Criteria, Flip, Gap, MetricComparison, Unpaired
from cajajejo.errors import CajajejoError, FileProblemsError
from cajajejo.phrases import some
from cajajejo.results import metric_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cajajejo.comparison.items.columns import Columns
    from cajajejo.comparison.paired import Ints, Paired
    from cajajejo.comparison.sides import Side
    from cajajejo.comparison.sources import Found
    from cajajejo.comparison.values import Correction

_NAMED: Final = 5
"""So many of the items that are no pairs are named, of each kind."""


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """One evaluation: what is told of it, and its items."""

    side: Side
    columns: Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How two runs are compared.

    Attributes:
        criteria: how a metric of this name is judged.
        wanted: whether a metric of this name is compared at all.
        chosen: whether these are some metrics only, so that it is not asked what became of others.
        flips: at most so many items that got worse are told of each metric, and so many that got better; None: all.
        seed: of what is drawn at random.
        confidence: of macro averages, and as it is told.
        correction: how p-values are adjusted for the number of metrics.
    """

    criteria: Callable[[str], Criteria] = lambda _: Criteria()
    wanted: Callable[[str], bool] = lambda _: True
    chosen: bool = False
    flips: int | None = 5
    seed: int = 0
    confidence: float = 0.95
    correction: Correction = "holm"


def read(found: Found) -> Run:
    """An evaluation with its items; where no summary names its suites, its lines do.

    Raises:
        FileProblemsError: the results are wrong; those of a run are told under its name, since they were only fetched.
    """
    side = found.side
    try:
        items = columns.read(found.file)
    except FileProblemsError as error:
        if side.run_id is None:
            raise
        file = f"{found.file.name} of run {side.run_id}"
        raise FileProblemsError([replace(problem, file=file) for problem in error.problems]) from error
    suites = ", ".join(suite for suite in items.suites if suite)
    return Run(side if side.suite else replace(side, suite=suites), items)


def compare(a: Run, b: Run, options: Options) -> Comparison:
    """What is to be said of B beside A.

    Raises:
        CajajejoError: they have no metric in common, or asked differently under one id.
    """
    paired = pairing.pair(a.columns, b.columns, options.wanted)
    if not paired.metrics:
        raise _nothing_in_common(a, b, paired)
    measured = [_measured(name, one, (a, b), options) for name, one in paired.metrics.items()]
    judged = judge(measured, options.correction, options.seed)
    told = [
        _with_flips(metric, one.paired, (a, b), options.flips) for metric, one in zip(judged, measured, strict=True)
    ]
    missing = [_missing(name, options.criteria(name)) for name in paired.only_a]
    return Comparison(
        a=a.side,
        b=b.side,
        metrics=tuple(sorted((*told, *missing), key=lambda metric: metric.name)),
        macro_averages=macro.macro_averages(paired.metrics, options.confidence),
        pairs=paired.pairs,
        unpaired_a=paired.unpaired_a,
        unpaired_b=paired.unpaired_b,
        duplicates=paired.duplicates,
        only_b=paired.only_b,
        unevaluated=() if options.chosen else _unevaluated((a, b), (*paired.metrics, *paired.only_a)),
        tested=sum(metric.p_adjusted is not None and metric.verdict != "equal" for metric in told),
        correction=options.correction,
        confidence=options.confidence,
        seed=options.seed,
        warnings=(*differences.warnings(a.side, b.side), *_warnings(paired), *_without_items((a, b), options)),
    )


def _nothing_in_common(a: Run, b: Run, paired: pairing.Pairing) -> CajajejoError:
    def names(which: tuple[str, ...]) -> str:
        return some(sorted(which)) or "none"

    facts = {"only in A": names(paired.only_a), "only in B": names(paired.only_b)}
    return CajajejoError(f"{a.side.short} and {b.side.short} have no metric in common", facts=facts)


def _measured(name: str, paired: Paired, runs: tuple[Run, Run], options: Options) -> Measured:
    criteria = options.criteria(name)
    estimate = measure(paired, criteria, options.seed)
    return Measured(name, criteria, paired, estimate, _unpaired(paired, *(run.columns for run in runs)))


def _unpaired(paired: Paired, a: Columns, b: Columns) -> Unpaired:
    gaps = paired.gaps

    def named(of_a: Ints, of_b: Ints) -> Gap:
        texts = a.texts(of_a[:_NAMED].tolist()) + b.texts(of_b[:_NAMED].tolist())
        names = tuple(dict.fromkeys(text.name for text in texts))[:_NAMED]
        return Gap(count=len(of_a) + len(of_b), names=names)

    none = np.empty(0, np.int64)
    return Unpaired(
        only_a=named(gaps.only_a, none),
        only_b=named(none, gaps.only_b),
        nan_a=named(gaps.nan_a, none),
        nan_b=named(none, gaps.nan_b),
        duplicates=named(gaps.duplicates_a, gaps.duplicates_b),
        conflicting=named(gaps.conflicting_a, gaps.conflicting_b),
    )


def _with_flips(metric: MetricComparison, paired: Paired, runs: tuple[Run, Run], most: int | None) -> MetricComparison:
    gained = paired.differences * metric.criteria.sign
    worse = _largest(-gained, paired.rows_a)[:most]
    better = _largest(gained, paired.rows_a)[:most]
    return replace(metric, flips=tuple(_flips(metric, paired, runs, [*worse.tolist(), *better.tolist()])))


def _largest(sizes: np.ndarray, rows: Ints) -> Ints:
    """The pairs of which `sizes` is positive, the largest first, equal ones in the order of A."""
    found = np.flatnonzero(sizes > 0)
    return found[np.lexsort((rows[found], -sizes[found]))]


def _flips(metric: MetricComparison, paired: Paired, runs: tuple[Run, Run], places: Sequence[int]) -> Iterator[Flip]:
    texts_a = runs[0].columns.texts(paired.rows_a[places].tolist())
    texts_b = runs[1].columns.texts(paired.rows_b[places].tolist())
    for place, a, b in zip(places, texts_a, texts_b, strict=True):
        score_a, score_b = float(paired.a[place]), float(paired.b[place])
        yield Flip(
            metric=metric.name,
            scenario=a.scenario,
            subject=a.subject,
            id=a.id,
            change="worse" if (score_b - score_a) * metric.criteria.sign < 0 else "better",
            prompt=b.prompt if a.prompt is None else a.prompt,
            reference=b.reference if a.reference is None else a.reference,
            a=Answer(prediction=a.prediction, score=score_a),
            b=Answer(prediction=b.prediction, score=score_b),
        )


def _missing(name: str, criteria: Criteria) -> MetricComparison:
    return MetricComparison(
        name=name,
        criteria=criteria,
        tolerance=criteria.max_drop or 0.0,
        estimate=None,
        p_adjusted=None,
        unpaired=Unpaired(),
        verdict="inconclusive",
        reason="B has no such metric, so that nothing can be said",
        gate_reason="B has no such metric",
    )


def _unevaluated(runs: tuple[Run, Run], names: Sequence[str]) -> tuple[str, ...]:
    """The scenarios that failed in a run, and of which no metric has one of these names."""
    failed = {scenario for run in runs for scenario in run.side.failed}
    return tuple(sorted(one for one in failed if not any(name.startswith(f"{one}/") for name in names)))


def _warnings(paired: pairing.Pairing) -> Iterator[str]:
    if paired.regrouped:
        items = f"{paired.regrouped:,} item{'s' * (paired.regrouped != 1)}"
        yield f"{items} stand in another group in B than in A; the groups of A count"
    if paired.only_b:
        names = some(sorted(paired.only_b))
        verb = "is" if len(paired.only_b) == 1 else "are"
        yield f"{names} {verb} only in B, and {verb} not compared"


def _without_items(runs: tuple[Run, Run], options: Options) -> Iterator[str]:
    names: set[str] = set()
    for run in runs:
        of_items = {metric_name(*series) for series in run.columns.series}
        names |= {name for name in run.side.means if name not in of_items and options.wanted(name)}
    if names:
        told = some(sorted(names))
        yield f"not compared, because only a mean is known and no items: {told}"
