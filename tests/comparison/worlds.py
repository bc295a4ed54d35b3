"""The worlds of `simulations`: right and wrong answers, graded scores, clusters, repeats, ties, families of metrics."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.comparison.paired import Paired
from tests.comparison.simulations import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.random import Generator

    from cajajejo.comparison.paired import Floats, Ints

ICC: Final = 0.3
"""How alike the differences of a cluster are."""
PER_CLUSTER: Final = 5
FEW_AND_SKEWED: Final = {"misses of 95 %": 0.11, "misses of 90 %": 0.16, "false findings": 0.11}
"""Of fewer than 50 differences with a long tail: signs that can be flipped are what the test assumes."""
VERY_UNEQUAL: Final = {"misses of 95 %": 0.09, "misses of 90 %": 0.15, "false pass": 0.08, "false findings": 0.08}
"""Where some clusters are 15 times as large as others, standard errors by cluster are too small."""
TIED: Final = {"false equal": 0.06, "false pass": 0.06}
"""Where most differences are 0 and the others lean to one side, the t distribution is an approximation."""
SHARED: Final = 0.7
"""The part of the variance of a score that is the item's, whichever model answers."""


def binary(random: Generator, *, n: int, right: float, discordant: float, truth: float) -> list[Paired]:
    """A is right on the share `right`; on the share `discordant` the other one is, and B is right by `truth` more."""
    lost, won = (discordant - truth) / 2, (discordant + truth) / 2
    draw = random.random(n)
    both = random.random(n) < (right - lost) / (1 - discordant)
    a = np.where(draw < lost, True, np.where(draw < discordant, False, both))  # noqa: FBT003  # scores
    b = np.where(draw < lost, False, np.where(draw < lost + won, True, both))  # noqa: FBT003
    return [Paired(a=a.astype(float), b=b.astype(float))]


def normal(random: Generator, *, n: int, truth: float) -> list[Paired]:
    """Scores share most of their variance."""
    item = random.normal(0, SHARED**0.5, n)
    noise = random.normal(0, (1 - SHARED) ** 0.5, (2, n))
    return [Paired(a=item + noise[0], b=item + noise[1] + truth)]


def beta(random: Generator, *, n: int, truth: float) -> list[Paired]:
    """Scores between 0 and 1, most of them near 1."""
    item = random.beta(3, 1, n)
    scores = random.beta(10 * item, 10 * (1 - item), (2, n))
    return [Paired(a=scores[0], b=scores[1] + truth)]


def skewed(random: Generator, *, n: int, truth: float) -> list[Paired]:
    """Differences with a long tail on one side: exponential, of skewness 2."""
    a = random.normal(0, 1, n)
    return [Paired(a=a, b=a + random.exponential(1, n) - 1 + truth)]


def tied(random: Generator, *, n: int, discordant: float, truth: float) -> list[Paired]:
    """Scores of 0, a half and 1, of which all but the share `discordant` are equal in A and B."""
    size = np.where(random.random(n) < 1 / 4, 1.0, 0.5)
    up = random.random(n) < (1 + truth / (0.625 * discordant)) / 2
    moved = np.where(random.random(n) < discordant, np.where(up, size, -size), 0.0)
    lowest, highest = np.maximum(0, -moved), np.minimum(1, 1 - moved)
    a = np.where(random.random(n) < 1 / 2, lowest, highest)
    return [Paired(a=a, b=a + moved)]


def clustered(random: Generator, *, sizes: Ints, truth: float) -> list[Paired]:
    """Differences of a cluster are alike."""
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    shared = random.normal(0, ICC**0.5, len(sizes))[clusters]
    differences = shared + random.normal(0, (1 - ICC) ** 0.5, len(clusters)) + truth
    a = random.normal(0, 1, len(clusters))
    return [_in_clusters(a, a + differences, clusters)]


def clustered_binary(random: Generator, *, sizes: Ints, truth: float) -> list[Paired]:
    """Right and wrong answers; in half of the clusters B is right more often, in the others less often."""
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    shift = np.where(random.random(len(sizes)) < 1 / 2, 0.25, -0.25)[clusters]
    draws = random.random((2, len(clusters)))
    return [_in_clusters((draws[0] < 0.6) * 1.0, (draws[1] < 0.6 + shift + truth) * 1.0, clusters)]


def _in_clusters(a: Floats, b: Floats, clusters: Ints) -> Paired:
    return Paired(a=a, b=b, clusters=clusters, groups=clusters.astype(np.uint64) + 1)


def repeated(random: Generator, *, n: int, repeats: int, truth: float) -> list[Paired]:
    """Every item is answered several times, right with a probability of its own."""
    chance = 0.1 + 0.8 * random.beta(2, 2, n)
    a, b = random.binomial(repeats, chance, n) / repeats, random.binomial(repeats, chance + truth, n) / repeats
    count = np.full(n, repeats)
    within = repeats / (repeats - 1)
    noise_a, noise_b = a * (1 - a) * within, b * (1 - b) * within
    return [Paired(a=a, b=b, repeats_a=count, repeats_b=count, noise_a=noise_a, noise_b=noise_b)]


