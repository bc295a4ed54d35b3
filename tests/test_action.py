"""The action for GitHub: its very steps, run as a runner does, against a server that speaks GitHub's REST."""

from __future__ import annotations

import json
import re
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from markdown_it import MarkdownIt

from tests.composite import Action, Done
from tests.fakes.github import APP, Fault, GitHub, serving
from tests.metrics.builders import write_simple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
DIRECTORY = ROOT / ".github" / "actions" / "check"
ACTION = Action(DIRECTORY)
CONFIG: dict[str, Any] = {
    "regression_test_config": {
        "metric_success_conditions": {
            "acc_final": {"comparison": "greater", "success_threshold": {"fixed_value": 0.4}},
            "loss_final": {"comparison": "less", "success_threshold": {"stddevs_from_mean": 4.0}},
        },
    }
}
MARK = "<!-- cajajejo:check:pythia -->"


@pytest.fixture
def far() -> Iterator[GitHub]:
    with serving(GitHub()) as running:
        yield running


class Job:
    """A job that checks runs with the action, on a pull request."""

    def __init__(self, place: Path, far: GitHub) -> None:
        self.place = place
        self.far = far
        self.event: dict[str, Any] = {"pull_request": {"number": 7, "head": {"sha": "77e02c53aa"}}}
        self.environ = {"PATH": f"{place}/bin:/usr/bin:/bin"}
        (place / "m.json").write_text(json.dumps(CONFIG))
        program = place / "bin" / "cajajejo"
        program.parent.mkdir()
        program.write_text(
            f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT / 'src')!r})\n"
            "from cajajejo.cli import main\nmain()\n"
        )
        program.chmod(0o755)

    def __call__(self, run: str, acc: float, **inputs: str) -> Done:
        write_simple(self.place / "runs" / run, {"acc": [acc], "loss": [1.0]})
        (self.place / "event.json").write_text(json.dumps(self.event))
        github = {
            "repository": self.far.repository,
            "api_url": self.far.url,
            "server_url": "https://github.example",
            "run_id": "1234",
            "sha": "0123456789",
            "token": self.far.token,
            "event": self.event,
            "event_path": str(self.place / "event.json"),
        }
        given = {
            "logdir": f"runs/{run}",
            "test": "pythia",
            "config": "m.json",
            "run-id": run,
            "version": "none",
            "python": sys.executable,
            **{name.replace("_", "-"): text for name, text in inputs.items()},
        }
        done = ACTION.run(self.place, given, github, self.environ)
        assert self.far.token not in done.printed + done.summary + "".join(map(str, done.outputs.values()))
        return done


@pytest.fixture
def job(tmp_path: Path, far: GitHub) -> Job:
    return Job(tmp_path, far)


def bodies(far: GitHub) -> list[str]:
    return [comment["body"] for comment in far.comments]


def test_a_regression_fails_the_step_and_is_one_comment_however_often_it_runs(job: Job, far: GitHub) -> None:
    first = job("r1", 0.25)
    assert (first.code, first.outputs["verdict"], first.outputs["exit-code"]) == (4, "regression", "4")
    assert (first.outputs["alerts"], first.outputs["comment-url"]) == ("1", far.comments[0]["html_url"])
    second = job("r1", 0.25)
    assert (second.code, len(far.comments), far.written()) == (4, 1, ["POST"])
    (body,) = bodies(far)
    assert body.startswith(f"{MARK}\n## ✗ REGRESSION: `pythia`, run `r1`\n")
    assert "- acc&#95;final is 0.250; it must be greater than 0.40 (fixed value)" in body
    assert "[log](<https://github.example/org/models/actions/runs/1234>)" in body
    assert "- commit: `77e02c5`\n" in body
    assert body == f"{MARK}\n{first.summary}"
    assert "REGRESSION  pythia: 1 of 2 metrics out of bounds, 1 not judged yet\n" in first.printed


def test_a_run_that_passes_writes_no_comment(job: Job, far: GitHub) -> None:
    done = job("r1", 0.5)
    assert (done.code, done.outputs["verdict"], done.outputs["comment-url"]) == (0, "pass", "")
    assert (far.comments, far.written()) == ([], [])
    assert done.summary.startswith("## ✓ PASS: `pythia`, run `r1`\n")
    assert "no comment: nobody needs to hear of this\n" in done.printed


