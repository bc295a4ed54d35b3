"""Job specs under names that people choose: words that mean something else in a manifest, and names with dots."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cajajejo import dispatch, job_spec, submission
from cajajejo.dispatch import Request
from tests import sending

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.manifests import Manifests

WORDS = ("default", "v1", "eval", "kubernetes", "1", "ssd", "name", "a.b-c", "x" * 63)


def spec_called(name: str, path: Path) -> Path:
    """A rendered job whose objects somebody gave the name `name`."""
    job = sending.spec()
    documents = (json.dumps(document).replace(job.name, name) for document in job.documents)
    path.write_text("\n---\n".join(documents))
    return path


def blanked(job: Manifests) -> Any:
    """What the documents of `job` hold beside its name."""
    return json.loads(json.dumps(job.documents).replace(job.name, "NAME"))


@pytest.mark.parametrize("name", WORDS)
def test_a_new_version_renames_the_job_and_nothing_that_only_looks_like_it(name: str, tmp_path: Path) -> None:
    path = spec_called(name, tmp_path / "spec.yml")
    (job,) = dispatch.prepare(Request(spec=path, config_version="v1")).jobs
    assert job.name.startswith(name.replace(".", "-")[:32])
    assert blanked(job) == blanked(sending.spec())
    placed = submission.placed(job, None, "default")
    assert placed.document("Job")["metadata"]["namespace"] == "default"


@pytest.mark.parametrize("name", WORDS)
def test_the_name_can_be_found_again_from_the_file(name: str, tmp_path: Path) -> None:
    (job,) = dispatch.prepare(Request(spec=spec_called(name, tmp_path / "a.yml"), config_version="v2")).jobs
    (tmp_path / "b.yml").write_text(job.text)
    again = job_spec.read(tmp_path / "b.yml")
    assert (again.name, again.digest) == (job.name, job.digest)


def test_a_version_takes_the_place_of_a_reference(tmp_path: Path) -> None:
    documents = [dict(document) for document in yaml.safe_load_all(sending.spec().text)]
    variable = {"name": "CONFIG_VERSION", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    documents[0]["spec"]["template"]["spec"]["containers"][0]["env"] = [variable]
    (tmp_path / "spec.yml").write_text(yaml.safe_dump_all(documents))
    (job,) = dispatch.prepare(Request(spec=tmp_path / "spec.yml", config_version="v2")).jobs
    env = job_spec.main_container(job)["env"]
    assert env == [{"name": "CONFIG_VERSION", "value": "v2"}]
