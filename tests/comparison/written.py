"""Results as an evaluation leaves them, written from plain tuples."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cajajejo.comparison.items import columns
from cajajejo.results import RESULTS_FILE, Item, Results, hash_of, prompt_part, scores_of
from cajajejo.results import write as write_results

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cajajejo.comparison.items.columns import Columns


class Answer(NamedTuple):
    """One answer; a single score is that of `exact_match`, a prompt that is not given is made of the id."""

    id: str
    scores: float | Mapping[str, float]
    repeat: int = 0
    scenario: str = "geo"
    subject: str | None = None
    group: str | None = None
    prompt: str | None = None
    reference: str | None = "Paris"
    prediction: str | None = "Rome"
    suite: str = "v1"

    def item(self) -> Item:
        prompt = f"What is {self.id}?" if self.prompt is None else self.prompt
        return Item(
            suite=self.suite,
            scenario=self.scenario,
            subject=self.subject,
            id=self.id,
            repeat=self.repeat,
            group=self.group,
            prompt_sha256=hash_of(prompt),
            reference=self.reference,
            prediction=self.prediction,
            scores={"exact_match": self.scores} if isinstance(self.scores, int | float) else self.scores,
            prompt=prompt_part(prompt),
        )


def write(directory: Path, answers: Iterable[Answer]) -> Path:
    """Writes the results of `answers` into `directory`; gives the file of their lines."""
    items = tuple(answer.item() for answer in answers)
    write_results(Results("v1", "helm", scores_of(items), items), directory)
    return directory / RESULTS_FILE


def read(directory: Path, answers: Iterable[Answer]) -> Columns:
    """The columns of `answers`, written and read."""
    return columns.read(write(directory, answers))
