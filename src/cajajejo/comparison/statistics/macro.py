"""The mean of one metric over scenarios, each with the same weight: means are averaged, items are never pooled."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cajajejo.comparison.items.joining import clusters_of
from cajajejo.comparison.statistics import intervals, magnitudes, significance, std_errors
from cajajejo.comparison.values import MacroAverage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.comparison.paired import Floats, Ints, Names, Paired


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """The standard error of a difference, and its degrees of freedom; None: not defined."""

    std_err: float | None
    df: float


def macro_averages(metrics: Mapping[str, Paired], confidence: float) -> tuple[MacroAverage, ...]:
    """What metrics that at least two scenarios have come to, in the order of names; `metrics` by scenario/metric.

    A scenario without pairs has no mean, and is left out.
    """
    by_metric: dict[str, list[Paired]] = defaultdict(list)
    for name, paired in sorted(metrics.items()):
        scenario, _, metric = name.rpartition("/")
        if scenario and paired.a.size:
            by_metric[metric].append(paired)
    several = {metric: found for metric, found in sorted(by_metric.items()) if len(found) > 1}
    return tuple(_average(metric, found, 1 - confidence) for metric, found in several.items())


def of_independent(parts: Sequence[Uncertainty]) -> Uncertainty:
    """The uncertainty of the mean of S independent differences, w = 1/S: SE² = Σ w² SE_s².

    Degrees of freedom after Satterthwaite (1946) and Welch (1947), with v_s = w² SE_s²: (Σ v_s)² / Σ (v_s² / df_s).
    """
    known = [part.std_err / len(parts) for part in parts if part.std_err is not None]
    std_err = math.hypot(*known)
    if len(known) < len(parts) or not math.isfinite(std_err):
        return Uncertainty(None, 0.0)
    lost = sum((error / std_err) ** 4 / part.df for error, part in zip(known, parts, strict=True) if error)
    return Uncertainty(std_err, 1 / lost if lost else math.inf)


def of_shared(influences: Floats, clusters: Ints) -> Uncertainty:
    """The uncertainty of a sum of `influences` w_s (d_i - d̄_s) / n_s in G clusters, whatever scenario each is of.

    SE² = G/(G-1) · Σ_g (Σ_{i in g} influence)², with G - 1 degrees of freedom.
    """
    small, exponent = magnitudes.scaled(influences)
    sums = std_errors.cluster_sums(small, clusters)
    count = sums.size
    if count < 2:  # noqa: PLR2004  # of one cluster nothing can be told
        return Uncertainty(None, 0.0)
    std_err = magnitudes.restored(math.sqrt(count / (count - 1) * float(sums @ sums)), exponent)
    return Uncertainty(std_err, float(count - 1)) if math.isfinite(std_err) else Uncertainty(None, 0.0)


def _average(metric: str, scenarios: Sequence[Paired], alpha: float) -> MacroAverage:
    a = math.fsum(magnitudes.mean(paired.a) / len(scenarios) for paired in scenarios)
    b = math.fsum(magnitudes.mean(paired.b) / len(scenarios) for paired in scenarios)
    found = _uncertainty(scenarios)
    told = MacroAverage(
        name=f"*/{metric}",
        scenarios=len(scenarios),
        a=a,
        b=b,
        difference=b - a,
        std_err=found.std_err,
        interval=None,
        p_value=None,
    )
    return _judged(told, found.std_err, found.df, alpha) if found.std_err else told


def _judged(told: MacroAverage, std_err: float, df: float, alpha: float) -> MacroAverage:
    """With what only a standard error above 0 allows: one of 0 says that nothing has varied yet."""
    return replace(
        told,
        interval=intervals.about(told.difference, std_err, df, alpha),
        p_value=significance.t_test(told.difference, std_err, df),
    )


def _uncertainty(scenarios: Sequence[Paired]) -> Uncertainty:
    with np.errstate(over="ignore", invalid="ignore"):  # what is too large is told by not being finite
        differences = [paired.differences for paired in scenarios]
    if not all(np.isfinite(each).all() for each in differences):
        return Uncertainty(None, 0.0)
    names = [_groups(paired) for paired in scenarios]
    clusters = clusters_of(np.concatenate(names)) if _any_in_several(names) else None
    if clusters is None:
        return of_independent([_alone(*each) for each in zip(scenarios, differences, strict=True)])
    influences = [(each - magnitudes.mean(each)) / each.size / len(scenarios) for each in differences]
    return of_shared(np.concatenate(influences), clusters)


def _alone(paired: Paired, differences: Floats) -> Uncertainty:
    units = differences.size if paired.clusters is None else int(paired.clusters.max()) + 1
    return Uncertainty(std_errors.of_mean(differences, paired.clusters), float(units - 1))


def _groups(paired: Paired) -> Names:
    """The digest of the group of each pair; 0: none."""
    return np.zeros(paired.a.size, np.uint64) if paired.groups is None else paired.groups


def _any_in_several(names: Sequence[Names]) -> bool:
    """Whether a group is in more than one scenario."""
    each = np.concatenate([np.unique(found[found != 0]) for found in names])
    return np.unique(each).size < each.size
