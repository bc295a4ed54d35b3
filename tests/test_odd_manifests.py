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
