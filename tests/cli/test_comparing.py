"""``cajajejo jobs evaluation compare``: from result directories to a screen, a file, and an exit code."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from cajajejo import results
from cajajejo.cli import app, comparing, forms, run, screen
from cajajejo.comparison.running import Request
from cajajejo.markdown_text import SUMMARY_LIMIT
from tests.comparison import by_hand
from tests.documents import fits
from tests.finished import found, items

POLICY = """\
kind: gate_policy
version: v1
rules:
  - {name: knowledge, metrics: ["geography/*"], max_drop: 0.05}
default: {tier: advisory}
"""


class Shell:
    """Runs the command in this process, and keeps what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.err = ""

    def __call__(self, *arguments: str) -> tuple[int, str]:
        code = run(app, ["jobs", "evaluation", "compare", *arguments], prog_name="cajajejo")
        captured = self.capsys.readouterr()
        self.err = captured.err
        return code, captured.out


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """The command, in a directory with four evaluations of 60 questions: of the first, 40 are answered right."""
    monkeypatch.chdir(tmp_path)
    for name, right in {"a": 40, "same": 40, "worse": 20, "better": 58, "bit": 39}.items():
        results.write(found(items("geography", right, 60)), tmp_path / name)
    Path("gate.yml").write_text(POLICY)
    yield Shell(capsys)
    screen.configure(trace=False, quiet=False, color="auto", as_json=False)


@pytest.mark.parametrize(
    ("runs", "options", "code", "line"),
    [
        (("a", "worse"), (), 4, "WORSE  1 metric worse"),
        (("a", "better"), (), 0, "BETTER  1 metric better"),
        (("a", "same"), (), 5, "INCONCLUSIVE  1 metric inconclusive"),
        (("a", "same"), ("--max-drop", "0.05"), 0, "EQUAL  1 metric equal"),
        (("worse", "a"), (), 0, "BETTER  1 metric better"),
        (("a", "better", "worse"), (), 4, "WORSE  1 of 2 candidates: worse"),
        (("a", "better", "same"), (), 5, "INCONCLUSIVE  1 of 2 candidates: same"),
    ],
)
def test_the_exit_code_and_the_last_line_are_those_of_the_verdict(
    shell: Shell, runs: tuple[str, ...], options: tuple[str, ...], code: int, line: str
) -> None:
    found_code, out = shell(*runs, *options)
    assert (found_code, out.splitlines()[-1]) == (code, line)


@pytest.mark.parametrize(
    ("candidate", "code", "word"), [("worse", 4, "FAIL"), ("same", 0, "PASS"), ("bit", 5, "INCONCLUSIVE")]
)
def test_a_policy_decides_in_place_of_the_verdicts(shell: Shell, candidate: str, code: int, word: str) -> None:
    found_code, out = shell("a", candidate, "--policy", "gate.yml")
    assert (found_code, out.splitlines()[-1].partition("  ")[0]) == (code, word)
    assert "\nverdict  " in out
    assert "knowledge  blocking" in out


def test_the_result_is_on_stdout_and_the_continuation_on_stderr(shell: Shell) -> None:
    code, out = shell("a", "worse", "--max-drop", "0.02", "--no-record", "--flips", "2", "--metric", "geo*")
    lines = out.splitlines()
    assert code == 4
    assert lines[1].startswith("60 instances in both, paired by id; 0 only in A, 0 only in B; 95 % confidence")
    assert lines[4].split()[:6] == ["✗", "worse", "geography/exact_match", "0.667", "0.333", "-0.333"]
    assert "Items that got worse, geography/exact_match (2 of 20; all with --flips 20)" in lines
    assert shell.err == (
        "Next: cajajejo jobs evaluation compare a worse --metric 'geo*' --max-drop 0.02 --flips 2 --no-record "
        "--format markdown -o compare.md\n"
    )


def test_quiet_prints_the_result_alone(shell: Shell) -> None:
    _, out = shell("a", "worse", "--quiet")
    assert out.endswith("WORSE  1 metric worse\n")
    assert shell.err == ""


def test_after_several_candidates_the_worst_one_is_the_next(shell: Shell) -> None:
    shell("a", "better", "worse", "--seed", "3")
    assert shell.err == "Next: cajajejo jobs evaluation compare a worse --seed 3\n"
    shell("better", "worse", "--baseline", "a")
    assert shell.err == "Next: cajajejo jobs evaluation compare --baseline a worse\n"
    shell("worse", "--baseline", "a")
    assert shell.err.startswith("Next: cajajejo jobs evaluation compare --baseline a worse --format markdown")


