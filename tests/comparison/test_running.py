"""The use case behind ``compare``: names in, verdicts out, the record on the run of the candidate."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cajajejo import results, tracking
from cajajejo.comparison import running
from cajajejo.comparison.reports import summaries
from cajajejo.comparison.running import Request
from cajajejo.errors import CajajejoError, ExitCode, FileProblemsError, UsageError
from cajajejo.results import FailedScenario, Results
from tests.builders import MLFLOW_WARNINGS
from tests.comparison import tracked
from tests.comparison.runs import BETTER, WORSE, A, item

pytestmark = pytest.mark.filterwarnings(MLFLOW_WARNINGS)
POLICY = """\
kind: gate_policy
version: v1
rules:
  - name: knowledge
    metrics: ["boolq/*"]
    max_drop: 0.1
"""


def found(scores: str, **more: Any) -> Results:
    items = tuple(item(number, float(score), **more) for number, score in enumerate(scores))
    return Results("v1", "helm", results.scores_of(items), items)


def directory(place: Path, scores: str) -> str:
    results.write(found(scores), place)
    return str(place)


def compare(*runs: str, **more: Any) -> running.Outcome:
    return running.compare(Request(runs=runs, **more), lambda _: None)


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/mlflow.db"


def test_directories_are_compared_and_nothing_is_recorded(tmp_path: Path) -> None:
    outcome = compare(directory(tmp_path / "a", A), directory(tmp_path / "b", WORSE))
    assert (outcome.exit_code, outcome.recorded, outcome.warnings) == (ExitCode.REGRESSION, (), ())
    assert [pair.comparison.verdict for pair in outcome.pairs] == ["worse"]


def test_the_worst_candidate_decides_and_each_is_told(tmp_path: Path) -> None:
    names = [directory(tmp_path / name, scores) for name, scores in {"a": A, "b": BETTER, "c": A, "d": WORSE}.items()]
    outcome = compare(*names)
    assert [pair.comparison.verdict for pair in outcome.pairs] == ["better", "inconclusive", "worse"]
    assert outcome.exit_code == ExitCode.REGRESSION
    assert compare(*names[:3]).exit_code == ExitCode.INCONCLUSIVE
    assert compare(*names[:2]).exit_code == ExitCode.DONE


def test_a_tolerated_drop_is_given_on_the_line(tmp_path: Path) -> None:
    a, b = directory(tmp_path / "a", A * 2), directory(tmp_path / "b", A * 2)
    assert compare(a, b).exit_code == ExitCode.INCONCLUSIVE
    assert compare(a, b, max_drop=0.05).exit_code == ExitCode.DONE


def test_a_policy_decides_in_place_of_the_verdicts(tmp_path: Path) -> None:
    policy = tmp_path / "release.policy.yml"
    policy.write_text(POLICY, "utf-8")
    a, b = directory(tmp_path / "a", A * 2), directory(tmp_path / "b", A * 2)
    [pair] = compare(a, b, policy=policy).pairs
    assert pair.gate is not None
    assert (pair.gate.verdict, pair.exit_code) == ("pass", ExitCode.DONE)
    worse = compare(a, directory(tmp_path / "c", WORSE * 2), policy=policy)
    assert worse.exit_code == ExitCode.REGRESSION


@pytest.mark.parametrize("value", ["max_drop", "confidence", "seed"])
def test_what_a_policy_says_is_not_said_on_the_line(tmp_path: Path, value: str) -> None:
    policy = tmp_path / "release.policy.yml"
    with pytest.raises(UsageError, match="cannot stand beside --policy"):
        compare("a", "b", policy=policy, **{value: 0})


@pytest.mark.parametrize(
    ("runs", "more"),
    [
        pytest.param((), {}, id="none"),
        pytest.param(("a",), {}, id="one"),
        pytest.param((), {"baseline": "a"}, id="baseline alone"),
    ],
)
def test_too_few_runs_are_a_usage_error(runs: tuple[str, ...], more: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"{len(runs)} run"):
        compare(*runs, **more)


def test_a_metric_that_is_not_there_is_a_usage_error_that_tells_which_are(tmp_path: Path) -> None:
    a, b = directory(tmp_path / "a", A), directory(tmp_path / "b", A)
    with pytest.raises(UsageError, match=r"no metric is called mmlu/\*") as caught:
        compare(a, b, metrics=["mmlu/*"])
    assert caught.value.facts == {"there are": "boolq/exact_match"}
    assert len(compare(a, b, metrics=["bool*"]).pairs[0].comparison.metrics) == 1


def test_a_comparison_is_recorded_on_the_run_of_the_candidate_once(store: str) -> None:
    a, b = (tracked.run(store, tags=tracked.COMPLETE, given=found(scores)) for scores in (A, WORSE))
    first = compare(a[:10], b[:10], tracking_uri=store)
    assert (first.recorded, first.exit_code) == ((b,), ExitCode.REGRESSION)
    with tracking.client(store) as client:
        run = client.get_run(b)
        told = {name: value for name, value in run.data.tags.items() if name.startswith("comparison.")}
        files = [file.path for file in client.list_artifacts(b, "comparisons")]
        document = json.loads(Path(client.download_artifacts(b, f"comparisons/{a[:8]}.json")).read_text("utf-8"))
    assert (told["comparison.baseline"], told["comparison.verdict"], told["comparison.outcome"]) == (a, "worse", "fail")
    assert files == [f"comparisons/{a[:8]}.json", f"comparisons/{a[:8]}.md"]
    assert (document["a"], document["b"], document["verdict"]) == (a, b, "worse")
    assert compare(a, b, tracking_uri=store).pairs == first.pairs
    with tracking.client(store) as client:
        assert client.get_run(b).data.tags == run.data.tags


def test_a_comparison_that_is_not_to_be_recorded_leaves_the_run_alone(store: str) -> None:
    a, b = (tracked.run(store, tags=tracked.COMPLETE, given=found(scores)) for scores in (A, WORSE))
    assert compare(a, b, tracking_uri=store, record=False).recorded == ()
    with tracking.client(store) as client:
        assert "comparison.verdict" not in client.get_run(b).data.tags


def test_a_comparison_that_cannot_be_recorded_is_told_all_the_same(store: str, tmp_path: Path) -> None:
    a, b = (tracked.run(store, tags=tracked.COMPLETE, given=found(scores)) for scores in (A, BETTER))
    in_the_way = tmp_path / "comparisons"
    in_the_way.write_text("a file where the directory should be", "utf-8")
    with tracking.client(store) as client:
        client.log_artifact(b, str(in_the_way))
    outcome = compare(a, b, tracking_uri=store)
    assert (outcome.exit_code, outcome.recorded) == (ExitCode.DONE, ())
    assert [warning.partition(": ")[0] for warning in outcome.warnings] == [f"not recorded on run {b}"]


def test_the_newest_run_that_passed_is_found_as_the_baseline(store: str) -> None:
    a = tracked.run(store, tags=tracked.PASSED, given=found(A), ended=1_000)
    b = tracked.run(store, tags=tracked.COMPLETE, given=found(BETTER), ended=2_000)
    c = tracked.run(store, tags=tracked.COMPLETE, given=found(BETTER), ended=3_000)
    assert compare(b, baseline="newest-passing", tracking_uri=store).pairs[0].comparison.a.name == a
    assert compare(c, baseline="newest-passing", tracking_uri=store).pairs[0].comparison.a.name == b


def test_fetching_is_reported(store: str) -> None:
    a, b = (tracked.run(store, tags=tracked.COMPLETE, given=found(scores)) for scores in (A, BETTER))
    said: list[str] = []
    running.compare(Request(runs=(a, b), tracking_uri=store), said.append)
    assert [line.split(" from ")[0] for line in said] == [f"fetching the results of run {run[:8]}" for run in (a, b)]


def test_damaged_results_of_a_run_are_told_under_its_name(store: str) -> None:
    a, b = (tracked.run(store, tags=tracked.COMPLETE, given=found(scores)) for scores in (A, WORSE))
    with tracking.client(store) as client:
        kept = Path(client.get_run(b).info.artifact_uri.removeprefix("file://"), "output", results.RESULTS_FILE)
    kept.write_bytes(kept.read_bytes()[:-9])
    with pytest.raises(FileProblemsError) as caught:
        compare(a, b, tracking_uri=store)
    assert [problem.file for problem in caught.value.problems] == [f"results.jsonl of run {b}"]


@pytest.mark.parametrize(
    ("suites", "told"),
    [
        (("v2",), "another suite: v1 in A, v2 in B; their instances are paired all the same"),
        (("v1", "v2"), "another suite: v1 in A, v1, v2 in B; only instances of one suite are paired"),
    ],
)
def test_suites_are_those_of_the_lines_where_nothing_else_names_them(
    tmp_path: Path, suites: tuple[str, ...], told: str
) -> None:
    for name, named in (("a", ("v1",)), ("b", suites)):
        items = tuple(item(number, 1.0, suite=named[number % len(named)]) for number in range(20))
        results.write(Results("v1", "helm", results.scores_of(items), items), tmp_path / name)
        (tmp_path / name / results.SUMMARY_FILE).unlink()
    [pair] = compare(str(tmp_path / "a"), str(tmp_path / "b")).pairs
    assert pair.comparison.warnings == (told,)


def test_what_is_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CajajejoError, match="there is no evaluation called"):
        compare(str(tmp_path / "nothing"), directory(tmp_path / "b", A))


@pytest.mark.parametrize("metric", ["f1/macro", "/", "f1/"])
def test_a_level_is_asked_of_a_metric_whose_name_holds_slashes(tmp_path: Path, metric: str) -> None:
    policy = tmp_path / "policy.yml"
    policy.write_text('kind: gate_policy\nversion: v1\nrules:\n  - {name: f1, metrics: ["*"], min_value: 0.2}\n')
    for name in "ab":
        items = tuple(replace(item(number, 0.0), scores={metric: float(number % 3 > 0)}) for number in range(60))
        results.write(Results("v1", "helm", results.scores_of(items), items), tmp_path / name)
    outcome = compare(str(tmp_path / "a"), str(tmp_path / "b"), policy=policy)
    assert outcome.exit_code == ExitCode.DONE


LEVEL = """\
kind: gate_policy
version: v1
rules:
  - {name: level, metrics: ["*"], min_value: %s, point: %s}
