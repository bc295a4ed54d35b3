"""``jobs cancel`` and ``jobs delete`` as a user meets them: who is asked, what is said, and the exit code."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from tests import sending, shows
from tests.clusters import job
from tests.shows import LABELS, Show, showing
from tests.terminals import Terminal, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    with showing(tmp_path, monkeypatch) as found:
        yield found


def names(show: Show) -> list[str]:
    return [row["metadata"]["name"] for row in show.talk.fake.objects("Job")]


def put_ended(show: Show, name: str, *, hours: float = 1) -> None:
    """A job that ended so long ago."""
    at = (datetime.now(UTC) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {"type": "Complete", "status": "True", "lastTransitionTime": at}
    show.put_job(name, conditions=[condition])


def test_one_job_is_stopped_without_a_question(show: Show) -> None:
    show.put_job()
    show.runs()
    assert show.run("cancel", "eval-a", "--reason", "wrong model") == 0
    assert show.told() == ["HH:MM:SS  cancelled   eval-a"]
    assert show.results() == ["eval-a"]
    assert names(show) == []
    assert show.talk.fake.objects("Pod") == []


def test_one_that_has_ended_is_said_to_have(show: Show) -> None:
    show.put_job()
    show.runs()
    show.ends(code=1)
    assert show.run("cancel", "eval-a") == 0
    assert show.told() == ["HH:MM:SS  unchanged   eval-a had ended: Failed"]
    assert show.results() == []
    assert names(show) == ["eval-a"]


def test_one_that_is_not_there_is_an_error_that_guesses(show: Show) -> None:
    show.put_job("eval-merciful")
    assert show.run("cancel", "eval-mercifull") == 1
    assert show.told()[:3] == [
        "Error: there is no job eval-mercifull in namespace default",
        "  jobs there    1",
        "  did you mean  eval-merciful",
    ]
    assert names(show) == ["eval-merciful"]


def test_several_have_an_account_each(show: Show) -> None:
    show.put_job()
    show.put_job("eval-b")
    show.talk.fake.put(job("theirs"))
    assert show.run("cancel", "eval-a", "eval-z", "theirs", "eval-b") == 1
    assert show.results() == ["eval-a", "eval-b"]
    assert show.told() == [
        "HH:MM:SS  cancelled   eval-a",
        "HH:MM:SS  cancelled   eval-b",
        "Error: 2 of 4 jobs were not cancelled",
        "  eval-z      there is no job eval-z in namespace default",
        "  theirs      the job theirs was not made by cajajejo",
    ]
    assert names(show) == ["theirs"]


def test_who_is_told_apart_in_json(show: Show) -> None:
    show.put_job()
    put_ended(show, "eval-b")
    assert show.run("cancel", "eval-a", "eval-b", "eval-z", "--json") == 1
    document = json.loads(show.out.text())
    jsonschema_rs.validate(json.loads((sending.ROOT / "schemas/ended-jobs.schema.json").read_text("utf-8")), document)
    outcomes = {row["name"]: (row["outcome"], row["message"]) for row in document["jobs"]}
    assert outcomes == {
        "eval-z": ("failed", "there is no job eval-z in namespace default"),
        "eval-a": ("cancelled", None),
        "eval-b": ("ended", None),
    }


def test_those_who_watch_see_it_cancelled(show: Show) -> None:
    show.put_job()

    def cancel() -> None:
        show.until("Pending")
        terminal = Terminal(command("cancel", "eval-a", "--reason", "wrong model"), environ(show))
        terminal.read(lambda text: "cancelled" in text)
        assert terminal.close() == 0

    assert show.run("watch", "eval-a", during=cancel) == 1
    (line,) = show.results()
    assert line.startswith("HH:MM:SS  Cancelled   ")
    assert "wrong model" in line


@pytest.mark.parametrize("verb", ["cancel", "delete"])
def test_labels_are_asked_about_and_nobody_answers(verb: str, show: Show) -> None:
    show.put_job("eval-run")
    put_ended(show, "eval-done")
    assert show.run(verb, "-l", "app.kubernetes.io/component=evaluation") == 2
    name = {"cancel": "eval-run", "delete": "eval-done"}[verb]
    question = f"{verb.capitalize()} the job {name} in namespace default?"
    assert show.told() == [f"Error: {question} Nobody is there to answer; to mean yes: --yes"]
    assert len(names(show)) == 2


@pytest.mark.parametrize("verb", ["cancel", "delete"])
def test_labels_mean_those_that_can_be_ended(verb: str, show: Show) -> None:
    for number in range(12):
        show.put_job(f"eval-run-{number}")
        put_ended(show, f"eval-done-{number}")
    assert show.run(verb, "-l", "app.kubernetes.io/component=evaluation", "--yes") == 0
    word = {"cancel": "eval-done", "delete": "eval-run"}[verb]
    assert len(names(show)) == 12
    assert all(name.startswith(word) for name in names(show))


def test_labels_that_mean_none(show: Show) -> None:
    show.put_job()
    assert show.run("cancel", "-l", "team=a") == 0
    assert show.told() == ["no job is meant by this"]
    assert show.results() == []


WRONG: dict[str, tuple[list[str], str]] = {
    "no name": (["cancel"], "which job? Give a NAME, or labels: --selector K=V"),
    "both": (["cancel", "eval-a", "-l", "a=b"], "either names, or --selector and --older-than"),
    "name and age": (["delete", "eval-a", "--older-than", "7d"], "either names, or --selector and --older-than"),
    "orphans and name": (
        ["delete", "eval-a", "--orphans"],
        "--orphans is about what no job has; no NAME, -l or --older-than goes with it",
    ),
    "no age": (["delete", "--older-than", "7"], "--older-than 7: 7 what? Write 7s, 7m or 7h"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_command_line_asks_no_cluster(case: str, show: Show) -> None:
    words, message = WRONG[case]
    assert show.run(*words) == 2
    assert show.told() == [f"Error: {message}"]
    assert show.talk.asked() == []


def test_a_finished_job_is_removed_by_a_part_of_its_name(show: Show) -> None:
    put_ended(show, "eval-merciful-crocodile")
    assert show.run("delete", "merciful", "-y") == 0
    assert show.told() == ["HH:MM:SS  deleted     eval-merciful-crocodile"]
    assert show.results() == ["eval-merciful-crocodile"]
    assert names(show) == []


def test_one_that_runs_is_not_removed(show: Show) -> None:
    show.put_job()
    assert show.run("delete", "eval-a", "-y") == 1
    assert show.told() == [
        "Error: the job eval-a has not ended",
        "Run: cajajejo jobs cancel eval-a -n default",
    ]
    assert names(show) == ["eval-a"]


def test_old_ones_are_removed(show: Show) -> None:
    put_ended(show, "eval-old", hours=49)
    put_ended(show, "eval-new", hours=47)
    show.put_job("eval-run")
    assert show.run("delete", "--older-than", "2d", "-y") == 0
    assert show.results() == ["eval-old"]
    assert names(show) == ["eval-new", "eval-run"]


def orphan(show: Show, name: str) -> None:
    labels = {**LABELS, "app.kubernetes.io/instance": name}
    metadata: dict[str, Any] = {"name": name, "labels": labels, "creationTimestamp": "2026-11-21T14:02:11Z"}
    show.talk.fake.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


def test_orphans_are_shown_asked_about_and_removed(show: Show) -> None:
    orphan(show, "eval-lost")
    assert show.run("delete", "--orphans") == 2
    assert show.told()[-1].startswith("Error: Delete 1 object in namespace default? Nobody is there to answer")
    assert show.run("delete", "--orphans", "-y") == 0
    assert show.results() == ["ConfigMap/eval-lost"]
    assert show.talk.fake.objects("ConfigMap") == []
    assert show.run("delete", "--orphans") == 0
    assert show.told()[-1] == "no orphans"


def test_orphans_in_json(show: Show) -> None:
    orphan(show, "eval-lost")
    assert show.run("delete", "--orphans", "-y", "--json") == 0
    document = json.loads(show.out.text())
    schema = json.loads((sending.ROOT / "schemas/removed-objects.schema.json").read_text("utf-8"))
    jsonschema_rs.validate(schema, document)
    assert document == {"objects": [{"kind": "ConfigMap", "name": "eval-lost", "outcome": "removed"}]}


def command(*words: str) -> list[str]:
    return ["-c", "from cajajejo.cli import main; main()", "jobs", *words]


def environ(show: Show) -> dict[str, str]:
    return {**os.environ, "KUBECONFIG": str(show.talk.kubeconfig), "PYTHONPATH": str(sending.ROOT / "src")}


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 0), ("n\n", 1, 1), ("\n", 1, 1)])
def test_a_terminal_is_asked(answer: str, code: int, left: int, show: Show) -> None:
    put_ended(show, "eval-a")
    terminal = Terminal(command("delete", "eval-a"), environ(show))
    terminal.read(lambda text: "[y/N] " in text)
    terminal.type(answer)
    terminal.read(lambda text: "deleted" in text.partition("[y/N]")[2])
    assert terminal.close() == code
    assert len(names(show)) == left
    lines = shows.clocked("\n".join(seen(terminal.written))).splitlines()
    assert lines[0].startswith("Delete the job eval-a in namespace default? [y/N]")
    if left:
        assert lines[-1] == "Error: nothing was deleted"


def test_orphans_that_may_not_be_listed_are_not_said_to_be_none(show: Show) -> None:
    show.talk.fake.deny("list", "configmaps")
    assert show.run("delete", "--orphans") == 1
    assert show.told()[0].startswith("Error: not allowed to list configmaps in namespace default")
