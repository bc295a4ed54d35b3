"""Two evaluations that are in memory, compared as ``cajajejo jobs evaluation compare`` compares those in files."""

from __future__ import annotations

import math
import tempfile
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.comparison import comparing
from cajajejo.comparison.comparing import Options, Run, read
from cajajejo.comparison.found import Found
from cajajejo.comparison.in_memory import alignment, forms
from cajajejo.comparison.in_memory.cells import ComparisonInputError, label
from cajajejo.comparison.in_memory.fields import listed
from cajajejo.comparison.in_memory.tables import Asked
from cajajejo.comparison.sides import Side
from cajajejo.comparison.values import Criteria
from cajajejo.phrases import some
from cajajejo.results import Results, metric_name
from cajajejo.tracebacks import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cajajejo.comparison.in_memory.tables import Table
    from cajajejo.comparison.items.columns import Columns
    from cajajejo.comparison.values import Direction

_DIRECTIONS: Final = ("higher_is_better", "lower_is_better")


def compare(  # noqa: PLR0913  # each is an option of the command, or a key of its policy
    a: object,
    b: object,
    *,
    max_drop: float | None = None,
    max_relative_drop: float | None = None,
    direction: Direction = "higher_is_better",
    confidence: float = 0.95,
    min_pairs: int = 10,
    groups: object = None,
    score_range: tuple[float, float] | None = None,
    seed: int = 0,
    flips: int | None = 5,
    metrics: str | Sequence[str] | None = None,
) -> Found:
    """Whether B is better than A, pair by pair: the same values as ``cajajejo jobs evaluation compare A B`` finds.

    A and B each are one of:

    * scores, one an item: a list, a tuple, an array, a pandas Series. They pair by position; two pandas objects by the
      labels of their indexes. True and False are 1 and 0; None, NaN and pandas.NA are no score, which makes the metric
      inconclusive;
    * scores in rows of items, with the repeats in columns: an array (n, K) or a list of rows. A and B may have been
      repeated differently often, and so may their items where rows are lists;
    * a dict of these by the names of metrics, or a data frame with a column for each metric;
    * lines with the fields of ``results.jsonl``: a list of dicts, or a data frame (of pandas, polars or pyarrow) whose
      columns have these names, with a dict of ``scores`` in each line or a column for each metric. They pair by
      scenario, subject and id. A column that is empty in a whole scenario is none of the metrics of that scenario;
    * an evaluation: its `results.Results`, its directory, or the id of its MLflow run.

    What it finds can be printed; ``found["boolq/acc"]`` is one metric, with its ``verdict``, ``reason``, ``estimate``
    and ``flips``; ``found.as_dict()`` is what ``--json`` prints.

    Args:
        a: the baseline.
        b: the candidate.
        max_drop: the drop that is tolerated, in units of the metric; None: 0, unless `max_relative_drop` says else.
        max_relative_drop: the same as a share of the mean of A; where both are given, the stricter one counts.
        direction: ``higher_is_better`` or ``lower_is_better``.
        confidence: of intervals and of what counts as significant.
        min_pairs: fewer pairs are inconclusive.
        groups: which items belong together (a passage, a source): one name for each item, in the order of A, or a
            pandas Series by label; of lines the name of the column, which is ``group`` where none is given.
        score_range: the lowest and the highest score that there can be; None: 0 to 1 where all scores lie there.
        seed: of what is drawn at random.
        flips: at most so many items that got worse are told of each metric, and so many that got better; None: all.
        metrics: names or globs of the metrics to compare, with or without their scenario; None: all.

    Raises:
        ComparisonInputError: what is given cannot be compared; it is a ValueError.
        CajajejoError: an evaluation is not there, or the two were asked differently under one id.
    """
    _check_kinds({"confidence": confidence, "max_drop": max_drop, "max_relative_drop": max_relative_drop}, Real)
    _check_kinds({"min_pairs": min_pairs, "seed": seed, "flips": flips}, Integral)
    criteria = Criteria(
        confidence=confidence,
        max_drop=max_drop,
        max_relative_drop=max_relative_drop,
        direction=direction,
        min_pairs=min_pairs,
        score_range=_range(score_range),
    )
    _check(criteria)
    for name, number in (("seed", seed), ("flips", flips)):
        if number is not None and number < 0:
            all_of_them = ", or None for all" if name == "flips" else ""
            raise ComparisonInputError(f"{name} is {number}: it must be at least 0{all_of_them}")
    globs = (metrics,) if isinstance(metrics, str) else tuple(metrics or ())
    asked = Asked(globs, groups) if isinstance(groups, str) else Asked(globs)
    with explained(), tempfile.TemporaryDirectory(prefix="cajajejo-") as work:
        runs = _runs((a, b), groups, asked, Path(work))
        options = Options(
            criteria=lambda _: criteria,
            wanted=_wanted(asked, runs),
            chosen=bool(globs),
            flips=flips,
            seed=seed,
            confidence=confidence,
        )
        return Found.of(comparing.compare(*runs, options))


