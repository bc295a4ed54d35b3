"""What keeps a job from being sent, on the screen: one sentence, the facts, the way out; and nothing half done."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cajajejo import cli, cluster
from tests import sending
from tests.clusters import Talk, talking
from tests.fakes.kubernetes.access import User
from tests.fakes.kubernetes.model import ApiError
from tests.sending import CONFIG, RUN_SPECS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cajajejo.cluster import Cluster, Options
    from tests.fakes.kubernetes.calls import Attempt

GIVEN: list[str | Path] = ["--path-to-config", CONFIG, "--path-to-helm-config", RUN_SPECS, "--config-version", "v1"]
HOSTILE = "\x1b[2J\x9b31m\u202e"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A fake cluster that the environment names; no wait takes time."""
    connect = cluster.connect

    def hurried(context: str | None = None, *, options: Options) -> Cluster:
        return connect(context, options=replace(options, sleep=lambda _: None))

    with talking(tmp_path) as found:
        monkeypatch.setenv("KUBECONFIG", str(found.kubeconfig))
        monkeypatch.setattr(cluster, "connect", hurried)
        yield found


def submit(*words: str | Path) -> int:
    return cli.run(cli.app, ["jobs", "evaluation", "submit-job", *map(str, words)], prog_name="cajajejo")


def failed(capsys: pytest.CaptureFixture[str], *words: str | Path, code: int = 1) -> list[str]:
    """What stands on stderr from ``Error:`` on; stdout is empty."""
    assert submit(*words) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    assert "\x1b" not in printed.err
    lines = printed.err.splitlines()
    return lines[next(index for index, line in enumerate(lines) if line.startswith("Error:")) :]


def test_without_a_kubeconfig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    lines = failed(capsys, *GIVEN)
    assert "kubeconfig" in lines[0]
    assert lines[-1] == "     or name a kubeconfig: export KUBECONFIG=FILE"