def test_the_comment_follows_and_says_when_all_is_well_again(job: Job, far: GitHub) -> None:
    job("r1", 0.25)
    job("r2", 0.3)
    assert "run `r2`" in bodies(far)[0]
    assert job("r3", 0.5).code == 0
    (body,) = bodies(far)
    well = "**Well again.** What was told here before is over.\n\n## ✓ PASS: `pythia`, run `r3`\n"
    assert body.startswith(f"{MARK}\n{well}")
    assert job("r3", 0.5).code == 0
    assert (bodies(far), far.written()) == ([body], ["POST", "PATCH", "PATCH"])
    job("r4", 0.25)
    assert (len(far.comments), "Well again" in bodies(far)[0]) == (1, False)


def test_an_earlier_comment_is_found_among_hundreds_and_nobody_elses_is_touched(job: Job, far: GitHub) -> None:
    person = {"login": "mallory", "type": "User"}
    for number in range(120):
        far.add(f"comment {number}", person)
    far.add(f"{MARK}\nforged", person)
    far.add("<!-- cajajejo:check:pythia-large -->\nanother test", APP)
    far.add(f"> {MARK}\nquoted", APP)
    far.add(MARK, APP, pull=8)
    for number in range(120):
        far.add(f"later {number}", person)
    ours = far.add(f"{MARK}\nan old one", APP)
    others = [body for body in bodies(far) if body != ours["body"]]
    done = job("r1", 0.25)
    assert done.outputs["comment-url"] == ours["html_url"]
    assert [body for body in bodies(far) if body != ours["body"]] == others
    assert (far.written(), ours["body"].startswith(f"{MARK}\n## ✗ REGRESSION")) == (["PATCH"], True)
    assert [path.partition("?")[2] for method, path in far.asked if method == "GET"][:3] == [
        "per_page=100&page=1",
        "per_page=100&page=2",
        "per_page=100&page=3",
    ]


def test_the_token_of_a_person_updates_the_comments_of_that_person_alone(job: Job, far: GitHub) -> None:
    far.user = {"login": "ann", "type": "User"}
    far.add(f"{MARK}\nforged", {"login": "mallory", "type": "User"})
    job("r1", 0.25)
    job("r2", 0.3)
    assert [comment["user"]["login"] for comment in far.comments] == ["mallory", "ann"]
    assert (bodies(far)[0], "run `r2`" in bodies(far)[1]) == (f"{MARK}\nforged", True)


def test_of_two_comments_that_were_written_at_once_the_older_stays(job: Job, far: GitHub) -> None:
    far.faults = [Fault("POST", 502, after=True)]  # it was written, and the answer was lost
    done = job("r1", 0.25)
    assert (done.outputs["comment-url"], far.written()) == (far.comments[0]["html_url"], ["POST", "POST", "DELETE"])
    assert [comment["id"] for comment in far.comments] == [1]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("GET", 500),
        Fault("GET", 429, {"Retry-After": "1"}, "Too many requests"),
        Fault("POST", 403, {"Retry-After": "1"}, "You have exceeded a secondary rate limit"),
        Fault("GET", 403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "{soon}"}, "API rate limit exceeded"),
    ],
    ids=["500", "429", "403 secondary", "403 primary"],
)
def test_a_server_that_asks_for_a_moment_is_asked_again(job: Job, far: GitHub, fault: Fault) -> None:
    headers = {name: text.format(soon=int(time.time()) + 1) for name, text in fault.headers.items()}
    far.faults = [Fault(fault.method, fault.status, headers, fault.message)]
    begin = time.monotonic()
    done = job("r1", 0.25)
    assert (len(far.comments), done.outputs["comment-url"]) == (1, far.comments[0]["html_url"])
    assert time.monotonic() - begin >= 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("GET", 429, {"Retry-After": "3600"}, "slow down"), "GitHub answered 429: slow down"),
        (Fault("GET", 401, {}, "Bad credentials"), "GitHub answered 401: Bad credentials"),
        (Fault("GET", 404, {}, "Not Found"), "GitHub answered 404: Not Found; the job needs `permissions: {pull-req"),
        (Fault("GET", 307, {"Location": "http://127.0.0.1:1/evil"}, "Moved"), "GitHub answered 307: Moved"),
        (Fault("POST", 422, {}, "100 %\n::error::evil"), "GitHub answered 422: 100 %25 ::error::evil"),
    ],
    ids=["limit", "token", "place", "redirection", "refused"],
)
def test_a_comment_that_cannot_be_written_is_a_warning_and_the_verdict_stays(
    job: Job, far: GitHub, fault: Fault, said: str
) -> None:
    far.faults = [fault]
    done = job("r1", 0.25)
    lines = [line for line in done.printed.splitlines() if line.startswith("::warning")]
    assert (done.code, done.outputs["comment-url"], far.comments) == (4, "", [])
    assert [line.startswith(f"::warning title=no comment on the pull request::{said}") for line in lines] == [True]
    assert "\n::error" not in done.printed


