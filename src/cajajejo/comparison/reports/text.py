"""A comparison on the screen; pure, over values."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cajajejo.comparison.reports import figures, summaries
from cajajejo.phrases import some
from cajajejo.terminal import Column, cut, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.comparison.outcomes import GateOutcome
    from cajajejo.comparison.reports.summaries import Pair
    from cajajejo.comparison.sides import Side
    from cajajejo.comparison.values import Answer, Comparison, Flip, MacroAverage, MetricComparison
    from cajajejo.terminal import Style

WIDTH: Final = 100
"""Columns that a screen is laid out for where there is room."""
_NARROWEST_NAME: Final = 16
_LONGEST: Final = 2_000
_EXCERPT: Final = 40
_ANSWER: Final = 24
_MOST_PARAGRAPHS: Final = 10
_MOST_LOST: Final = 5
_MOST_ODD: Final = 12
_SECOND: Final = 50
"""Where B begins beside A."""
_COLUMNS: Final = (
    Column("verdict"),
    Column("metric", widest=True),
    Column("A", right=True),
    Column("B", right=True),
    Column("B - A", right=True),
    Column("interval"),
    Column("p", right=True),
    Column("better", right=True),
    Column("worse", right=True),
)
_LEFT_OUT: Final = (range(len(_COLUMNS)), (0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 3, 4, 5))
"""What is left of the columns where there is less and less room."""
_RULES: Final = (Column("verdict"), Column("rule"), Column("tier"), Column("reason"))
_LISTED: Final = (Column(""), Column("", right=True), Column("", widest=True))


def screen(pair: Pair, style: Style) -> list[str]:
    """The lines about one candidate: the two runs, the metrics, the rules, why, what got worse, and the verdict."""
    comparison, gate = pair
    parts = [
        head(comparison, style),
        [*_metrics(comparison, style), *_averages(comparison, style)],
        [] if gate is None else _rules(gate, style),
        _why(pair, style),
        *([_heading(metric, style), *_lost(metric, style)] for metric in summaries.lost(pair)[:_MOST_LOST]),
        _more(len(summaries.lost(pair)) - _MOST_LOST, "metrics with items that got worse"),
        _odd_items(comparison, style),
        [] if gate is None else _unchanged(gate, style),
    ]
    return [line for part in parts if part for line in (*part, "")] + [verdict_line(pair, style)]


def head(comparison: Comparison, style: Style) -> list[str]:
    """The two runs, side by side where there is room, and how many instances are compared."""
    a, b = side("A", comparison.a, style), side("B", comparison.b, style)
    both = f"{a:<{_SECOND}} {b}"
    sides = [both] if len(a) < _SECOND and len(both) <= min(style.width or WIDTH, WIDTH) else [a, b]
    return [*sides, *wrapped(summaries.instances(comparison), style)]


def verdict_line(pair: Pair, style: Style) -> str:
    """``WORSE  1 metric worse, 1 inconclusive, 1 equal``; with a policy ``FAIL  rule knowledge: …``."""
    word = summaries.verdict(pair)
    sentence = harmless(summaries.verdict_sentence(pair), style)
    return f"{style.paint(word.upper(), summaries.ROLES[word])}  {sentence}"


def harmless(text: str, style: Style, longest: int = _LONGEST) -> str:
    """`text` of anybody as one line of at most `longest` characters; what is left out is at its end."""
    shown = style.plain(" ".join(text[: 4 * longest].split()))
    if len(shown) <= longest and len(text) <= 4 * longest:
        return shown
    dots = " …" if style.unicode else " ..."
    kept = shown[: longest - len(dots)]
    words = kept.rpartition(" ")[0]
    return (words if len(words) > 2 * len(kept) // 3 else kept).rstrip() + dots


def wrapped(text: str, style: Style, indent: str = "") -> list[str]:
    """`text` in as many rows as a terminal needs; in a pipe always one."""
    if style.width is None:
        return [indent + text]
    width = max(min(style.width, WIDTH), 40)
    following = indent + "  "
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=following, break_on_hyphens=False)


def side(label: str, run: Side, style: Style) -> str:
    """``A  7be1c2a0  pythia-70m, 10abfb1, 14 Nov 2026``."""
    name, longest = harmless(run.short, style, 200), 200
    if style.width is not None:
        name = cut(name, max(style.width - 40, 20), style)
        longest = max(style.width - len(label) - len(name) - 4, 20)
    return f"{label}  {name}  {harmless(summaries.about(run), style, longest)}".rstrip()


def _metrics(comparison: Comparison, style: Style) -> list[str]:
    """A line for each metric, worst first, then one for each macro average, under a header."""
    metrics = summaries.worst_first(comparison)
    cells = [_cells(metric, style) for metric in metrics]
    cells += [_average_cells(average, style) for average in comparison.macro_averages]
    for column, title in enumerate(_COLUMNS):
        if title.right:
            for row, text in zip(cells, figures.aligned([row[column] for row in cells]), strict=True):
                row[column] = text
    kept = next((kept for kept in _LEFT_OUT if _fits(cells, kept, style)), _LEFT_OUT[-1])
    rows = [[row[index] for index in kept] for row in cells]
    lines = table([_COLUMNS[index] for index in kept], rows, style, indent=0)
    words = [metric.verdict for metric in metrics]
    return [lines[0], *map(_painted, lines[1:], words + [""] * len(comparison.macro_averages), [style] * len(rows))]


def _cells(metric: MetricComparison, style: Style) -> list[str]:
    word = f"{style.glyph(metric.verdict)} {metric.verdict}"
    name, found, dash = harmless(metric.name, style, 200), metric.estimate, style.glyph("dash")
    if found is None:
        return [word, name, *([dash] * (len(_COLUMNS) - 2))]
    p = found.p_value if metric.p_adjusted is None else metric.p_adjusted
    return [word, name, *figures.row(found, p, dash), figures.count(metric.better), figures.count(metric.worse)]


def _average_cells(average: MacroAverage, style: Style) -> list[str]:
    word, name = f"{style.glyph('none')} average", harmless(average.name, style, 200)
    return [word, name, *figures.row(average, average.p_value, style.glyph("dash")), "", ""]


def _fits(rows: Sequence[Sequence[str]], kept: Sequence[int], style: Style) -> bool:
    """Whether the columns `kept` fit beside names that are cut to what is just readable."""
    if style.width is None:
        return True
    widths = [max(len(_COLUMNS[index].title), *(len(row[index]) for row in rows), 0) for index in kept if index != 1]
    return sum(widths) + 2 * len(widths) + _NARROWEST_NAME <= style.width


def _painted(line: str, word: str, style: Style) -> str:
    """`line` with its verdict in colour."""
    shown = line.partition("  ")[0]
    return style.paint(shown, summaries.ROLES[word] if word else "dim") + line[len(shown) :]


def _averages(comparison: Comparison, style: Style) -> list[str]:
    """What the macro averages are, as they stand among the metrics."""
    return [
        line
        for names, told in summaries.averaged(comparison)
        for line in wrapped(harmless(f"{', '.join(names)}: {told}", style), style)
    ]


def _rules(gate: GateOutcome, style: Style) -> list[str]:
    """A line for each rule, on a terminal one row; why it stops at a metric stands below."""
    beside = [
        [f"{style.glyph(rule.verdict)} {rule.verdict}", harmless(rule.name, style, 60), rule.tier]
        for rule in gate.rules
    ]
    room = _LONGEST
    if style.width is not None:
        taken = sum(max(map(len, column)) for column in zip(*beside, strict=True)) + 2 * len(_RULES) - 2
        room = max(style.width - taken, _NARROWEST_NAME)
    rows = [
        [*cells, harmless(summaries.stopped(rule), style, room)] for cells, rule in zip(beside, gate.rules, strict=True)
    ]
    lines = table(_RULES, rows, replace(style, width=None), indent=0)
    return [lines[0], *map(_painted, lines[1:], [rule.verdict for rule in gate.rules], [style] * len(gate.rules))]


def _why(pair: Pair, style: Style) -> list[str]:
    """Why metrics are not simply fine, with the notes below each."""
    paragraphs = summaries.paragraphs(pair)
    lines = []
    for paragraph in paragraphs[:_MOST_PARAGRAPHS]:
        lines += wrapped(harmless(f"{paragraph.name}: {paragraph.reason}", style), style)
        for note in paragraph.notes:
            lines += wrapped(harmless(note, style), style, "  ")
    return lines + _more(len(paragraphs) - _MOST_PARAGRAPHS, "metrics that are not simply fine")


def _more(count: int, what: str) -> list[str]:
    return [f"and {count} more {what}: --json tells them all"] if count > 0 else []


def _heading(metric: MetricComparison, style: Style) -> str:
    shown, all_of_them = len(summaries.got(metric, "worse")), metric.worse
    name = harmless(metric.name, style, 200)
    if shown >= all_of_them:
        return f"Items that got worse, {name}"
    return f"Items that got worse, {name} ({shown} of {all_of_them}; all with --flips {all_of_them})"


def _lost(metric: MetricComparison, style: Style) -> list[str]:
    """A line for each item that got worse: its name, what was asked where that is known, and both answers."""
    flips = summaries.got(metric, "worse")
    names = [harmless(summaries.item(flip), style, _EXCERPT) for flip in flips]
    answers = [
        [_answer("A", flip.a, flip, metric, style) for flip in flips],
        [_answer("B", flip.b, flip, metric, style) for flip in flips],
    ]
    room = _EXCERPT
    if style.width is not None:
        taken = 8 + sum(max(map(len, column)) for column in (names, *answers))
        room = min(max(style.width - taken, _NARROWEST_NAME), _EXCERPT)
    asked = [harmless(summaries.question(flip.prompt), style, room) for flip in flips]
    columns = [names, *([asked] if any(asked) else []), *answers]
    rows = list(zip(*columns, strict=True))
    return table([Column("")] * len(columns), rows, replace(style, width=None))[1:]


def _answer(label: str, answer: Answer, flip: Flip, metric: MetricComparison, style: Style) -> str:
    said = "" if answer.prediction is None else f'"{harmless(answer.prediction, style, _ANSWER)}" '
    return f"{label}: {said}{summaries.grade(answer, flip, metric)}"


def _odd_items(comparison: Comparison, style: Style) -> list[str]:
    """The items that are no pairs, or stand there twice."""
    found = summaries.odd_items(comparison)
    rows = []
    for odd in found[:_MOST_ODD]:
        metrics, items = some(odd.metrics, len(odd.metrics), 1), some(odd.gap.names, odd.gap.count)
        rows.append([odd.kind, figures.count(odd.gap.count), harmless(f"{metrics}: {items}", style, 400)])
    more = _more(len(found) - _MOST_ODD, "lines of this kind")
    return ["Items that stand apart", *table(_LISTED, rows, style)[1:], *more] if found else []


def _unchanged(gate: GateOutcome, style: Style) -> list[str]:
    """How probable it is that the policy stops a model that did not change."""
    told = gate.unchanged_passes
    return [] if told is None else wrapped(summaries.UNCHANGED.format(told), style)
