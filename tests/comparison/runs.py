"""Runs of a few items, written and read: right and wrong as a text of ones and zeros says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cajajejo import results
from cajajejo.comparison.comparing import Run
from cajajejo.comparison.items import columns
from cajajejo.comparison.sides import Side
from cajajejo.results import Item, Results, hash_of

if TYPE_CHECKING:
    from pathlib import Path

A = "1" * 30 + "0" * 10
WORSE = "0" * 15 + "1" * 15 + "0" * 10
BETTER = "1" * 40


def item(number: int, score: float, *, scenario: str = "boolq", **more: Any) -> Item:
    """One item; without `scores` it has ``exact_match``."""
    fields: dict[str, Any] = {
        "suite": "v1",
        "scenario": scenario,
        "subject": None,
        "id": f"id{number}",
        "repeat": 0,
        "group": None,
        "prompt_sha256": hash_of(f"{scenario}{number}"),
        "reference": "yes",
        "prediction": "yes" if score else "no",
        "scores": {"exact_match": score},
        "prompt": f"Question {number}?",
    }
    return Item(**{**fields, **more})


def run(directory: Path, *items: Item, **about: Any) -> Run:
    """A run that holds these items, read from its file."""
    results.write(Results("v1", "helm", (), items), directory)
    side = Side(name=directory.name, **about)
    return Run(side, columns.read(directory / results.RESULTS_FILE))


def of_scores(directory: Path, scores: str, *more: Item) -> Run:
    """A run whose items are right (1) and wrong (0) as `scores` says."""
    return run(directory, *(item(number, float(score)) for number, score in enumerate(scores)), *more)
