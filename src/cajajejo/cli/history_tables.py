"""``cajajejo metrics export``, ``import``, ``sql`` and ``prune``: the history as rows."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.cli import forms, history_files, screen
from cajajejo.cli.forms import RowsForm
from cajajejo.cli.history_options import (
    AnswerFormat,
    AnswerLimit,
    AnswerPath,
    ExperimentsUri,
    ExportedTests,
    ImportedFormat,
    ImportedSources,
    JoinedTest,
    KeptRuns,
    MetricGlobs,
    OnlyShow,
    PrunedBefore,
    PrunedTest,
    Query,
    RowFormat,
    RowPath,
    RowsFormat,
    RunsSince,
)
from cajajejo.cli.metric_options import DEFAULT_HISTORY, HistoryUrl
from cajajejo.cli.options import AsJson, Yes
from cajajejo.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.history_outputs import Pruned
    from cajajejo.metrics.interchange.pruning import Cut, Old

_ROWS: Final[dict[str, RowsFormat]] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
_ANSWERS: Final[dict[str, RowsForm]] = {".csv": "csv", ".json": "json"}
_ON_A_TERMINAL: Final = 50


def export(
    tests: ExportedTests = None,
    form: RowFormat = None,
    output: RowPath = None,
    since: RunsSince = None,
    history: HistoryUrl = DEFAULT_HISTORY,
) -> None:
    """Write the history as rows, one for each metric of a run.

    Example: cajajejo metrics export pythia -o pythia.parquet

    A run without metrics is one row whose metric columns are empty. The same history gives the same bytes, and
    metrics import reads them back without loss. Formats: CSV, JSON lines, Parquet.
    """
    from cajajejo.cli import log_output
    from cajajejo.cli.table_progress import TableProgress
    from cajajejo.metrics import times
    from cajajejo.metrics.history import History
    from cajajejo.metrics.interchange import exporting
    from cajajejo.phrases import counted

    path = None if output == Path("-") else output
    packed = path is not None and path.suffix == ".gz"
    chosen = _row_format(form, path, packed=packed)
    wanted = exporting.Wanted(tuple(tests or ()), times.parse_since(since, "--since"))
    store = History.at(history).store
    history_files.ensure_other(path, history_files.of(history))
    exporting.check(store, wanted)
    found = None
    with log_output.opened(path, live=False) as target, TableProgress() as progress:
        found = exporting.save(store, wanted, target, chosen, packed=packed, report=progress)
    if found is not None:  # else nobody reads stdout any more
        done = f"{counted(found.rows, 'row')} of {counted(found.runs, 'run')}"
        screen.say(f"exported {done}" if path is None else f"wrote {printable(str(path))} ({done})")


def import_(
    sources: ImportedSources,
    test: JoinedTest = None,
    form: ImportedFormat = None,
    metrics: MetricGlobs = None,
    tracking_uri: ExperimentsUri = None,
    history: HistoryUrl = DEFAULT_HISTORY,
) -> None:
    """Store runs from files of rows, or from an experiment of MLflow.

    Example: cajajejo metrics import job_history.csv metric_history.csv

    Files are what metrics export wrote, or tables of the old data set (job_history and metric_history, named together).
    Every row is checked before anything is stored. A run that is stored already is not stored twice.
    """
    from cajajejo.cli.table_progress import TableProgress
    from cajajejo.metrics.history import History
    from cajajejo.metrics.interchange import importing
    from cajajejo.phrases import counted

    if test is not None and (not test.strip() or not test.isprintable()):
        raise UsageError(f"--test {test!r}: not a name")
    if sources.count("-") > 1:
        raise UsageError("- stands there twice, and stdin can be read once")
    store = History.at(history).store
    with TableProgress() as progress:
        asked = importing.Sources(sources, form, test, metrics or (), tracking_uri)
        found = importing.load(asked, store, progress)
    for warning in found.warnings:
        screen.warn(warning)
    there = f"; {counted(found.unchanged, 'run')} unchanged" if found.unchanged else ""
    screen.say(f"stored {counted(found.stored, 'run')} with {counted(found.metrics, 'metric')} in {store.url}{there}")


def sql(
    query: Query,
    form: AnswerFormat = None,
    output: AnswerPath = None,
    limit: AnswerLimit = None,
    history: HistoryUrl = DEFAULT_HISTORY,
    as_json: AsJson = False,
) -> None:
    """Answer a query on the history, which is only read.

    Example: cajajejo metrics sql "SELECT * FROM metrics_handler_dataset.job_history"

    The tables are job_history and metric_history, also under the name of the old data set. The query is in the language
    of the database that the history is in: SQLite, PostgreSQL or BigQuery.
    """
    from cajajejo.cli import log_output
    from cajajejo.metrics.history import History
    from cajajejo.metrics.interchange import answers
    from cajajejo.phrases import counted
    from cajajejo.terminal import Style

    path = None if output == Path("-") else output
    chosen = _answer_form(form, path, as_json=as_json)
    style = screen.out_style() if path is None else Style()
    most = limit if limit is not None else _ON_A_TERMINAL if style.width is not None and chosen == "text" else 0
    text = sys.stdin.read() if query == "-" else query
    history_files.ensure_other(path, history_files.of(history))
    rows, more = 0, False
    with (
        History.at(history).store.select(text) as found,
        log_output.opened(path, live=False) as target,
    ):
        for piece in answers.pieces(found, chosen, style, limit=most):
            target.write(piece.text.encode(errors="backslashreplace"))
            rows, more = rows + piece.rows, piece.more
    cut = "; there are more, --limit 0 shows all" if more else ""
    if path is not None:
        screen.say(f"wrote {printable(str(path))} ({counted(rows, 'row')}{cut})")
    elif cut or not rows:
        screen.say(f"{counted(rows, 'row')}{cut}")


def prune(
    before: PrunedBefore,
    test: PrunedTest = None,
    keep: KeptRuns = 30,
    dry_run: OnlyShow = False,
    yes: Yes = False,
    history: HistoryUrl = DEFAULT_HISTORY,
    as_json: AsJson = False,
) -> None:
    """Remove old runs from the history.

    Example: cajajejo metrics prune --before 730d --keep 100 --yes

    Bounds rest on the history: keep more runs than the longest window of your conditions. Runs that an open incident
    began with stay. What was removed is gone; metrics export keeps a copy.
    """
    from cajajejo.metrics import times
    from cajajejo.metrics.history import History
    from cajajejo.metrics.interchange import pruning

    store = History.at(history).store
    old = pruning.Old(test, times.parse_since(before, "--before") or 0.0, keep)
    planned = pruning.plan(store, old)
    if planned and not (yes or dry_run):
        _ask(planned, old)
    done = planned if dry_run else list(pruning.carry_out(store, old, planned))
    if as_json:
        screen.result_json(_document(done, dry_run=dry_run).as_json())
    elif done:
        screen.result(*_lines(done, "would go" if dry_run else "removed", "stay" if dry_run else "kept"))
    else:
        screen.say(f"nothing to remove: no run before {_date(old)} but for the newest {keep:,} of each test")


def _row_format(given: RowsFormat | None, path: Path | None, *, packed: bool) -> RowsFormat:
    """The format of the rows: as given, else by the suffix of the file.

    Raises:
        UsageError: the suffix says nothing; a Parquet file in a terminal, or packed once more.
    """
    form = given
    if form is None:
        name = Path("rows.csv") if path is None else path.with_suffix("") if packed else path
        form = _ROWS.get(name.suffix.lower())
    if form is None:
        known = ", ".join(_ROWS)
        facts = {"known suffixes": f"{known}, and .gz behind them", "or": "--format csv"}
        raise UsageError(f"-o {printable(str(path))}: which format is that?", facts=facts)
    if form == "parquet" and packed:
        raise UsageError(f"-o {printable(str(path))}: Parquet is packed already; leave out .gz")
    if form == "parquet" and path is None and sys.stdout.isatty():
        raise UsageError("Parquet is not for a terminal: -o FILE.parquet")
    return form


def _answer_form(given: RowsForm | None, path: Path | None, *, as_json: bool) -> RowsForm:
    """The form of an answer: as given, else by the suffix of the file, else text.

    Raises:
        UsageError: two forms are given.
    """
    by_suffix = None if path is None else _ANSWERS.get(path.suffix.lower())
    return forms.of_rows(given, as_json=as_json, otherwise=by_suffix or "text")


def _ask(planned: "Sequence[Cut]", old: "Old") -> None:
    """Returns where someone wants these runs removed.

    Raises:
        UsageError: nobody is there to answer.
        CajajejoError: the answer is no.
    """
    from cajajejo.phrases import counted

    screen.say(*_lines(planned, "would go", "stay"))
    runs = counted(sum(cut.removed for cut in planned), "run")
    tests = counted(len(planned), "test")
    screen.confirm(f"Remove {runs} of {tests} before {_date(old)}?", no="nothing was removed")


def _lines(cuts: "Sequence[Cut]", goes: str, stays: str) -> list[str]:
    from cajajejo.terminal import Column, table

    style = screen.out_style()
    columns = (Column("test", widest=True), Column(goes, right=True), Column(stays, right=True))
    rows = [(style.line(cut.test), f"{cut.removed:,}", f"{cut.kept:,}") for cut in cuts]
    return table(columns, rows, style)


def _document(cuts: "Sequence[Cut]", *, dry_run: bool) -> "Pruned":
    from cajajejo.history_outputs import Pruned, PrunedTest

    tests = tuple(PrunedTest(test=cut.test, removed=cut.removed, kept=cut.kept) for cut in cuts)
    return Pruned(dry_run=dry_run, removed=sum(cut.removed for cut in cuts), tests=tests)


def _date(old: "Old") -> str:
    from cajajejo import moments

    return moments.local(old.before)
