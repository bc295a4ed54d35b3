"""A finished evaluation on its MLflow run: everything, once, however often it is logged."""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import tracking
from cajajejo.errors import TrackingError
from cajajejo.results import FailedScenario, Results, Score
from cajajejo.tracking import artifacts as listed
from cajajejo.tracking import connection, evaluations, logged_models, metrics, tables
from cajajejo.tracking.evaluations import Log, Logged
from tests import builders
from tests.finished import FINISHED_AT, TAGS, artifacts, begun, everything, finished, found, items, runs

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS, "ignore::FutureWarning", "ignore::UserWarning")


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """An empty SQLite store."""
    return builders.copy_empty_store(tmp_path / "tracking" / "mlflow.db")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else makes the same at this moment."""
    monkeypatch.setattr(tracking.search, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(logged_models, "SETTLE_SECONDS", 0.0)


def set_tag(uri: str, run_id: str, name: str, value: str) -> None:
    with tracking.client(uri) as store:
        store.set_tag(run_id, name, value)


def forget(uri: str, run_id: str) -> None:
    """Takes away what says that everything is there."""
    with tracking.client(uri) as store:
        store.delete_tag(run_id, evaluations.DIGEST)


def test_everything_is_logged_on_the_run_that_was_begun(uri: str, tmp_path: Path) -> None:
    run_id = begun(uri)
    given = finished(tmp_path / "work", uri, run_id=run_id)
    assert Log(given)() == Logged(run_id, sent=True)
    assert everything(uri, given) == run_id


def test_results_from_before_prompts_and_versions_keep_the_digest_that_they_were_tracked_with(tmp_path: Path) -> None:
    older = found(items("geography", 1, 2, prompt=None))
    given = finished(tmp_path / "work", "sqlite:///none.db", older)
    head = {"suite": "v1", "harness": "helm", "status": "complete", "failed": []}
    metric = {"scenario": "geography", "metric": "exact_match", "value": 0.5, "std_err": 0.5, "n": 2, "clusters": None}
    what = {"id": given.id, "summary": {**head, "metrics": [metric]}, "instances": 2, "artifacts": []}
    assert evaluations.digest(given, []) == hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
    newer = (replace(older, versions={"torch": "2.13.0"}), replace(older, shots={"geography": 5}))
    digests = {evaluations.digest(replace(given, results=one), []) for one in (older, *newer)}
    assert len(digests) == 3


def test_what_is_there_is_not_sent_again(uri: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", uri)
    first = Log(given)()
    before = runs(uri)[0].to_dictionary()
    assert Log(given)() == Logged(first.run_id, sent=False)
    assert runs(uri)[0].to_dictionary() == before


def test_logging_all_of_it_twice_changes_nothing(uri: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", uri, run_id=begun(uri))
    first = Log(given)()
    before = runs(uri)[0].to_dictionary()
    forget(uri, first.run_id)
    assert Log(given)() == first
    assert runs(uri)[0].to_dictionary() == before
    everything(uri, given)


def test_an_evaluation_without_a_run_makes_one_and_finds_it_again(uri: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", uri, run_id="0" * 32)
    first = Log(given)()
    forget(uri, first.run_id)
    assert Log(given)().run_id == first.run_id == everything(uri, given)
    assert runs(uri)[0].info.start_time == int(FINISHED_AT * 1000)


def test_the_run_of_a_job_is_found_by_the_jobs_uid(uri: str, tmp_path: Path) -> None:
    run_id = begun(uri)
    set_tag(uri, run_id, "job_uid", "0f1c5d0e")
    given = finished(tmp_path / "work", uri, job_uid="0f1c5d0e")
    assert Log(given)().run_id == run_id == everything(uri, given)


def test_two_evaluations_of_one_name_get_two_runs(uri: str, tmp_path: Path) -> None:
    first = finished(tmp_path / "a", uri)
    second = finished(tmp_path / "b", uri, finished_at=FINISHED_AT + 1)
    assert Log(first)().run_id != Log(second)().run_id
    assert len(runs(uri)) == 2


def test_what_somebody_changed_on_the_run_stays(uri: str, tmp_path: Path) -> None:
    run_id = begun(uri)
    set_tag(uri, run_id, "creator", "somebody else")
    Log(finished(tmp_path / "work", uri, run_id=run_id))()
    assert runs(uri)[0].data.tags["creator"] == "somebody else"


def test_a_run_that_lacks_tags_gets_them(uri: str, tmp_path: Path) -> None:
    run_id = tracking.start_run(tracking.NewRun(uri, "tests", "x", "", {}), run_id=None)
    given = finished(tmp_path / "work", uri, run_id=run_id)
    Log(given)()
    everything(uri, given)


def test_a_partial_evaluation_is_completed_on_the_same_run(uri: str, tmp_path: Path) -> None:
    run_id = begun(uri)
    part = found(items("geography", 11, 20), failed=(FailedScenario("biology", "no network"),))
    partial = finished(tmp_path / "work", uri, part, run_id=run_id, finished_at=FINISHED_AT - 1)
    Log(partial)()
    assert runs(uri)[0].data.tags["evaluation_status"] == "partial"
    whole = finished(tmp_path / "work", uri, run_id=run_id)
    assert Log(whole)() == Logged(run_id, sent=True)
    everything(uri, whole)


def test_an_earlier_state_of_a_job_does_not_replace_a_later_one(uri: str, tmp_path: Path) -> None:
    whole = finished(tmp_path / "whole", uri, run_id=begun(uri))
    Log(whole)()
    part = found(items("geography", 11, 20), failed=(FailedScenario("biology", "no network"),))
    earlier = finished(tmp_path / "part", uri, part, run_id=whole.run_id, finished_at=FINISHED_AT - 60)
    assert Log(earlier)() == Logged(str(whole.run_id), sent=False)
    everything(uri, whole)


def test_a_partial_evaluation_does_not_replace_a_complete_one(uri: str, tmp_path: Path) -> None:
    whole = finished(tmp_path / "whole", uri, run_id=begun(uri))
    Log(whole)()
    with tracking.client(uri) as store:
        store.update_run(whole.run_id, status="RUNNING")  # a later pod of the job takes it up again
    part = found(items("geography", 10, 20), failed=(FailedScenario("biology", "no network"),))
    later = finished(tmp_path / "part", uri, part, run_id=whole.run_id, finished_at=FINISHED_AT + 60)
    assert Log(later)() == Logged(str(whole.run_id), sent=False)
    with tracking.client(uri) as store:
        assert store.get_run(whole.run_id).info.status == "FINISHED"
        store.set_terminated(whole.run_id, end_time=whole.milliseconds)
    everything(uri, whole)


def test_numbers_that_a_killed_pod_logged_are_not_logged_again(uri: str, tmp_path: Path) -> None:
    scores = tuple(Score(f"s{n}", "m", value, None, 2) for n, value in enumerate((0.5, math.nan, math.inf, -math.inf)))
    given = Results("v1", "command", scores, ())
    first = finished(tmp_path / "first", uri, given, run_id=begun(uri), finished_at=FINISHED_AT - 60)
    second = finished(tmp_path / "second", uri, given, run_id=first.run_id)
    for killed in (first, second):
        with pytest.raises(KeyboardInterrupt):
            Log(killed, kill_at_the_files)()
    Log(second)()
    with tracking.client(uri) as store:
        assert [len(store.get_metric_history(first.run_id, score.name)) for score in scores] == [1, 1, 1, 1]
        assert store.get_run(first.run_id).data.tags["evaluation_id"] == second.id


def kill_at_the_files(_: float) -> None:
    """As a `Log` is watched: ends when the numbers are there, before the first file."""
    if sys._getframe(1).f_code is listed.send.__code__:
        raise KeyboardInterrupt


def test_a_store_that_is_emptied_meanwhile_gets_every_file_again(uri: str, tmp_path: Path) -> None:
    log = Log(finished(tmp_path / "work", uri, run_id=begun(uri)))
    first = log()
    with tracking.client(uri) as store:
        store.delete_run(first.run_id)
    assert log().run_id != first.run_id
    everything(uri, log.finished)


def test_the_harness_log_stands_in_the_output_once(uri: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", uri)
    (given.directory / "output" / "harness.log").write_text("the same\n")
    Log(given)()
    everything(uri, given)


def test_a_harness_without_run_specs_leaves_two_artifacts(uri: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", uri)
    (given.directory / "configs" / "run_specs.conf").unlink()
    run_id = Log(given)().run_id
    with tracking.client(uri) as store:
        assert sorted(entry.path for entry in store.list_artifacts(run_id)) == ["eval_config.yml", "output"]


def test_the_table_of_instances_is_one_that_mlflow_loads(uri: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", uri)
    run_id = Log(given)().run_id
    mlflow = tracking.package()
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        table = mlflow.MlflowClient().load_table(
            runs(uri)[0].info.experiment_id, "output/results_table.json", [run_id], extra_columns=["run_id"]
        )
    finally:
        mlflow.set_tracking_uri(before)
    assert list(table.columns) == [
        *("suite", "scenario", "subject", "id", "repeat", "group", "prompt_sha256", "prompt"),
        *("reference", "prediction", "scores.exact_match", "run_id"),
    ]
    assert len(table) == 40
    assert table.iloc[0][["scenario", "id", "prompt", "prediction", "scores.exact_match"]].tolist() == [
        *("geography", "q-0", "Which is the capital of 0?", "Paris 😀", 1)
    ]


def test_tables_that_others_logged_stay_listed(uri: str, tmp_path: Path) -> None:
    run_id = begun(uri)
    theirs = {"path": "mine.json", "type": "table"}
    set_tag(uri, run_id, "mlflow.loggedArtifacts", json.dumps([theirs]))
    Log(finished(tmp_path / "work", uri, run_id=run_id))()
    ours = {"path": "output/results_table.json", "type": "table"}
    assert json.loads(runs(uri)[0].data.tags["mlflow.loggedArtifacts"]) == [theirs, ours]


def test_a_list_of_tables_that_is_none_is_replaced(uri: str, tmp_path: Path) -> None:
    run_id = begun(uri)
    set_tag(uri, run_id, "mlflow.loggedArtifacts", "{not json")
    Log(finished(tmp_path / "work", uri, run_id=run_id))()
    assert json.loads(runs(uri)[0].data.tags["mlflow.loggedArtifacts"]) == [
        {"path": "output/results_table.json", "type": "table"}
    ]


def test_the_metrics_of_the_logged_model_name_the_data_set(uri: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", uri)
    Log(given)()
    (run,) = runs(uri)
    digests = {given.dataset.name: given.dataset.digest for given in run.inputs.dataset_inputs}
    with tracking.client(uri) as store:
        (model,) = store.search_logged_models([run.info.experiment_id])
        best = store.search_logged_models(
            [run.info.experiment_id],
            order_by=[{"field_name": "metrics.geography/exact_match", "dataset_name": "geography"}],
        )
    assert {(one.dataset_name, one.dataset_digest) for one in model.metrics} == set(digests.items())
    assert (model.name, model.tags["mlflow.model.isExternal"]) == ("Pythia-70m", "true")
    assert [one.model_id for one in best] == [model.model_id]


def test_a_model_that_was_made_and_not_finished_is_finished(uri: str, tmp_path: Path) -> None:
    run_id = begun(uri)
    with tracking.client(uri) as store:
        store.create_logged_model(store.get_run(run_id).info.experiment_id, name="begun", source_run_id=run_id)
    given = finished(tmp_path / "work", uri, run_id=run_id)
    Log(given)()
    everything(uri, given)


def test_of_two_models_that_were_made_at_once_the_older_one_stays(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = begun(uri)
    with tracking.client(uri) as store:
        inside = store.get_run(run_id).info.experiment_id
        theirs = store.create_logged_model(inside, name="theirs", source_run_id=run_id)
        oldest = logged_models._oldest
        answers = iter([None])  # it was made just after we looked
        monkeypatch.setattr(logged_models, "_oldest", lambda *given: next(answers, oldest(*given)))
        assert logged_models.ensure(store, inside, run_id, TAGS) == theirs.model_id
    given = finished(tmp_path / "work", uri, run_id=run_id)
    Log(given)()
    everything(uri, given)


def test_numbers_that_are_none_are_metrics_of_the_run_alone(uri: str, tmp_path: Path) -> None:
    scores = (Score("a", "f1", math.nan, None, 2), Score("a", "loss", math.inf, None, 2), Score("b", "m", 1.0, 0.5, 2))
    given = finished(tmp_path / "work", uri, Results("v1", "command", scores, ()))
    Log(given)()
    (run,) = runs(uri)
    assert math.isnan(run.data.metrics["a/f1"])
    assert run.data.metrics["a/loss"] > 1e300
    with tracking.client(uri) as store:
        (model,) = store.search_logged_models([run.info.experiment_id])
    assert {(one.key, one.dataset_name) for one in model.metrics} == {("b/m", None), ("b/m_std_err", None)}
    assert run.inputs.dataset_inputs == []
    assert "output/results_table.json" not in artifacts(uri, run.info.run_id)


def test_more_metrics_than_mlflow_takes_at_once_are_all_logged(uri: str, tmp_path: Path) -> None:
    scores = tuple(Score(f"s{n}", "m", float(n), 0.5, 2) for n in range(1100))
    Log(finished(tmp_path / "work", uri, Results("v1", "helm", scores, ())))()
    metrics = runs(uri)[0].data.metrics
    assert (len(metrics), metrics["s1099/m"], metrics["s1099/m_std_err"]) == (2201, 1099.0, 0.5)


def test_nothing_of_the_environment_is_logged(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secretsecretsecret")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secretsecretsecret")
    run_id = Log(finished(tmp_path / "work", uri))().run_id
    assert "secretsecret" not in repr(runs(uri)[0].to_dictionary())
    tracking.download_artifacts(uri, run_id, "", tmp_path / "all")
    files = [path for path in (tmp_path / "all").rglob("*") if path.is_file()]
    assert len(files) == 8
    assert not any(b"secretsecret" in path.read_bytes() for path in files)


def test_files_of_any_name_are_logged(uri: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", uri)
    odd = given.directory / "output" / "odd"
    odd.mkdir()
    for name in ("a#b", "a?b", "a%41", "a b:é,=", "a\nb", ".hidden"):
        (odd / name).write_text(name)
    (odd / "link").symlink_to(odd / "a#b")
    (odd / "broken").symlink_to(odd / "none")
    (odd / "circle").symlink_to(odd, target_is_directory=True)
    os.mkfifo(odd / "pipe")
    (odd / ".cajajejo-0a1b2c3d.tmp").write_text("half")
    run_id = Log(given)().run_id
    assert artifacts(uri, run_id, "output/odd") == [
        f"output/odd/{name}" for name in (".hidden", "a b:é,=", "a_41", "a_b", "a_b_", "a_b__", "link")
    ]


def test_links_to_the_files_of_others_are_left_out(uri: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", uri)
    (tmp_path / "id_rsa").write_text("somebody's")
    for name in ("output/key", "configs/key"):
        (given.directory / name).symlink_to(tmp_path / "id_rsa")
    Log(given)()
    assert not [path for path in artifacts(uri, runs(uri)[0].info.run_id) if "key" in path]


def test_text_that_is_no_text_is_stored_as_it_can_be(uri: str, tmp_path: Path) -> None:
    tags = {**TAGS, "config_path_git_repo": "jobs/\udce9.yml", "note": "a\0b"}
    new = tracking.NewRun(uri, "tests", "merciful-\udce9", "A \udce9.", tags)
    given = finished(tmp_path / "work", uri, new=new, facts={"gpu": "\udce9"})
    run_id = Log(given)().run_id
    (run,) = runs(uri)
    assert (run.info.run_id, run.info.run_name) == (run_id, "merciful-\\udce9")
    assert {name: run.data.tags[name] for name in ("config_path_git_repo", "note", "system.gpu")} == {
        "config_path_git_repo": "jobs/\\udce9.yml",
        "note": "a\\x00b",
        "system.gpu": "\\udce9",
    }


def test_a_file_that_is_refused_does_not_keep_the_others_back(uri: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", uri, run_id=begun(uri))

    class Picky:
        def __init__(self, store: Any) -> None:
            self._store = store

        def log_artifact(self, run_id: str, path: str, folder: str | None) -> None:
            if path.endswith("stats.json"):
                raise PermissionError("not this one")
            self._store.log_artifact(run_id, path, folder)

    with tracking.client(uri) as store:
        wanted, sent, told = listed.artifacts(given.directory), set[str](), list[float]()
        refused = listed.send(Picky(store), str(given.run_id), wanted, sent=sent, watch=told.append, uri=uri)
    assert refused == ["output/runs/v1/geography:model=m/stats.json"]
    assert sent == {artifact.path for artifact in wanted} - set(refused)
    assert len(told) == len(wanted)


def test_a_store_that_takes_no_file_is_told(uri: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", uri, run_id=begun(uri))
    place = tmp_path / "tracking" / "mlartifacts"
    place.mkdir(exist_ok=True)
    place.rmdir()
    place.write_text("no directory")
    with pytest.raises(TrackingError):
        Log(given)()
    assert runs(uri)[0].info.status == "RUNNING"


def test_a_run_tells_whether_it_has_an_evaluation(uri: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", uri, run_id=begun(uri))
    assert not evaluations.has(uri, str(given.run_id), given.id)
    Log(given)()
    assert evaluations.has(uri, str(given.run_id), given.id)
    assert not evaluations.has(uri, str(given.run_id), replace(given, name="another").id)
    with pytest.raises(TrackingError):
        evaluations.has(uri, "0" * 32, given.id)


def test_metrics_that_another_one_put_on_the_model_are_logged_on_the_run(uri: str, tmp_path: Path) -> None:
    run_id = begun(uri)
    given = finished(tmp_path / "work", uri, run_id=run_id)
    with tracking.client(uri) as store:
        inside = store.get_run(run_id).info.experiment_id
        model_id = logged_models.ensure(store, inside, run_id, TAGS)
        for batch in metrics.batches(given, model_id, (), {}):  # without data sets, so that ours differ
            store.log_batch(run_id, metrics=batch)
    assert Log(given)().sent
    assert runs(uri)[0].data.metrics["geography/exact_match"] == 0.55
    assert runs(uri)[0].info.status == "FINISHED"


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("API request to http://x failed with exception ... too many 503 error responses", "HTTP 503"),
        ("API request to endpoint /x failed with error code 404 != 200. Response body: '<html>'", "HTTP 404"),
        ("502 Server Error: Bad Gateway for url", "HTTP 502"),
        ("Max retries exceeded (Caused by NewConnectionError: [Errno 111] Connection refused)", "connection refused"),
        ("Read timed out. (read timeout=5)", "it does not answer in time"),
        ("('Connection aborted.', RemoteDisconnected(...))", "the connection broke off"),
        ("(sqlite3.IntegrityError) UNIQUE constraint failed", "another one writes the same at this moment"),
        ("(sqlite3.OperationalError) database is locked", "the store is locked"),
        ("first line\nsecond", "first line"),
        ("", "nothing"),
        ("odd \x1b[31m", "odd \\x1b[31m"),
    ],
)
def test_what_went_wrong_is_told_in_a_few_words(says: str, words: str) -> None:
    assert connection.reason(says) == words


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("geography/exact_match", "geography/exact_match"),
        ("x" * 250, "x" * 250),
        ("../a", "a"),
        ("a//b", "a_b"),
        ("./.", "_"),
        (".", "_"),
        ("/a/", "a"),
        ("s😀/m\n%", "s_/m__"),
    ],
)
def test_the_key_of_a_metric_is_one_that_mlflow_takes(name: str, key: str) -> None:
    assert metrics.key(name) == key


def test_keys_that_are_too_long_are_cut_and_stay_apart() -> None:
    keys = {metrics.key("x" * 251), metrics.key("x" * 252)}
    assert {len(key) for key in keys} == {250}
    assert len(keys) == 2


def test_a_long_table_has_rows_of_every_scenario() -> None:
    asked = [*items("large", 0, 90), *items("small", 0, 5), *items("middle", 0, 30)]
    taken = tables.rows(asked, 45)
    counts = {name: sum(item.scenario == name for item in taken) for name in ("small", "middle", "large")}
    assert counts == {"small": 5, "middle": 20, "large": 20}
    assert taken == [item for item in asked if item in taken]
    assert tables.rows(asked, 125) == asked


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({"model": "Pythia-70m"}, "Pythia-70m"),
        ({"model": "org/a.b:c%d"}, "a_b_c_d"),
        ({"model_gs_uri": "gs://bucket/models/pythia/"}, "pythia"),
        ({"model_gs_uri": "None", "model_artifact_path": "model"}, "model"),
        ({"model": "/"}, "model"),
        ({}, "model"),
    ],
)
def test_the_name_of_a_logged_model_is_one_that_mlflow_takes(tags: dict[str, str], name: str) -> None:
    assert logged_models.name(tags) == name
