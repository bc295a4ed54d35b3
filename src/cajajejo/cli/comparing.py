"""``cajajejo jobs evaluation compare``: is B better than A?"""

import math
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.cli import forms, screen, step_summary
from cajajejo.cli.comparison_options import (
    Baseline,
    ComparedMetrics,
    ComparedRuns,
    Confidence,
    Flips,
    LowerIsBetter,
    MaxDrop,
    NoRecord,
    PolicyPath,
    Seed,
    TrackingServer,
)
from cajajejo.cli.forms import Form
from cajajejo.cli.options import AsJson, ReportFormat, ReportPath
from cajajejo.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.comparison.reports.summaries import Pair
    from cajajejo.comparison.running import Outcome, Request
    from cajajejo.terminal import Style

FLIPS: Final = 5


def compare(
    runs: ComparedRuns,
    metrics: ComparedMetrics = None,
    lower_is_better: LowerIsBetter = None,
    max_drop: MaxDrop = None,
    confidence: Confidence = None,
    policy: PolicyPath = None,
    flips: Flips = FLIPS,
    seed: Seed = None,
    baseline: Baseline = None,
    tracking_uri: TrackingServer = None,
    no_record: NoRecord = False,
    report_format: ReportFormat = None,
    output: ReportPath = None,
    as_json: AsJson = False,
) -> int:
    """Tell whether B is better than A, question by question.

    Example: cajajejo jobs evaluation compare 7be1c2a0 c40d91f3 --max-drop 0.02

    Both answered the same questions, so each is paired with itself. A is the baseline; of every metric the verdict is
    better, equal (within --max-drop), worse, or inconclusive, which is never a pass. Higher is better. A policy decides
    by rules, and can say of a metric that lower is better.

    Exit codes: 0 nothing is worse or inconclusive, or the policy passes; 4 worse, or it fails; 5 inconclusive.
    """
    path = None if output is None or str(output) == "-" else output
    form = forms.chosen(report_format, path, as_json=as_json)
    _check(max_drop, confidence, path)
    if path is not None:
        _spare(path, [*map(Path, runs), *([Path(baseline)] if baseline else []), *([policy] if policy else [])])
    from cajajejo.comparison import running

    request = running.Request(
        runs=tuple(runs),
        baseline=baseline,
        tracking_uri=tracking_uri,
        metrics=tuple(metrics or ()),
        lower_is_better=tuple(lower_is_better or ()),
        max_drop=max_drop,
        confidence=confidence,
        policy=policy,
        flips=flips,
        seed=seed,
        record=not no_record,
    )
    outcome = running.compare(request, screen.say)
    _tell(request, outcome, form, path)
    return outcome.exit_code


def _check(max_drop: float | None, confidence: float | None, path: Path | None) -> None:
    """Returns where the numbers make sense and the file can be written.

    Raises:
        UsageError: they do not.
        CajajejoError: it cannot.
    """
    if max_drop is not None and not (math.isfinite(max_drop) and max_drop >= 0):
        raise UsageError(f"--max-drop {max_drop:g}: must be 0 or more, in units of the metric")
    if confidence is not None and not 0.5 < confidence < 1:  # noqa: PLR2004  # what α below a half means
        raise UsageError(f"--confidence {confidence:g}: must be over 0.5 and below 1, as 0.95")
    if path is not None:
        from cajajejo.cli import log_output

        log_output.check(path)


def _spare(path: Path, given: "Sequence[Path]") -> None:
    """Returns where the file that is written is none of those that are read.

    Raises:
        UsageError: it is the policy or a run, or holds the results of one.
    """
    from cajajejo.results import RESULTS_FILE, SUMMARY_FILE

    target = Path(os.path.realpath(path))
    results = target.name in {RESULTS_FILE, SUMMARY_FILE} and target.exists()
    for one in given:
        read = Path(os.path.realpath(one))
        if target == read or (results and read in target.parents):
            raise UsageError(f"-o {path}: is read by this comparison", facts={"expected": "the path of another file"})


