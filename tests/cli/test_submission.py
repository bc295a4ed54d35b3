"""``submit-job`` and ``diff`` as a user meets them: what stands on which stream, and the exit code."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest

from cajajejo import cli
from tests import builders, sending
from tests.clusters import Talk, talking
from tests.sending import CONFIG, RUN_SPECS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMS: list[str | Path] = ["--path-to-config", CONFIG, "--path-to-helm-config", RUN_SPECS]
GIVEN: list[str | Path] = [*FORMS, "--config-version", "v1"]
PLAN = """\
Plan  fake, namespace default, profile gke-autopilot
  {mark}  Job           {name}  {job}
  {mark}  ConfigMap     {name}  {map}
  {mark}  StorageClass  ssd{storage}
  config version v1, image evaluation:10abfb1bf8, at most 4 h, 3 retries
"""


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A fake cluster that the environment names."""
    with talking(tmp_path) as found:
        monkeypatch.setenv("KUBECONFIG", str(found.kubeconfig))
        yield found


@pytest.fixture
def name() -> str:
    return sending.spec().name


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*words: str | Path) -> int:
    return cli.run(cli.app, ["jobs", "evaluation", *map(str, words)], prog_name="cajajejo")


def submit(*words: str | Path) -> int:
    return run("submit-job", *words)


def told(text: str) -> str:
    """With the clock time and durations replaced."""
    return re.sub(r"in \d+(\.\d)? s", "in T", re.sub(r"^\d\d:\d\d:\d\d", "HH:MM:SS", text, flags=re.MULTILINE))


