"""From what a user asks for to jobs that can be sent: both forms, versions, namespaces, and what would change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cajajejo import dispatch, job_spec
from cajajejo.dispatch import ObjectDiff, Prepared, Request
from cajajejo.errors import FileProblemsError, UsageError
from cajajejo.evaluation import Rendering
from cajajejo.submission import JobExistsError, JobFailedError
from tests import builders, sending
from tests.clusters import Talk, talking
from tests.sending import CONFIG, RUN_SPECS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.manifests import Manifests

MISSION = sending.ROOT / "tests/data/mission/job_spec.yml"


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


def prepared(**given: Any) -> Manifests:
    """The one job of a request."""
    (job,) = dispatch.prepare(Request(**given)).jobs
    return job


def sent(talk: Talk, job: Manifests) -> str:
    """Its outcome."""
    jobs, there = dispatch.place(Prepared((job,)), None, "default")
    return dispatch.send(talk.connect(), jobs, there, again="").sent()[0].outcome


WRONG_FORMS: dict[str, tuple[dict[str, Any], str]] = {
    "neither": ({}, "neither form is given, and exactly one is needed"),
    "both": (
        {"spec": MISSION, "config": CONFIG, "helm_config": RUN_SPECS},
        "both forms are given, and exactly one is needed",
    ),
    "both in part": ({"spec": MISSION, "config": CONFIG}, "both forms are given, and exactly one is needed"),
    "no config": ({"helm_config": RUN_SPECS}, "--path-to-config is missing"),
}


@pytest.mark.parametrize("case", WRONG_FORMS)
def test_exactly_one_form_is_asked_for(case: str) -> None:
    given, message = WRONG_FORMS[case]
    with pytest.raises(UsageError) as caught:
        dispatch.prepare(Request(**given))
    assert "\n".join(caught.value.lines()).splitlines() == [
        f"Error: {message}",
        "  forms       --job-spec-path FILE",
        "              --path-to-config FILE [--path-to-helm-config FILE]",
    ]
    assert caught.value.exit_code == 2


def test_helm_has_run_specs() -> None:
    message = f"--path-to-helm-config is missing: {CONFIG} has helm, which needs run specs"
    with pytest.raises(UsageError) as caught:
        dispatch.prepare(Request(config=CONFIG))
    assert caught.value.lines() == [f"Error: {message}"]
    with pytest.raises(UsageError, match="HELM_CONFIG is missing: "):
        dispatch.prepare(Request(config=CONFIG, helm_config_argument="HELM_CONFIG"))


def test_another_harness_is_sent_without_run_specs(talk: Talk, tmp_path: Path) -> None:
    path = builders.write_config(tmp_path, helm=None, lm_eval={"tasks": ["arc_easy"]})
    job = prepared(config=path, config_version="v1")
    assert sent(talk, job) == "created"
    assert list(talk.fake.objects("ConfigMap")[0]["data"]) == ["eval_config.yml"]
    with pytest.raises(UsageError) as caught:
        dispatch.prepare(Request(config=path, helm_config=RUN_SPECS, config_version="v1"))
    given = f"--path-to-helm-config is given ({RUN_SPECS}), and is to be left out"
    assert caught.value.lines() == [f"Error: {given}: {path} has lm_eval, which takes no run specs"]


@pytest.mark.parametrize("version", ["", "\udcff"])
@pytest.mark.parametrize("given", [{"spec": MISSION}, {"config": CONFIG, "helm_config": RUN_SPECS}])
def test_a_version_is_text(given: dict[str, Any], version: str) -> None:
    with pytest.raises(UsageError, match="--config-version"):
        dispatch.prepare(Request(**given, config_version=version))


def test_a_setting_does_not_go_with_a_job_spec() -> None:
    with pytest.raises(UsageError, match="--set changes a job config; a job spec is sent as it is"):
        dispatch.prepare(Request(spec=MISSION, rendering=Rendering(settings=("image_tag=x",))))


def test_a_config_is_rendered_with_the_version_that_is_given() -> None:
    job = prepared(config=CONFIG, helm_config=RUN_SPECS, config_version="v1")
    assert job == sending.spec("v1")


def test_a_config_that_is_missing_is_told_as_a_missing_file() -> None:
    with pytest.raises(FileProblemsError, match="1 problem in 1 file"):
        dispatch.prepare(Request(config=Path("nowhere.yml"), helm_config=RUN_SPECS))


def test_the_documented_job_spec_is_sent_as_it_is(talk: Talk) -> None:
    job = prepared(spec=MISSION)
    assert (job.name, job.text) == ("eval-neurips-merciful-crocodile", MISSION.read_text("utf-8"))
    assert sent(talk, job) == "created"
    assert sorted(sending.stored(talk.fake)) == [
        "ConfigMap/eval-configs",
        "Job/eval-neurips-merciful-crocodile",
        "StorageClass/ssd",
    ]
    owners = talk.fake.objects("ConfigMap")[0]["metadata"]["ownerReferences"]
    assert owners == sending.owner_of(talk.fake, job.name)
    assert sent(talk, job) == "unchanged"


def test_another_version_gives_a_job_spec_other_names_throughout(talk: Talk) -> None:
    first, job = prepared(spec=MISSION), prepared(spec=MISSION, config_version="abc")
    assert job.name.startswith("eval-neurips-")
    assert job.name != first.name
    assert job.document("ConfigMap")["metadata"]["name"] == job.name
    pod = job.document("Job")["spec"]["template"]["spec"]
    variables = {variable["name"]: variable["value"] for variable in pod["containers"][0]["env"]}
    assert (variables["JOB_NAME"], variables["CONFIG_VERSION"]) == (job.name, "abc")
    assert [volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume] == [job.name]
    assert "eval-configs" not in job.text
    assert list(yaml.safe_load_all(job.text)) == list(job.documents)
    assert prepared(spec=MISSION, config_version="abc") == job
    assert [sent(talk, first), sent(talk, job)] == ["created", "created"]
    assert len(talk.fake.objects("ConfigMap")) == 2


def test_another_version_of_a_written_spec_is_what_the_config_gives_with_it(tmp_path: Path) -> None:
    (tmp_path / "job.yml").write_text(sending.spec("v1").text, "utf-8")
    job = prepared(spec=tmp_path / "job.yml", config_version="v2")
    assert (job.name, job.documents) == (sending.spec("v2").name, sending.spec("v2").documents)


def test_a_spec_that_was_edited_under_its_old_name_is_another_job(talk: Talk, tmp_path: Path) -> None:
    job = sending.spec()
    assert sent(talk, job) == "created"
    (tmp_path / "job.yml").write_text(job.text.replace("backoffLimit: 3", "backoffLimit: 5"), "utf-8")
    edited = prepared(spec=tmp_path / "job.yml")
    assert edited.name == job.name
    with pytest.raises(JobExistsError) as caught:
        sent(talk, edited)
    assert caught.value.facts["there"].endswith("made from another spec")
    other = prepared(spec=tmp_path / "job.yml", config_version="v2")
    assert sent(talk, other) == "created"


NO_SPECS = {
    "no Job": ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n", "holds no Job"),
    "two Jobs": (
        f"{sending.spec('v1', profile='plain').text}---\n{sending.spec('v2', profile='plain').text}",
        "holds 2 Jobs",
    ),
}


@pytest.mark.parametrize("case", NO_SPECS)
def test_a_job_spec_holds_one_job(case: str, tmp_path: Path) -> None:
    text, message = NO_SPECS[case]
    (tmp_path / "job.yml").write_text(text, "utf-8")
    with pytest.raises(FileProblemsError) as caught:
        prepared(spec=tmp_path / "job.yml", config_version="v1")
    assert message in caught.value.problems[0].message


def test_the_namespace_is_that_of_the_spec_and_no_other() -> None:
    ready = dispatch.prepare(Request(config=CONFIG, helm_config=RUN_SPECS, config_version="v1"))
    assert dispatch.place(ready, "default", "elsewhere")[1] == "default"
    with pytest.raises(UsageError, match="--namespace team does not agree"):
        dispatch.place(ready, "team", "default")


def test_jobs_of_several_namespaces_are_not_sent_to_one() -> None:
    jobs = tuple(
        prepared(config=CONFIG, helm_config=RUN_SPECS, config_version="v", rendering=Rendering(namespace=place))
        for place in ("a", "b")
    )
    with pytest.raises(UsageError, match=r"the jobs are for 2 namespaces \(a, b\)"):
        dispatch.place(Prepared(jobs), None, "default")


def test_what_would_be_made_is_shown_whole(talk: Talk) -> None:
    job = sending.placed()
    found = dispatch.differences(talk.connect(), job)
    assert [(each.kind, each.name, each.mark) for each in found] == [
        ("Job", job.name, "+"),
        ("ConfigMap", job.name, "+"),
        ("StorageClass", "ssd", "+"),
    ]
    head, lines = found[2].lines[:3], found[2].lines[3:]
    assert head == ("--- cluster/StorageClass/ssd", "+++ job/StorageClass/ssd", f"@@ -0,0 +1,{len(lines)} @@")
    assert yaml.safe_load("\n".join(line.removeprefix("+") for line in lines)) == job.document("StorageClass")
    assert sending.stored(talk.fake) == {}


def test_what_is_there_and_equal_changes_nothing(talk: Talk) -> None:
    sending.send(talk.connect())
    job = sending.placed()
    names = (("Job", job.name), ("ConfigMap", job.name), ("StorageClass", "ssd"))
    assert dispatch.differences(talk.connect(), job) == [ObjectDiff(kind, name, "=") for kind, name in names]


def test_what_differs_is_shown_by_line_and_without_what_the_server_adds(talk: Talk) -> None:
    sending.send(talk.connect())
    talk.fake.update("Job", sending.spec().name, {"spec": {"backoffLimit": 0}})
    talk.fake.update("StorageClass", "ssd", {"parameters": {"type": "pd-\x1b[2Jssd"}})
    job, _, storage = dispatch.differences(talk.connect(), sending.placed())
    assert (job.mark, storage.mark) == ("~", "~")
    assert [line for line in job.lines[3:] if line[0] in "+-"] == ["-  backoffLimit: 0", "+  backoffLimit: 3"]
    changed = [line for line in storage.lines[3:] if line[0] in "+-"]
    assert changed == [r'-  type: "pd-\u001b[2Jssd"', "+  type: pd-balanced"]


def test_a_storage_class_that_may_not_be_read_is_marked(talk: Talk) -> None:
    talk.fake.deny("get", "storageclasses")
    assert dispatch.differences(talk.connect(), sending.placed())[2] == ObjectDiff("StorageClass", "ssd", "?")


def test_the_next_repetitions_of_several_jobs(talk: Talk) -> None:
    jobs = (sending.spec("v1"), sending.spec("v2"))
    sending.send(talk.connect(), "v1")
    sending.end(talk.fake, jobs[0].name)
    first, second = dispatch.repetitions(talk.connect(), Prepared(jobs), "default")
    assert first.document("Job")["metadata"]["annotations"][job_spec.RERUN] == "1"
    assert second == sending.placed("v2")


def test_a_failed_job_names_the_command_that_sends_it_once_more(talk: Talk) -> None:
    sending.send(talk.connect())
    sending.end(talk.fake, sending.spec().name, "Failed")
    with pytest.raises(JobFailedError) as caught:
        dispatch.send(talk.connect(), [sending.placed()], "default", again="cajajejo … --rerun")
    assert caught.value.run == ("cajajejo … --rerun",)
    assert caught.value.exit_code == 1
