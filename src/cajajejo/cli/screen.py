"""Where text goes: results to stdout, everything else to stderr, in the style that each can show."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cajajejo.errors import CajajejoError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Protocol

    from cajajejo.errors import Problem
    from cajajejo.pod_log import Severity
    from cajajejo.terminal import Style

    class Log(Protocol):
        """Takes what is said as entries of a log."""

        def __call__(self, severity: Severity, message: str, **fields: object) -> None:
            """Takes one entry."""


@dataclass(frozen=True, slots=True)
class Options:
    """The switches that may stand anywhere on the line."""

    trace: bool = False
    quiet: bool = False
    color: str = "auto"
    json: bool = False


class _State:
    options = Options()
    before: Callable[[], None] | None = None
    log: Log | None = None


def log_to(log: Log | None) -> None:
    """From now on everything that is said is an entry of `log`; None: text on the two streams again."""
    _State.log = log


def before_text(act: Callable[[], None] | None) -> None:
    """From now on `act` is called before text is written to stderr: who draws there makes room; None: nobody does."""
    _State.before = act


def configure(
    *, trace: bool | None = None, quiet: bool | None = None, color: str | None = None, as_json: bool | None = None
) -> None:
    """Sets the switches that are given, for the rest of the process."""
    before = _State.options
    _State.options = Options(
        trace=before.trace if trace is None else trace,
        quiet=before.quiet if quiet is None else quiet,
        color=before.color if color is None else color,
        json=before.json if as_json is None else as_json,
    )
    if _State.options.trace:
        _log_to_stderr()


def options() -> Options:
    """The switches in force."""
    return _State.options


def out_style() -> Style:
    """What stdout can show."""
    from cajajejo.terminal import Style

    return Style.of(sys.stdout, color=_State.options.color)


def err_style() -> Style:
    """What stderr can show."""
    from cajajejo.terminal import Style

    return Style.of(sys.stderr, color=_State.options.color)


def result(*lines: str) -> None:
    """Lines of the result, on stdout."""
    _stdout(_shown(lines, out_style()))


def result_json(document: object) -> None:
    """The one JSON document of a command, on stdout; its numbers are finite, JSON has no others."""
    _stdout(_json(document) + "\n")


@contextmanager
def result_json_last(document: object | None) -> Iterator[None]:
    """Prints the document when what is inside has ended, also by an error; None: nothing."""
    try:
        yield
    finally:
        if document is not None:
            result_json(document)


def say(*lines: str) -> None:
    """Plans, progress and hints, on stderr; silent with ``--quiet`` and with ``--json``."""
    if not (_State.options.quiet or _State.options.json):
        _stderr(*map(err_style().plain, lines))


def warn(message: str) -> None:
    """One warning, on stderr; a JSON object of its own with ``--json``."""
    text = _json({"warning": message}) if _State.options.json else err_style().plain(f"Warning: {message}")
    _stderr(text, severity="WARNING")


def alert(line: str) -> None:
    """One alert, on stderr, also with ``--quiet``; a JSON object of its own with ``--json``."""
    _stderr(_json({"alert": line}) if _State.options.json else err_style().plain(line), severity="WARNING")


def warn_problem(problem: Problem) -> None:
    """A warning about a place in a file, on stderr."""
    first, *hint = problem.lines()
    warn("\n".join([first, *hint]))


def confirm(question: str, *, no: str = "nothing was sent") -> None:
    """Asks on the terminal; returns for yes. `no` is what is said after a no.

    Raises:
        UsageError: nobody is there to answer.
        CajajejoError: the answer is no.
    """
    if not (err_style().live and sys.stdin.isatty()):
        raise UsageError(f"{question} Nobody is there to answer; to mean yes: --yes")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CajajejoError(no)


def error(lines: Iterable[str], trace: str = "") -> None:
    """An error on stderr, line by line, after the traceback `trace`; in a log it is one entry."""
    text = "\n".join(map(err_style().plain, lines))
    if _State.log is None:
        draw(f"{trace}{text}\n")
    else:
        _State.log("ERROR", text, **({"stack_trace": trace} if trace else {}))


def error_json(error: dict[str, object]) -> None:
    """An error as a JSON object, on stderr."""
    _stderr(_json({"error": error}))


def draw(text: str) -> None:
    """Writes `text` to stderr as it is, now. Where nobody can read it, the command goes on: it is no result."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def ensure_streams() -> None:
    """Opens what the caller closed, so that no file of ours gets the number of a standard stream."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            if null == number:
                os.set_inheritable(null, True)  # noqa: FBT003  # what we start has the three streams, too
            setattr(sys, name, os.fdopen(null, mode, encoding="utf-8"))


def _stdout(text: str) -> None:
    """Writes `text` now. Where the reader has gone, the command goes on: its exit code is not about the reader."""
    if _State.log is not None:
        _log("INFO", *text.splitlines())
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise CajajejoError(f"stdout cannot be written: {error.strerror}") from error


def _log_to_stderr() -> None:
    """Shows the debug log of our own modules, as ``name - level - message``."""
    import logging

    from cajajejo import pod_log

    class Screen(logging.Handler):
        """Writes to what is stderr at the time, and only while ``--trace`` is in force."""

        def emit(self, record: logging.LogRecord) -> None:
            if _State.options.trace:
                _stderr(self.format(record), severity=pod_log.severity_of(record.levelname))

    logger = logging.getLogger("cajajejo")
    if all(handler.name != "screen" for handler in logger.handlers):
        handler = Screen()
        handler.name = "screen"
        handler.setFormatter(logging.Formatter("%(name)s - %(levelname)s - %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)


def _json(document: object) -> str:
    import json

    return json.dumps(document, allow_nan=False)  # in ASCII: what no terminal or locale can refuse


def _stderr(*lines: str, severity: Severity = "INFO") -> None:
    if _State.log is not None:
        _log(severity, *lines)
        return
    if _State.before is not None:
        _State.before()
    draw(_shown(lines, err_style()))


def _log(severity: Severity, *lines: str) -> None:
    for line in filter(str.strip, lines):
        if _State.log is not None:
            _State.log(severity, line)


def _shown(lines: Iterable[str], style: Style) -> str:
    text = "".join(f"{line}\n" for line in lines)
    return text if style.unicode else text.encode("ascii", "backslashreplace").decode()
