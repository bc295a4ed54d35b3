"""What the tasks of this directory cannot say in YAML; lm-eval imports it in its own Python."""

from __future__ import annotations

from typing import Any


def asked(documents: Any) -> Any:
    """Return the lines of a question file that are asked."""
    return documents.filter(lambda line: line["split"] == "test")


def worked_examples(documents: Any) -> Any:
    """Return the lines of a question file that stand before the question, with their answers."""
    return documents.filter(lambda line: line["split"] == "train")


def answers(document: dict[str, Any]) -> list[str]:
    """Return every answer that is right; the first one stands in worked examples."""
    return [document["answer"], *(document.get("aliases") or [])]