def test_a_job_is_sent_and_told(talk: Talk, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(*GIVEN) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{name}\n"
    asked = "8 CPU, 32Gi, scratch 50Gi"
    files = "eval_config.yml, run_specs.conf: 2.1 KiB, immutable"
    plan = PLAN.format(name=name, mark="+", job=asked, map=files, storage="")
    assert told(printed.err) == (
        f"{plan}HH:MM:SS  sent        3 objects in T\n"
        f"Next: cajajejo jobs watch {name}\n      cajajejo jobs logs -f {name}\n"
    )
    sending.assert_sent_once(talk.fake, name)


def test_the_same_again_is_told_and_writes_nothing(talk: Talk, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    submit(*GIVEN)
    capsys.readouterr()
    start = len(talk.fake.requests)
    assert submit(*GIVEN) == 0
    printed = capsys.readouterr()
    equal, space = "exists, equal", " " * (len(name) - 3)
    job = talk.fake.get("Job", name)
    assert job is not None
    plan = PLAN.format(name=name, mark="=", job=equal, map=equal, storage=f"{space}  {equal}")
    sent_at = job["metadata"]["creationTimestamp"]
    assert told(printed.err) == (
        f"{plan}HH:MM:SS  unchanged   it was sent at {sent_at}, and has not ended\n"
        f"Next: cajajejo jobs watch {name}\n      cajajejo jobs logs -f {name}\n"
    )
    assert printed.out == f"{name}\n"
    assert sending.changes(talk.fake, start) == []


def test_a_finished_job_is_sent_again_with_rerun(
    talk: Talk, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["cajajejo", "jobs", "evaluation", "submit-job", "--set", "env.A=b c"])
    submit(*GIVEN)
    sending.end(talk.fake, name)
    capsys.readouterr()
    assert submit(*GIVEN) == 0
    assert told(capsys.readouterr().err).splitlines()[-2:] == [
        "HH:MM:SS  unchanged   it was sent before, and completed at 2026-11-21T14:02:11Z",
        "Next: cajajejo jobs evaluation submit-job --set 'env.A=b c' --rerun",
    ]
    assert submit(*GIVEN, "--rerun") == 0
    second = capsys.readouterr().out.strip()
    sending.assert_sent_once(talk.fake, name, second)


def test_a_failed_job_says_why_and_how_it_is_sent_again(
    talk: Talk, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["cajajejo", "jobs", "evaluation", "submit-job", "--job-spec-path", "my job.yml"])
    submit(*GIVEN)
    sending.end(talk.fake, name, "Failed", reason="DeadlineExceeded", message="Job was active longer")
    capsys.readouterr()
    assert submit(*GIVEN) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[-4:] == [
        f"Error: the job {name} was sent before, and failed",
        "  failed      2026-11-21T14:02:11Z",
        "  reason      DeadlineExceeded: Job was active longer",
        "Run: cajajejo jobs evaluation submit-job --job-spec-path 'my job.yml' --rerun",
    ]
    assert submit(*GIVEN, "--rerun") == 0


def test_json_is_the_document_of_the_schema(talk: Talk, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads((sending.ROOT / "schemas/submit-job.schema.json").read_text("utf-8"))
    outcomes = []
    for _ in range(2):
        assert submit(*GIVEN, "--json") == 0
        printed = capsys.readouterr()
        document = json.loads(printed.out)
        jsonschema_rs.validate(schema, document)
        outcomes.append(document["jobs"][0]["outcome"])
        assert printed.err == ""
    assert outcomes == ["created", "unchanged"]
    kinds = ("StorageClass", "ConfigMap", "Job")
    names = ("ssd", name, name)
    assert document["jobs"][0] == {
        "name": name,
        "namespace": "default",
        "context": "fake",
        "outcome": "unchanged",
        "config_version": "v1",
        "objects": [{"kind": k, "name": n, "outcome": "unchanged"} for k, n in zip(kinds, names, strict=True)],
    }
    assert talk.fake.objects("Job")[0]["metadata"]["name"] == name


def test_a_failed_job_is_a_json_error(talk: Talk, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    submit(*GIVEN)
    sending.end(talk.fake, name, "Failed", reason="DeadlineExceeded")
    capsys.readouterr()
    assert submit(*GIVEN, "--json") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert json.loads(printed.err)["error"]["kind"] == "JobFailedError"


def test_a_harness_without_run_specs_is_sent_by_its_config_alone(
    talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = builders.write_config(tmp_path, helm=None, command={"args": ["./evaluate"], "results": "r.jsonl"})
    given = ["--config-version", "v1"]
    assert run("diff", config, *given, "--json") == 0
    changes = json.loads(capsys.readouterr().out)["objects"]
    assert submit("--path-to-config", config, *given) == 0
    name = capsys.readouterr().out.strip()
    assert [change["name"] for change in changes] == [name, name, "ssd"]
    sending.assert_sent_once(talk.fake, name)
    assert run("diff", config, *given) == 0
    assert "nothing to change" in capsys.readouterr().err
    for words in (["diff", config, RUN_SPECS], ["submit-job", "--path-to-config", config, *FORMS[2:]]):
        assert run(*words, *given) == 2
        assert "has command, which takes no run specs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "argument"), [(["diff", CONFIG], "HELM_CONFIG"), (["submit-job", *FORMS[:2]], "--path-to-helm-config")]
)
def test_run_specs_that_are_missing_are_told_before_the_repository_is_looked_at(
    words: list[str | Path], argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    assert f"Error: {argument} is missing: {CONFIG} has helm, which needs run specs" in capsys.readouterr().err


def test_a_dry_run_of_the_client_needs_no_cluster(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(*GIVEN, "--dry-run=client") == 0
    printed = capsys.readouterr()
    assert printed.out == sending.spec().text
    assert printed.err.startswith(f"Plan  the cluster was not asked\n  +  Job           {name}")


def test_a_dry_run_of_the_client_writes_the_spec_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(*GIVEN, "--dry-run=client", "--job-spec-output-path", "job.yml") == 0
    printed = capsys.readouterr()
    assert (tmp_path / "job.yml").read_text("utf-8") == printed.out == sending.spec().text
    assert printed.err.endswith("wrote job.yml\n")


OFFLINE = {
    "--rerun": "--rerun asks the cluster which repetition comes next; --dry-run=client asks none",
    "--json": "--dry-run=client prints the job spec itself, in YAML; --json goes with --dry-run=server",
}


@pytest.mark.parametrize("option", OFFLINE)
def test_options_that_do_not_go_with_a_dry_run_of_the_client(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(*GIVEN, "--dry-run=client", option) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert OFFLINE[option] in printed.err


def test_a_dry_run_of_the_server_stores_nothing(talk: Talk, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(*GIVEN, "--dry-run=server") == 0
    printed = capsys.readouterr()
    assert printed.out == f"{name}\n"
    assert told(printed.err).endswith("HH:MM:SS  checked     3 objects; nothing was stored\n")
    assert sending.stored(talk.fake) == {}
    assert all(request.dry_run for request in talk.fake.requests if request.method != "GET")


def test_an_unknown_field_of_a_spec_written_by_hand_is_found(
    talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "job.yml").write_text(sending.spec().text.replace("backoffLimit:", "backofLimit:"), "utf-8")
    assert submit("--job-spec-path", "job.yml", "--dry-run=server") == 1
    assert "backofLimit" in capsys.readouterr().err
    assert sending.stored(talk.fake) == {}


def test_what_is_sent_can_be_kept_and_is_the_same_when_it_is_sent(talk: Talk, tmp_path: Path, name: str) -> None:
    assert submit(*GIVEN, "--job-spec-output-path", "job.yml") == 0
    assert (tmp_path / "job.yml").read_text("utf-8") == sending.spec().text
    assert submit("--job-spec-path", "job.yml") == 0
    sending.end(talk.fake, name)
    assert submit(*GIVEN, "--rerun", "--job-spec-output-path", "again.yml") == 0
    assert submit("--job-spec-path", "again.yml") == 0
    assert len(talk.fake.objects("Job")) == 2


WRONG: dict[str, tuple[list[str | Path], str]] = {
    "no form": ([], "neither form is given, and exactly one is needed"),
    "both forms": ([*FORMS, "--job-spec-path", "job.yml"], "both forms are given, and exactly one is needed"),
    "half a form": (FORMS[:2], "--path-to-helm-config is missing"),
    "another namespace": ([*GIVEN, "-n", "UPPER"], "--namespace: "),
    "no such dry run": ([*GIVEN, "--dry-run=maybe"], "--dry-run"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_command_line_asks_no_cluster(case: str, talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    words, message = WRONG[case]
    assert submit(*words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert talk.asked() == []


@pytest.mark.parametrize("more", [[], ["--dry-run=client"]])
def test_a_namespace_must_agree_with_the_spec(
    more: list[str], talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "job.yml").write_text(sending.spec().text, "utf-8")
    assert submit("--job-spec-path", "job.yml", "-n", "team", *more) == 2
    expected = "Error: --namespace team does not agree with the job spec, which says default\n"
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", expected)
    assert talk.asked() == []


def test_a_namespace_is_that_of_the_job(talk: Talk) -> None:
    talk.fake.namespace("team")
    assert submit(*GIVEN, "-n", "team") == 0
    assert [job["metadata"]["namespace"] for job in talk.fake.objects("Job")] == ["team"]


def test_a_diff_is_what_sending_would_change(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diff", CONFIG, RUN_SPECS, "--config-version", "v1", "--exit-code") == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("+++")] == [
        f"+++ job/Job/{sending.spec().name}",
        f"+++ job/ConfigMap/{sending.spec().name}",
        "+++ job/StorageClass/ssd",
    ]
    sending.send(talk.connect())
    assert run("diff", CONFIG, RUN_SPECS, "--config-version", "v1", "--exit-code") == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "nothing to change\n")


def test_a_diff_of_a_spec_names_each_object_in_json(
    talk: Talk, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "job.yml").write_text(sending.spec().text, "utf-8")
    sending.send(talk.connect())
    talk.fake.update("StorageClass", "ssd", {"parameters": {"type": "pd-ssd"}})
    assert run("diff", "--job-spec-path", "job.yml", "--json") == 0
    objects = json.loads(capsys.readouterr().out)["objects"]
    assert [(each["kind"], each["name"], each["change"]) for each in objects] == [
        ("Job", name, "unchanged"),
        ("ConfigMap", name, "unchanged"),
        ("StorageClass", "ssd", "differs"),
    ]
    assert [line for line in objects[2]["diff"][2:] if line[0] in "+-"] == ["-  type: pd-ssd", "+  type: pd-balanced"]


def test_what_may_not_be_read_is_no_difference(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    sending.send(talk.connect())
    talk.fake.deny("get", "storageclasses")
    assert run("diff", CONFIG, RUN_SPECS, "--config-version", "v1", "--exit-code") == 0
    assert capsys.readouterr().err == "Warning: the StorageClass ssd may not be read\nnothing to change\n"
    assert submit(*GIVEN) == 0
    assert "  ?  StorageClass" in capsys.readouterr().err