def family(random: Generator, *, one: Callable[[Generator], list[Paired]], metrics: int) -> list[Paired]:
    """Several metrics, none of which changed."""
    return [one(random)[0] for _ in range(metrics)]


def every() -> Iterator[World]:
    """All worlds, those without a difference first, then those where it is the tolerance, then those with one."""
    yield from unchanged()
    yield from at_the_tolerance()
    yield from changed()


def unchanged() -> Iterator[World]:
    """B is as good as A."""
    for n, right, discordant in product((20, 100, 500), (0.05, 0.5, 0.95), (0.02, 0.08)):
        yield _binary(n, right, discordant)
    for n, right in product((50, 200), (0.2, 0.8)):
        yield _binary(n, right, 0.2)
    for n, discordant in ((20, 0.3), (50, 0.2), (200, 0.2), (1000, 0.05)):
        yield _tied(n, discordant)
    yield from _graded()
    yield from _clusters(0)
    yield from _families()


def _graded() -> Iterator[World]:
    for n in (10, 30, 200):
        yield World("normal", f"{n}", 0, partial(normal, n=n, truth=0))
    for n in (10, 50, 200):
        yield World("beta", f"{n}", 0, partial(beta, n=n, truth=0))
    yield World("skewed", "20", 0, partial(skewed, n=20, truth=0), limits=FEW_AND_SKEWED)
    for n in (100, 500):
        yield World("skewed", f"{n}", 0, partial(skewed, n=n, truth=0))
    for n, repeats in ((30, 3), (100, 5)):
        yield World("repeats", f"{n} x {repeats}", 0, partial(repeated, n=n, repeats=repeats, truth=0))


def _families() -> Iterator[World]:
    graded = partial(normal, n=100, truth=0)
    counted = partial(binary, n=200, right=0.7, discordant=0.1, truth=0)
    yield World("5 metrics, normal", "100", 0, partial(family, one=graded, metrics=5))
    yield World("5 metrics, binary", "200", 0, partial(family, one=counted, metrics=5))


def at_the_tolerance() -> Iterator[World]:
    """B is worse by δ."""
    yield _binary(100, 0.5, 0.1, -0.05, 0.05)
    yield _binary(400, 0.5, 0.1, -0.05, 0.05)
    yield _binary(400, 0.95, 0.06, -0.03, 0.03)
    yield _binary(400, 0.06, 0.06, -0.03, 0.03)
    for n in (20, 200):
        yield World("normal", f"{n}", -0.3, partial(normal, n=n, truth=-0.3), 0.3)
    yield World("beta", "200", -0.02, partial(beta, n=200, truth=-0.02), 0.02)
    yield World("skewed", "500", -0.1, partial(skewed, n=500, truth=-0.1), 0.1)
    yield _tied(200, 0.2, -0.05, 0.05)
    yield World("repeats", "100 x 5", -0.08, partial(repeated, n=100, repeats=5, truth=-0.08), 0.08)
    yield from _clusters(-0.3, 0.3)


def changed() -> Iterator[World]:
    """B is worse, and nothing is tolerated."""
    yield _binary(500, 0.7, 0.1, -0.04)
    yield World("normal", "100", -0.2, partial(normal, n=100, truth=-0.2))
    yield World("beta", "200", -0.04, partial(beta, n=200, truth=-0.04))
    yield _tied(200, 0.2, -0.05)
    yield World("repeats", "100 x 5", -0.08, partial(repeated, n=100, repeats=5, truth=-0.08))
    sizes = np.full(40, PER_CLUSTER)
    yield World("clusters, normal", "40 of 5", -0.3, partial(clustered, sizes=sizes, truth=-0.3))


def _binary(n: int, right: float, discordant: float, truth: float = 0, tolerance: float = 0) -> World:
    draw = partial(binary, n=n, right=right, discordant=discordant, truth=truth)
    return World(f"binary, {right:.0%} right, {discordant:.0%} differ", f"{n}", truth, draw, tolerance)


def _tied(n: int, discordant: float, truth: float = 0, tolerance: float = 0) -> World:
    draw = partial(tied, n=n, discordant=discordant, truth=truth)
    return World(f"tied, {discordant:.0%} differ", f"{n}", truth, draw, tolerance, limits=TIED)


def _clusters(truth: float, tolerance: float = 0) -> Iterator[World]:
    for count in (6, 10, 20, 40):
        sizes = np.full(count, PER_CLUSTER)
        draw = partial(clustered, sizes=sizes, truth=truth)
        yield World("clusters, normal", f"{count} of 5", truth, draw, tolerance)
    for count in (10, 40):
        sizes = np.full(count, PER_CLUSTER)
        small = truth / 3
        draw = partial(clustered_binary, sizes=sizes, truth=small)
        yield World("clusters, binary", f"{count} of 5", small, draw, tolerance / 3)
    sizes = np.tile([2, 4, 5, 6, 8], 6)
    yield World("clusters, unequal", "30 of 2 to 8", truth, partial(clustered, sizes=sizes, truth=truth), tolerance)
    sizes = np.tile([1, 2, 3, 4, 15], 6)
    draw = partial(clustered, sizes=sizes, truth=truth)
    yield World("clusters, very unequal", "30 of 1 to 15", truth, draw, tolerance, limits=VERY_UNEQUAL)