def _tell(request: "Request", outcome: "Outcome", form: Form, path: Path | None) -> None:
    pairs = outcome.pairs
    _warn(pairs, outcome.warnings)
    _show(pairs, form, path)
    _summarise(pairs)
    screen.say(*(f"recorded on run {run_id[:8]}" for run_id in outcome.recorded))
    if form == "text" and path is None:
        screen.say(_next(request, pairs))


def _warn(pairs: "Sequence[Pair]", more: "Sequence[str]") -> None:
    """Every warning once, in a line; of several candidates with the name of the one that it is about."""
    from cajajejo.comparison.reports.text import harmless

    of_pairs = [
        warning if len(pairs) == 1 else f"{comparison.b.short}: {warning}"
        for comparison, _ in pairs
        for warning in comparison.warnings
    ]
    for warning in dict.fromkeys([*of_pairs, *more]):
        screen.warn(harmless(warning, screen.err_style()))


def _show(pairs: "Sequence[Pair]", form: Form, path: Path | None) -> None:
    from cajajejo.comparison.reports import documents, summaries

    if path is not None:
        from cajajejo.cli import log_output

        with log_output.opened(path, live=False) as target:
            target.write(_text(pairs, form).encode())
        word, sentence = summaries.overall(pairs)
        screen.say(f"wrote {printable(str(path))} ({form})", f"{word.upper()}  {' '.join(sentence.split())}")
    elif form == "json":
        screen.result_json(documents.of(pairs))
    elif form == "text":
        screen.result(*_lines(pairs, screen.out_style()))
    else:
        screen.result(*_text(pairs, form).splitlines())


def _text(pairs: "Sequence[Pair]", form: Form) -> str:
    """What stands in a file: the same bytes for the same runs, whatever the terminal is."""
    from cajajejo.comparison.reports import documents, junit, markdown
    from cajajejo.terminal import Style

    if form == "text":
        return "".join(f"{line}\n" for line in _lines(pairs, Style()))
    if form == "markdown":
        return markdown.page(pairs)
    return junit.document(pairs) if form == "junit" else documents.as_text(pairs)


def _lines(pairs: "Sequence[Pair]", style: "Style") -> list[str]:
    from cajajejo.comparison.reports import matrix, text

    return text.screen(pairs[0], style) if len(pairs) == 1 else matrix.screen(pairs, style)


def _summarise(pairs: "Sequence[Pair]") -> None:
    """Appends the Markdown to the summary of the job on GitHub, where this runs in one."""
    from cajajejo.comparison.reports import markdown

    step_summary.append("the comparison", lambda room: markdown.page(pairs, room))


def _next(request: "Request", pairs: "Sequence[Pair]") -> str:
    """The usual continuation: the same as Markdown; of several candidates the worst one alone."""
    from cajajejo.comparison.reports import summaries

    words = ["cajajejo", "jobs", "evaluation", "compare"]
    candidates = request.runs if request.baseline is not None else request.runs[1:]
    if len(pairs) > 1:
        worst = summaries.worst(pairs)
        place = [summaries.verdict(pair) for pair in pairs].index(worst)
        return f"Next: {shlex.join([*words, *_baseline(request), candidates[place], *_options(request)])}"
    markdown = ["--format", "markdown", "-o", "compare.md"]
    return f"Next: {shlex.join([*words, *_baseline(request), *candidates, *_options(request), *markdown])}"


def _baseline(request: "Request") -> list[str]:
    return [request.runs[0]] if request.baseline is None else ["--baseline", request.baseline]


def _options(request: "Request") -> list[str]:
    """What was given, so that it is judged the same again."""
    given = {
        "--max-drop": request.max_drop,
        "--confidence": request.confidence,
        "--policy": request.policy,
        "--flips": None if request.flips == FLIPS else request.flips,
        "--seed": request.seed,
        "--tracking-uri": request.tracking_uri,
    }
    named = [word for name in request.metrics for word in ("--metric", name)]
    named += [word for name in request.lower_is_better for word in ("--lower-is-better", name)]
    told = [word for name, value in given.items() if value is not None for word in (name, str(value))]
    return [*named, *told, *([] if request.record else ["--no-record"])]
