"""Any program as a harness: what it is told, what it must leave, and what is kept where it ends badly."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo import event_writer
from cajajejo.config import EvaluationJobConfig
from cajajejo.errors import HarnessError, SanityError
from cajajejo.harness import adapters, checks, command, process
from cajajejo.harness.adapter import Task
from cajajejo.harness.hiding import hiding
from cajajejo.harness.scratch import Scratch
from cajajejo.models.model import Model
from cajajejo.results import FailedScenario, Results, Score
from tests import builders
from tests.builders import ABSENT, ROOT, job_config

if TYPE_CHECKING:
    from cajajejo.harness.adapter import Ended

FAKE = [sys.executable, "-m", "tests.fakes.command_harness"]
ENVIRON = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": "/root"}


def config(*args: str, **changes: Any) -> EvaluationJobConfig:
    section = {"args": list(args), "results": "results.jsonl", **changes.pop("command", {})}
    section = {name: value for name, value in section.items() if value is not None}
    return EvaluationJobConfig.model_validate(job_config(helm=ABSENT, command=section, **changes))


class Run:
    """A command that ran in a scratch directory."""

    def __init__(self, place: Path, *args: str, max_instances: int | None = None, **changes: Any) -> None:
        self.config = config(*args, **changes)
        self.adapter = adapters.of(self.config)
        self.place = Scratch(place / "scratch")
        model = Model(place / "models" / "tiny", "EleutherAI/pythia-70m")
        self.task = Task(self.config, model, self.place, {**ENVIRON}, max_instances)
        self.output = self.place.output / "command"

    def start(self) -> Ended:
        with self.place.lock() as descriptor:
            return process.run(
                self.adapter.program(self.task),
                log=self.place.log,
                watch=lambda _: None,
                said=lambda _: None,
                hide=hiding(self.config, self.task.environ),
                keep_open=descriptor,
            )

    def results(self) -> Results:
        return self.adapter.results(self.task, self.start())


def fake(place: Path, *args: str, **changes: Any) -> Run:
    return Run(place, *FAKE, *args, **changes)


def lines(*found: dict[str, Any]) -> str:
    return "".join(json.dumps(line) + "\n" for line in found)


def leaving(text: str, *, code: int = 0) -> tuple[str, ...]:
    """The arguments of a command that leaves `text` as its results."""
    return (
        "/bin/sh",
        "-c",
        'printf %s "$0" >> "$OUTPUT_DIR/results.jsonl"; exit ' + str(code),
        text.replace("$", "$$"),
    )


# --- what it is told ---------------------------------------------------------------------------------------------


def test_it_is_told_where_everything_is_in_its_arguments_and_in_its_environment(tmp_path: Path) -> None:
    names = [*command.VARIABLES, "HOME", "OURS"]
    script = (
        "for name; do printenv $name; done > $OUTPUT_DIR/environ; shift 8; printf '%s\\n' \"$@\" > $OUTPUT_DIR/args"
    )
    args = ["/bin/sh", "-c", script, "sh", *names, *(f"$({name})" for name in names)]
    run = Run(tmp_path, *(arg.replace("$", "$$") if " " in arg else arg for arg in args), env={"OURS": "1 2"})
    run.start()
    expected = [
        str(tmp_path / "models" / "tiny"),
        "EleutherAI/pythia-70m",
        str(run.output),
        "",
        str(run.place.config),
        str(run.place.work / "progress.jsonl"),
        "/root",
        "1 2",
    ]
    assert (run.output / "args").read_text().splitlines() == expected
    assert (run.output / "environ").read_text().splitlines()[:8] == expected


def test_a_number_of_instances_is_told_where_there_is_one(tmp_path: Path) -> None:
    run = Run(tmp_path, "/bin/sh", "-c", "echo $(MAX_INSTANCES) $$MAX_INSTANCES", max_instances=3)
    assert run.start().last_lines == ("3 3",)


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("$(A)", "1"),
        ("x$(A)y$(B)z", "x1y2 3z"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$$$$", "$$"),
        ("$(C)", "$(C)"),
        ("$A ${A} $ $", "$A ${A} $ $"),
        ("$(A", "$(A"),
        ("$()", "$()"),
        ("$($(A))", "$($(A))"),
    ],
)
def test_arguments_are_filled_in_as_kubernetes_does_it(argument: str, expected: str) -> None:
    assert command.filled_in(argument, {"A": "1", "B": "2 3"}) == expected


@settings(deadline=None)
@given(st.text(st.sampled_from("$()A ")))
def test_what_is_escaped_comes_out_as_it_is(text: str) -> None:
    assert command.filled_in(text.replace("$", "$$"), {"A": "1"}) == text


def problem_with(*args: str, environ: dict[str, str] | None = None, **changes: Any) -> SanityError | None:
    """The first check that fails."""
    found = config(*args, **changes)
    looked_at = checks.look(adapters.of(found).checks(found, "", {**ENVIRON, **(environ or {})}))
    errors = [check.error for check in looked_at if check.error is not None]
    assert all(isinstance(error, SanityError) for error in errors)
    return errors[0] if errors else None  # type: ignore[return-value]  # as asserted


def test_what_an_argument_names_and_nobody_knows_is_told_with_its_field() -> None:
    error = problem_with("sh", "$(MODEL)", "-c", "$(HOME) $(OUTPUTDIR) $$(ESCAPED)")
    assert error is not None
    assert error.message == "no such variable: $(MODEL) in command.args.1, $(OUTPUTDIR) in command.args.3"
    assert error.facts["known"].startswith("$(MODEL_DIR), $(TOKENIZER_DIR), $(OUTPUT_DIR), ")


def test_a_variable_of_the_environment_or_of_the_config_is_known() -> None:
    assert problem_with("true", "$(A)$(B)", environ={"A": "1"}, env={"B": "2"}) is None


@pytest.mark.parametrize(
    "section", [{"env": {"MODEL_DIR": "x"}}, {"secret_env": {"MODEL_DIR": {"name": "a", "key": "b"}}}]
)
def test_what_we_set_is_not_set_by_the_config(section: dict[str, Any]) -> None:
    error = problem_with("sh", **section)
    assert error is not None
    assert error.message == "env: MODEL_DIR is set for the command by cajajejo itself"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["no-such-program"], "command.args.0: no such program: no-such-program"),
        (["./here.sh"], "command.args.0: no such program: ./here.sh"),
        (["python3", "evaluate.py"], "command.args.1: no such file: evaluate.py"),
        (["/usr/bin/python3.11", "$(PLACE)/x.py"], "command.args.1: no such file: there/x.py"),
        (["bash", "run.sh"], "command.args.1: no such file: run.sh"),
    ],
)
def test_a_program_or_a_script_that_is_not_there_is_told(
    args: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("here.sh").touch()  # and may not be executed
    for name in ("python3", "python3.11"):
        builders.write_fake_helm(tmp_path / "bin" / name)
    environ = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "PLACE": "there"}
    error = problem_with(*(arg.replace("/usr/bin/", f"{tmp_path}/bin/") for arg in args), environ=environ)
    assert error is not None
    assert error.message == message


@pytest.mark.parametrize(
    "args", [["$(MODEL_DIR)/run.sh"], ["sh", "$(MODEL_DIR)/run.sh"], ["sh", "-c", "true"], ["true", "x.py"], ["sh"]]
)
def test_what_lies_with_the_model_or_is_no_script_is_not_looked_for(args: list[str]) -> None:
    assert problem_with(*args) is None


def test_its_inputs_are_the_files_that_its_arguments_name(tmp_path: Path) -> None:
    program = tmp_path / "a program"
    program.write_text("1")

    def inputs() -> list[bytes]:
        asked = config("sh", str(program), str(tmp_path), "$(MODEL_DIR)/x", "nul\0")
        return list(adapters.of(asked).inputs(asked))

    before = inputs()
    program.write_text("2")
    assert (len(before), inputs() != before, adapters.of(config("sh")).versions({})) == (1, True, {})


# --- what it leaves ----------------------------------------------------------------------------------------------


def test_what_it_leaves_is_the_result(tmp_path: Path) -> None:
    found = fake(tmp_path, "geo=4", "bio=3").results()
    assert (found.suite, found.harness, found.failed, len(found.items)) == ("command", "command", (), 7)
    assert [(score.name, score.n) for score in found.scores] == [("bio/accuracy", 3), ("geo/accuracy", 4)]
    assert found.scores[1] == Score("geo", "accuracy", 0.5, 0.28867513459481287, 4)


def test_it_is_started_again_where_it_was_and_nothing_is_done_twice(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    first = fake(tmp_path, "geo=2", env={"NOTES": str(notes)}).results()
    text = (tmp_path / "scratch/evaluation/output/command/results.jsonl").read_bytes()
    second = fake(tmp_path, "geo=3", env={"NOTES": str(notes)}).results()
    ran = [json.loads(line).get("ran") for line in notes.read_text().splitlines()]
    assert ran == [None, "geo q-001", "geo q-002", None, "geo q-003"]
    assert second.items[:2] == first.items
    assert (tmp_path / "scratch/evaluation/output/command/results.jsonl").read_bytes().startswith(text)


def test_a_line_that_a_kill_has_torn_is_put_aside_and_written_again(tmp_path: Path) -> None:
    run = fake(tmp_path, "geo=2")
    run.output.mkdir(parents=True)
    whole = lines({"scenario": "geo", "id": "q-001", "scores": {"accuracy": 1}})
    (run.output / "results.jsonl").write_text(whole + '{"scenario": "geo", "i')
    found = run.results()
    assert ([item.id for item in found.items], found.failed) == (["q-001", "q-002"], ())
    assert (run.output / "results.jsonl.torn").read_text() == '{"scenario": "geo", "i\n'


def test_a_bad_exit_code_with_results_is_partial_and_names_what_was_not_complete(tmp_path: Path) -> None:
    found = fake(tmp_path, "geo=2", "--exit", "7").results()
    assert found.failed == (
        FailedScenario("others", "the command did not end well (exit code 7); what it left counts"),
    )
    assert [score.name for score in found.scores] == ["geo/accuracy"]


def test_a_scenario_that_the_command_says_has_failed_does_not_lose_the_others(tmp_path: Path) -> None:
    found = fake(tmp_path, "geo=2", "bio=2", "--fail", "bio", "--exit", "1").results()
    assert found.failed == (FailedScenario("bio", "no network"),)
    assert [score.name for score in found.scores] == ["geo/accuracy"]


def test_a_scenario_that_was_meant_and_is_not_there_is_missing(tmp_path: Path) -> None:
    found = fake(tmp_path, "geo=2", "our set=0").results()
    assert found.failed == (FailedScenario("our_set", "the command left nothing of it"),)


def test_a_time_out_keeps_what_is_there(tmp_path: Path) -> None:
    found = fake(tmp_path, "geo=2", "bio=1000000", "--pause", "0.01", command={"timeout_seconds": 2}).results()
    why = "the command ended before it was complete (stopped after 2 s)"
    assert found.failed == (FailedScenario("bio", why),)
    assert [score.name for score in found.scores] == ["bio/accuracy", "geo/accuracy"]


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (["/bin/sh", "-c", "echo no CUDA; exit 3"], "exit code 3"),
        (["/bin/sh", "-c", "echo no CUDA; kill -9 $$$$"], "signal SIGKILL, often for memory"),
        (["/bin/sh", "-c", "echo no CUDA"], "exit code 0"),
        (["/bin/sh", "-c", 'echo no CUDA; touch "$$OUTPUT_DIR/results.jsonl"'], "exit code 0"),
    ],
)
def test_where_it_left_nothing_its_last_lines_are_told(tmp_path: Path, args: list[str], why: str) -> None:
    run = Run(tmp_path, *args)
    with pytest.raises(HarnessError) as caught:
        run.results()
    assert caught.value.message == f"the command failed before any scenario was complete ({why})"
    facts = {"says": "no CUDA", "log": str(run.place.log), "expected": f"results in {run.output}/results.jsonl"}
    assert facts.items() <= caught.value.facts.items()


def test_wrong_lines_are_named_and_lose_no_others(tmp_path: Path) -> None:
    good = {"scenario": "geo", "id": "1", "scores": {"accuracy": 1}}
    text = lines(good, {**good, "scenario": "bio", "scores": {"accuracy": "x"}}, {"id": "3"})
    found = Run(tmp_path, *leaving(text)).results()
    assert [score.name for score in found.scores] == ["geo/accuracy"]
    assert found.failed == (
        FailedScenario("bio", "1 wrong line: line 2: scores.accuracy: must be a number, not text"),
        FailedScenario("results.jsonl", "1 wrong line: line 3: scenario: required, and not there"),
    )


@pytest.mark.parametrize("code", [0, 1])
def test_a_torn_last_line_is_told_where_the_command_ended_well(tmp_path: Path, code: int) -> None:
    text = lines({"scenario": "geo", "id": "1", "scores": {"accuracy": 1}}) + '{"scenario": "geo"'
    found = Run(tmp_path, *leaving(text, code=code)).results()
    assert [failure.scenario for failure in found.failed] == ["results.jsonl" if code == 0 else "others"]
    assert [item.id for item in found.items] == ["1"]


def test_secrets_stand_in_no_error(tmp_path: Path) -> None:
    text = lines({"scenario": "geo", "id": "1", "scores": {"a": 1}}, {"scenario": "bio", "error": "401\nfor hunter2"})
    run = Run(tmp_path, *leaving(text), secret_env={"HF": {"name": "a", "key": "b"}})
    run.task.environ["HF"] = "hunter2"  # type: ignore[index]  # a dict
    assert run.results().failed == (FailedScenario("bio", "401 for (hidden)"),)


# --- event files -------------------------------------------------------------------------------------------------


def test_the_last_finite_value_of_each_tag_is_a_score(tmp_path: Path) -> None:
    run = Run(tmp_path, "/bin/sh", "-c", "true", command={"results": None, "event_files": "runs"})
    for number, value in enumerate((0.25, 0.5, float("nan"))):
        directory = run.output / "runs" / f"part-{number}"
        event_writer.write_scalars(directory, {"boolq/acc": value, f"loss {number}": value}, wall_time=number)
    event_writer.write_scalars(run.output / "runs", {"a/b/c": 1.0, "boolq/acc": 0.75}, wall_time=9)
    found = run.results()
    scores = {score.name: score.value for score in found.scores}
    assert scores == {
        "a/b/c": 1.0,
        "boolq/acc": 0.75,
        "part-0/boolq/acc": 0.25,
        "part-1/boolq/acc": 0.5,
        "part-2/boolq/acc": pytest.approx(float("nan"), nan_ok=True),
        "loss_0": 0.25,
        "loss_1": 0.5,
        "loss_2": pytest.approx(float("nan"), nan_ok=True),
    }
    assert {(score.n, score.std_err) for score in found.scores} == {(None, None)}
    assert (found.items, found.failed) == ((), ())


def test_tags_that_share_a_name_are_told(tmp_path: Path) -> None:
    run = Run(tmp_path, "/bin/sh", "-c", "exit 3", command={"results": None, "event_files": "."})
    event_writer.write_scalars(run.output, {"a b/x": 1.0, "a:b/x": 2.0}, wall_time=1)
    found = run.results()
    assert [(score.name, score.value) for score in found.scores] == [("a_b/x", 1.0)]
    assert [failure.scenario for failure in found.failed] == ["a_b", "others"]


def test_no_event_files_are_an_error(tmp_path: Path) -> None:
    run = Run(tmp_path, "/bin/sh", "-c", "true", command={"results": None, "event_files": "runs"})
    with pytest.raises(HarnessError) as caught:
        run.results()
    assert caught.value.facts["expected"] == f"results in {run.output}/runs"
