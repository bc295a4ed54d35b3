"""``cajajejo metrics``: each command loads, calls one function of the library, and prints."""

from cajajejo.cli import alerting, baselines, checking, forms, history_tables, reporting, screen, shifts
from cajajejo.cli.groups import group
from cajajejo.cli.metric_options import (
    DEFAULT_HISTORY,
    AcceleratorName,
    Alerting,
    CollectConfigPath,
    FrameworkVersion,
    HistoryFormat,
    HistoryMetric,
    HistoryTest,
    HistoryUrl,
    JobStatusOption,
    Limit,
    LogAddress,
    LogsCommand,
    LogsLink,
    MetricsConfigPath,
    NoStore,
    ReportPaths,
    RunConfigVersion,
    RunId,
    Since,
    StartTime,
    StopTime,
    Strict,
    TestName,
    TestType,
    WorkloadLink,
)
from cajajejo.cli.options import AsJson, ReportFormat

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
    test_type: TestType = None,
    accelerator: AcceleratorName = None,
    framework_version: FrameworkVersion = None,
    logs_link: LogsLink = None,
    logs_command: LogsCommand = None,
    workload_link: WorkloadLink = None,
    no_store: NoStore = False,
    strict: Strict = False,
    alert: Alerting = False,
    report_format: ReportFormat = None,
    output: ReportPaths = None,
    as_json: AsJson = False,
) -> int:
    """Judge one run against its history.

    Example: cajajejo metrics check runs/7be1c2a0 --test pythia --config pythia.metrics.yml

    Exit codes: 0 pass, 4 regression, 5 inconclusive, 1 failed job or an error.
    """
    from cajajejo.metrics import handler, times

    start, stop = times.parse_time(start_time, "--start-time"), times.parse_time(stop_time, "--stop-time")
    origin = checking.known_origin(
        test_type=test_type,
        accelerator=accelerator,
        framework_version=framework_version,
        logs_link=logs_link,
        logs_command=logs_command,
        workload_link=workload_link,
    )
    run = handler.RunUnderTest(test, run_id, job_status, start, stop, config_version, origin)
    where = checking.Where(logdir, config, history, store=not no_store)
    targets = checking.targets(report_format, output, as_json=as_json)
    return checking.check(run, where, targets, alert=alert, strict=strict)


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
    since: Since = None,
    history: HistoryUrl = DEFAULT_HISTORY,
    form: HistoryFormat = None,
    as_json: AsJson = False,
) -> None:
    """Show the stored points of a test, newest first.

    Example: cajajejo metrics history pythia boolq/exact_match_final
    """
    from cajajejo.metrics import times
    from cajajejo.metrics.history import History
    from cajajejo.metrics.reports import csv_rows, documents, pages

    wanted = forms.of_rows(form, as_json=as_json)
    stored = History.at(history)
    rows = stored.rows(test, metric, limit=limit, since=times.parse_since(since, "--since"))
    if wanted == "json":
        screen.result_json(documents.history(test, rows))
    elif wanted == "csv":
        screen.result(*csv_rows.lines(documents.POINT, documents.history(test, rows)["points"]))
    elif rows:
        screen.result(*pages.history(rows, screen.out_style()))
    else:
        screen.result(*pages.no_points(test, metric, stored.url, stored.names(test), screen.out_style()))


app.command("report")(reporting.report)
app.command("shifts")(shifts.shifts)
app.command("accept")(baselines.accept)
app.command("mute")(baselines.mute)
app.command("alerts")(alerting.alerts)
app.command("import")(history_tables.import_)
app.command("export")(history_tables.export)
app.command("sql")(history_tables.sql)
app.command("prune")(history_tables.prune)
