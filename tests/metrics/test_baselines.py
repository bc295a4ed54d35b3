"""The file of accepted levels and muted metrics: what it may say, and which of its lines count."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.errors import FileProblemsError
from cajajejo.metrics import baselines
from cajajejo.metrics.baselines import Accepted, Baselines, Muted

PRINTED = """\
accepted:
  - {test: tf-mnist-example-cpu, metric: epoch_loss_final, from: 3f2a9c1d,
     reason: new tokenizer, by: jasper, date: 2026-11-21}
muted:
  - {test: pt-resnet50-conv-v100-x1, metric: "*", until: 2026-11-28,
     reason: node pool is being replaced, by: jasper, date: 2026-11-21}
"""
ACCEPTED = Accepted("tf-mnist-example-cpu", "epoch_loss_final", "3f2a9c1d", "new tokenizer", "jasper", "2026-11-21")
MUTED = Muted(
    "pt-resnet50-conv-v100-x1", "*", "2026-11-28", "node pool is being replaced", "jasper", "2026-11-21"
)  # fmt: skip


def accepted(start: str, date: str = "2026-11-21", metric: str = "loss") -> Accepted:
    return Accepted("t", metric, start, "why", "who", date)


def muted(metric: str, until: str, date: str = "2026-11-21") -> Muted:
    return Muted("t", metric, until, "why", "who", date)


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def problems(text: str) -> list[str]:
    with pytest.raises(FileProblemsError) as caught:
        baselines.parse(text, "demo.baselines.yml")
    return caught.value.lines()


def test_the_file_is_read_as_it_is_documented() -> None:
    assert baselines.parse(PRINTED, "demo.baselines.yml") == Baselines((ACCEPTED,), (MUTED,))


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "# nothing yet\n", "---\n# nothing\n", "accepted:\nmuted: []\n", "{}", "muted: null\n"],
    ids=["empty", "blank", "comment", "marker", "null and empty", "braces", "null"],
)
def test_a_file_may_say_nothing(text: str) -> None:
    assert baselines.parse(text, "demo.baselines.yml") == Baselines()


def test_without_a_file_nothing_is_accepted_or_muted(tmp_path: Path) -> None:
    assert baselines.load(tmp_path / "demo.baselines.yml") == Baselines()


def test_numbers_are_text_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "demo.baselines.yml"
    path.write_text("accepted: [{test: 1.10, metric: 7, from: 1e5, reason: true, by: 0x1f, date: 2026-11-21}]\n")
    assert baselines.load(path).accepted == (Accepted("1.10", "7", "1e5", "true", "0x1f", "2026-11-21"),)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ("demo.metrics.yml", "demo.baselines.yml"),
        ("mnist.yml", "mnist.baselines.yml"),
        ("mnist.yaml", "mnist.baselines.yml"),
        ("demo.metrics.json", "demo.baselines.yml"),
        ("demo.JSON", "demo.baselines.yml"),
        ("demo", "demo.baselines.yml"),
        ("demo.v2", "demo.v2.baselines.yml"),
        (".metrics.yml", ".metrics.baselines.yml"),
    ],
)
def test_the_file_is_named_after_the_configuration(config: str, name: str) -> None:
    assert baselines.path_for(Path("jobs") / config) == Path("jobs") / name


def test_every_problem_of_a_file_is_told_at_once_with_its_line() -> None:
    text = """\
accepted:
  - {test: t, metric: loss, form: 3f2a9c1d, reason: r, by: b, date: 2026-11-21}
  - {test: t, metric: "", from: 3f2a9c1d, reason: r, by: b, date: yesterday}
mutd:
  - {}