"""


def judged_level(tmp_path: Path, a: Results, b: Results, least: float, *, point: bool = False) -> running.Judged:
    for name, one in (("a", a), ("b", b)):
        results.write(one, tmp_path / name)
    file = tmp_path / "level.policy.yml"
    file.write_text(LEVEL % (least, str(point).lower()))
    return compare(str(tmp_path / "a"), str(tmp_path / "b"), policy=file).pairs[0]


@pytest.mark.parametrize("point", [True, False])
def test_a_level_of_a_candidate_that_lacks_many_questions_is_inconclusive(tmp_path: Path, *, point: bool) -> None:
    easy = "1" * 94
    pair = judged_level(tmp_path, found(easy + "0" * 6), found(easy), 0.9, point=point)
    assert pair.exit_code == ExitCode.INCONCLUSIVE
    assert pair.gate is not None
    assert "B lacks 6 of the 100 items of which the level is asked: 6 %, where 5 % is the most" in pair.gate.reason


def test_a_level_of_a_candidate_that_lacks_one_in_twenty_is_judged(tmp_path: Path) -> None:
    easy = "1" * 95
    assert judged_level(tmp_path, found(easy + "0" * 5), found(easy), 0.9).exit_code == ExitCode.DONE


def test_a_level_is_asked_of_a_metric_with_a_slash_in_its_name(tmp_path: Path) -> None:
    items = tuple(replace(item(number, 1.0), scores={"rouge/l": 1.0}) for number in range(60))
    run = Results("v1", "command", results.scores_of(items), items)
    assert judged_level(tmp_path, run, run, 0.9).exit_code == ExitCode.DONE


@pytest.mark.parametrize("size", [1e308, 1e200])
def test_a_level_of_huge_scores_is_judged(tmp_path: Path, size: float) -> None:
    items = tuple(item(number, size * (1 + number % 3 / 10)) for number in range(60))
    run = Results("v1", "command", (), items)
    assert judged_level(tmp_path, run, run, 0.9 * size).exit_code == ExitCode.DONE


def failed(scenario: str) -> Results:
    """Equal answers to 400 questions, where a scenario failed."""
    return replace(found(A * 10), failed=(FailedScenario(scenario, "out of memory"),))


@pytest.mark.parametrize("policy", [True, False])
@pytest.mark.parametrize("both", [True, False])
def test_what_failed_and_is_compared_nowhere_is_no_pass(tmp_path: Path, *, policy: bool, both: bool) -> None:
    for name, run in (("a", failed("mmlu") if both else found(A * 10)), ("b", failed("mmlu"))):
        results.write(run, tmp_path / name)
    more: dict[str, Any] = {"max_drop": 0.1}
    if policy:
        more = {"policy": tmp_path / "release.policy.yml"}
        more["policy"].write_text(POLICY)
    runs = (str(tmp_path / "a"), str(tmp_path / "b"))
    (pair,) = compare(*runs, **more).pairs
    assert pair.exit_code == ExitCode.INCONCLUSIVE
    assert pair.comparison.verdict == "inconclusive"
    told = summaries.verdict_sentence((pair.comparison, pair.gate))
    missing = "a part of the evaluation is missing, for it failed: mmlu"
    assert told == (missing if policy else "1 metric equal, mmlu not evaluated")
    assert compare(*runs, metrics=("boolq/*",), **more).exit_code == ExitCode.DONE


def test_of_the_metrics_that_are_named_less_is_better(tmp_path: Path) -> None:
    a, b = directory(tmp_path / "a", A), directory(tmp_path / "b", WORSE)
    assert compare(a, b, lower_is_better=["boolq/*"]).pairs[0].comparison.verdict == "better"
    with pytest.raises(UsageError, match="no metric is called toxicity"):
        compare(a, b, lower_is_better=["toxicity"])


def test_a_comparison_of_chosen_metrics_is_not_recorded(store: str) -> None:
    a, b = (tracked.run(store, tags=tracked.COMPLETE, given=found(scores)) for scores in (A, BETTER))
    assert compare(a, b, tracking_uri=store, metrics=["boolq/*"]).recorded == ()
    with tracking.client(store) as client:
        assert "comparison.outcome" not in client.get_run(b).data.tags