def test_json_is_one_document_that_fits_the_schema_and_nothing_else_is_said(shell: Shell) -> None:
    code, out = shell("a", "worse", "--json")
    document = json.loads(out)
    assert (code, document["verdict"], document["exit_code"], shell.err) == (4, "worse", 4, "")
    assert (document["a"], document["b"], document["pairs"]) == ("a", "worse", 60)
    assert fits("comparison", document) == []
    assert [flip["id"] for flip in document["flips"]] == [f"q-{n}" for n in range(20, 25)]
    _, several = shell("a", "worse", "better", "--json", "--policy", "gate.yml")
    assert fits("comparisons", json.loads(several)) == []


def test_the_same_runs_give_the_same_bytes(shell: Shell) -> None:
    for form in ("text", "markdown", "junit", "json"):
        assert shell("a", "worse", "--format", form) == shell("a", "worse", "--format", form)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("out.md", "## ✗ WORSE: `worse` beside `a`\n"),
        ("out.MARKDOWN", "## ✗ WORSE"),
        ("out.xml", '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites'),
        ("out.json", '{\n  "a": "a",\n  "b": "worse",\n  "verdict": "worse",\n'),
        ("out.txt", "A  a "),
        ("out", "A  a "),
    ],
)
def test_a_file_has_the_form_of_its_suffix(shell: Shell, name: str, begins: str) -> None:
    code, out = shell("a", "worse", "-o", name)
    assert (code, out) == (4, "")
    assert Path(name).read_text("utf-8").startswith(begins)
    form = forms.chosen(None, Path(name), as_json=False)
    assert shell.err == f"wrote {name} ({form})\nWORSE  1 metric worse\n"


def test_a_form_that_is_given_beats_the_suffix_and_a_dash_is_stdout(shell: Shell) -> None:
    shell("a", "worse", "--format", "junit", "-o", "out.md")
    assert ET.fromstring(Path("out.md").read_text("utf-8")).tag == "testsuites"  # noqa: S314  # ours
    _, out = shell("a", "worse", "--format", "markdown", "-o", "-")
    assert out.startswith("## ✗ WORSE")
    _, out = shell("a", "worse", "--json", "-o", "out.txt")
    assert (out, json.loads(Path("out.txt").read_text())["verdict"]) == ("", "worse")


