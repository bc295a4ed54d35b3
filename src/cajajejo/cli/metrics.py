"""``cajajejo metrics``: each command loads, calls one function of the library, and prints."""

from typing import Final

from cajajejo.cli import screen
from cajajejo.cli.groups import group
from cajajejo.cli.options import (
    AsJson,
    CollectConfigPath,
    HistoryMetric,
    HistoryTest,
    HistoryUrl,
    JobStatusOption,
    Limit,
    LogDir,
    MetricsConfigPath,
    NoStore,
    RunId,
    StartTime,
    StopTime,
    Strict,
    TestName,
)

DEFAULT_HISTORY: Final = "sqlite:///.cajajejo/history.db"

app = group(
    "Collect the numbers of a run, judge them against its history.",
    "Example: cajajejo metrics check --help",
)


@app.command()
def check(
    logdir: LogDir,
    test: TestName,
    config: MetricsConfigPath,
    history: HistoryUrl = DEFAULT_HISTORY,
    run_id: RunId = None,
    job_status: JobStatusOption = "success",
    start_time: StartTime = None,
    stop_time: StopTime = None,
    no_store: NoStore = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> int:
    """Judge one run against its history.

    Example: cajajejo metrics check runs/7be1c2a0 --test pythia --config pythia.metrics.yml

    Exit codes: 0 pass, 4 regression, 5 inconclusive, 1 failed job or an error.
    """
    from cajajejo.metrics import config as configs
    from cajajejo.metrics import handler, report, times

    start, stop = times.parse_time(start_time, "--start-time"), times.parse_time(stop_time, "--stop-time")
    run = handler.RunUnderTest(test, run_id, job_status, start, stop)
    settings = configs.load(config)
    found = handler.check(logdir, run, settings, history_url=history, store=not no_store, strict=strict)
    for warning in found.warnings:
        screen.warn(warning)
    if as_json:
        screen.result_json(report.as_json(found))
    else:
        screen.result(*report.screen(found, screen.out_style()))
        stored = not no_store and settings.metric_collection_config.write_to_bigquery
        if stored or found.runs_before:
            screen.say(*report.next_steps(found, None if history == DEFAULT_HISTORY else history))
    return found.exit_code


@app.command()
def collect(logdir: LogDir, config: CollectConfigPath = None, as_json: AsJson = False) -> None:
    """Show the metrics of a run by name.

    Example: cajajejo metrics collect runs/7be1c2a0 --config pythia.metrics.yml
    """
    from cajajejo.metrics import config as configs
    from cajajejo.metrics import handler, pages, report

    found = handler.collect(logdir, None if config is None else configs.load(config))
    for warning in found.warnings:
        screen.warn(warning)
    if as_json:
        screen.result_json(report.metrics_json(found.metrics))
    elif found.metrics:
        screen.result(*pages.collected(found.metrics, screen.out_style()))


@app.command()
def history(
    test: HistoryTest,
    metric: HistoryMetric = None,
    limit: Limit = 30,
    history: HistoryUrl = DEFAULT_HISTORY,
    as_json: AsJson = False,
) -> None:
    """Show the stored points of a test, newest first.

    Example: cajajejo metrics history pythia boolq/exact_match_final
    """
    from cajajejo.metrics import pages
    from cajajejo.metrics.history import History

    stored = History.at(history)
    rows = stored.rows(test, metric, limit=limit)
    if as_json:
        screen.result_json(pages.history_json(test, rows))
    elif rows:
        screen.result(*pages.history(rows, screen.out_style()))
    else:
        screen.result(*pages.no_points(test, metric, history, stored.names(test), screen.out_style()))
