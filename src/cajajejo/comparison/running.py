"""What ``jobs evaluation compare`` does: runs are found and compared, a policy decides, MLflow remembers."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from cajajejo import gate_policy
from cajajejo.comparison import baselines, sources
from cajajejo.comparison.comparing import Options, Run, read
from cajajejo.comparison.comparing import compare as compare_runs
from cajajejo.comparison.judgement import gate
from cajajejo.comparison.reports import documents, markdown
from cajajejo.comparison.statistics import levels
from cajajejo.comparison.values import Criteria
from cajajejo.errors import ExitCode, TrackingError, UsageError
from cajajejo.phrases import matches, some
from cajajejo.results import metric_name
from cajajejo.tracking import comparisons

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cajajejo.comparison.outcomes import GateOutcome
    from cajajejo.comparison.statistics.levels import Level
    from cajajejo.comparison.values import Comparison
    from cajajejo.gate_policy import GatePolicy

_WORST_FIRST: Final = (ExitCode.REGRESSION, ExitCode.INCONCLUSIVE, ExitCode.DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be compared, and how; what stands in a policy is not given beside it.

    Attributes:
        runs: ids of MLflow runs, or directories: the baseline first, unless `baseline` names it.
        baseline: ``tag:K=V``, ``newest-passing``, or what `runs` may hold; None: the first of `runs`.
        tracking_uri: MLflow's address; None: as MLflow itself finds it.
        metrics: globs of the metrics to compare; none: all.
        lower_is_better: globs of the metrics of which less is better; of all others more is.
        max_drop: the drop that is tolerated; None: 0, so that any significant drop is worse.
        confidence: of intervals and of what counts as significant; None: 0.95.
        policy: file of the policy that decides; None: the verdicts do.
        flips: at most so many items that changed are told of each metric.
        seed: of what is drawn at random; None: 0.
        record: whether the comparison is recorded on the MLflow run of the candidate; one of chosen metrics never is.
    """

    runs: Sequence[str]
    baseline: str | None = None
    tracking_uri: str | None = None
    metrics: Sequence[str] = ()
    lower_is_better: Sequence[str] = ()
    max_drop: float | None = None
    confidence: float | None = None
    policy: Path | None = None
    flips: int = 5
    seed: int | None = None
    record: bool = True


class Judged(NamedTuple):
    """One candidate: how it compares, and what the policy says of it."""

    comparison: Comparison
    gate: GateOutcome | None

    @property
    def exit_code(self) -> ExitCode:
        """That of the policy where there is one, else that of the verdicts."""
        return (self.gate or self.comparison).exit_code


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every candidate beside the same baseline.

    Attributes:
        pairs: in the order in which the candidates were given.
        warnings: what went wrong beside the comparing: a run that could not be written to.
        recorded: ids of the MLflow runs on which the comparison stands now.
    """

    pairs: tuple[Judged, ...]
    warnings: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """The worst of the candidates': a fail before an inconclusive before a pass."""
        codes = {pair.exit_code for pair in self.pairs}
        return next(code for code in _WORST_FIRST if code in codes)


@dataclass(slots=True)
class _Remembering:
    recorded: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def compare(request: Request, report: Callable[[str], None]) -> Outcome:
    """Compares every candidate with the baseline; `report` hears what takes long.

    Raises:
        UsageError: what is given does not go together, or names no metric.
        FileProblemsError: the policy, or a file of results, is wrong.
        TrackingError: MLflow does not answer, or has no such run.
        CajajejoError: the runs cannot be compared.
    """
    _check(request)
    policy = None if request.policy is None else gate_policy.load(request.policy)
    uri = sources.tracking_uri(request.tracking_uri)
    remembering = _Remembering()
    with tempfile.TemporaryDirectory(prefix="cajajejo-", ignore_cleanup_errors=True) as work:
        baseline, candidates = _found(request, uri, Path(work), report)
        a = read(baseline)
        pairs = []
        for candidate in candidates:
            b = read(candidate)
            pair = _judged(a, b, request, policy)
            pairs.append(pair)
            if request.record and not request.metrics and candidate.side.run_id is not None:
                _record(pair, uri, remembering)
    return Outcome(tuple(pairs), tuple(remembering.warnings), tuple(remembering.recorded))