def _check_kinds(given: Mapping[str, object], wanted: type) -> None:
    """Returns where each is a number of this kind, or None.

    Raises:
        ComparisonInputError: one is something else.
    """
    noun = "a whole number" if wanted is Integral else "a number"
    for name, value in given.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, wanted)):
            raise ComparisonInputError(f"{name} is {value!r}: it must be {noun}")


def _range(given: object) -> tuple[float, float] | None:
    match given:
        case None:
            return None
        case (Real() as lowest, Real() as highest):
            return float(lowest), float(highest)
    raise ComparisonInputError(f"score_range is {given!r}: it must be two numbers, the lower one first")


def _check(criteria: Criteria) -> None:
    """Returns where a metric can be judged so.

    Raises:
        ComparisonInputError: it cannot.
    """
    for name in ("max_drop", "max_relative_drop"):
        drop = getattr(criteria, name)
        if drop is not None and not 0 <= drop < math.inf:
            raise ComparisonInputError(f"{name} is {drop}: it must be a number, at least 0")
    if not 0.5 < criteria.confidence < 1:  # noqa: PLR2004  # below, the interval of a gate has no confidence
        raise ComparisonInputError(f"confidence is {criteria.confidence}: it must be over 0.5 and below 1")
    if criteria.direction not in _DIRECTIONS:
        raise ComparisonInputError(f"direction is {criteria.direction}: it must be {' or '.join(_DIRECTIONS)}")
    if criteria.min_pairs < 1:
        raise ComparisonInputError(f"min_pairs is {criteria.min_pairs}: it must be at least 1")
    lowest, highest = criteria.score_range or (0.0, 1.0)
    if not -math.inf < lowest < highest < math.inf:
        raise ComparisonInputError(
            f"score_range is {criteria.score_range}: it must be two numbers, the lower one first"
        )


def _runs(given: tuple[object, object], groups: object, asked: Asked, work: Path) -> tuple[Run, Run]:
    """Both runs; what MLflow has is put into `work`."""
    a, b = (
        None if isinstance(one, str | Path) else forms.table(one, name, asked)
        for name, one in zip("ab", given, strict=True)
    )
    if a is not None and b is not None:
        a, b = _grouped(*alignment.aligned(a, b), groups)
        columns_a = a.columns()
        columns_b = b.columns(like=(a, columns_a))
        return Run(_side("A", given[0], columns_a), columns_a), Run(_side("B", given[1], columns_b), columns_b)
    for name, table in (("a", a), ("b", b)):
        alignment.refuse_without_ids(table, name)
    return _run("A", given[0], a, work), _run("B", given[1], b, work)


def _run(name: str, given: object, table: Table | None, work: Path) -> Run:
    """A run from its lines, or, where they are somewhere else, from this machine or MLflow."""
    if table is not None:
        found = table.columns()
        return Run(_side(name, given, found), found)
    from cajajejo.comparison import sources

    stored = sources.resolve(str(given), sources.tracking_uri(None), work)
    return read(stored)


def _side(name: str, given: object, found: Columns) -> Side:
    if not isinstance(given, Results):
        return Side(name=name, suite=", ".join(suite for suite in found.suites if suite))
    return Side(
        name=name,
        harness=given.harness,
        suite=given.suite,
        versions=given.versions,
        shots=given.shots,
        partial=given.partial,
        failed={failed.scenario: failed.error for failed in given.failed},
        means=tuple(score.name for score in given.scores),
    )


def _grouped(a: Table, b: Table, groups: object) -> tuple[Table, Table]:
    if groups is None:
        return a, b
    if not isinstance(groups, str):
        names = [label(group) for group in listed(groups, "groups")]
        return alignment.grouped(a, b, names, forms.index(groups, "groups"))
    if "group" not in a.texts and "group" not in b.texts:
        raise ComparisonInputError(f"neither a nor b has a column {groups}, which groups names")
    return a, b


def _wanted(asked: Asked, runs: tuple[Run, Run]) -> Callable[[str], bool]:
    """Whether a metric of this name is asked for.

    Raises:
        ComparisonInputError: one of the globs asks for none.
    """
    series = sorted({one for run in runs for one in run.columns.series})
    for glob in asked.metrics:
        if not any(Asked((glob,)).wants(*one) for one in series):
            names = [metric_name(*one) for one in series]
            raise ComparisonInputError(f"no metric is called {glob}", facts={"there are": some(names) or "none"})
    wanted = {metric_name(*one) for one in series if asked.wants(*one)}
    return wanted.__contains__