muted: {test: t}
"""
    assert problems(text) == [
        "demo.baselines.yml:2: accepted.0.form: unknown field",
        "    did you mean from? (one of test, metric, from, reason, by, date)",
        "demo.baselines.yml:3: accepted.1.metric: must not be empty",
        "demo.baselines.yml:3: accepted.1.date: not a date or a time: yesterday",
        "    write 2026-11-28, or 2026-11-28T14:00:00Z",
        "demo.baselines.yml:4: mutd: unknown field",
        "    did you mean muted? (one of accepted, muted)",
        "demo.baselines.yml:6: muted: must be a list, not a mapping",
        "5 problems in 1 file",
    ]


def test_start_is_no_name_for_the_field_from() -> None:
    text = "accepted: [{test: t, metric: m, start: r, reason: r, by: b, date: 2026-11-21}]"
    assert problems(text)[0] == "demo.baselines.yml:1: accepted.0.from: required, and not there"


@pytest.mark.parametrize(
    "date", ["2026-02-30", "26-11-21", "2026-W48-1", "20261121", "2026-11-21T25:00Z", "٢٠٢٦-11-21"]
)
def test_a_date_that_no_calendar_has_is_refused(date: str) -> None:
    line = f"muted: [{{test: t, metric: m, until: {date}, reason: r, by: b, date: 2026-11-21}}]"
    assert problems(line)[0] == f"demo.baselines.yml:1: muted.0.until: not a date or a time: {date}"


def test_a_bomb_of_anchors_is_refused() -> None:
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{depth}: &a{depth} [{', '.join([f'*a{depth - 1}'] * 10)}]" for depth in range(1, 9)]
    assert "do anchors repeat one another?" in problems("\n".join(lines))[0]


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        ("2026-11-28", "2026-11-28T00:00:00"),
        ("2026-11-28T14:30", "2026-11-28T14:30:00"),
        ("2026-11-28T14:30:05Z", "2026-11-28T14:30:05"),
        ("2026-11-28 14:30:05+02:00", "2026-11-28T12:30:05"),
    ],
)
def test_a_mute_ends_at_a_moment_that_is_the_same_everywhere(
    until: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    assert muted("*", until).ends == seconds(moment)


@pytest.mark.parametrize(
    ("lines", "start"),
    [
        ([("r1", "2026-11-21"), ("r2", "2026-11-22")], "r2"),
        ([("r2", "2026-11-22"), ("r1", "2026-11-21")], "r2"),
        ([("r1", "2026-11-21"), ("r2", "2026-11-21")], "r2"),
        ([("r1", "2026-11-21T10:00Z"), ("r2", "2026-11-21")], "r1"),
    ],
    ids=["later date", "later date first", "same date", "a time is later than its date"],
)
def test_the_later_line_counts(lines: list[tuple[str, str]], start: str) -> None:
    found = Baselines(accepted=tuple(accepted(*line) for line in lines)).accepted_from("t", "loss")
    assert found is not None
    assert found.start == start


def test_a_line_is_about_one_metric_of_one_test() -> None:
    found = Baselines(accepted=(accepted("r1", metric="loss*"), accepted("r2", metric="acc")))
    assert found.accepted_from("t", "loss_final") is None
    assert found.accepted_from("other", "acc") is None


@pytest.mark.parametrize(
    ("metric", "is_muted"),
    [("loss_final", True), ("acc_final", False), ("*", False)],
    ids=["fits", "fits not", "the job itself"],
)
def test_a_glob_mutes_the_metrics_that_it_fits(metric: str, *, is_muted: bool) -> None:
    line = muted("loss*", "2026-11-28")
    found = Baselines(muted=(line,)).muted_until("t", metric, seconds("2026-11-27"))
    assert found == (line if is_muted else None)


@pytest.mark.parametrize("metric", ["loss_final", "*", "[x]"])
def test_a_star_mutes_every_metric_and_the_job(metric: str) -> None:
    line = muted("*", "2026-11-28")
    assert Baselines(muted=(line,)).muted_until("t", metric, seconds("2026-11-27")) == line


def test_a_mute_is_over_when_its_time_has_come() -> None:
    found = Baselines(muted=(muted("*", "2026-11-28"),))
    assert found.muted_until("t", "loss", seconds("2026-11-28") - 1) is not None
    assert found.muted_until("t", "loss", seconds("2026-11-28")) is None


def test_a_later_line_ends_a_mute_earlier() -> None:
    lines = (muted("*", "2026-12-31", "2026-11-20"), muted("loss", "2026-11-22", "2026-11-21"))
    found = Baselines(muted=lines)
    assert found.muted_until("t", "loss", seconds("2026-11-23")) is None
    assert found.muted_until("t", "acc", seconds("2026-11-23")) == lines[0]


def test_what_is_noted_elsewhere_only_is_later_than_the_lines_of_its_day() -> None:
    file = Baselines(accepted=(accepted("r1"), accepted("r2")))
    noted = Baselines(accepted=(accepted("r1"), accepted("r3")), muted=(MUTED,))
    assert file.and_noted(noted) == Baselines((accepted("r1"), accepted("r2"), accepted("r3")), (MUTED,))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([accepted("r1")], True),
        ([accepted("r2")], False),
        ([accepted("r1"), accepted("r2")], False),
        ([accepted("r1", metric="acc")], False),
        ([], False),
    ],
    ids=["the same", "another run", "replaced since", "another metric", "nothing"],
)
def test_a_level_that_is_accepted_already_is_known_whoever_says_so_again(lines: list[Accepted], *, said: bool) -> None:
    again = Accepted("t", "loss", "r1", "why", "somebody else", "2027-01-01")
    assert (Baselines(accepted=tuple(lines)).said(again) == accepted("r1")) is said


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([("loss*", "2026-11-28")], True),
        ([("loss*", "2026-11-28"), ("acc", "2026-11-30")], True),
        ([("loss*", "2026-11-28"), ("loss", "2026-11-30")], False),
        ([("loss*", "2026-11-28"), ("*", "2026-11-30")], False),
        ([("loss*", "2026-11-29")], False),
    ],
    ids=["the same", "another metric since", "one of them since", "all since", "another end"],
)
def test_a_mute_is_known_unless_a_later_line_is_about_its_metrics(lines: list[tuple[str, str]], *, said: bool) -> None:
    found = Baselines(muted=tuple(muted(*line) for line in lines))
    assert (found.said(muted("loss*", "2026-11-28", "2026-11-22")) is not None) is said


DATES = st.dates().map(lambda date: date.isoformat()).filter(lambda text: text >= "1000")


@given(st.lists(st.tuples(st.sampled_from(["r1", "r2", "r3"]), DATES), min_size=1))
def test_the_line_that_counts_has_the_greatest_date(lines: list[tuple[str, str]]) -> None:
    entries = [accepted(*line) for line in lines]
    found = Baselines(accepted=tuple(entries)).accepted_from("t", "loss")
    assert found is not None
    greatest = max(entry.date for entry in entries)
    assert found == [entry for entry in entries if entry.date == greatest][-1]
