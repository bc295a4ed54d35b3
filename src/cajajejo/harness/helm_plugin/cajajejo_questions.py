"""Question files: what they look like, and reading them.

HELM's Python imports this file beside `cajajejo_helm`, and cajajejo itself, before anything is started. It needs the
standard library only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

TRAIN_SPLIT = "train"
TEST_SPLIT = "test"
"""As HELM calls them."""


class QuestionsError(Exception):
    """A question file that cannot be used; the message names the file and the line."""


@dataclass(frozen=True)
class Question:
    """One line of a question file."""

    id: str
    split: str
    question: str
    answer: str
    aliases: tuple[str, ...] = ()
    source: str | None = None


def parse_question(line: str) -> Question:
    """Return the question that a line of JSON holds; ValueError says what is wrong with it."""
    fields = json.loads(line)
    if not isinstance(fields, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the caller takes one kind
    if unknown := sorted(set(fields) - set(Question.__dataclass_fields__)):
        raise ValueError(f"unknown field: {', '.join(unknown)}")
    for name in ("id", "split", "question", "answer"):
        if not isinstance(fields.get(name), str) or not fields[name].strip():
            raise ValueError(f"{name}: must be text and not empty")
    if fields["split"] not in {TRAIN_SPLIT, TEST_SPLIT}:
        raise ValueError(f"split: must be {TRAIN_SPLIT} or {TEST_SPLIT}, not {fields['split']}")
    if fields.get("source") is not None and not isinstance(fields["source"], str):
        raise ValueError("source: must be text or null")
    aliases = fields.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(alias, str) and alias.strip() for alias in aliases):
        raise ValueError("aliases: must be a list of texts")
    return Question(**{**fields, "aliases": tuple(aliases)})


def read_questions(path: Path) -> list[Question]:
    """Return the questions of a file, in its order; QuestionsError names the file and the first wrong line."""
    try:
        # Not splitlines(): a text may hold the separators U+2028 and U+0085, which JSON allows in it.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise QuestionsError(f"{path}: {reason} (seen from {Path.cwd()})") from error
    questions: dict[str, Question] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = parse_question(line)
        except ValueError as error:
            raise QuestionsError(f"{path}:{number}: {error}") from error
        if question.id in questions:
            raise QuestionsError(f"{path}:{number}: id: {question.id} is used twice")
        questions[question.id] = question
    if not any(question.split == TEST_SPLIT for question in questions.values()):
        raise QuestionsError(f"{path}: holds no question of split {TEST_SPLIT}")
    return list(questions.values())
