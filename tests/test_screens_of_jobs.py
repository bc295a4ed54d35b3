"""The screens of jobs in the README and in docs/following.md are what the commands print, but for times."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from tests import sending, shows
from tests.cli import lives
from tests.shows import showing
from tests.status import made
from tests.terminals import Terminal, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.fakes.kubernetes.lifecycle import Step
    from tests.shows import Show

PAGES: Final = ("README.md", "docs/following.md")
NAME: Final = "eval-neurips-perceptive-bumblebee-c2085b0c"
TYPE: Final = "cloud.google.com/gke-accelerator"
LABELS: Final = '"logging.googleapis.com/labels": {"job_name": "x"}'
LOG: Final = f"""\
{{"time": "2026-11-21T14:51:01.5Z", "message": "helm: mmlu:subject=anatomy, 118 of 135 instances", {LABELS}}}
{{"time": "2026-11-21T14:51:06.5Z", "message": "helm: loading the next batch (16 prompts, 3,811 tokens the longest)", {LABELS}}}
"""  # noqa: E501  # a line of a log


def screens(command: str) -> list[list[str]]:
    """What both pages show below a command, as often as it stands there."""
    found = []
    for page in PAGES:
        for block in re.findall(r"```text\n(.*?)```", (sending.ROOT / page).read_text("utf-8"), re.DOTALL):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                said, _, screen = part.partition("\n")
                found += [blurred(screen)] if said == command else []
    return found


def blurred(screen: str) -> list[str]:
    """The lines without what differs each time: clock times, ages, and the space that is filled up beside them."""
    text = re.sub(r"\b\d\d:\d\d:\d\d\b", "HH:MM:SS", screen)
    text = re.sub(r"\d+ h \d+ min|\d+ min\b|(?<!<)\b\d+ s\b", "TIME", text)
    return [re.sub(r" {2,}TIME ago$", "  TIME ago", line.rstrip()) for line in text.splitlines() if line.strip()]


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    with showing(tmp_path, monkeypatch) as found:
        yield found


def play(show: Show, tmp_path: Path, scenario: str, minutes_ago: float) -> None:
    """A recorded life of the job of the README."""
    path = "jobs/evaluation/example.mlflow.job_config.yml"
    told = {"config-path": path, "config-version": "d328dc8af5c9"}
    lives.play(show.talk.fake, tmp_path, scenario, NAME, minutes_ago=minutes_ago)
    show.talk.fake.update(
        "Job", NAME, {"metadata": {"annotations": {f"cajajejo/{key}": text for key, text in told.items()}}}
    )


def on_a_terminal(show: Show, *words: str) -> list[str]:
    """What stands on a terminal after ``cajajejo jobs …``."""
    environ = {**os.environ, "KUBECONFIG": str(show.talk.kubeconfig), "PYTHONPATH": str(sending.ROOT / "src")}
    code = "from cajajejo.cli import main\ntry: main()\nfinally: print('END', flush=True)"
    terminal = Terminal(["-c", code, "jobs", *words], environ)
    written = terminal.read(lambda text: "END\n" in text)
    terminal.close()
    return blurred("\n".join(seen(written.replace("END\n", ""))))


def test_a_job_that_waits_for_a_gpu(show: Show, tmp_path: Path) -> None:
    fake = show.talk.fake
    play(show, tmp_path, "pending-gpu", 12)
    pod = fake.objects("Pod")[0]["metadata"]
    fake.update("Pod", pod["name"], {"spec": {"nodeSelector": {TYPE: "nvidia-tesla-t4"}}})
    for number, kind in enumerate(["nvidia-tesla-t4"] * 2 + ["nvidia-l4"] * 3):
        fake.put({"apiVersion": "v1", "kind": "Node", **made.gpu_node(f"node-{number}", kind)})
    for number in range(2):
        other = {"name": f"other-{number}", "namespace": "default"}
        fake.put({"apiVersion": "v1", "kind": "Pod", "metadata": other, **made.user(f"node-{number}")})
    said = made.event(
        "NotTriggerScaleUp",
        "pod didn't trigger scale-up: 1 max node group size reached",
        lastTimestamp=(datetime.now(UTC) - timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        involvedObject={"kind": "Pod", "name": pod["name"], "namespace": "default", "uid": pod["uid"]},
        source={"component": "cluster-autoscaler"},
    )
    fake.put({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "a", "namespace": "default"}, **said})
    shown = [screen for screen in screens("cajajejo jobs status bumblebee") if "Pending" in screen[1]]
    assert shown == [on_a_terminal(show, "status", "bumblebee")] * 2


def test_a_job_that_was_killed_for_memory_and_what_it_said(show: Show, tmp_path: Path) -> None:
    play(show, tmp_path, "oomkilled", 4.5)
    show.talk.fake.log(f"{NAME}-w4b5m", LOG)
    shown = [screen for screen in screens("cajajejo jobs status bumblebee") if "Failed" in screen[1]]
    assert shown == [on_a_terminal(show, "status", "bumblebee")]
    shown = screens("cajajejo jobs logs bumblebee --tail 2")
    assert shown
    assert shown == [on_a_terminal(show, "logs", "bumblebee", "--tail", "2")] * len(shown)


def test_a_job_that_is_watched_to_its_end(show: Show) -> None:
    player = show.scenario("preemption", NAME)
    phases: tuple[tuple[Callable[[Step], bool], str], ...] = (
        (shows.runs, "attempt 1 on node-1"),
        (lambda step: "deletionTimestamp" in step.object["metadata"], "it is being stopped"),
        (lambda step: step.object.get("status", {}).get("phase") == "Failed", "the next one follows"),
        (
            lambda step: shows.runs(step) and step.object["metadata"]["name"].startswith("eval-low"),
            "attempt 2 on node-1",
        ),
    )

    def live() -> None:
        show.until("Pending")
        for until, text in phases:
            player.play(until=until)
            show.until(text)
        player.play()

    assert show.run("watch", "bumblebee", during=live) == 0
    shown = screens("cajajejo jobs watch bumblebee")
    assert shown
    assert shown == [blurred("\n".join([*show.told(), *show.results()]))] * len(shown)
