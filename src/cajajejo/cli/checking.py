"""One ``cajajejo metrics check``: judged, written to stdout or into files, and told to whom it concerns."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cajajejo.cli import alerting, forms, history_files, screen, step_summary
from cajajejo.cli.metric_options import DEFAULT_HISTORY
from cajajejo.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.cli.forms import Form
    from cajajejo.errors import ExitCode
    from cajajejo.metrics.handler import RunUnderTest
    from cajajejo.metrics.reports.next_steps import Place
    from cajajejo.metrics.reports.report import Report
    from cajajejo.metrics.runs import Origin
    from cajajejo.metrics.sending.sink import AlertSink


@dataclass(frozen=True, slots=True)
class Target:
    """A file, or stdout (None), and the form of what goes there."""

    path: Path | None
    form: Form


@dataclass(frozen=True, slots=True)
class Where:
    """What a check reads, and the history that it is about; `store` is whether the run is kept there."""

    logdir: str
    config: Path
    history: str
    store: bool

    @property
    def read(self) -> list[Path]:
        """The files that are no place for a result."""
        from cajajejo.metrics import baselines

        return [self.config, baselines.path_for(self.config), *history_files.of(self.history)]


def check(run: RunUnderTest, where: Where, found: Sequence[Target], *, alert: bool, strict: bool) -> ExitCode:
    """Judges a run, shows what was found, and with `alert` tells it; the exit code is that of the verdict.

    Raises:
        CajajejoError: as `handler.check`, or a target cannot be written.
        UsageError: an option makes no sense beside another.
    """
    from cajajejo.metrics import baselines, handler
    from cajajejo.metrics import config as configs
    from cajajejo.metrics.history import History
    from cajajejo.metrics.reports import next_steps

    ensure_writable(found, where.read)
    settings, lines = configs.load(where.config), baselines.load(baselines.path_for(where.config))
    sinks, telling = _sinks(run.test) if alert else ((), None)
    report = handler.check(
        where.logdir,
        run,
        settings,
        history_url=where.history,
        baselines=lines,
        store=where.store,
        strict=strict,
        telling=telling,
    )
    for warning in report.warnings:
        screen.warn(warning)
    stored = where.store and settings.metric_collection_config.write_to_bigquery
    history = None if where.history == DEFAULT_HISTORY else History.at(where.history).url
    place = next_steps.Place(where.config, history, stored)
    try:
        show(report, found, place)
    finally:
        if alert:
            alerting.deliver(History.at(where.history).store, sinks)
    return report.exit_code


def known_origin(**texts: str | None) -> Origin:
    """What else is known of the job of a run; each option is called like the field of `Origin`.

    Raises:
        UsageError: one is no text for a line, or no address of a page.
    """
    from cajajejo.metrics.runs import Origin

    for name, text in texts.items():
        option = f"--{name.replace('_', '-')}"
        if text is not None and (not text.strip() or not text.isprintable()):
            raise UsageError(f"{option} {printable(text)!r}: not a text for one line")
        if text is not None and option.endswith("-link") and not text.lower().startswith(("http://", "https://")):
            raise UsageError(
                f"{option} {text}: not the address of a page", facts={"for example": "https://ci.org/1234"}
            )
    return Origin(**texts)


def _sinks(test: str) -> tuple[Sequence[AlertSink], Sequence[str]]:
    """Who hears of alerts by the project file, and the names of those that want to hear of `test`.

    Raises:
        FileProblemsError: the project file is wrong, or a variable that it names is not set.
    """
    from cajajejo.metrics.sending import sinks

    found = sinks.here(os.environ, say=screen.alert)
    return found, sinks.names(found, test)


def targets(given: Form | None, paths: Sequence[Path] | None, *, as_json: bool) -> list[Target]:
    """Where the result goes. Of several files each has the form of its suffix, and stdout is text.

    Raises:
        UsageError: one form is asked for, and several files; or two forms.
    """
    files = [None if str(path) == "-" else path for path in paths or [Path("-")]]
    if len(files) > 1 and (as_json or given is not None):
        asked = "--json" if as_json else f"--format {given}"
        raise UsageError(f"{asked} with several -o: each file has the form of its suffix (.txt, .md, .xml, .json)")
    if len(set(files)) < len(files):
        raise UsageError("-o names a file twice")
    return [Target(path, forms.chosen(given, path, as_json=as_json)) for path in files]


def ensure_writable(found: Sequence[Target], read: Sequence[Path]) -> None:
    """Returns where the files can be made, and none of them is in `read`.

    Raises:
        UsageError: one of them is read by the check, or is what other programs take for a format.
        CajajejoError: its directory is missing, or it is one.
    """
    from cajajejo.cli import log_output

    for target in found:
        if target.path is None:
            continue
        log_output.check(target.path)
        history_files.ensure_other(target.path, read)


def show(report: Report, found: Sequence[Target], place: Place) -> None:
    """Writes the report to each of the targets; a file is there whole, or not at all.

    Raises:
        CajajejoError: one cannot be written.
    """
    from cajajejo.metrics.reports import next_steps
    from cajajejo.metrics.reports.report import verdict_line

    for target in found:
        if target.path is None:
            _print(report, target.form, place)
        else:
            _write(report, target.path, target.form, place)
    _summarise(report, place)
    screens = [target for target in found if target.path is None]
    if not screens:
        screen.say(verdict_line(report, screen.err_style()))
    elif screens[0].form == "text":
        screen.say(*next_steps.after_check(report, place))


def _print(report: Report, form: Form, place: Place) -> None:
    from cajajejo.metrics.reports import documents, formats
    from cajajejo.metrics.reports.report import screen as lines

    if form == "json":
        screen.result_json(documents.check(report))
    elif form == "text":
        screen.result(*lines(report, screen.out_style()))
    else:
        screen.result(*formats.text(report, form, place).splitlines())


def _write(report: Report, path: Path, form: Form, place: Place) -> None:
    from cajajejo.cli import log_output
    from cajajejo.metrics.reports import formats

    with log_output.opened(path, live=False) as file:
        file.write(formats.text(report, form, place).encode("utf-8", "backslashreplace"))
    screen.say(f"wrote {printable(str(path))} ({form})")


def _summarise(report: Report, place: Place) -> None:
    """Appends the Markdown to the summary of the job on GitHub, where this runs in one."""
    from cajajejo.metrics.reports import markdown

    step_summary.append(f"the check of {report.test}", lambda room: markdown.page(report, place, room))