def test_a_token_that_may_not_write_is_a_warning_that_names_the_permission(job: Job, far: GitHub) -> None:
    far.may_write = False
    done = job("r1", 0.25)
    assert (done.code, far.comments) == (4, [])
    assert "403: Resource not accessible by integration; the job needs `permissions: {pull-requests: write}`" in (
        done.printed
    )


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "there is no token; "),
        ("s3cret\nX-Evil: 1", "there is no token; "),
        ("s3cret", "GitHub answered 401: Bad "),
    ],
    ids=["empty", "two lines", "wrong"],
)
def test_a_token_that_is_none_is_a_warning_and_never_printed(job: Job, far: GitHub, token: str, said: str) -> None:
    done = job("r1", 0.25, github_token=token)
    assert (done.code, far.comments, "s3cret" in done.printed) == (4, [], False)
    assert f"::warning title=no comment on the pull request::{said}" in done.printed


def test_a_server_that_is_not_there_is_a_warning(job: Job, far: GitHub) -> None:
    far.url = "http://127.0.0.1:1"
    done = job("r1", 0.25)
    assert done.code == 4
    assert "::warning title=no comment on the pull request::GitHub cannot be reached: URLError\n" in done.printed


@pytest.mark.parametrize(
    ("event", "comments"),
    [
        ({"pull_request": {"number": 7}}, 1),
        ({"issue": {"number": 7, "pull_request": {"url": "x"}}}, 1),
        ({"workflow_run": {"pull_requests": [{"number": 7}]}}, 1),
        ({"workflow_run": {"pull_requests": []}}, 0),
        ({"issue": {"number": 7}}, 0),
        ({"ref": "refs/heads/main"}, 0),
    ],
    ids=["pull request", "comment on one", "workflow run", "workflow run of none", "issue", "push"],
)
def test_the_pull_request_is_that_of_the_event(job: Job, far: GitHub, event: dict[str, Any], comments: int) -> None:
    job.event = event
    done = job("r1", 0.25)
    assert (done.code, len(far.comments)) == (4, comments)
    assert ("no comment: this is about no pull request\n" in done.printed) is (comments == 0)


def test_no_comment_is_asked_for_where_it_is_switched_off(job: Job, far: GitHub) -> None:
    assert (job("r1", 0.25, comment="false").code, far.asked) == (4, [])
    job.event = {}
    assert (job("r1", 0.25, pull_request="7").code, len(far.comments)) == (4, 1)
    assert "::the input pull-request is no number\n" in job("r1", 0.25, pull_request="7/../8").printed


def test_inputs_are_words_and_nothing_else(job: Job, far: GitHub) -> None:
    evil = '$(touch owned) `touch owned` "; touch owned #'
    done = job("r1", 0.25, test=evil, run_id="--strict")
    assert (done.code, done.outputs["verdict"], (job.place / "owned").exists()) == (4, "regression", False)
    assert "run --strict" in done.printed
    assert bodies(far)[0].startswith("<!-- cajajejo:check:%24%28touch owned%29 %60touch owned%60 %22%3B touch")


def test_a_name_cannot_leave_the_mark_and_no_line_that_is_printed_is_a_command(job: Job, far: GitHub) -> None:
    done = job("r1", 0.25, test="--><script>alert(1)</script> ::set-output name=verdict::pass")
    assert done.outputs["verdict"] == "regression"
    (body,) = bodies(far)
    assert body.splitlines()[0].index("-->") == len(body.splitlines()[0]) - 3
    html = [token.content for token in MarkdownIt("commonmark").parse(body) if token.type == "html_block"]
    assert [one for one in html if "script" in one.lower() and not one.startswith("<!-- cajajejo")] == []
    opened = re.search(r"^::stop-commands::(\w{32})$", done.printed, re.MULTILINE)
    assert opened
    closed = done.printed.index(f"\n::{opened[1]}::\n")
    assert done.printed.index("::set-output") > opened.start()
    assert done.printed.rindex("::set-output") < closed


def test_a_run_without_a_verdict_fails_and_writes_no_comment(job: Job, far: GitHub) -> None:
    done = job("r1", 0.25, config="gone.yml")
    assert (done.code, done.outputs["verdict"], far.asked) == (1, "error", [])
    assert "gone.yml: no such file" in done.printed