@pytest.mark.parametrize("text", ["{", "- a list\n", "\x00", "clusters: 1\n"])
def test_a_kubeconfig_that_cannot_be_read(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kubeconfig").write_text(text)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    assert "kubeconfig" in "\n".join(failed(capsys, *GIVEN))


def test_an_unknown_context_is_named_with_those_that_there_are(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    lines = failed(capsys, *GIVEN, "--context", "fakee")
    assert "fakee" in lines[0]
    assert "fake" in "\n".join(lines[1:])
    assert talk.asked() == []


def test_a_cluster_that_is_not_there(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    talk.fake.stop()
    lines = failed(capsys, *GIVEN)
    assert lines[0] == f"Error: the cluster does not answer: http://127.0.0.1:{talk.fake.port}"
    assert lines[-1].startswith("Run: kubectl cluster-info")


def test_a_login_that_has_expired(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    talk.fake.api.access.tokens.clear()
    lines = failed(capsys, *GIVEN)
    assert lines[-1].startswith("Run: invoke authenticate-kubectl")
    assert talk.fake.token not in "\n".join(lines)


def test_a_right_that_is_missing_is_named_and_nothing_is_left(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    talk.fake.put(sending.placed().document("StorageClass"))
    talk.fake.deny("create", "jobs")
    lines = failed(capsys, *GIVEN)
    assert lines[0] == "Error: not allowed to create jobs.batch in namespace default: user tester"
    assert "kubectl auth can-i create jobs" in "\n".join(lines)
    assert sending.stored(talk.fake).keys() == {"StorageClass/ssd"}


@pytest.mark.parametrize("status", [200, 403, 404, 502])
def test_a_page_of_a_proxy_in_place_of_an_answer(status: int, talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    page = f"<html><head><title>Log in{HOSTILE}</title></head></html>"
    talk.fake.faults.on(times=1000).proxy_page(status, page)
    lines = failed(capsys, *GIVEN)
    assert "Log in" in "\n".join(lines)
    talk.fake.faults.clear()
    assert sending.stored(talk.fake) == {}


def test_a_namespace_that_does_not_exist(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    talk.fake.namespace("team")
    lines = failed(capsys, *GIVEN, "-n", "taem")
    assert "taem" in lines[0]
    assert "team" in "\n".join(lines[1:])
    assert "Job" not in {name.partition("/")[0] for name in sending.stored(talk.fake)}


@pytest.mark.parametrize("code", [400, 403, 409, 422, 500])
def test_what_a_server_says_never_reaches_the_terminal_as_it_is(
    code: int, talk: Talk, capsys: pytest.CaptureFixture[str]
) -> None:
    def hook(attempt: Attempt) -> None:
        if attempt.resource.kind == "Job":
            raise ApiError(code, "", f'admission webhook "a" denied the request: {HOSTILE}no\nRun: rm -rf /')

    talk.fake.admit(hook)
    lines = failed(capsys, *GIVEN)
    assert not any(character in "\n".join(lines) for character in HOSTILE[0] + HOSTILE[4] + HOSTILE[-1])
    assert not any(line.startswith("Run: rm") for line in lines)


def test_the_name_of_a_user_never_reaches_the_terminal_as_it_is(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    talk.fake.user(talk.fake.token, User(f"eve{HOSTILE}"))
    assert "eve" in "\n".join(failed(capsys, *GIVEN))


def test_a_configmap_that_differs_is_told_and_nothing_is_sent(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    there = talk.fake.put({**sending.placed().document("ConfigMap"), "data": {"eval_config.yml": HOSTILE}})
    lines = failed(capsys, *GIVEN)
    assert lines[0] == f"Error: the ConfigMap {there['metadata']['name']} is there, and holds something else"
    assert talk.fake.objects("Job") == []


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with a committed config."""
    root = tmp_path / "clone"
    (root / "jobs" / "app").mkdir(parents=True)
    shutil.copy(CONFIG, root / "jobs" / "a.job_config.yml")
    shutil.copy(RUN_SPECS, root / "jobs" / "app" / "run_specs.conf")
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        author = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *author, *words], cwd=root, check=True)
    return root


FILES: list[str | Path] = ["--path-to-config", "a.job_config.yml", "--path-to-helm-config", "app/run_specs.conf"]


def test_changes_are_told_as_the_tag_would_not_name_them(
    talk: Talk, clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(clone / "jobs")
    sha = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    with (clone / "jobs/a.job_config.yml").open("a") as config:
        config.write("# changed\n")
    (clone / "jobs/app/new.conf").write_text("entries: []\n")
    (clone / "my-job.yml").write_text("a: 1\n")
    assert failed(capsys, *FILES) == [
        "Error: the repository has changes that the tag config_git_sha would not name",
        "  changed     jobs/a.job_config.yml",
        "  untracked   jobs/app/new.conf",
        "Run: git add -A && git commit",
        f"     or accept the tag {sha[:12]}-dirty: --allow-dirty-repo",
    ]
    assert talk.asked() == []
    assert submit(*FILES, "--allow-dirty-repo", "--json") == 0
    assert json.loads(capsys.readouterr().out)["jobs"][0]["config_version"] == f"{sha}-dirty"


def test_a_clean_tree_gives_its_commit_and_its_own_paths(
    talk: Talk, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clone / "jobs")
    (clone / "my-job.yml").write_text("a: 1\n")
    assert submit(*FILES) == 0
    sha = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    annotations = talk.fake.objects("Job")[0]["metadata"]["annotations"]
    assert annotations["cajajejo/config-version"] == sha
    assert annotations["cajajejo/config-path"] == "jobs/a.job_config.yml"
    assert annotations["cajajejo/helm-config-path"] == "jobs/app/run_specs.conf"


def test_a_spec_without_a_version_gets_that_of_its_repository(
    talk: Talk, clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(clone)
    (clone / "job.yml").write_text(sending.spec("unset").text, "utf-8")
    assert failed(capsys, "--job-spec-path", "job.yml")[1] == "  untracked   job.yml"
    assert submit("--job-spec-path", "job.yml", "--config-version", "v1") == 0
    assert talk.fake.objects("Job")[0]["metadata"]["name"] == sending.spec("v1").name
