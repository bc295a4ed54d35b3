"""Job specs as people write them and as kubectl reads them: octal modes, lists, pipes, and files with mistakes."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import checking, dispatch
from cajajejo.dispatch import Request
from cajajejo.errors import FileProblemsError
from cajajejo.evaluation import Rendering
from tests import sending

if TYPE_CHECKING:
    from pathlib import Path


def written(directory: Path, text: str) -> Path:
    path = directory / "spec.yml"
    path.write_text(text)
    return path


def said(path: Path) -> list[str]:
    return [line for problem in checking.check(path, None, Rendering()).problems for line in problem.lines()]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("backoffLimit: 3.0", 3),
        ("backoffLimit: 0010", 8),
        ("backoffLimit: 0o10", 8),
        ("backoffLimit: 0x10", 16),
        ("backoffLimit: 10", 10),
    ],
)
def test_numbers_are_what_kubectl_takes_them_for(field: str, value: int, tmp_path: Path) -> None:
    path = written(tmp_path, sending.spec().text.replace("backoffLimit: 3", field))
    (job,) = dispatch.prepare(Request(spec=path)).jobs
    assert json.dumps(job.document("Job")["spec"]["backoffLimit"]) == str(value)


def test_a_mode_is_octal(tmp_path: Path) -> None:
    job = sending.spec()
    mode = f'configMap:\n          defaultMode: 0400\n          name: "{job.name}"'
    text = job.text.replace(f'configMap:\n          name: "{job.name}"', mode)
    (read,) = dispatch.prepare(Request(spec=written(tmp_path, text))).jobs
    assert read.document("Job")["spec"]["template"]["spec"]["volumes"][0]["configMap"]["defaultMode"] == 0o400


MISTAKES = {
    "duplicate": ("immutable: true", "immutable: true\nimmutable: true", "immutable: duplicate field"),
    "NUL": ("immutable: true", 'immutable: "\\0"', "immutable: holds the character NUL, which Kubernetes cannot store"),
    "alias": ("immutable: true", "immutable: *there", "not well-formed YAML: found undefined alias"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_a_job_spec_is_told_of_the_job_spec(case: str, tmp_path: Path) -> None:
    before, after, message = MISTAKES[case]
    path = written(tmp_path, sending.spec().text.replace(before, after))
    with pytest.raises(FileProblemsError) as raised:
        dispatch.prepare(Request(spec=path))
    assert said(path) == raised.value.lines()[:-1]
    assert said(path)[0].endswith(message)


def test_a_document_that_says_null_is_left_out(tmp_path: Path) -> None:
    assert said(written(tmp_path, f"---\nnull\n---\n{sending.spec().text}---\n~\n---\n")) == []


def test_the_items_of_a_list_are_asked_for_one_by_one(tmp_path: Path) -> None:
    whole: dict[str, Any] = {"apiVersion": "v1", "kind": "List", "items": sending.spec().documents}
    path = written(tmp_path, json.dumps(whole))
    with pytest.raises(FileProblemsError) as raised:
        dispatch.prepare(Request(spec=path))
    assert raised.value.lines()[:2] == [
        f"{path}:1: items: many objects in one document",
        "    write each of its items as a document of its own, with --- between them",
    ]


@pytest.mark.parametrize("what", ["a job spec", "a config"])
def test_what_comes_through_a_pipe_is_checked_like_a_file(what: str, tmp_path: Path) -> None:
    text = sending.spec().text if what == "a job spec" else sending.CONFIG.read_text()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_text, args=[text], daemon=True).start()
    assert said(pipe) == []
    if what == "a job spec":
        assert dispatch.prepare(Request(spec=pipe)).jobs[0].digest == sending.spec().digest


def test_a_secret_is_told_to_be_made_by_itself(tmp_path: Path) -> None:
    more = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: hunter2}\n"
    path = written(tmp_path, sending.spec().text + more)
    with pytest.raises(FileProblemsError) as raised:
        dispatch.prepare(Request(spec=path))
    assert raised.value.problems == checking.check(path, None, Rendering()).problems
    assert raised.value.problems[0].message == "a job spec holds no Secret"
    assert "hunter2" not in "".join(raised.value.lines())


def test_what_cannot_be_sent_is_told_before_anything_is(tmp_path: Path) -> None:
    other = "---\napiVersion: example.org/v1\nkind: Thing\nmetadata: {name: a}\n"
    path = written(tmp_path, sending.spec().text + other)
    with pytest.raises(FileProblemsError) as raised:
        dispatch.prepare(Request(spec=path))
    assert raised.value.lines()[:2] == [
        f"{path}: kind: not a kind that cajajejo deals with: example.org/v1 Thing",
        "    send it by itself, with kubectl apply",
    ]


@pytest.mark.parametrize(
    ("job", "settings", "seen"),
    [("a", "a", True), ("a", "b", False), (None, "b", True), ("a", None, True), (None, None, True)],
)
def test_a_configmap_that_the_pods_cannot_see_is_an_error(
    job: str | None,
    settings: str | None,
    seen: bool,  # noqa: FBT001  # a case
    tmp_path: Path,
) -> None:
    documents = json.loads(json.dumps(sending.spec().documents))
    documents[0]["metadata"]["namespace"], documents[1]["metadata"]["namespace"] = job, settings
    path = written(tmp_path, "\n---\n".join(map(json.dumps, documents)))
    name = sending.spec().name
    message = f"the ConfigMap {name!r} of this manifest is in namespace b, and not in a"
    assert [problem.message for problem in checking.check(path, None, Rendering()).problems] == [message] * (not seen)
