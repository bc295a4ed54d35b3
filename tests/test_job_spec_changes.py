"""A job spec from a file: what is one, what it tells of itself, and the same one under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo import evaluation, job_spec, manifests
from cajajejo.errors import FileProblemsError
from tests import hostile
from tests.hostile import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.manifests import Manifests

HAND_WRITTEN = """\
# A job by hand.
apiVersion: batch/v1
kind: Job
metadata: {name: config}
spec:
  template:
    spec:
      containers:
      - name: main
        image: config
        env: [{name: CONFIG_VERSION, value: old}, {name: OTHER, value: config}, {name: JOB_NAME, value: config}]
        envFrom: [{configMapRef: {name: settings}}]
      volumes: [{name: v, configMap: {name: settings}}, {name: w, configMap: {name: other}}]
---
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: config}
"""


@pytest.fixture(scope="module")
def job() -> Manifests:
    return hostile.parse(CONFIG, config_version="first")


def read(directory: Path, text: str) -> Manifests:
    path = directory / "job.yml"
    path.write_text(text, "utf-8")
    return job_spec.read(path)


def test_what_was_written_is_read_as_it_was(job: Manifests, tmp_path: Path) -> None:
    assert read(tmp_path, job.text) == job


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: Job\nmetadata: {name: a}\n", ["job.yml:1: apiVersion: required, and not there"]),
        ("apiVersion: v1\nmetadata: {name: a}\n", ["job.yml:1: kind: required, and not there"]),
        ("apiVersion: batch/v1\nkind: Job\n", ["job.yml:1: metadata.name: required, and not there"]),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
            ["job.yml: holds no Job", "    a job spec is what parse-job writes"],
        ),
        (
            "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\n---\n" * 2,
            ["job.yml: holds 2 Jobs (lines 1, 5), where one is meant", "    send them one at a time"],
        ),
        ("- a\n", ["job.yml:1: not a mapping of fields to values"]),
        ("", ["job.yml: holds no Job", "    a job spec is what parse-job writes"]),
    ],
)
def test_what_is_no_job_spec_is_told(text: str, expected: list[str], tmp_path: Path) -> None:
    with pytest.raises(FileProblemsError) as raised:
        read(tmp_path, text)
    assert [line.replace(f"{tmp_path}/", "") for line in raised.value.lines()[:-1]] == expected


def test_a_spec_tells_its_config_version_and_its_profile(job: Manifests, tmp_path: Path) -> None:
    assert (job_spec.config_version(job), job_spec.profile(job)) == ("first", "gke-autopilot")
    assert (job_spec.config_version(read(tmp_path, HAND_WRITTEN)), job_spec.profile(read(tmp_path, HAND_WRITTEN))) == (
        "old",
        None,
    )
    bare = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\n"
    assert (job_spec.config_version(read(tmp_path, bare)), job_spec.main_container(read(tmp_path, bare))) == (None, {})


def test_another_config_version_is_what_it_would_have_been_rendered_with(job: Manifests, tmp_path: Path) -> None:
    files = hostile.write_job(tmp_path, CONFIG, hostile.RUN_SPECS)
    first, second = (evaluation.parse_job(*files, config_version=version).jobs[0] for version in ("first", "$(second)"))
    changed = job_spec.changed(first, config_version="$(second)")
    assert (changed.name, changed.digest, changed.documents) == (second.name, second.digest, second.documents)
    assert hostile.read_by_pyyaml(changed.text)[1] == list(second.documents)
    assert job.name not in changed.text


def test_a_repetition_has_a_counter_and_another_name(job: Manifests) -> None:
    names = [job.name]
    for count in (1, 2):
        again = job_spec.changed(job, rerun=count)
        assert again.document("Job")["metadata"]["annotations"][job_spec.RERUN] == str(count)
        assert again.document("ConfigMap")["metadata"]["name"] == again.name
        assert manifests.fingerprint(again.documents, name=again.name) == again.digest
        assert job_spec.first(again).name == job.name
        names.append(again.name)
    assert len(set(names)) == len(names)
    assert job_spec.RERUN not in job.document("Job")["metadata"]["annotations"]


def test_a_spec_by_hand_gets_a_name_of_ours_and_keeps_everything_else(tmp_path: Path) -> None:
    changed = job_spec.changed(read(tmp_path, HAND_WRITTEN), config_version="new")
    pod = changed.document("Job")["spec"]["template"]["spec"]
    assert changed.name.startswith("config-")
    assert changed.document("Job")["metadata"] == {"name": changed.name}
    assert changed.document("ConfigMap")["metadata"] == {"name": changed.name}
    assert changed.document("ConfigMap")["data"] == {"a": "config"}
    assert pod["containers"][0]["image"] == "config"
    assert pod["containers"][0]["env"] == [
        {"name": "CONFIG_VERSION", "value": "new"},
        {"name": "OTHER", "value": "config"},
        {"name": "JOB_NAME", "value": changed.name},
    ]
    assert manifests.fingerprint(changed.documents, name=changed.name) == changed.digest
    assert pod["containers"][0]["envFrom"] == [{"configMapRef": {"name": changed.name}}]
    assert [volume["configMap"]["name"] for volume in pod["volumes"]] == [changed.name, "other"]


def test_nothing_changed_is_the_same_name(job: Manifests) -> None:
    assert job_spec.changed(job).name == job.name
