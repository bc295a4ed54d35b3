"""A check in each of the forms that it can be written in; pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from cajajejo.metrics.reports import documents, junit, markdown
from cajajejo.metrics.reports.report import screen
from cajajejo.terminal import Style

if TYPE_CHECKING:
    from cajajejo.metrics.reports.next_steps import Place
    from cajajejo.metrics.reports.report import Report


def text(report: Report, form: Literal["text", "markdown", "junit", "json"], place: Place) -> str:
    """What stands in a file: the same for the same check, whatever the terminal is."""
    match form:
        case "text":
            return "".join(f"{line}\n" for line in screen(report, Style()))
        case "markdown":
            return markdown.page(report, place)
        case "junit":
            return junit.document(report)
        case _:
            return json.dumps(documents.check(report), indent=2, allow_nan=False) + "\n"
