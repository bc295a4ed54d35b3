"""What differs between two evaluations beside the model, as sentences that name both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo.phrases import some

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cajajejo.comparison.sides import Side

_HARNESSES: Final = ("crfm-helm", "lm_eval", "lm-eval")
"""Packages whose version is that of the harness; the others only run the model."""


def warnings(a: Side, b: Side) -> tuple[str, ...]:
    """What of two sides should be the same and is not; what is not known of one of them is not told."""
    return (
        *_same(a, b),
        *_harness(a, b),
        *_suite(a, b),
        *_versions(a, b),
        *_shots(a, b),
        *_missing("A", a),
        *_missing("B", b),
    )


def _same(a: Side, b: Side) -> Iterator[str]:
    if a.name == b.name:
        yield f"A and B are the same evaluation, {a.short}: no difference can be found"


def _harness(a: Side, b: Side) -> Iterator[str]:
    if a.harness and b.harness and a.harness != b.harness:
        yield f"another harness: A was evaluated by {a.harness}, B by {b.harness}"


def _suite(a: Side, b: Side) -> Iterator[str]:
    if a.suite and b.suite and a.suite != b.suite:
        several = any(", " in side.suite for side in (a, b))
        paired = "only instances of one suite are paired" if several else "their instances are paired all the same"
        yield f"another suite: {a.suite} in A, {b.suite} in B; {paired}"


def _versions(a: Side, b: Side) -> Iterator[str]:
    for package in sorted(a.versions.keys() & b.versions.keys(), key=lambda name: (name not in _HARNESSES, name)):
        one, other = a.versions[package], b.versions[package]
        if one != other:
            what = "another version of the harness" if package in _HARNESSES else "another version"
            yield f"{what}: {package} {one} in A, {other} in B"


def _shots(a: Side, b: Side) -> Iterator[str]:
    differing = {
        scenario: (a.shots[scenario], b.shots[scenario])
        for scenario in sorted(a.shots.keys() & b.shots.keys())
        if a.shots[scenario] != b.shots[scenario]
    }
    by_numbers: dict[tuple[int, int], list[str]] = {}
    for scenario, numbers in differing.items():
        by_numbers.setdefault(numbers, []).append(scenario)
    for (one, other), scenarios in by_numbers.items():
        yield f"another number of shots in {some(scenarios)}: {one} in A, {other} in B"


def _missing(which: str, side: Side) -> Iterator[str]:
    if side.partial:
        yield f"{which} is partial: {_reasons(side.failed) or 'scenarios are missing from it'}"


def _reasons(failed: Mapping[str, str]) -> str:
    told = [f"{scenario} ({why})" for scenario, why in sorted(failed.items())]
    return some(told)
