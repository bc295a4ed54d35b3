"""The history in BigQuery: what it is asked, with which schemas and parameters, and every way it can refuse.

Statements are read by a grammar of BigQuery's dialect that is not ours, and executed by another database. What the real
one thinks of them is not known here.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from cajajejo.errors import HistoryError
from cajajejo.metrics.history import History, bigquery
from cajajejo.metrics.history.bigquery import BigQueryStore, refusals, tables
from cajajejo.metrics.history.bigquery.connection import Address, Connection
from cajajejo.metrics.history.rows import Row, StoredMetric, StoredRun
from cajajejo.metrics.history.store import Measured, Telling
from cajajejo.metrics.judgement.incidents import Event, Incident, Told
from cajajejo.metrics.runs import Origin, Run
from tests.metrics.history import writers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fakes.bigquery import BigQuery

RUN: Final = StoredRun(
    Run("mnist", "a", 1_763_733_600.0, "failure", 1_763_733_660.5, origin=Origin("convergence")),
    "failed",
    (StoredMetric("loss", 0.1, 0.125, None, verdict="regression", outside=True),),
    failures=1,
)
JOB_HISTORY: Final = [  # of the documentation
    *(("uuid", "STRING"), ("test_name", "STRING"), ("test_type", "STRING"), ("accelerator", "STRING")),
    *(("framework_version", "STRING"), ("job_status", "STRING"), ("num_failures", "INTEGER")),
    *(("job_duration_sec", "INTEGER"), ("timestamp", "TIMESTAMP"), ("stackdriver_logs_link", "STRING")),
]
METRIC_HISTORY: Final = [
    *(("uuid", "STRING"), ("test_name", "STRING"), ("timestamp", "TIMESTAMP"), ("metric_name", "STRING")),
    ("metric_value", "FLOAT"),
]


def store(
    seconds: float = 120.0, patience: float = 600.0, tries: int = 20, url: str = "bigquery://acme"
) -> BigQueryStore:
    return BigQueryStore(Connection(Address.at(url), seconds, patience, tries))


def fields(columns: Sequence[tuple[str, str]], mode: str = "REQUIRED") -> list[dict[str, str]]:
    return [{"name": name, "type": kind, "mode": mode} for name, kind in columns]


def old_data_set(service: BigQuery, publish_type: str = "INTEGER") -> None:
    """The data set of the old handler with a run that was delivered twice, of two metrics."""
    optional = [("msg_publish_time", publish_type), ("logs_download_command", "STRING")]
    more = fields([*optional, ("kubernetes_workload_link", "STRING")], "NULLABLE")
    service.make_table("metrics_handler_dataset", "job_history", [*fields(JOB_HISTORY), *more])
    bounds = fields([("metric_lower_bound", "FLOAT"), ("metric_upper_bound", "FLOAT")], "NULLABLE")
    service.make_table("metrics_handler_dataset", "metric_history", [*fields(METRIC_HISTORY), *bounds])
    job = "'old', 'mnist', 'func', 'v2-8', '2.4', 'success', 0, 60, TIMESTAMP '2021-01-01 00:01:00', 'https://l'"
    published = "NULL" if publish_type == "INTEGER" else "'1609459260.25'"
    for _ in range(2):
        service.engine.do(
            f"INSERT INTO metrics_handler_dataset.job_history VALUES ({job}, {published}, NULL, NULL)"  # noqa: S608  # ours
        )
        for name, value, upper in (("loss", 0.5, 0.25), ("acc", 0.75, None), ("nan", "'NaN'::DOUBLE", None)):
            service.engine.do(
                "INSERT INTO metrics_handler_dataset.metric_history VALUES ('old', 'mnist',"  # noqa: S608  # ours
                f" TIMESTAMP '2021-01-01 00:01:00', '{name}', {value}, NULL, {'NULL' if upper is None else upper})"
            )


def test_the_tables_are_made_with_the_documented_columns_first(bigquery_service: BigQuery) -> None:
    store(url="bigquery://acme/ours?location=EU").record([RUN])

    made = {name: table for (_, name), table in bigquery_service.tables.items()}
    assert bigquery_service.datasets["ours"]["location"] == "EU"
    assert made.keys() == {"job_history", "metric_history"}
    jobs, metrics = made["job_history"]["schema"]["fields"], made["metric_history"]["schema"]["fields"]
    assert jobs[: len(JOB_HISTORY)] == fields(
        [(name, "INT64" if kind == "INTEGER" else kind) for name, kind in JOB_HISTORY]
    )
    assert [(field["name"], field["type"], field["mode"]) for field in jobs[len(JOB_HISTORY) :]] == [
        ("msg_publish_time", "INT64", "NULLABLE"),
        ("logs_download_command", "STRING", "NULLABLE"),
        ("kubernetes_workload_link", "STRING", "NULLABLE"),
        ("start_time", "FLOAT64", "NULLABLE"),
        ("stop_time", "FLOAT64", "NULLABLE"),
        ("verdict", "STRING", "NULLABLE"),
        ("config_git_sha", "STRING", "NULLABLE"),
    ]
    assert [(field["name"], field["type"], field["mode"]) for field in metrics] == [
        *((name, "FLOAT64" if kind == "FLOAT" else kind, "REQUIRED") for name, kind in METRIC_HISTORY),
        *((f"metric_{end}_bound", "FLOAT64", "NULLABLE") for end in ("lower", "upper")),
        *(("inclusive", "BOOL", "NULLABLE"), ("verdict", "STRING", "NULLABLE"), ("out_of_bounds", "BOOL", "NULLABLE")),
    ]
    assert made["metric_history"]["clustering"] == {"fields": ["test_name", "metric_name"]}


def test_a_run_is_one_transaction_of_two_merges_whose_values_are_typed_parameters(bigquery_service: BigQuery) -> None:
    store().record([RUN])

    (job,) = bigquery_service.queries()
    lines = job.query.splitlines()
    assert (lines[0], lines[-1]) == ("BEGIN TRANSACTION;", "COMMIT TRANSACTION;")
    assert [line.split(" AS T ")[0] for line in lines if line.startswith("MERGE")] == [
        "MERGE INTO `acme.metrics_handler_dataset.job_history`",
        "MERGE INTO `acme.metrics_handler_dataset.metric_history`",
    ]
    assert job.body["configuration"]["query"]["useLegacySql"] is False
    assert {name: kind for name, (kind, _) in job.parameters.items()} == {
        "tests": "ARRAY<STRING>",
        "runs": "ARRAY<STRING>",
        "job_rows": "STRING",
        "metric_rows": "STRING",
    }
    assert job.parameters["runs"][1] == ["5:mnista"]
    assert json.loads(job.parameters["metric_rows"][1]) == [
        {
            "uuid": "a",
            "test_name": "mnist",
            "timestamp": "1763733660500000",
            "metric_name": "loss",
            "metric_value": "0.1",
            "metric_lower_bound": "0.125",
            "metric_upper_bound": None,
            "inclusive": "false",
            "verdict": "regression",
            "out_of_bounds": "true",
        }
    ]


def test_what_a_required_column_cannot_be_told_is_empty_or_nought_and_read_back_as_not_known(
    bigquery_service: BigQuery,
) -> None:
    bare = StoredRun(Run("mnist", "b", 5.25), "pass")
    store().record([bare])

    (row,) = json.loads(bigquery_service.queries()[0].parameters["job_rows"][1])
    assert {name: row[name] for name, _ in JOB_HISTORY} == {
        "uuid": "b",
        "test_name": "mnist",
        "job_status": "success",
        "timestamp": "5250000",
        **dict.fromkeys(("test_type", "accelerator", "framework_version", "stackdriver_logs_link"), ""),
        **dict.fromkeys(("num_failures", "job_duration_sec"), "0"),
    }
    assert list(store().stored()) == [bare]


@pytest.mark.parametrize("name", ["x'; DROP TABLE t; --", 'a"b`c', "@mine", "🐊\\u0041"])
def test_no_value_is_ever_part_of_a_statement(bigquery_service: BigQuery, name: str) -> None:
    there = store()
    event = Event(Incident(name, "failed", name, name, 1.0, name), "opened", Run(name, name, 1.0), name)
    told = Telling(name, (name,), lambda _there, _newest: Told((event,), (event.incident,)), 1.0)
    there.record([StoredRun(Run(name, name, 1.0), name, (StoredMetric(name, 1.0),))], told)
    there.points(name, [name], before=(2.0, name))
    there.rows(name, name, limit=3, since=0.0)
    won = there.claim(there.due([name], 2.0), now=2.0, until=3.0)
    there.settle(won, now=2.5, error=name, again=9.0)
    there.prune(name, before=5.0, keep=0)

    assert [one.event for one in won] == [event]
    assert len(bigquery_service.queries()) > 10
    assert not [job.query for job in bigquery_service.queries() if name in job.query]


def test_nan_and_infinity_are_never_written(bigquery_service: BigQuery) -> None:
    finite = StoredMetric("c", 1.0)
    odd = (StoredMetric("a", math.nan), StoredMetric("b", math.inf), StoredMetric("c", 1.0, -math.inf, math.nan))
    store().record([StoredRun(RUN.run, "pass", odd)])

    assert list(store().stored()) == [StoredRun(RUN.run, "pass", (finite,))]
    assert "nan" not in bigquery_service.queries()[0].parameters["metric_rows"][1]


def test_rows_of_the_old_handler_are_history_before_anything_is_written(bigquery_service: BigQuery) -> None:
    old_data_set(bigquery_service)
    there, run = store(), Run("mnist", "old", 1_609_459_260.0, origin=Origin("func", "v2-8", "2.4", "https://l"))

    assert there.runs("mnist") == [run]
    assert sorted(there.points("mnist")) == [
        Measured("acc", "old", 0.75, outside=False),
        Measured("loss", "old", 0.5, outside=True),
    ]
    assert there.recent("mnist", 5) == {"acc": [0.75], "loss": [0.5]}
    assert there.rows("mnist", "loss") == [
        Row("old", run.start_time, "success", "loss", 0.5, None, 0.25, inclusive=False, verdict=None)
    ]
    assert list(there.stored()) == [
        StoredRun(
            run, "", (StoredMetric("acc", 0.75), StoredMetric("loss", 0.5, upper_bound=0.25, outside=True)), failures=0
        )
    ]
    assert not [asked for asked in bigquery_service.asked if asked.method == "PATCH"]


@pytest.mark.parametrize(("publish_type", "published"), [("INTEGER", 1_763_733_600), ("STRING", "1763733600")])
def test_the_tables_of_the_old_handler_get_our_columns_which_may_be_null_and_keep_theirs(
    bigquery_service: BigQuery, publish_type: str, published: object
) -> None:
    old_data_set(bigquery_service, publish_type)
    before = bigquery_service.tables["metrics_handler_dataset", "job_history"]["schema"]["fields"]

    store().record([RUN])

    after = bigquery_service.tables["metrics_handler_dataset", "job_history"]["schema"]["fields"]
    assert after[: len(before)] == before
    assert {field["name"]: field["mode"] for field in after[len(before) :]} == dict.fromkeys(
        ("start_time", "stop_time", "verdict", "config_git_sha"), "NULLABLE"
    )
    query = "SELECT msg_publish_time FROM metrics_handler_dataset.job_history WHERE uuid = 'a'"
    assert bigquery_service.engine.do(query) == [(published,)]
    assert [run.run_id for run in store().runs("mnist")] == ["old", "a"]


def test_a_run_of_the_old_handler_that_is_written_anew_is_there_once(bigquery_service: BigQuery) -> None:
    old_data_set(bigquery_service)
    anew = StoredRun(Run("mnist", "old", 7.0, "failure"), "failed", (StoredMetric("loss", 1.0),), failures=1)

    store().record([anew])

    assert list(store().stored()) == [anew]


def test_two_programs_may_add_the_columns_at_once(bigquery_service: BigQuery) -> None:
    old_data_set(bigquery_service)
    bigquery_service.fail("PATCH", "conditionNotMet", "Precondition check failed.")

    store().record([RUN])

    assert [run.run_id for run in store().runs("mnist")] == ["old", "a"]


def test_what_is_found_is_read_page_by_page(bigquery_service: BigQuery) -> None:
    bigquery_service.page = 7
    large = writers.run("mnist", 1, 50)
    store().record([large])

    assert list(store().stored()) == [large]
    pages = [asked for asked in bigquery_service.asked if "/queries/" in asked.path]
    assert len(pages) > 50 / 7


@pytest.mark.usefixtures("bigquery_service")
def test_a_decision_is_written_only_where_nobody_decided_meanwhile_and_made_anew_else() -> None:
    decisions: list[list[Incident]] = []
    event = Event(Incident("mnist", "failed", None, "a", 1.0, "bad"), "opened", Run("mnist", "a", 1.0), "bad")

    def decide(there: Sequence[Incident], _newest: tuple[float, str] | None) -> Told:
        decisions.append(list(there))
        if len(decisions) == 1:  # somebody else is quicker
            quick = Telling("mnist", ("mail",), lambda _there, _newest: Told((event,), (event.incident,)), 1.0)
            store().record([], quick)
        return Told((event,), (event.incident,)) if not there else Told((), tuple(there))

    told = store().record([RUN], Telling("mnist", ("mail",), decide, 2.0))

    assert decisions == [[], [event.incident]]
    assert told == Told((), (event.incident,))
    assert len(store().unsent()) == 1
    assert store().runs("mnist") == [RUN.run]


@pytest.mark.usefixtures("bigquery_service")
def test_where_others_decide_all_the_time_it_is_a_sentence() -> None:
    def decide(*_: object) -> Told:
        store().record([], Telling("mnist", (), lambda _there, _newest: Told(), 1.0))
        return Told()

    with pytest.raises(HistoryError, match="the history is written by others all the time: bigquery://acme/"):
        store(tries=3).record([RUN], Telling("mnist", ("mail",), decide, 2.0))
    assert store().runs("mnist") == []


def test_a_transaction_that_bigquery_gave_up_for_another_is_tried_again(bigquery_service: BigQuery) -> None:
    store().record([RUN])
    bigquery_service.fail(
        "POST /bigquery/v2/projects/acme/jobs", "invalidQuery", "Could not serialize access to table x"
    )

    store().record([writers.run("mnist", 1)])

    assert len(store().runs("mnist")) == 2


def test_what_passes_by_itself_is_tried_again(bigquery_service: BigQuery) -> None:
    store().record([RUN])
    bigquery_service.fail("/queries/", "backendError", "try later")
    bigquery_service.fail("POST /bigquery/v2/projects/acme/jobs", "rateLimitExceeded", "too many")
    bigquery_service.fail("POST /bigquery/v2/projects/acme/jobs", "jobBackendError", "the job failed; try again")

    assert store().runs("mnist") == [RUN.run]


NEEDED: Final = (
    "not allowed to use the metric history in BigQuery; needed are roles/bigquery.dataEditor"
    " (to read: roles/bigquery.dataViewer) and roles/bigquery.jobUser"
)
REFUSALS: Final[dict[str, tuple[tuple[str, str, str], str]]] = {
    "forbidden": (
        ("", "accessDenied", "Access Denied: User does not have bigquery.jobs.create"),
        NEEDED,
    ),
    "switched off": (
        ("", "accessDenied", "BigQuery API has not been used in project 1 before or it is disabled."),
        "BigQuery is not enabled in project acme",
    ),
    "no data editor": (
        ("POST /bigquery/v2/projects/acme/datasets", "accessDenied", "Access Denied: Dataset"),
        NEEDED,
    ),
    "streamed rows": (
        (
            "/jobs",
            "invalidQuery",
            "UPDATE or DELETE statement over table a.b would affect rows in the streaming buffer",
        ),
        "rows of this run were streamed in a moment ago, and BigQuery lets nobody change them yet",
    ),
    "conflicts": (
        ("/jobs", "invalidQuery", "Transaction is aborted due to concurrent update against table a.b."),
        "the metric history is written by too many programs at once",
    ),
    "failing": (("", "backendError", "an internal error"), "BigQuery failed, and did not recover in time"),
    "quota": (
        ("", "rateLimitExceeded", "Exceeded rate limits: too many api requests"),
        "BigQuery is busy (a quota is used up for now), and did not recover in time",
    ),
    "anything else": (("/jobs", "invalidQuery", "no such thing"), "BigQuery refused"),
}


@pytest.mark.parametrize(("fault", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_one_sentence_with_the_way_out(
    bigquery_service: BigQuery, fault: tuple[str, str, str], sentence: str
) -> None:
    bigquery_service.fail(*fault, times=1000)

    with pytest.raises(HistoryError) as refused:
        store(seconds=3.0, patience=1.0).record([RUN])

    assert refused.value.message == f"{sentence}: bigquery://acme/metrics_handler_dataset"
    assert fault[2] in refused.value.facts["says"]
    assert bool(refused.value.run) == (fault[1] == "accessDenied")


def test_a_project_that_is_not_there_is_a_sentence(bigquery_service: BigQuery) -> None:
    there = store(url="bigquery://nowhere/ours")
    uses: tuple[Callable[[], object], ...] = (lambda: there.record([RUN]), lambda: there.runs("mnist"))
    for use in uses:
        with pytest.raises(HistoryError) as refused:
            use()
        assert refused.value.message == f"BigQuery does not find what was asked for in project nowhere: {there.url}"
    assert bigquery_service.queries() == []


def test_a_bigquery_that_says_nothing_is_given_up(bigquery_service: BigQuery) -> None:
    store().record([RUN])
    bigquery_service.fail("POST", seconds=5.0, times=100)
    began = time.monotonic()

    with pytest.raises(HistoryError, match="BigQuery does not answer"):
        store(seconds=1.0).runs("mnist")

    assert time.monotonic() - began < 30


@pytest.mark.usefixtures("bigquery_service")
def test_runs_too_large_for_one_request_are_a_sentence_and_nothing_is_written() -> None:
    long = StoredRun(Run("mnist", "a", 1.0), "pass", tuple(StoredMetric(f"{n}" * 5000, 1.0) for n in range(800)))

    with pytest.raises(HistoryError) as refused:
        store().record([long])

    assert refused.value.message.startswith("these runs are too large for one request to BigQuery")
    assert refused.value.facts["do"] == "record fewer runs at a time"
    assert store().runs("mnist") == []


@pytest.mark.parametrize("name", ["a\0b", "m\ud800"], ids=["NUL", "surrogate"])
def test_a_name_that_bigquery_cannot_hold_is_refused(bigquery_service: BigQuery, name: str) -> None:
    with pytest.raises(HistoryError, match="no metric history in BigQuery holds such a text"):
        store().record([StoredRun(Run("mnist", "a", 1.0), "pass", (StoredMetric(name, 1.0),))])

    assert bigquery_service.queries() == []


def test_a_query_of_the_user_is_looked_at_before_it_is_asked(bigquery_service: BigQuery) -> None:
    there = store()
    there.record([RUN])
    with pytest.raises(HistoryError) as refused, there.select("DELETE FROM job_history WHERE TRUE"):
        pass

    assert refused.value.facts == {"this is": "DELETE", "do": "begin it with SELECT"}
    assert not [job for job in bigquery_service.queries() if "DELETE FROM job_history" in job.query]


@pytest.mark.parametrize("name", ["metrics_handler_dataset.job_history", "`metrics_handler_dataset.job_history`"])
@pytest.mark.usefixtures("bigquery_service")
def test_a_documented_query_finds_the_tables_of_whatever_data_set_the_history_is_in(name: str) -> None:
    there = store(url="bigquery://acme/nightly")
    there.record([RUN])
    query = f"SELECT uuid, '{name}' AS a FROM {name} -- {name}"  # noqa: S608  # a name

    with there.select(query) as selected:
        assert list(selected.rows) == [("a", name)]


@pytest.mark.parametrize(
    ("query", "translated"),
    [
        ("FROM metrics_handler_dataset.a, `metrics_handler_dataset`.`b`", "FROM `acme.d.a`, `acme.d.b`"),
        ("FROM `other.metrics_handler_dataset.a`", "FROM `other.metrics_handler_dataset.a`"),
        ("FROM my_metrics_handler_dataset.a", "FROM my_metrics_handler_dataset.a"),
        ("'it\\'s metrics_handler_dataset.a'", "'it\\'s metrics_handler_dataset.a'"),
        ('"""metrics_handler_dataset.a"""', '"""metrics_handler_dataset.a"""'),
        ("/* metrics_handler_dataset.a */ # metrics_handler_dataset.b", None),
    ],
)
def test_only_names_of_tables_are_translated(query: str, translated: str | None) -> None:
    assert Address("acme", "d").translated(query) == (query if translated is None else translated)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("bigquery://acme", Address("acme")),
        ("bigquery://acme/", Address("acme")),
        ("bigquery://acme/nightly_2", Address("acme", "nightly_2")),
        ("bigquery://example.com:acme/d?location=europe-west1", Address("example.com:acme", "d", "europe-west1")),
    ],
)
def test_a_url_names_a_project_and_a_data_set(url: str, address: Address) -> None:
    assert Address.at(url) == address
    assert Address.at(address.url) == address


@pytest.mark.parametrize(
    "url",
    [
        *("bigquery://", "bigquery:///d", "bigquery://Acme/d", "bigquery://acme/d/t", "bigquery://acme/d-e"),
        *(
            "bigquery://acme/d`; DROP TABLE x",
            "bigquery://acme`/d",
            "bigquery://acme/d?location=",
            "bigquery://acme/d?x=1",
            "bigquery://[acme/d",
        ),
    ],
)
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(HistoryError, match="the history URL names no data set of BigQuery"):
        History.at(url)


def test_what_may_be_a_password_in_a_url_is_not_shown() -> None:
    with pytest.raises(HistoryError) as refused:
        History.at("bigquery://bob:s3cr@acme/d")

    assert "s3cr" not in str(refused.value.lines())


def test_without_a_login_one_is_told_how_to_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_GCE_CHECK", "true")

    with pytest.raises(HistoryError) as refused:
        bigquery.at("bigquery://acme").runs("mnist")

    assert refused.value.message == "there is no login to Google Cloud here: bigquery://acme/metrics_handler_dataset"
    assert refused.value.run == (refusals.LOG_IN,)


def test_nobody_is_anonymous_but_where_the_variable_of_the_emulator_is_set(
    bigquery_service: BigQuery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    assert store().runs("mnist") == []
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST")

    with pytest.raises(HistoryError, match="there is no login"):
        store().runs("mnist")
    assert len(bigquery_service.asked) == 1


def test_every_column_has_a_type_that_a_value_is_read_by() -> None:
    every: list[Any] = [column for table in tables.ALL for column in table.columns]

    assert len({table.name for table in tables.ALL}) == len(tables.ALL)
    assert {column.type for column in every} == {"STRING", "INT64", "FLOAT64", "BOOL", "TIMESTAMP"}


def test_without_the_extra_one_is_told_which_it_is() -> None:
    code = (
        "import sys; sys.modules['google.cloud.bigquery'] = None; sys.modules['google.api_core.exceptions'] = None\n"
        "from cajajejo.metrics.history import bigquery\n"
        "bigquery.at('bigquery://acme').runs('t')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=dict(os.environ)
    )

    assert "MissingExtraError: a metric history in BigQuery needs the package google" in done.stderr
