from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics.baselines import Accepted
from cajajejo.metrics.judgement.last_good import Turn
from cajajejo.metrics.points import Point
from cajajejo.metrics.reports import documents, shift_pages
from cajajejo.metrics.reports.dated_shifts import DatedShift, Looked, Search
from cajajejo.shift_outputs import Shifts
from cajajejo.terminal import Style

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

DAY = 86_400.0
START = 1_792_454_400.0  # 2026-10-20 00:00 UTC
OLD, NEW = "10abfb1bf8", "77e02c53aa"
GOOD = Point("9c41d0e7", 0.912, start_time=START, commit=OLD)
BAD = Point("3f2a9c1d", 0.851, start_time=START + DAY, commit=NEW)
DROP = DatedShift("boolq_final", 0.912, 0.851, Turn(GOOD, BAD), BAD, -18.42, -4.8, "worse")
ACCEPTED = Accepted("pythia", "boolq_final", "3f2a9c1d", "new tokenizer", "jasper", "2026-10-21")


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def search(*shifts: DatedShift, runs: int = 42) -> Search:
    return Search("pythia", "builtin", (Looked("boolq_final", runs, 13, shifts), Looked("loss_final", runs, 13)))


def page(*shifts: DatedShift, shown: Sequence[DatedShift] | None = None, style: Style | None = None) -> list[str]:
    found = search(*shifts)
    listed = found.newest_first if shown is None else shown
    return shift_pages.screen(found, listed, {(OLD, NEW): 3}, style or Style())


def row(**changes: Any) -> list[str]:
    shift = DatedShift(**{name: getattr(DROP, name) for name in DatedShift.__dataclass_fields__} | changes)
    return page(shift)[3].split("  ")[1:]


def test_a_shift_is_a_row_of_the_table_and_a_paragraph() -> None:
    assert page(DROP) == [
        "pythia: 1 shift in 1 of 2 metrics, 42 runs",
        "",
        "  shift    metric       before  after  change     sd  began",
        "  ✗ worse  boolq_final   0.912  0.851  -6.7 %  -18.4  2026-10-21 00:00",
        "",
        "boolq_final went down from 0.912 to 0.851",
        "  between   run 9c41d0e7 (2026-10-20 00:00) and run 3f2a9c1d (2026-10-21 00:00)",
        "  commits   3 commits: git log --oneline 10abfb1..77e02c5",
    ]


def test_in_ascii_and_in_colour_it_says_the_same() -> None:
    assert page(DROP, style=Style(unicode=False))[3].split()[:2] == ["x", "worse"]
    assert page(DROP, style=Style(color=True))[3].startswith("  ✗ \x1b[31mworse\x1b[0m  boolq_final")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"effect": "better"}, "▲ better"),
        ({"effect": None}, "down"),
        ({"effect": None, "after": 0.95}, "up"),
        ({"accepted": ACCEPTED}, "✓ accepted"),
    ],
    ids=["better", "down", "up", "accepted"],
)
def test_what_a_shift_is_called(changes: dict[str, Any], said: str) -> None:
    assert row(**changes)[0] == said


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (0.0512, 0.0514, ["0.0512", "0.0514"]),
        (1000.0, 1000.25, ["1000.0", "1000.2"]),
        (12345.0, 13000.0, ["12345", "13000"]),
    ],
    ids=["small", "close", "large"],
)
def test_levels_have_the_digits_that_tell_them_apart(before: float, after: float, shown: list[str]) -> None:
    cells = [cell.strip() for cell in row(before=before, after=after, effect=None) if cell.strip()]
    assert cells[2:4] == shown


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (1.0, 1.00034, "+0.034 %"),
        (1.0, 1.03, "+3.0 %"),
        (1.0, 1.0996, "+10 %"),
        (1.0, 0.5, "-50 %"),
        (1.0, 3.2, "+220 %"),
        (-4.0, -2.0, "+50 %"),
        (1e-9, 1.0, "+1.0e+11 %"),
        (0.0, 1.0, "—"),
    ],
    ids=["little", "two-digits", "rounded-up", "half", "more-than-all", "negative", "enormous", "from-zero"],
)
def test_the_change_is_a_share_of_the_level_before(before: float, after: float, change: str) -> None:
    cells = [cell.strip() for cell in row(before=before, after=after) if cell.strip()]
    assert cells[4] == change


@pytest.mark.parametrize(("size", "shown"), [(None, "—"), (2.04, "+2.0"), (-99999.0, "-1000+")])
def test_sizes_in_standard_deviations(size: float | None, shown: str) -> None:
    cells = [cell.strip() for cell in row(deviations=size) if cell.strip()]
    assert cells[5] == shown


