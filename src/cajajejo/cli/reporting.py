"""``cajajejo metrics report``: how do all tests stand?"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from cajajejo.cli import history_files, screen
from cajajejo.cli.metric_options import DEFAULT_HISTORY, HistoryUrl
from cajajejo.cli.report_options import Bind, OverviewFormat, OverviewPath, OverviewSince, ReportedTests, Serve
from cajajejo.errors import UsageError, printable

if TYPE_CHECKING:
    from cajajejo.metrics.history.store import Store
    from cajajejo.metrics.judgement.commits import Commits
    from cajajejo.metrics.reports.overview import Overview

Form: TypeAlias = Literal["html", "markdown", "junit", "json"]

ADDRESS: Final = "127.0.0.1:8080"
_SUFFIXES: Final[Mapping[str, Form]] = {".md": "markdown", ".markdown": "markdown", ".xml": "junit", ".json": "json"}


def report(
    tests: ReportedTests = None,
    report_format: OverviewFormat = None,
    output: OverviewPath = None,
    serve: Serve = False,
    bind: Bind = ADDRESS,
    since: OverviewSince = None,
    history: HistoryUrl = DEFAULT_HISTORY,
) -> None:
    """Show how all tests stand, the worst first.

    Example: cajajejo metrics report -o report.html

    The report is one file that a browser opens without a network, with a plot of every metric. With --serve it is shown
    at an address instead.
    """
    from cajajejo.metrics import times
    from cajajejo.metrics.history import History

    path = None if output is None or str(output) == "-" else output
    form = report_format or ("html" if path is None else _SUFFIXES.get(path.suffix.lower(), "html"))
    _check(form, output, path, serve=serve)
    times.parse_since(since, "--since")
    store = History.at(history).store
    history_files.ensure_other(path, history_files.of(history))
    if serve:
        _serve(store, tests or [], since, bind)
    else:
        _write(store, tests or [], since, form, path)


def _check(form: Form, output: Path | None, path: Path | None, *, serve: bool) -> None:
    """Returns where the options go together and the file can be made.

    Raises:
        UsageError: they do not.
        CajajejoError: it cannot.
    """
    if serve and output is not None:
        raise UsageError("--serve and -o: a report is shown at an address or written, not both")
    if serve and form != "html":
        raise UsageError(f"--serve and --format {form}: what is shown at an address is HTML")
    if form == "html" and output is None and not serve and sys.stdout.isatty():
        facts = {"a file": "-o report.html", "an address": "--serve"}
        raise UsageError("the report is a page for a browser, which a terminal cannot show", facts=facts)
    if path is not None:
        from cajajejo.cli import log_output

        log_output.check(path)


def _read(
    store: "Store", tests: Sequence[str], since: str | None
) -> "tuple[Overview, Mapping[Commits, int | None], float]":
    """The overview as it is now, how many commits lie between two, and when that was."""
    from cajajejo.metrics import times
    from cajajejo.metrics.judgement import commits
    from cajajejo.metrics.reports import overview, overview_reading

    now = time.time()
    found = overview.of(overview_reading.read(store, tests, since=times.parse_since(since, "--since"), now=now))
    return found, commits.counted(found.commits), now


def _write(store: "Store", tests: Sequence[str], since: str | None, form: Form, path: Path | None) -> None:
    from cajajejo.cli import log_output
    from cajajejo.phrases import counted

    found, counts, now = _read(store, tests, since)
    if not found.standings:
        screen.warn(f"there are no runs to report in this history: {store.url}")
    if path is None and form == "json":
        from cajajejo.metrics.reports import overview_forms

        screen.result_json(overview_forms.document(found, counts))
        return
    text = _text(found, counts, now, form)
    with log_output.opened(path, live=False) as target:
        target.write(text.encode())
    if path is not None:
        metrics = sum(len(standing.metrics) for standing in found.standings)
        what = f"{form}, {counted(len(found.standings), 'test')}, {counted(metrics, 'metric')}"
        screen.say(f"wrote {printable(str(path))} ({what})")


def _text(found: "Overview", counts: "Mapping[Commits, int | None]", now: float, form: Form) -> str:
    """The report in a form: the same bytes for the same history at the same time."""
    import json

    from cajajejo.metrics.reports import html, overview_forms

    if form == "html":
        return html.page(found, counts, now)
    if form == "json":
        return json.dumps(overview_forms.document(found, counts), indent=2, allow_nan=False) + "\n"
    return overview_forms.markdown(found, counts) if form == "markdown" else overview_forms.junit(found, counts)


def _serve(store: "Store", tests: Sequence[str], since: str | None, bind: str) -> None:
    """Shows the report at an address until Ctrl-C."""
    from cajajejo.cli import report_server
    from cajajejo.metrics.reports import overview_reading

    address = report_server.Address.parse(bind)
    overview_reading.named(store, tests)
    page: Callable[[], str] = lambda: _text(*_read(store, tests, since), "html")  # noqa: E731
    with report_server.opened(address, page) as server:
        if not address.is_loopback:
            screen.warn(f"--bind {bind}: whoever reaches this machine can read the report; it is not protected")
        screen.say(f"Serving the report at {server.url}", "Ctrl-C ends it.")
        report_server.serve(server)
    screen.say("Stopped.")
