"""Several candidates beside one baseline on the screen: metrics down, candidates across; pure, over values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo.comparison.reports import figures, summaries, text
from cajajejo.terminal import Column, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.comparison.reports.summaries import Pair
    from cajajejo.comparison.values import Comparison, MetricComparison
    from cajajejo.terminal import Style

_SHORTEST: Final = 16


@dataclass(frozen=True, slots=True)
class Cell:
    """What one candidate makes of one metric: its verdict, and the difference from the baseline as text."""

    verdict: str
    difference: str


def screen(pairs: Sequence[Pair], style: Style) -> list[str]:
    """The lines about several candidates: the runs, the matrix, a verdict for each, and the worst of them."""
    baseline = text.side("A", pairs[0][0].a, style)
    labels = dict(summaries.candidates(pairs))
    runs = [text.side(label, comparison.b, style) for label, (comparison, _) in labels.items()]
    return [baseline, *runs, *_counts(labels, style), "", *_matrix(labels, style), *_verdicts(labels, style)]


def grid(pairs: Sequence[Pair]) -> dict[str, list[Cell | None]]:
    """Every metric, worst first, and a cell for each candidate; None where that one lacks it."""
    found = [{metric.name: metric for metric in comparison.metrics} for comparison, _ in pairs]
    order = {name: place for place, name in enumerate(summaries.VERDICTS)}

    def key(name: str) -> tuple[int, str]:
        return min(order[metrics[name].verdict] for metrics in found if name in metrics), name

    names = sorted({name for metrics in found for name in metrics}, key=key)
    return {name: _row([metrics.get(name) for metrics in found]) for name in names}


def _row(metrics: Sequence[MetricComparison | None]) -> list[Cell | None]:
    """The cells of one metric, their differences with as many digits as the one needs that needs most."""
    estimates = [None if metric is None else metric.estimate for metric in metrics]
    places = [figures.decimals((one.a, one.b), one.difference) for one in estimates if one is not None]
    shown = ["" if one is None else figures.signed(one.difference, max(places)) for one in estimates]
    return [
        None if metric is None else Cell(metric.verdict, difference)
        for metric, difference in zip(metrics, shown, strict=True)
    ]


def _counts(labels: Mapping[str, Pair], style: Style) -> list[str]:
    """How many instances are compared, in a line for all candidates, or for each where they differ."""
    first = labels["B1"][0]
    confidence = f"{figures.percent(first.confidence)} confidence"
    if first.correction == "holm":
        confidence += ", Holm over the metrics of each candidate"
    told = {label: _instances(comparison) for label, (comparison, _) in labels.items()}
    if len(set(told.values())) == 1:
        return text.wrapped(f"{told['B1']}; {confidence}", style)
    return [*(line for label in told for line in text.wrapped(f"{label}: {told[label]}", style)), confidence]


def _instances(comparison: Comparison) -> str:
    return f"{figures.count(comparison.pairs)} instances in both, paired by id; {summaries.apart(comparison)}"


def _matrix(labels: Mapping[str, Pair], style: Style) -> list[str]:
    """The matrix, below each other in parts where a terminal has no room for all candidates."""
    rows = grid(list(labels.values()))
    names = [text.harmless(name, style, 200) for name in rows]
    columns = [_column(cells, style) for cells in zip(*rows.values(), strict=True)]
    if not columns:
        return []
    lines: list[str] = []
    for part in _parts([max(map(len, column)) for column in columns], names, style):
        heads = [Column("metric", widest=True), *(Column(list(labels)[index]) for index in part)]
        cells = [[name, *(columns[index][row] for index in part)] for row, name in enumerate(names)]
        head, *body = table(heads, cells, style, indent=0)
        lines += [head, *(_painted(line, style) for line in body), ""]
    return lines


def _column(cells: Sequence[Cell | None], style: Style) -> list[str]:
    """The cells of one candidate: glyph, word and difference, below each other."""
    words = [f"{style.glyph(cell.verdict)} {cell.verdict}" if cell else style.glyph("dash") for cell in cells]
    widest = max(map(len, words))
    numbers = figures.aligned([cell.difference if cell else "" for cell in cells])
    return [f"{word:<{widest}}  {number}" for word, number in zip(words, numbers, strict=True)]


def _parts(widths: Sequence[int], names: Sequence[str], style: Style) -> list[list[int]]:
    """Which candidates stand in which part of the matrix: as many as fit beside the names of the metrics."""
    if style.width is None:
        return [list(range(len(widths)))]
    room = style.width - min(max(map(len, names)), max(_SHORTEST, style.width // 3))
    parts: list[list[int]] = [[]]
    for index, width in enumerate(widths):
        taken = sum(widths[other] + 2 for other in parts[-1])
        if parts[-1] and taken + width + 2 > room:
            parts.append([])
        parts[-1].append(index)
    return parts


def _painted(line: str, style: Style) -> str:
    """`line` with each verdict in colour."""
    if not style.color:
        return line
    for word in summaries.VERDICTS:
        shown = f"{style.glyph(word)} {word}"
        line = line.replace(f"  {shown}", f"  {style.paint(shown, summaries.ROLES[word])}")
    return line


def _verdicts(labels: Mapping[str, Pair], style: Style) -> list[str]:
    """A line for each candidate, then the worst."""
    rows = []
    for label, pair in labels.items():
        word = summaries.verdict(pair)
        name = text.harmless(pair[0].b.short, style, 60)
        rows.append([label, name, word, text.harmless(summaries.verdict_sentence(pair), style)])
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        f"{label:<{widths[0]}}  {name:<{widths[1]}}  "
        + style.paint(word.upper(), summaries.ROLES[word])
        + " " * (widths[2] - len(word))
        + f"  {sentence}"
        for label, name, word, sentence in rows
    ]
    word, sentence = summaries.overall(list(labels.values()))
    return [*lines, "", f"{style.paint(word.upper(), summaries.ROLES[word])}  {text.harmless(sentence, style)}"]
