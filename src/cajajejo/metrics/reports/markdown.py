"""A check as Markdown, for a pull request and for the summary of a job on GitHub; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from cajajejo import markdown_text
from cajajejo.markdown_text import Block, bullets, code, escaped
from cajajejo.metrics.judgement import commits
from cajajejo.metrics.judgement.verdict import Verdict
from cajajejo.metrics.reports import documents, next_steps, paragraphs
from cajajejo.metrics.reports.report import cells, other_alerts, runs_around, summary, told_in_full
from cajajejo.terminal import Style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.judgement.verdict import MetricVerdict
    from cajajejo.metrics.reports.next_steps import Place
    from cajajejo.metrics.reports.report import Report

COMMENT_LIMIT: Final = 64_000
"""Bytes of a page: GitHub takes no comment of more than 65,536 characters, and there is something above this one."""
_NAME: Final = 200
_COMMAND: Final = 2_000
_FEW: Final = 20
_MOST: Final = 100
_STYLE: Final = Style()
_DASH: Final = _STYLE.glyph("dash")
_WEB: Final = re.compile(r"https?://[^\s/]+", re.IGNORECASE)
_HEAD: Final = ("| verdict | metric | value | allowed | last runs | reason |", "|---|---|---:|---|---|---|")


def page(report: Report, place: Place, limit: int = COMMENT_LIMIT) -> str:
    """The page about one check, the verdict first, of at most `limit` bytes; `place` is as of `next_steps`."""
    return markdown_text.fitted([_title(report), *_tables(report), _wrong(report), *_details(report, place)], limit)


def _title(report: Report) -> Block:
    glyph, word = _STYLE.glyph(report.verdict), report.verdict.upper()
    title = f"## {glyph} {word}: {code(report.test, _NAME)}, run {code(report.run_id, _NAME)}"
    return Block((title, "", f"**{word}** {escaped(summary(report))}", ""))


def _tables(report: Report) -> list[Block]:
    """The metrics worst first; of many, those that are well are folded away."""
    metrics = report.worst_first
    if not metrics:
        return []
    shown = len(metrics) if len(metrics) <= _FEW else min(sum(map(_stands_out, metrics)), _MOST)
    rows = [_row(metric, report) for metric in metrics]
    first = [Block((*_HEAD, *rows[:shown], ""))] if shown else []
    if shown == len(metrics):
        return first
    count = f"{len(metrics) - shown:,} {'more ' * bool(shown)}metric{'s' * (len(metrics) - shown != 1)}"
    return [*first, _folded(count, [*_HEAD, *rows[shown:]])]


def _stands_out(metric: MetricVerdict) -> bool:
    return metric.verdict not in {Verdict.PASS, None}


def _row(metric: MetricVerdict, report: Report) -> str:
    verdict, _, value, allowed, course, reason = cells(metric, report, _STYLE)
    name = code(metric.name, _NAME, in_table=True)
    bounds = allowed if allowed == _DASH else escaped(allowed)
    return f"| {verdict} | {name} | {value} | {bounds} | {course} | {escaped(reason)} |"


def _wrong(report: Report) -> Block:
    """A paragraph for each of the worst metrics, and every other alert about a metric."""
    found = [_paragraph(metric, report) for metric in told_in_full(report)]
    return bullets("", [*found, *map(escaped, other_alerts(report))])


def _paragraph(metric: MetricVerdict, report: Report) -> str:
    facts = paragraphs.known(metric, report.start_time, report.commits).items()
    return "".join([escaped(metric.sentence), *(f"\n  - {name}: {escaped(text)}" for name, text in facts)])


def _details(report: Report, place: Place) -> list[Block]:
    """What else is known of the run, its warnings, and what to do next, folded away; links stand before it."""
    origin = report.origin
    links = [_link(name, url) for name, url in (("log", origin.logs_link), ("workload", origin.workload_link)) if url]
    entries = [*_known(report), *(f"warning: {escaped(warning)}" for warning in report.warnings)]
    steps = next_steps.of_check(report, place)
    if steps is not None:
        entries.append(f"next: {code(steps.look, _COMMAND)}")
    if steps is not None and steps.accept is not None:
        entries.append(f"or, if this is the new normal: {code(' '.join(steps.accept), _COMMAND)}")
    shown = Block((" · ".join(links), "")) if links else Block(())
    return [shown, _folded("Details", [f"- {entry}" for entry in entries])]


def _known(report: Report) -> list[str]:
    origin = report.origin
    known = {
        "commit": None if report.commit is None else commits.short(report.commit),
        "type of test": origin.test_type,
        "accelerator": origin.accelerator,
        "framework": origin.framework_version,
        "to read its log": origin.logs_command,
    }
    return [
        f"run {code(report.run_id, _NAME)} of {code(report.test, _NAME)}: {runs_around(report)}",
        *([f"started {documents.utc(report.start_time)}"] if report.start_time else []),
        *(f"{name}: {code(text, _COMMAND)}" for name, text in known.items() if text is not None),
        *(
            f"muted until {code(line.until)}: {code(name, _NAME)}, {escaped(line.reason)}"
            for name, line in report.muted.items()
        ),
    ]


def _folded(title: str, lines: Sequence[str]) -> Block:
    return Block((f"<details><summary>{title}</summary>", "", *lines), ("", "</details>", ""))


def _link(name: str, url: str) -> str:
    """A link to a page of the web; any other address as it is written."""
    if not _WEB.match(url):
        return f"{name} {code(url, _COMMAND)}"
    return f"[{name}](<{quote(url, safe=':/?#[]@!$&()*+,=%~')}>)"
