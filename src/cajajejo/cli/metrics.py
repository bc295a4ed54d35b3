"""``cajajejo metrics``: each command loads, calls one function of the library, and prints."""

from cajajejo.cli import baselines, screen, shifts
from cajajejo.cli.groups import group
from cajajejo.cli.metric_options import (
    DEFAULT_HISTORY,
    CollectConfigPath,
    HistoryMetric,
    HistoryTest,
    HistoryUrl,
    JobStatusOption,
    Limit,
    LogAddress,
    MetricsConfigPath,
    NoStore,
    RunConfigVersion,
    RunId,
    StartTime,
    StopTime,
    Strict,
    TestName,
)
from cajajejo.cli.options import AsJson

app = group(
    "Collect the numbers of a run, judge them against its history.",
    "Example: cajajejo metrics check --help",
)


@app.command()
def check(
    logdir: LogAddress,
    test: TestName,
    config: MetricsConfigPath,
    history: HistoryUrl = DEFAULT_HISTORY,
    run_id: RunId = None,
    job_status: JobStatusOption = "success",
    start_time: StartTime = None,
    stop_time: StopTime = None,
    config_version: RunConfigVersion = None,
    no_store: NoStore = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> int:
    """Judge one run against its history.

    Example: cajajejo metrics check runs/7be1c2a0 --test pythia --config pythia.metrics.yml

    Exit codes: 0 pass, 4 regression, 5 inconclusive, 1 failed job or an error.
    """
    from cajajejo.metrics import baselines as accepted
    from cajajejo.metrics import config as configs
    from cajajejo.metrics import handler, times
    from cajajejo.metrics.reports import documents, next_steps, report

    start, stop = times.parse_time(start_time, "--start-time"), times.parse_time(stop_time, "--stop-time")
    run = handler.RunUnderTest(test, run_id, job_status, start, stop, config_version)
    settings, lines = configs.load(config), accepted.load(accepted.path_for(config))
    found = handler.check(
        logdir, run, settings, history_url=history, baselines=lines, store=not no_store, strict=strict
    )
    for warning in found.warnings:
        screen.warn(warning)
    if as_json:
        screen.result_json(documents.check(found))
    else:
        screen.result(*report.screen(found, screen.out_style()))
        stored = not no_store and settings.metric_collection_config.write_to_bigquery
        if stored or found.runs_before:
            place = next_steps.Place(config, None if history == DEFAULT_HISTORY else history, stored)
            screen.say(*next_steps.after_check(found, place))
    return found.exit_code


@app.command()
def collect(logdir: LogAddress, config: CollectConfigPath = None, as_json: AsJson = False) -> None:
    """Show the metrics of a run by name.

    Example: cajajejo metrics collect runs/7be1c2a0 --config pythia.metrics.yml
    """
    from cajajejo.metrics import config as configs
    from cajajejo.metrics import handler
    from cajajejo.metrics.reports import documents, pages

    found = handler.collect(logdir, None if config is None else configs.load(config))
    for warning in found.warnings:
        screen.warn(warning)
    if as_json:
        screen.result_json(documents.collection(found.metrics))
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
    from cajajejo.metrics.history import History
    from cajajejo.metrics.reports import documents, pages

    stored = History.at(history)
    rows = stored.rows(test, metric, limit=limit)
    if as_json:
        screen.result_json(documents.history(test, rows))
    elif rows:
        screen.result(*pages.history(rows, screen.out_style()))
    else:
        screen.result(*pages.no_points(test, metric, history, stored.names(test), screen.out_style()))


app.command("shifts")(shifts.shifts)
app.command("accept")(baselines.accept)
app.command("mute")(baselines.mute)