def test_what_is_printed_is_what_is_written(shell: Shell) -> None:
    for form in ("text", "markdown", "junit"):
        shell("a", "worse", "--format", form, "-o", "out")
        assert shell("a", "worse", "--format", form)[1] == Path("out").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a",), "given"),
        ((), "Missing argument 'RUN'"),
        (("a", "worse", "--json", "--format", "junit"), "--json and --format junit ask for two forms"),
        (("a", "worse", "--max-drop", "-1"), "--max-drop -1: must be 0 or more, in units of the metric"),
        (("a", "worse", "--max-drop", "nan"), "--max-drop nan: must be 0 or more"),
        (("a", "worse", "--confidence", "0.5"), "--confidence 0.5: must be over 0.5 and below 1, as 0.95"),
        (("a", "worse", "--confidence", "1"), "--confidence 1: must be over 0.5 and below 1"),
        (("a", "worse", "--confidence", "nan"), "--confidence nan: must be over 0.5"),
        (("a", "worse", "--flips", "-1"), "greater than or equal to 0"),
        (("a", "worse", "--format", "html"), "'html' is not one of"),
        (("a", "worse", "-o", "json"), "-o json: takes the path of a file, not a format"),
        (("a", "worse", "-o", "a/results.jsonl"), "-o a/results.jsonl: is read by this comparison"),
        (("a", "worse", "-o", "worse/summary.json"), "-o worse/summary.json: is read by this comparison"),
        (("a/results.jsonl", "worse", "-o", "./a/results.jsonl"), "-o a/results.jsonl: is read by this comparison"),
        (("worse", "--baseline", "a", "-o", "a/results.jsonl"), "-o a/results.jsonl: is read by this comparison"),
        (("a", "worse", "--policy", "gate.yml", "-o", "gate.yml"), "-o gate.yml: is read by this comparison"),
        (("a", "worse", "--policy", "gate.yml", "--max-drop", "0"), "--max-drop cannot stand beside --policy"),
        (("a", "worse", "--metric", "nothing"), "no metric is called nothing"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(shell: Shell, arguments: tuple[str, ...], message: str) -> None:
    code, out = shell(*arguments)
    assert (code, out) == (2, "")
    assert message in shell.err.replace("\n", " ")


def test_a_file_that_cannot_be_written_is_told_before_anything_is_compared(shell: Shell) -> None:
    code, _ = shell("absent", "absent", "-o", "missing/out.md")
    assert (code, "there is no directory missing" in shell.err) == (1, True)


def test_what_differs_beside_the_model_is_a_warning(shell: Shell) -> None:
    results.write(found(items("geography", 40, 60), items("biology", 3, 60)), Path("more"))
    code, _ = shell("a", "more", "--max-drop", "0.05")
    assert code == 0
    assert shell.err.startswith("Warning: biology/exact_match is only in B, and is not compared\n")
    shell("a", "more", "same", "--max-drop", "0.05")
    assert shell.err.startswith("Warning: more: biology/exact_match is only in B, and is not compared\n")
    shell("a", "more", "--json")
    assert json.loads(shell.err) == {"warning": "biology/exact_match is only in B, and is not compared"}


def test_a_warning_is_one_harmless_line_and_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    comparison = by_hand.comparison(warnings=("a\n\x1b[31mb", "a\n\x1b[31mb"))
    comparing._warn([(comparison, None)], ("a\n\x1b[31mb",))
    assert capsys.readouterr().err == "Warning: a \\x1b[31mb\n"


def test_a_comparison_may_lie_beside_the_results(shell: Shell) -> None:
    assert [shell("a", "worse", "-o", name)[0] for name in ("a/compare.md", "a/compare.md")] == [4, 4]


def test_a_warning_of_a_megabyte_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    comparing._warn([(by_hand.comparison(warnings=("N" * 1_000_000,)), None)], ())
    assert 1_000 < len(capsys.readouterr().err) < 3_000


def test_the_summary_of_a_job_on_github_is_appended_to(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("before\n")
    code, out = shell("a", "worse", "--json")
    page = Path("summary.md").read_text("utf-8")
    assert (code, json.loads(out)["verdict"]) == (4, "worse")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    _, told = shell("a", "worse", "--format", "markdown")
    assert page == f"before\n\n{told}"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "new.md")
    shell("a", "worse")
    assert Path("new.md").read_text("utf-8") == told


def test_a_summary_that_is_full_or_cannot_be_written_is_a_warning(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("x" * (SUMMARY_LIMIT - 4_000))
    code, out = shell("a", "worse")
    assert (code, out.splitlines()[-1]) == (4, "WORSE  1 metric worse")
    assert shell.err.startswith("Warning: the summary of this step is full, so that the comparison is not in it: summ")
    assert Path("summary.md").stat().st_size == SUMMARY_LIMIT - 4_000
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "missing/summary.md")
    code, _ = shell("a", "worse")
    assert code == 4
    told = "Warning: the summary of this step cannot be written: missing/summary.md: No such file or directory\n"
    assert shell.err.startswith(told)


def test_a_summary_is_cut_to_what_is_left(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("x" * (SUMMARY_LIMIT - 5_000))
    results.write(found(*(items(f"s{n:02}", 3, 4) for n in range(60))), Path("many"))
    shell("many", "many")
    assert SUMMARY_LIMIT - 1_000 < Path("summary.md").stat().st_size <= SUMMARY_LIMIT
    assert "This page was cut here" in Path("summary.md").read_text("utf-8")


def test_every_option_is_asked_for_again_in_the_continuation() -> None:
    request = Request(
        runs=("a b", "c"),
        tracking_uri="http://mlflow:5000",
        metrics=("x*", "y"),
        confidence=0.9,
        policy=Path("gate.yml"),
        seed=0,
        record=False,
    )
    assert comparing._next(request, [(by_hand.comparison(), None)]) == (
        "Next: cajajejo jobs evaluation compare 'a b' c --metric 'x*' --metric y --confidence 0.9 --policy gate.yml "
        "--seed 0 --tracking-uri http://mlflow:5000 --no-record --format markdown -o compare.md"
    )


def test_help_imports_nothing_that_a_comparison_needs() -> None:
    program = (
        "import sys; from cajajejo import cli; "
        "code = cli.run(cli.app, ['jobs', 'evaluation', 'compare', '--help'], prog_name='cajajejo'); "
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = done.stderr.split()
    assert [name for name in loaded if name in {"numpy", "scipy", "msgspec", "mlflow", "cajajejo.comparison"}] == []
    assert "Exit codes: 0 nothing is worse or inconclusive" in done.stdout
