"""``cajajejo metrics shifts``: when did the level of a metric change, and which commits lie there?"""

from pathlib import Path
from typing import TYPE_CHECKING

from cajajejo.cli import screen
from cajajejo.cli.metric_options import (
    DEFAULT_HISTORY,
    Engine,
    HistoryMetric,
    HistoryTest,
    HistoryUrl,
    Limit,
    ShiftsConfigPath,
)
from cajajejo.cli.options import AsJson

if TYPE_CHECKING:
    from cajajejo.metrics.history import History
    from cajajejo.metrics.reports.dated_shifts import Search


def shifts(
    test: HistoryTest,
    metric: HistoryMetric = None,
    engine: Engine = "builtin",
    config: ShiftsConfigPath = None,
    history: HistoryUrl = DEFAULT_HISTORY,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """Show when metrics changed their level, and the commits between.

    Example: cajajejo metrics shifts pythia boolq/exact_match_final --config pythia.metrics.yml

    All runs of the history are looked at together, so that later runs help to date a shift: this is about the past, and
    can tell another run than the check that alerted. A shift lies between two runs: the last before it may have begun,
    and the first that is of the new level for certain. Sizes are in standard deviations of one run (sd).

    Engines: builtin is the rule of level_shift; otava (Apache Otava) and kernelcpd (ruptures) are second opinions.
    """
    from cajajejo.metrics.history import History
    from cajajejo.metrics.judgement import commits
    from cajajejo.metrics.reports import documents, next_steps, pages, shift_pages

    stored = History.at(history)
    found = _searched(stored, test, metric, engine, config)
    shown = found.newest_first[: limit or None]
    counts = commits.counted(pair for shift in shown if (pair := shift.turn.commits))
    if as_json:
        screen.result_json(documents.shifts(found, shown, counts))
    elif found.looked:
        screen.result(*shift_pages.screen(found, shown, counts, screen.out_style()))
        place = next_steps.Place(config, None if history == DEFAULT_HISTORY else stored.url)
        screen.say(*next_steps.after_shifts(test, shown, place))
    else:
        screen.result(*pages.no_points(test, metric, stored.url, stored.names(test), screen.out_style()))


def _searched(stored: "History", test: str, metric: str | None, engine: Engine, config: Path | None) -> "Search":
    """What the engine finds, by the conditions and the accepted levels that there are."""
    from cajajejo.metrics import baselines
    from cajajejo.metrics import config as configs
    from cajajejo.metrics.reports import dated_shifts

    noted = stored.noted(test)
    if config is None:
        return dated_shifts.search(test, stored.points(test, metric), engine, lines=noted)
    tests = configs.load(config).regression_test_config
    lines = baselines.load(baselines.path_for(config)).and_noted(noted)
    return dated_shifts.search(test, stored.points(test, metric), engine, tests=tests, lines=lines)