def test_what_is_inconclusive_fails_unless_it_is_said_not_to(job: Job) -> None:
    waiting = {"regression_test_config": {"metric_success_conditions": {
        "loss_final": CONFIG["regression_test_config"]["metric_success_conditions"]["loss_final"]}}}  # fmt: skip
    (job.place / "m.json").write_text(json.dumps(waiting))
    assert job("r1", 0.5).code == 5
    lenient = job("r1", 0.5, fail_on_inconclusive="false")
    assert (lenient.code, lenient.outputs["exit-code"], lenient.outputs["verdict"]) == (0, "5", "inconclusive")


def test_every_other_input_reaches_the_check(job: Job) -> None:
    done = job(
        "r1", 0.25, history="sqlite:///elsewhere.db", junit="out.xml", start_time="1795269700", strict="true",
        stop_time="1795269760", config_version="abc", job_status="timeout",
    )  # fmt: skip
    found = json.loads(Path(done.outputs["json"]).read_text("utf-8"))
    assert (done.code, found["verdict"], found["commit"], found["job_status"]) == (1, "failed", "abc", "timeout")
    assert (job.place / "elsewhere.db").exists()
    assert (job.place / "out.xml").read_text("utf-8").startswith("<?xml")
    assert not (job.place / ".cajajejo").exists()
    job("r2", 0.5, store="false")
    assert not (job.place / ".cajajejo").exists()


def test_alerts_are_told_where_it_is_asked_for(job: Job) -> None:
    assert "Alert: pythia: acc_final is 0.250" in job("r1", 0.25, alert="true").printed
    assert "Alert:" not in job("r1", 0.25, alert="true").printed


def test_a_program_that_is_not_installed_is_a_sentence(job: Job) -> None:
    (job.place / "bin" / "cajajejo").unlink()
    done = job("r1", 0.25)
    assert (done.code, done.printed) == (1, "version: none, and there is no program cajajejo on the PATH\n")


def test_the_program_is_installed_once_into_an_environment_of_its_own(job: Job) -> None:
    wheel = job.place / "wheels" / "cajajejo-9.9-py3-none-any.whl"
    wheel.parent.mkdir()
    about = "Metadata-Version: 2.1\nName: cajajejo\nVersion: 9.9\nProvides-Extra: postgresql\n"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("far.py", "import os, sys\ndef main(): os.execv(os.environ['REAL'], sys.argv)\n")
        packed.writestr("cajajejo-9.9.dist-info/METADATA", about)
        packed.writestr(
            "cajajejo-9.9.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        packed.writestr("cajajejo-9.9.dist-info/entry_points.txt", "[console_scripts]\ncajajejo = far:main\n")
        packed.writestr("cajajejo-9.9.dist-info/RECORD", "")
    real = str(job.place / "bin" / "cajajejo")
    job.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel.parent), "REAL": real}
    done = job("r1", 0.5, version="9.9", extras="postgresql")
    assert (done.code, done.outputs["verdict"]) == (0, "pass"), done.printed
    program = done.steps["install"]["program"]
    assert program.startswith(str(job.place / "_temp" / "cajajejo-"))
    wheel.unlink()
    assert job("r2", 0.5, version="9.9", extras="postgresql").steps["install"]["program"] == program


def test_no_script_holds_an_expression_and_every_input_is_used() -> None:
    text, document = (DIRECTORY / "action.yml").read_text("utf-8"), ACTION.document
    steps = document["runs"]["steps"]
    assert [step["id"] for step in steps if "${{" in step["run"] or "uses" in step] == []
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    assert used == set(document["inputs"])
    assert all(described["description"].endswith(".") for described in document["inputs"].values())


def test_the_workflow_of_the_page_gives_the_action_inputs_that_it_has() -> None:
    page = (ROOT / "docs" / "reports.md").read_text("utf-8")
    (workflow,) = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(name: .*?)```", page, re.DOTALL)]
    steps = [step for one in workflow["jobs"].values() for step in one["steps"]]
    (ours,) = [step for step in steps if "/.github/actions/check@" in step.get("uses", "")]
    inputs = ACTION.document["inputs"]
    assert set(ours["with"]) <= set(inputs)
    assert {name for name, described in inputs.items() if described.get("required")} <= set(ours["with"])
    assert workflow["permissions"]["pull-requests"] == "write"
    section = page.partition("\n## GitHub Action\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)}
    assert named == set(inputs) | set(ACTION.document["outputs"])
