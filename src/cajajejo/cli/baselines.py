"""``cajajejo metrics accept`` and ``mute``: a line that is reviewed, and a note in the history."""

import re
import shlex
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.cli import screen
from cajajejo.cli.metric_options import (
    DEFAULT_HISTORY,
    AcceptedMetric,
    By,
    FromRun,
    HistoryTest,
    HistoryUrl,
    MutedMetric,
    MutedUntil,
    ReviewedConfigPath,
    Why,
)
from cajajejo.cli.options import Yes
from cajajejo.errors import UsageError, printable

if TYPE_CHECKING:
    from cajajejo.metrics.decisions import Level, Taken

_SHOWN: Final = 10


def accept(
    test: HistoryTest,
    metric: AcceptedMetric,
    start: FromRun,
    reason: Why,
    config: ReviewedConfigPath = None,
    by: By = None,
    history: HistoryUrl = DEFAULT_HISTORY,
    yes: Yes = False,
) -> None:
    """Take a new level of a metric as its baseline.

    Example: cajajejo metrics accept pythia boolq_final --from 3f2a9c1d --reason "new tokenizer" --config pythia.yml

    The history of the metric then begins with that run. This is a line in the file .baselines.yml beside the
    configuration, to be reviewed and committed; noted in the history, it counts at once.
    """
    file, who = _file(config), _who(by, config)
    _check({"--reason": reason, "--by": who})
    from cajajejo.metrics import baselines, decisions
    from cajajejo.metrics import config as configs
    from cajajejo.metrics.history import History

    configs.load(file)
    stored = History.at(history)
    level = decisions.level(stored, test, metric, start)
    if len(level.metrics) > 1 and not yes:
        _ask(level, test)
    today = datetime.now(UTC).date().isoformat()
    entries = [baselines.Accepted(test, name, level.run_id, reason, who, today) for name in level.metrics]
    path = baselines.path_for(file)
    _tell(path, stored.url, decisions.take(path, stored, entries), "accepted level")


def mute(
    test: HistoryTest,
    until: MutedUntil,
    reason: Why,
    metric: MutedMetric = "*",
    config: ReviewedConfigPath = None,
    by: By = None,
    history: HistoryUrl = DEFAULT_HISTORY,
    yes: Yes = False,  # noqa: ARG001  # nothing is asked here; who always says --yes need not know
) -> None:
    """Send no alerts about a test, or about one metric, for some time.

    Example: cajajejo metrics mute pythia --until +7d --reason "node pool is being replaced" --config pythia.yml

    Runs are judged as ever, and exit codes stay. This is a line in the file .baselines.yml beside the configuration,
    to be reviewed and committed; noted in the history, it counts at once. A later line replaces it: to end it now,
    mute until +1s.
    """
    file, who = _file(config), _who(by, config)
    _check({"--reason": reason, "--by": who})
    now = datetime.now(UTC)
    ends = _until(until, now)
    from cajajejo.metrics import baselines, decisions
    from cajajejo.metrics import config as configs
    from cajajejo.metrics.history import History

    stored = History.at(history)
    decisions.known(stored, configs.load(file), test, metric)
    path, today = baselines.path_for(file), now.date().isoformat()
    taken = decisions.take(path, stored, [baselines.Muted(test, metric, ends, reason, who, today)])
    _tell(path, stored.url, taken, "muted metric" if metric != baselines.ALL else "muted test")


def _file(config: Path | None) -> Path:
    """The configuration that names the file to write.

    Raises:
        UsageError: none is given, or one without a place for a file beside it.
    """
    if config is None:
        why = "the line goes into a file named after it: demo.baselines.yml for demo.metrics.yml"
        raise UsageError("--config FILE is missing", facts={"why": why})
    if config.exists() and not stat.S_ISREG(config.stat().st_mode):
        raise UsageError(f"--config {printable(str(config))}: no file, so that there is no file beside it to write")
    return config


def _who(by: str | None, config: Path | None) -> str:
    """Who decides: as given, else as git or the operating system know it.

    Raises:
        UsageError: nobody knows.
    """
    from cajajejo import provenance

    who = by if by is not None else provenance.author(Path() if config is None else config.absolute().parent)
    if not who.strip():
        raise UsageError("who decides that? Neither git nor the operating system knows a name: --by NAME")
    return who


def _check(texts: dict[str, str]) -> None:
    """Returns where each of `texts` says something that a file can hold.

    Raises:
        UsageError: one does not.
    """
    from cajajejo import quoting

    for option, text in texts.items():
        problem = quoting.problem_of(text)
        if problem or not text.strip():
            raise UsageError(f"{option} {problem or 'is empty: it is what is reviewed'}")


def _until(text: str, now: datetime) -> str:
    """The end of a mute as the file holds it: a date as it was given, all else as a time in UTC.

    Raises:
        UsageError: it is no time, or over.
    """
    from cajajejo import moments

    given = text.strip()
    dated = re.fullmatch(r"\d{4}-\d\d-\d\d", given, re.ASCII) is not None
    examples = "+7d (from now), or a later date"
    try:
        moment = moments.parse_time(f"{given}T00:00:00Z" if dated else given, "--until", now, examples)
    except UsageError as error:
        if not dated:
            raise
        raise UsageError(f"--until {given}: no day of the calendar") from error
    if moment <= now:
        raise UsageError(f"--until {printable(text)} is over", facts={"for example": examples})
    return given if dated else moments.rfc3339(moment) or ""


def _ask(level: "Level", test: str) -> None:
    """Returns where someone accepts several metrics at once.

    Raises:
        UsageError: nobody is there to answer.
        CajajejoError: the answer is no.
    """
    count = len(level.metrics)
    more = [f"  and {count - _SHOWN:,} more"] if count > _SHOWN else []
    screen.say(*(f"  {printable(name)}" for name in level.metrics[:_SHOWN]), *more)
    screen.confirm(f"Accept these {count:,} metrics of {test} from run {level.run_id}?", no="nothing was accepted")


def _tell(path: Path, history: str, taken: "Taken", noun: str) -> None:
    screen.result(*map(screen.out_style().plain, taken.lines))
    name = printable(str(path))
    if not taken.new:
        screen.say(f"unchanged: {name} says so already; noted in {history}")
        return
    screen.say(f"wrote {name} ({taken.new:,} {noun}{'s' * (taken.new != 1)}); noted in {history}")
    screen.say(f"Next: git add {shlex.quote(str(path))} && git commit     when it has been reviewed")