def test_the_paragraph_says_when_it_may_have_begun_earlier_and_who_accepted_it() -> None:
    first = Point("5d20b7c4", 0.86, start_time=START + DAY / 2)
    lines = page(DatedShift("boolq_final", 0.912, 0.851, Turn(GOOD, BAD), first, accepted=ACCEPTED))
    assert lines[-4:] == [
        "  between   run 9c41d0e7 (2026-10-20 00:00) and run 3f2a9c1d (2026-10-21 00:00)",
        "  probably  with run 5d20b7c4",
        "  commits   3 commits: git log --oneline 10abfb1..77e02c5",
        "  accepted  from run 3f2a9c1d: new tokenizer (jasper, 2026-10-21)",
    ]


def test_what_is_not_known_of_runs_is_not_said() -> None:
    lines = page(DatedShift("boolq_final", 0.9, 0.8, Turn(Point("a", 0.9), Point("b", 0.8)), Point("b", 0.8)))
    assert lines[3].endswith("run b")
    assert lines[-2:] == ["boolq_final went down from 0.900 to 0.800", "  between   run a and run b"]


def test_of_many_shifts_five_are_told_in_full_and_those_left_out_are_counted() -> None:
    many = [DROP] * 9
    lines = page(*many, shown=many[:7])
    assert sum(line.startswith("boolq_final went down") for line in lines) == 5
    assert lines[3:11] == [lines[3]] * 7 + ["  … 2 more; --limit 0 shows all"]


def test_names_from_elsewhere_cannot_move_the_terminal() -> None:
    bad = Point("b\x1b[2J", 0.8)
    lines = page(DatedShift("m\x1b[2J", 0.9, 0.8, Turn(Point("a", 0.9), bad), bad))
    assert not any("\x1b" in line for line in lines)


@pytest.mark.parametrize(
    ("looked", "said"),
    [
        ([("m", 42, 13)], "pythia: no shift in m, 42 runs"),
        ([("m", 42, 13), ("n", 40, 13)], "pythia: no shift in 2 metrics, 42 runs"),
        ([("m", 7, 13)], "pythia: no shift in m, 7 runs; it takes 13 to tell one"),
        (
            [("m", 42, 13), ("n", 1, 13)],
            "pythia: no shift in 2 metrics, 42 runs; it takes 13 to tell one, and 1 of the metrics have fewer",
        ),
    ],
    ids=["one", "two", "short", "one-of-two-is-short"],
)
def test_where_there_is_no_shift_it_says_how_much_was_looked_at(looked: list[tuple[str, int, int]], said: str) -> None:
    found = Search("pythia", "builtin", tuple(Looked(*one) for one in looked))
    assert shift_pages.screen(found, [], {}, Style()) == [said]


def test_another_engine_is_named() -> None:
    found = Search("pythia", "otava", (Looked("m", 42, 10),))
    assert shift_pages.screen(found, [], {}, Style()) == ["pythia: no shift in m, 42 runs, by otava"]


def test_the_document_is_that_of_its_schema() -> None:
    found = search(DROP)
    document = documents.shifts(found, found.newest_first, {(OLD, NEW): 3})
    assert Shifts.model_validate(document).as_json() == document
    assert document["metrics"] == [
        {"name": "boolq_final", "runs": 42, "runs_needed": 13},
        {"name": "loss_final", "runs": 42, "runs_needed": 13},
    ]
    assert document["shifts"] == [
        {
            "metric": "boolq_final",
            "direction": "down",
            "effect": "worse",
            "before": 0.912,
            "after": 0.851,
            "relative_change": pytest.approx(-0.0669, abs=1e-4),
            "deviations": -18.42,
            "z": -4.8,
            "last_before": {"run_id": "9c41d0e7", "start_time": "2026-10-20T00:00:00Z", "commit": OLD},
            "most_likely_first": {"run_id": "3f2a9c1d", "start_time": "2026-10-21T00:00:00Z", "commit": NEW},
            "first_after": {"run_id": "3f2a9c1d", "start_time": "2026-10-21T00:00:00Z", "commit": NEW},
            "commits": 3,
            "accepted": None,
        }
    ]


def test_the_document_holds_the_line_that_accepts_a_level() -> None:
    accepted = DatedShift("m", 0.9, 0.8, Turn(Point("a", 0.9), Point("b", 0.8)), Point("b", 0.8), accepted=ACCEPTED)
    document = documents.shifts(search(accepted), [accepted], {})
    assert document["shifts"][0]["accepted"] == {
        "start": "3f2a9c1d",
        "reason": "new tokenizer",
        "by": "jasper",
        "date": "2026-10-21",
    }
    assert Shifts.model_validate(document).as_json() == document