def _check(request: Request) -> None:
    needed = 1 if request.baseline is not None else 2
    if len(request.runs) < needed:
        one = (
            "a candidate: compare --baseline … RUN_B"
            if needed == 1
            else "a baseline and a candidate: compare RUN_A RUN_B"
        )
        count = f"{len(request.runs)} run{'s' * (len(request.runs) != 1)}"
        raise UsageError(f"{count} given", facts={"expected": one})
    if request.baseline is not None:
        baselines.parse(request.baseline)
    given = {"--max-drop": request.max_drop, "--confidence": request.confidence, "--seed": request.seed}
    given["--lower-is-better"] = 1 if request.lower_is_better else None
    clashing = [option for option, value in given.items() if value is not None]
    if request.policy is not None and clashing:
        message = f"{' and '.join(clashing)} cannot stand beside --policy"
        raise UsageError(message, facts={"instead": f"change it in {request.policy}, which decides alone"})


def _found(
    request: Request, uri: str | None, work: Path, report: Callable[[str], None]
) -> tuple[sources.Found, list[sources.Found]]:
    """The baseline and the candidates, their results on this machine."""

    def resolve(name: str) -> sources.Found:
        return sources.resolve(name, uri, work, report)

    if request.baseline is None:
        first, *others = request.runs
        return resolve(first), [resolve(name) for name in others]
    candidates = [resolve(name) for name in request.runs]
    name = baselines.find(request.baseline, candidates[0].side, uri)
    return resolve(name), candidates


def _judged(a: Run, b: Run, request: Request, policy: GatePolicy | None) -> Judged:
    common = Options(
        wanted=_wanted(request.metrics, request.lower_is_better, (a, b)),
        chosen=bool(request.metrics),
        flips=request.flips,
    )
    if policy is None:
        return Judged(compare_runs(a, b, _asked(common, request)), None)
    by_policy = replace(
        common,
        criteria=partial(gate.criteria_for, policy),
        seed=policy.seed,
        confidence=policy.confidence,
        correction=policy.correction,
    )
    comparison = compare_runs(a, b, by_policy)
    series_of = {metric_name(*series): series for series in b.columns.series}

    def level_of(name: str) -> Level | None:
        series = series_of.get(name)
        return None if series is None else levels.level(b.columns, *series)

    return Judged(comparison, gate.decide(policy, str(request.policy), comparison, level_of, comparison.only_b))


def _asked(common: Options, request: Request) -> Options:
    """How runs are compared where no policy says it."""
    confidence = 0.95 if request.confidence is None else request.confidence
    higher = Criteria(confidence=confidence, max_drop=request.max_drop)
    lower = replace(higher, direction="lower_is_better")
    return replace(
        common,
        criteria=lambda name: lower if _matches(name, request.lower_is_better) else higher,
        seed=request.seed or 0,
        confidence=confidence,
    )


def _wanted(globs: Sequence[str], lower_is_better: Sequence[str], runs: Sequence[Run]) -> Callable[[str], bool]:
    """Whether a metric is asked for.

    Raises:
        UsageError: a glob matches no metric of either run.
    """
    names = sorted({metric_name(*series) for run in runs for series in run.columns.series})
    for glob in (*globs, *lower_is_better):
        if not any(matches(name, glob) for name in names):
            facts = {"there are": some(names) or "none"}
            raise UsageError(f"no metric is called {glob}", facts=facts)
    return lambda name: not globs or _matches(name, globs)


def _matches(name: str, globs: Sequence[str]) -> bool:
    return any(matches(name, glob) for glob in globs)


def _record(pair: Judged, uri: str | None, remembering: _Remembering) -> None:
    comparison = pair.comparison
    run_id = comparison.b.run_id
    if run_id is None or uri is None:
        return
    recorded = comparisons.Recorded(
        baseline=comparison.a.name,
        short=comparison.a.short,
        policy="" if pair.gate is None else pair.gate.policy,
        verdict=comparison.verdict,
        outcome={ExitCode.REGRESSION: "fail", ExitCode.INCONCLUSIVE: "inconclusive"}.get(pair.exit_code, "pass"),
        document=documents.as_text([pair]),
        markdown=markdown.page([pair]),
    )
    try:
        comparisons.record(uri, run_id, recorded)
    except TrackingError as error:
        remembering.warnings.append(f"not recorded on run {run_id}: {error.message}")
    else:
        remembering.recorded.append(run_id)
