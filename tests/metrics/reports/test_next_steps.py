from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from cajajejo.metrics.baselines import Accepted
from cajajejo.metrics.judgement.judging import judge
from cajajejo.metrics.judgement.last_good import Turn
from cajajejo.metrics.judgement.verdict import run_verdict
from cajajejo.metrics.points import Point
from cajajejo.metrics.reports import next_steps
from cajajejo.metrics.reports.dated_shifts import DatedShift
from cajajejo.metrics.reports.next_steps import Place
from cajajejo.metrics.reports.report import Report
from tests.metrics.builders import H10, H20, condition, points, regression_tests, this_run

HERE = Place(Path("m.metrics.yml"))
FIXED = condition("greater", fixed_value=0.5)


def made(value: float, wanted: Any, history: Any = (), name: str = "a b") -> Report:
    tests = regression_tests({"default": wanted})
    judged = judge({name: value}, {name: points(history)}, tests, this_run())
    return Report("t", "this", run_verdict(judged, tests, "success"), judged, (), "success", 1)


@pytest.mark.parametrize(
    ("report", "place", "lines"),
    [
        pytest.param(made(1.0, FIXED), HERE, [], id="all well"),
        pytest.param(made(0.0, FIXED), HERE, ["Next: cajajejo metrics history t 'a b'"], id="a known value stays"),
        pytest.param(
            made(0.0, FIXED),
            Place(None, "sqlite:///o p.db"),
            ["Next: cajajejo metrics history t 'a b' --history 'sqlite:///o p.db'"],
            id="another history",
        ),
        pytest.param(
            made(0.93, condition("less", stddevs_from_mean=4), H10),
            HERE,
            [
                "Next: cajajejo metrics history t 'a b'",
                "  or, if this is the new normal:",
                "      cajajejo metrics accept t 'a b' \\",
                '          --from this --config m.metrics.yml --reason "why"',
            ],
            id="a bound from history",
        ),
        pytest.param(
            made(0.9, condition("greater", level_shift={}), [*H20, 0.903, 0.901], "acc"),
            Place(Path("c d.yml"), "sqlite:///o.db"),
            [
                "Next: cajajejo metrics history t acc --history sqlite:///o.db",
                "  or, if this is the new normal:",
                "      cajajejo metrics accept t acc \\",
                "          --from r20 --history sqlite:///o.db --config 'c d.yml' --reason \"why\"",
            ],
            id="a shift begins with its first run",
        ),
        pytest.param(
            made(0.93, condition("less", stddevs_from_mean=4), H10, "acc"),
            Place(),
            ["Next: cajajejo metrics history t acc"],
            id="no file to write a line into",
        ),
        pytest.param(
            made(0.93, condition("less", stddevs_from_mean=4), H10),
            Place(Path("m.yml"), stored=False),
            ["Next: cajajejo metrics history t 'a b'"],
            id="a run that is not stored begins no level",
        ),
        pytest.param(
            made(0.9, condition("greater", level_shift={}), [*H20, 0.903, 0.901], "acc"),
            Place(Path("m.yml"), stored=False),
            [
                "Next: cajajejo metrics history t acc",
                "  or, if this is the new normal:",
                "      cajajejo metrics accept t acc \\",
                '          --from r20 --config m.yml --reason "why"',
            ],
            id="an earlier run is stored",
        ),
        pytest.param(
            made(0.93, condition("less", stddevs_from_mean=4), H10, "-x"),
            Place(Path("m.yml"), "sqlite:///o.db"),
            [
                "Next: cajajejo metrics history --history sqlite:///o.db -- t -x",
                "  or, if this is the new normal:",
                "      cajajejo metrics accept \\",
                '          --from this --history sqlite:///o.db --config m.yml --reason "why" -- t -x',
            ],
            id="a name that looks like an option",
        ),
        pytest.param(
            made(0.0, FIXED, name="it's\n\x1b[31m\\\u202e"),
            HERE,
            ["Next: cajajejo metrics history t $'it\\'s\\U0000000a\\U0000001b[31m\\\\\\U0000202e'"],
            id="a name that no terminal shows",
        ),
    ],
)
def test_after_a_regression_there_is_something_to_look_at_and_to_do(
    report: Report, place: Place, lines: list[str]
) -> None:
    assert next_steps.after_check(report, place) == lines


def shift(metric: str, effect: Any, accepted: Accepted | None = None) -> DatedShift:
    good, bad = Point("r19", 0.9), Point("r20", 0.8)
    return DatedShift(metric, 0.9, 0.8, Turn(good, bad), bad, effect=effect, accepted=accepted)


SETTLED = shift("settled", "worse", Accepted("t", "settled", "r20", "new tokenizer", "ann", "2026-11-21"))


@pytest.mark.parametrize(
    ("shifts", "lines"),
    [
        pytest.param([], [], id="no shift"),
        pytest.param([SETTLED], [], id="accepted"),
        pytest.param([shift("a b", "better")], ["Next: cajajejo metrics history t 'a b'"], id="for the better"),
        pytest.param(
            [SETTLED, shift("a b", "worse"), shift("c", "worse")],
            [
                "Next: cajajejo metrics history t 'a b'",
                "  or, if this is the new normal:",
                "      cajajejo metrics accept t 'a b' \\",
                '          --from r20 --config m.metrics.yml --reason "why"',
            ],
            id="the latest that nobody accepted",
        ),
    ],
)
def test_after_a_shift_there_is_the_same_to_do(shifts: list[DatedShift], lines: list[str]) -> None:
    assert next_steps.after_shifts("t", shifts, HERE) == lines


def test_a_shell_reads_back_what_was_written() -> None:
    words = ["it's", "a\nb", "\x1b[31m \\ ' \" $x `y`", "\u202eé\x85😀", "-x", ""]
    script = f"printf '%s\\0' {next_steps.pasted(*words)}"
    found = subprocess.run(["bash", "-c", script], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"})
    assert found.stdout.decode().split("\0")[:-1] == words


def test_of_several_regressions_the_first_is_named_and_the_others_are_counted() -> None:
    tests = regression_tests({"default": FIXED})
    for names, line in (("ab", "1 more metric"), ("abc", "2 more metrics")):
        judged = judge(dict.fromkeys(names, 0.0), {}, tests, this_run())
        report = Report("t", "this", run_verdict(judged, tests, "success"), judged, (), "success", 1)
        assert next_steps.after_check(report, HERE) == [
            "Next: cajajejo metrics history t a",
            f"  and so for {line} that got worse",
        ]


def test_where_no_history_knows_the_run_there_is_nothing_to_look_at() -> None:
    tests = regression_tests({"default": FIXED})
    judged = judge({"a": 0.0}, {}, tests, this_run())
    report = Report("t", "this", run_verdict(judged, tests, "success"), judged, (), "success", 0)
    assert next_steps.of_check(report, Place(HERE.config, None, stored=False)) is None
