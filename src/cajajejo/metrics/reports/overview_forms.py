"""An overview as Markdown, as JUnit XML and as JSON; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo import junit_xml, markdown_text
from cajajejo.junit_xml import Case, Suite
from cajajejo.markdown_text import Block, code, escaped
from cajajejo.metrics.reports import documents, overview_grid
from cajajejo.metrics.reports import overview_sentences as said
from cajajejo.terminal import Style

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.junit_xml import Element
    from cajajejo.metrics.judgement.commits import Commits
    from cajajejo.metrics.reports.overview import MetricStanding, Overview, Standing

_NAME: Final = 200
_DAYS: Final = 14
_STYLE: Final = Style()
_GLYPHS: Final[Mapping[str, str]] = {"absent": "○", "none": _STYLE.glyph("none")}


def markdown(overview: Overview, counts: Mapping[Commits, int | None]) -> str:
    """The overview as Markdown, the worst first; `counts` tells how many commits lie between two."""
    blocks = [_title(overview), *_days(overview.standings)]
    for standing in overview.standings:
        blocks += _section(standing, counts)
    return markdown_text.fitted(blocks, markdown_text.SUMMARY_LIMIT)


def junit(overview: Overview, counts: Mapping[Commits, int | None]) -> str:
    """The overview as JUnit XML: a suite for each test, a case for each metric of its newest run."""
    return junit_xml.document("metrics report", [_suite(standing, counts) for standing in overview.standings])


def document(overview: Overview, counts: Mapping[Commits, int | None]) -> dict[str, Any]:
    """The overview as ``--format json`` prints it; `counts` as above."""
    return {
        "verdict": overview.verdict if overview.standings else None,
        "tests": [_test(standing, counts) for standing in overview.standings],
    }


def _title(overview: Overview) -> Block:
    if not overview.standings:
        return Block(("No runs: nothing was recorded in this time.",))
    word = overview.verdict
    return Block((f"## {_STYLE.glyph(word)} {word.upper()}: {escaped(said.headline(overview))}", ""))


def _days(standings: Sequence[Standing]) -> list[Block]:
    """The last days of each test, where there are several."""
    if len(standings) < 2:  # noqa: PLR2004  # nothing to compare
        return []
    grid = overview_grid.of(standings, _DAYS)
    rows = [
        f"| {_verdict(one.verdict)} | {code(one.test, _NAME, in_table=True)} | `{_marks(cells)}` |"
        for one, cells in zip(standings, grid.rows, strict=True)
    ]
    head = f"| verdict | test | {grid.days[0]} to {grid.days[-1]} |"
    key = ", ".join(f"`{mark}` {word}" for word, mark in overview_grid.MARKS.items())
    return [Block((head, "|---|---|---|", *rows, "", key, ""))]


def _marks(cells: Sequence[overview_grid.Cell | None]) -> str:
    return " ".join(" " if cell is None else cell.mark for cell in cells)


def _section(standing: Standing, counts: Mapping[Commits, int | None]) -> Iterator[Block]:
    run = standing.newest.run
    yield Block((f"### {_verdict(standing.verdict)}: {code(standing.test, _NAME)}", ""))
    yield Block(
        (f"{escaped(said.summary(standing))}; run {code(run.run_id, _NAME)}, {documents.utc(run.start_time)}", "")
    )
    told = [f"- {escaped(incident.message)}" for incident in standing.incidents]
    told += [line for metric in standing.metrics if metric.trouble for line in _paragraph(metric, counts)]
    yield Block((*told, *[""] * bool(told)))
    rows = [_row(metric) for metric in standing.metrics]
    if rows:
        yield Block(("| verdict | metric | value | allowed |", "|---|---|---:|---|", *rows, ""))


def _paragraph(metric: MetricStanding, counts: Mapping[Commits, int | None]) -> list[str]:
    facts = _known(metric, counts)
    return [f"- {escaped(said.sentence(metric))}", *(f"  - {name}: {escaped(text)}" for name, text in facts.items())]


def _known(metric: MetricStanding, counts: Mapping[Commits, int | None]) -> dict[str, str]:
    known = {"last good": said.good_run(metric), "since then": said.since_then(metric, counts)}
    return {name: text for name, text in known.items() if text}


def _row(metric: MetricStanding) -> str:
    point = metric.latest
    name = code(metric.name, _NAME, in_table=True)
    return f"| {_verdict(metric.state)} | {name} | {said.value(point)} | {escaped(said.allowed(point))} |"


def _verdict(word: str) -> str:
    return f"{_GLYPHS.get(word) or _STYLE.glyph(word)} {said.word(word)}"


def _suite(standing: Standing, counts: Mapping[Commits, int | None]) -> Suite:
    run = standing.newest.run
    cases = [_case(standing.test, metric, counts) for metric in standing.metrics]
    decided = {"failed": "job", "inconclusive": "run"}.get(standing.verdict)
    if decided is not None:
        cases.insert(0, Case(standing.test, decided, standing.verdict, said.summary(standing), "error"))
    cases += [
        Case(standing.test, one.metric or "job", one.kind, one.message, "error")
        for one in standing.incidents
        if (one.kind, standing.verdict) != ("failed", "failed")
    ]
    known = {"run_id": run.run_id, "verdict": standing.verdict, "start_time": documents.utc(run.start_time)}
    properties = known if run.commit is None else {**known, "commit": run.commit}
    fallback = Case(standing.test, "run", standing.verdict, said.summary(standing))
    return Suite(standing.test, tuple(cases or [fallback]), properties)


def _case(test: str, metric: MetricStanding, counts: Mapping[Commits, int | None]) -> Case:
    elements: dict[str, Element] = {"regression": "failure", "inconclusive": "skipped", "absent": "skipped"}
    element: Element = elements.get(metric.state, "")
    if metric.incident is not None and metric.incident.kind in {"missing", "invalid"}:
        element = "error"
    facts = "".join(f"; {name} {text}" for name, text in _known(metric, counts).items())
    reason = said.sentence(metric) or f"{said.value(metric.latest)} {said.allowed(metric.latest)}".strip()
    return Case(test, metric.name, metric.state, reason + facts, element)


def _test(standing: Standing, counts: Mapping[Commits, int | None]) -> dict[str, Any]:
    run = standing.newest.run
    grid = overview_grid.of([standing])
    return {
        "test": standing.test,
        "verdict": standing.verdict,
        "run_id": run.run_id,
        "job_status": run.status,
        "start_time": documents.utc(run.start_time),
        "commit": run.commit,
        "runs": len(standing.runs),
        "summary": said.summary(standing),
        "metrics": [_metric(metric, counts) for metric in standing.metrics],
        "incidents": [documents.incident(one) for one in standing.incidents],
        "days": [
            {"day": cell.day.isoformat(), "worst": cell.word, "runs": cell.runs}
            for cell in grid.rows[0]
            if cell is not None
        ],
    }


def _metric(metric: MetricStanding, counts: Mapping[Commits, int | None]) -> dict[str, Any]:
    point = metric.latest
    return {
        "name": metric.name,
        "value": point.metric.value,
        "lower_bound": point.metric.lower_bound,
        "upper_bound": point.metric.upper_bound,
        "inclusive": point.metric.inclusive,
        "verdict": point.metric.verdict,
        "run_id": point.run.run_id,
        "in_newest_run": metric.state != "absent",
        "points": len(metric.points),
        "message": said.sentence(metric) or None,
        **documents.origin(metric.turn, counts),
        "shifts": len(metric.shifts) if metric.searched else None,
        "incident": None if metric.incident is None else documents.incident(metric.incident),
        "muted_until": None if metric.muted is None else metric.muted.until,
    }
