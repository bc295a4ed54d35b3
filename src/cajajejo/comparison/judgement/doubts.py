"""What keeps a metric from being judged at all, in sentences with the numbers in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo.comparison.judgement import bounding, verdicts
from cajajejo.comparison.judgement.wording import alone, count, percent
from cajajejo.digits import number
from cajajejo.phrases import some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.comparison.paired import Paired
    from cajajejo.comparison.values import Criteria, Estimate, Unpaired

MOST_UNMATCHED: Final = 0.05
"""Where a larger share of the items has no partner, nothing is judged."""


def doubts(paired: Paired, estimate: Estimate | None, unpaired: Unpaired, criteria: Criteria) -> Iterator[str]:
    """Why a metric is inconclusive whatever its scores are; nothing where it can be judged."""
    yield from _not_numbers(unpaired)
    twice = unpaired.conflicting
    if twice.count:
        verb = "contradicts" if twice.count == 1 else "contradict"
        names = some(twice.names, twice.count)
        yield f"{count(twice.count, 'answer')} {verb} another one of the same item and repeat: {names}"
    if estimate is None:
        yield _nothing_paired(paired)
        return
    yield from _unmatched(paired)
    yield from too_few(estimate, criteria)
    if verdicts.evidence(estimate) is None:
        yield _undefined(estimate)


def _not_numbers(unpaired: Unpaired) -> Iterator[str]:
    for which, gap in (("A", unpaired.nan_a), ("B", unpaired.nan_b)):
        if gap.count:
            verb = "is" if gap.count == 1 else "are"
            yield f"{count(gap.count, 'score')} of {which} {verb} not a number: {some(gap.names, gap.count)}"


def _nothing_paired(paired: Paired) -> str:
    only_a, only_b = len(paired.unmatched_a), len(paired.unmatched_b)
    if only_a and only_b:
        return f"no item is in both runs: {only_a:,} are only in A, {only_b:,} only in B"
    if only_a or only_b:
        has, lacks = ("A", "B") if only_a else ("B", "A")
        return f"{lacks} has no score of it, while {has} has {count(only_a or only_b, 'item')}"
    return "no item has a score in both runs"


def _unmatched(paired: Paired) -> Iterator[str]:
    share = bounding.unmatched_share(paired)
    if share > MOST_UNMATCHED:
        only_a, only_b = len(paired.unmatched_a), len(paired.unmatched_b)
        told = f"{alone(only_a + only_b, only_a + only_b + len(paired.a))}, {only_a:,} of them only in A"
        yield f"{told}: {percent(share)}, where {percent(MOST_UNMATCHED)} is the most"


def too_few(estimate: Estimate, criteria: Criteria) -> Iterator[str]:
    """Why there is too little to judge a metric by; nothing where there is enough."""
    if estimate.pairs < criteria.min_pairs:
        yield f"{count(estimate.pairs, 'pair')} cannot be judged: {criteria.min_pairs:,} are the least"
    if estimate.clusters is not None and estimate.clusters < verdicts.FEWEST_CLUSTERS:
        told = f"{count(estimate.pairs, 'pair')} in {count(estimate.clusters, 'group')} cannot be judged"
        yield f"{told}: {verdicts.FEWEST_CLUSTERS} groups are the least"


def _undefined(estimate: Estimate) -> str:
    if estimate.up or estimate.down:
        return f"no standard error can be told of {count(estimate.pairs, 'pair')}"
    told = f"every score of {count(estimate.pairs, 'pair')} is {number(estimate.a)}"
    return f"{told}, and without the range of scores (score_range of a policy) that shows nothing"
