"""A comparison as Markdown, for a pull request and for the summary of a job on GitHub; pure, over values.

Nothing that a model, a prompt or a file says can be more than text there: it stands in a code span, in which neither
Markdown nor HTML, mentions or links are looked for; in a sentence every sign that could mean something is an entity.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from cajajejo.comparison.reports import figures, summaries
from cajajejo.errors import printable
from cajajejo.phrases import some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.comparison.outcomes import GateOutcome
    from cajajejo.comparison.reports.summaries import Pair
    from cajajejo.comparison.sides import Side
    from cajajejo.comparison.values import Answer, Comparison, Estimate, Flip, MacroAverage, MetricComparison

LIMIT: Final = 1024 * 1024
"""Bytes of a page: GitHub takes no longer summary of a step."""
_CUT: Final = "\n_This page was cut here, as GitHub takes no longer one; the whole is printed with_ `--json`.\n"
_LONGEST: Final = 600
_EXCERPT: Final = 160
_GLYPHS: Final = {
    "worse": "✗",
    "fail": "✗",
    "inconclusive": "?",
    "better": "▲",
    "equal": "✓",
    "pass": "✓",
}
_PLAIN: Final = frozenset(" ,.;:()%+-='\"/")
_DASH: Final = "—"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together; where some are cut, `end` follows all the same."""

    lines: tuple[str, ...]
    end: tuple[str, ...] = ()


def page(pairs: Sequence[Pair], limit: int = LIMIT) -> str:
    """The page about all candidates, the verdict first, of at most `limit` bytes."""
    blocks = [_title(pairs)]
    if len(pairs) > 1:
        blocks.append(_overview(pairs))
    for label, pair in summaries.candidates(pairs):
        blocks += _candidate(pair, label if len(pairs) > 1 else None)
    return _fitted(blocks, limit)


def code(text: str, longest: int = _EXCERPT, *, in_table: bool = False) -> str:
    """`text` of anybody as a code span of one line; in a table a bar is shown as a broken one, as it ends a cell.

    The fence is one backtick longer than the longest run of them in the text (CommonMark 0.31, 6.1).
    """
    shown = _one_line(text, longest)
    if in_table:
        shown = shown.replace("|", "¦")
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    pad = " " if not shown or shown[0] in " `" or shown[-1] in " `" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def escaped(text: str, longest: int = _LONGEST) -> str:
    """`text` of anybody as words of a sentence: what is no letter, digit or harmless sign is an entity.

    A space of no width follows what begins a mention, a reference or a link: GitHub looks for these after entities
    are resolved.
    """
    shown = "".join(c if c.isalnum() or c in _PLAIN else f"&#{ord(c)};" for c in _one_line(text, longest))
    shown = re.sub(r"(&#64;|&#35;|:(?! |$))", r"\1&#8203;", shown)  # @ # and the colon of an address
    return re.sub(r"\b(www|GH)(?=[.-])", r"\1&#8203;", shown, flags=re.IGNORECASE)


def _one_line(text: str, longest: int) -> str:
    shown = printable(" ".join(text[: 4 * longest].split()))
    if len(shown) <= longest and len(text) <= 4 * longest:
        return shown
    return shown[: longest - 2].rstrip() + " …"


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
    yield _list("", [_paragraph(one) for one in summaries.paragraphs(pair)])
    yield _list("**Warnings**", [escaped(warning) for warning in comparison.warnings])
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


def _list(title: str, entries: Sequence[str]) -> Block:
    lines = [f"- {entry}" for entry in entries]
    return Block((*([title, ""] if title and lines else []), *lines, *[""] * bool(lines)))


def _flips(metric: MetricComparison, change: str) -> Block:
    """The items that got worse, or better, folded away."""
    flips = summaries.got(metric, change)
    all_of_them = metric.worse if change == "worse" else metric.better
    count = f" ({len(flips)} of {all_of_them})" if len(flips) < all_of_them else ""
    name = html.escape(_one_line(metric.name, _EXCERPT))
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
    return _list("**Items that stand apart**", entries)


def _fitted(blocks: Sequence[Block], limit: int) -> str:
    """The text of `blocks`; where it has over `limit` bytes, cut between two lines, with a sentence that says so."""
    whole = "".join(map(_text, blocks)).rstrip("\n") + "\n"
    if _size(whole) <= limit:
        return whole
    room = limit - _size(_CUT)
    texts = [_text(block) for block in blocks]
    kept, left = _first(texts, room)
    return "".join([*texts[:kept], _text(_cut(blocks[kept], left)), _CUT])


def _cut(block: Block, room: int) -> Block:
    """As many of the first lines of `block` as have room beside its end; nothing where there is room for none."""
    kept, _ = _first([f"{line}\n" for line in block.lines], room - _size("".join(f"{line}\n" for line in block.end)))
    return Block(block.lines[:kept], block.end) if kept else Block(())


def _first(texts: Sequence[str], room: int) -> tuple[int, int]:
    """How many of the first of `texts` have room, and how much is left then."""
    totals = [0, *accumulate(map(_size, texts))]
    kept = max(bisect_right(totals, room) - 1, 0)
    return kept, room - totals[kept]


def _text(block: Block) -> str:
    return "".join(f"{line}\n" for line in (*block.lines, *block.end))


def _size(text: str) -> int:
    return len(text.encode())
