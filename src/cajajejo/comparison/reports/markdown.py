"""A comparison as Markdown, for a pull request and for the summary of a job on GitHub; pure, over values."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from cajajejo import markdown_text
from cajajejo.comparison.reports import figures, summaries
from cajajejo.markdown_text import Block, bullets, code, escaped
from cajajejo.phrases import some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.comparison.outcomes import GateOutcome
    from cajajejo.comparison.reports.summaries import Pair
    from cajajejo.comparison.sides import Side
    from cajajejo.comparison.values import Answer, Comparison, Estimate, Flip, MacroAverage, MetricComparison

_GLYPHS: Final = {
    "worse": "✗",
    "fail": "✗",
    "inconclusive": "?",
    "better": "▲",
    "equal": "✓",
    "pass": "✓",
}
_DASH: Final = "—"


def page(pairs: Sequence[Pair], limit: int = markdown_text.SUMMARY_LIMIT) -> str:
    """The page about all candidates, the verdict first, of at most `limit` bytes."""
    blocks = [_title(pairs)]
    if len(pairs) > 1:
        blocks.append(_overview(pairs))
    for label, pair in summaries.candidates(pairs):
        blocks += _candidate(pair, label if len(pairs) > 1 else None)
    return markdown_text.fitted(blocks, limit)


def _title(pairs: Sequence[Pair]) -> Block:
    word, (comparison, _) = summaries.worst(pairs), pairs[0]
    if len(pairs) == 1:
        b = code(comparison.b.short)
        sentence = _sentence(pairs[0])
    else:
        those = [code(one.b.short) for one, gate in pairs if summaries.verdict((one, gate)) == word]
        b, sentence = f"{len(pairs)} candidates", f"{len(those)} of {len(pairs)}: {', '.join(those)}"
    title = f"## {_GLYPHS[word]} {word.upper()}: {b} beside {code(comparison.a.short)}"
    return Block((title, "", f"**{word.upper()}** {sentence}", ""))


def _sentence(pair: Pair) -> str:
    return escaped(summaries.verdict_sentence(pair))


def _overview(pairs: Sequence[Pair]) -> Block:
    """A line for each candidate."""
    rows = []
    for label, pair in summaries.candidates(pairs):
        word = summaries.verdict(pair)
        name = code(pair[0].b.short, in_table=True)
        rows.append(f"| {_GLYPHS[word]} {word} | {label} | {name} | {_sentence(pair)} |")
    return Block(("| verdict |  | candidate |  |", "|---|---|---|---|", *rows, ""))


def _candidate(pair: Pair, label: str | None) -> Iterator[Block]:
    """Everything about one candidate; `label` stands over it where there are several."""
    comparison, gate = pair
    word = summaries.verdict(pair)
    if label is not None:
        yield Block((f"### {label}: {_GLYPHS[word]} {word.upper()} {_sentence(pair)}", ""))
    yield Block((_run("A", comparison.a), _run("B", comparison.b), "", f"{summaries.instances(comparison)}.", ""))
    yield _metrics(comparison)
    yield from ([] if gate is None else [_rules(gate)])
    yield bullets("", [_paragraph(one) for one in summaries.paragraphs(pair)])
    yield bullets("**Warnings**", [escaped(warning) for warning in comparison.warnings])
    for metric in summaries.worst_first(comparison):
        yield from (_flips(metric, change) for change in ("worse", "better") if summaries.got(metric, change))
    yield _odd_items(comparison)


def _run(label: str, side: Side) -> str:
    about = summaries.about(side)
    return f"- {label} {code(side.short)}" + (f" {escaped(about)}" if about else "")


def _metrics(comparison: Comparison) -> Block:
    heads = ["verdict", "metric", "A", "B", "B - A", "interval", "p", "better", "worse"]
    rules = ["---", "---", *["---:"] * 3, "---", *["---:"] * 3]
    rows = [_metric(metric) for metric in summaries.worst_first(comparison)]
    rows += [_average(average) for average in comparison.macro_averages]
    averages = [f"{', '.join(map(code, names))}: {told}" for names, told in summaries.averaged(comparison)]
    lines = [f"| {' | '.join(row)} |" for row in (heads, rules, *rows)]
    return Block((*lines, "", *(line for average in averages for line in (average, ""))))


def _metric(metric: MetricComparison) -> list[str]:
    word, name, found = f"{_GLYPHS[metric.verdict]} {metric.verdict}", code(metric.name, in_table=True), metric.estimate
    if found is None:
        return [word, name, *[_DASH] * 7]
    p = found.p_value if metric.p_adjusted is None else metric.p_adjusted
    return [word, name, *_figures(found, p), figures.count(metric.better), figures.count(metric.worse)]


def _average(average: MacroAverage) -> list[str]:
    return ["average", code(average.name, in_table=True), *_figures(average, average.p_value), "", ""]


def _figures(found: Estimate | MacroAverage, p: float | None) -> list[str]:
    *cells, shown = figures.row(found, p, _DASH)
    return [*cells, escaped(shown) if shown != _DASH else shown]


def _rules(gate: GateOutcome) -> Block:
    rows = [
        f"| {_GLYPHS[rule.verdict]} {rule.verdict} | {code(rule.name, in_table=True)} | {rule.tier} "
        f"| {escaped(summaries.stopped(rule))} |"
        for rule in gate.rules
    ]
    told = [] if gate.unchanged_passes is None else [summaries.UNCHANGED.format(gate.unchanged_passes), ""]
    policy = f"Policy {code(gate.policy)}:"
    return Block((policy, "", "| verdict | rule | tier | reason |", "|---|---|---|---|", *rows, "", *told))


def _paragraph(paragraph: summaries.Paragraph) -> str:
    notes = "".join(f" {escaped(note)}" for note in paragraph.notes)
    return f"{code(paragraph.name)}: {escaped(paragraph.reason)}{notes}"


def _flips(metric: MetricComparison, change: str) -> Block:
    """The items that got worse, or better, folded away."""
    flips = summaries.got(metric, change)
    all_of_them = metric.worse if change == "worse" else metric.better
    count = f" ({len(flips)} of {all_of_them})" if len(flips) < all_of_them else ""
    name = html.escape(markdown_text.one_line(metric.name))
    head = (f"<details><summary>Items that got {change}, <code>{name}</code>{count}</summary>", "")
    return Block((*head, *(_flip(flip, metric) for flip in flips)), ("", "</details>", ""))


def _flip(flip: Flip, metric: MetricComparison) -> str:
    prompt = summaries.question(flip.prompt)
    asked = f" {code(prompt)}" if prompt.strip() else ""
    answers = " · ".join(_answer(label, answer, flip, metric) for label, answer in (("A", flip.a), ("B", flip.b)))
    return f"- {code(summaries.item(flip))}{asked} {answers}"


def _answer(label: str, answer: Answer, flip: Flip, metric: MetricComparison) -> str:
    text = answer.prediction
    said = "" if text is None else f"{code(text)} " if text.strip() else "(empty) "
    return f"{label}: {said}{summaries.grade(answer, flip, metric)}"


def _odd_items(comparison: Comparison) -> Block:
    entries = []
    for odd in summaries.odd_items(comparison):
        metrics = some([code(name) for name in odd.metrics[:1]], len(odd.metrics), 1)
        items = some([code(name) for name in odd.gap.names], odd.gap.count)
        entries.append(f"{figures.count(odd.gap.count)} {odd.kind}, {metrics}: {items}")
    return bullets("**Items that stand apart**", entries)
