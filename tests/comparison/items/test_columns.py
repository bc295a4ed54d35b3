"""A file of results as columns: read in pieces, refused where it is damaged, and its texts read again on demand."""

from __future__ import annotations

import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo.comparison.items import columns, keys
from cajajejo.comparison.items.item_texts import ItemText
from cajajejo.errors import FileProblemsError, Problem
from cajajejo.results import hash_of
from tests.comparison.written import Answer, read, write

LINE: dict[str, Any] = {"scenario": "geo", "id": "q-1", "scores": {"exact_match": 1.0}}


def file_of(directory: Path, *raw: str | bytes | dict[str, Any], end: bytes = b"\n") -> Path:
    file = directory / "results.jsonl"
    written = [json.dumps(line) if isinstance(line, dict) else line for line in raw]
    lines = [line.encode() if isinstance(line, str) else line for line in written]
    file.write_bytes(b"\n".join(lines) + end)
    return file


def problems(file: Path) -> list[tuple[int | None, str]]:
    with pytest.raises(FileProblemsError) as caught:
        columns.read(file)
    assert {problem.file for problem in caught.value.problems} == {str(file)}
    return [(problem.line, problem.message) for problem in caught.value.problems]


def test_results_become_columns_of_numbers(tmp_path: Path) -> None:
    answers = [
        Answer("q-1", {"exact_match": 1.0, "f1": 0.5}, group="passage 1"),
        Answer("q-2", {"exact_match": 0.0, "f1": 0.25}, repeat=3, prompt=""),
        Answer("q-1", {"bleu": 7.0}, scenario="mmlu", subject="anatomy"),
    ]
    found = read(tmp_path, answers)
    assert (
        found.keys.tolist()
        == keys.as_array(
            keys.item_keys("geo", None, ["q-1"])
            + keys.item_keys("geo", None, ["q-2"])
            + keys.item_keys("mmlu", "anatomy", ["q-1"])
        ).tolist()
    )
    assert found.repeats.tolist() == [0, 3, 0]
    first = int.from_bytes(bytes.fromhex(hash_of("What is q-1?")[:16]), "little")
    assert found.prompts.tolist() == [first, 0, first]
    assert found.groups.tolist() == [keys.group_number("passage 1"), 0, 0]
    assert (found.suites, found.suite_numbers) == (("v1",), None)
    assert {name: (one.rows.tolist(), one.values.tolist()) for name, one in found.series.items()} == {
        ("geo", "exact_match"): ([0, 1], [1.0, 0.0]),
        ("geo", "f1"): ([0, 1], [0.5, 0.25]),
        ("mmlu", "bleu"): ([2], [7.0]),
    }


def test_metrics_that_the_same_rows_have_share_the_array_of_rows(tmp_path: Path) -> None:
    answers = [Answer("q-1", {"a": 1.0, "b": 1.0, "c": 1.0}), Answer("q-2", {"a": 1.0, "b": 1.0})]
    series = read(tmp_path, answers).series
    assert series["geo", "a"].rows is series["geo", "b"].rows
    assert series["geo", "c"].rows.tolist() == [0]


def test_a_score_that_is_no_number_is_nan(tmp_path: Path) -> None:
    found = read(tmp_path, [Answer("q-1", math.nan), Answer("q-2", math.inf), Answer("q-3", 1.0)])
    assert np.isnan(found.series["geo", "exact_match"].values).tolist() == [True, True, False]


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_has_not_are_read_as_not_finite(tmp_path: Path, token: str) -> None:
    file = file_of(tmp_path, f'{{"scenario": "geo", "id": "q-1", "scores": {{"m": {token}}}}}')
    assert not np.isfinite(columns.read(file).series["geo", "m"].values).any()


def test_metrics_may_come_and_go_from_line_to_line(tmp_path: Path) -> None:
    answers = [Answer("q-1", {"a": 1.0}), Answer("q-2", {"b": 2.0}), Answer("q-3", {}), Answer("q-4", {"b": 3, "a": 4})]
    series = read(tmp_path, answers).series
    assert {name: (one.rows.tolist(), one.values.tolist()) for name, one in series.items()} == {
        ("geo", "a"): ([0, 3], [1.0, 4.0]),
        ("geo", "b"): ([1, 3], [2.0, 3.0]),
    }


def test_several_suites_are_numbered_by_row(tmp_path: Path) -> None:
    found = read(tmp_path, [Answer("q-1", 1.0), Answer("q-1", 1.0, suite="v2"), Answer("q-2", 1.0)])
    assert found.suites == ("v1", "v2")
    assert found.suite_numbers is not None
    assert found.suite_numbers.tolist() == [0, 1, 0]


def test_the_least_that_a_line_holds_is_scenario_id_and_scores(tmp_path: Path) -> None:
    found = columns.read(file_of(tmp_path, LINE))
    assert (found.repeats.tolist(), found.prompts.tolist(), found.groups.tolist()) == ([0], [0], [0])
    assert found.texts([0]) == [ItemText("geo", None, "q-1", None, None, None)]


def test_null_stands_for_what_is_not_known(tmp_path: Path) -> None:
    unknown = dict.fromkeys(("suite", "subject", "group", "prompt_sha256", "prompt", "reference", "prediction"))
    found = columns.read(file_of(tmp_path, {**LINE, **unknown}))
    assert found.texts([0]) == [ItemText("geo", None, "q-1", None, None, None)]


def test_fields_of_other_names_are_not_looked_at(tmp_path: Path) -> None:
    assert len(columns.read(file_of(tmp_path, {**LINE, "latency": {"seconds": [1, 2]}})).keys) == 1


def test_blank_lines_and_a_missing_last_end_change_nothing(tmp_path: Path) -> None:
    file = file_of(tmp_path, LINE, "", "  \r", {**LINE, "id": "q-2", "prediction": "two"}, end=b"")
    found = columns.read(file)
    assert [text.prediction for text in found.texts([1, 0])] == ["two", None]


def test_lines_may_be_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    long = [Answer(f"q-{n}", float(n), prediction=str(n) * 700_000) for n in range(5)]
    found = read(tmp_path, long)
    assert found.series["geo", "exact_match"].values.tolist() == [0, 1, 2, 3, 4]
    assert [text.prediction for text in found.texts([4, 2])] == ["4" * 700_000, "2" * 700_000]


def test_half_a_character_is_read_as_it_was_written(tmp_path: Path) -> None:
    odd = Answer("q\ud800", 1.0, prompt="\udc00?", prediction="\ud83d", group="g\ud800", subject="s\udfff")
    found = read(tmp_path, [odd, Answer("q-2", 0.5)])
    assert found.keys[0].tolist() == keys.as_array(keys.item_keys("geo", "s\udfff", ["q\ud800"]))[0].tolist()
    assert found.groups.tolist() == [keys.group_number("g\ud800"), 0]
    assert found.texts([0]) == [ItemText("geo", "s\udfff", "q\ud800", "\udc00?", "Paris", "\ud83d")]
    assert found.series["geo", "exact_match"].values.tolist() == [1.0, 0.5]


def test_texts_come_in_the_order_in_which_they_are_asked_for(tmp_path: Path) -> None:
    found = read(tmp_path, [Answer(f"q-{n}", 1.0, prediction=f"é{n}") for n in range(9)])
    assert [text.prediction for text in found.texts([7, 0, 7])] == ["é7", "é0", "é7"]


def test_no_texts_are_read_where_none_are_asked_for(tmp_path: Path) -> None:
    found = read(tmp_path, [Answer("q-1", 1.0)])
    (tmp_path / "results.jsonl").unlink()
    assert found.texts([]) == []


@pytest.mark.parametrize(
    ("scenario", "subject", "name"),
    [
        ("boolq", None, "boolq/q-1"),
        ("mmlu_subject_anatomy", "anatomy", "mmlu_subject_anatomy/q-1"),
        ("mmlu", "anatomy", "mmlu/anatomy/q-1"),
    ],
)
def test_an_item_is_known_by_scenario_and_id_and_by_a_subject_that_the_scenario_lacks(
    scenario: str, subject: str | None, name: str
) -> None:
    assert ItemText(scenario, subject, "q-1", None, None, None).name == name


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"id": "q"}, "scenario: required, and not there"),
        ({"scenario": "geo", "scores": {}}, "id: required, and not there"),
        ({"scenario": "geo", "id": "q"}, "scores: required, and not there"),
        ({**LINE, "scenario": 7}, "scenario: must be text, not a number"),
        ({**LINE, "group": ["a"]}, "group: must be text, not a list"),
        ({**LINE, "prediction": {}}, "prediction: must be text, not an object"),
        ({**LINE, "scores": [1]}, "scores: must be an object, not a list"),
        ({**LINE, "scores": {"m": "1.0"}}, "scores.m: must be a number, not text"),
        ({**LINE, "scores": {"m": True}}, "scores.m: must be a number, not a boolean"),
        ({**LINE, "scores": {"m": 10**400}}, "scores.m: too large a number"),
        ({**LINE, "repeat": -1}, "repeat: must be a whole number, at least 0"),
        ({**LINE, "repeat": True}, "repeat: must be a whole number, at least 0"),
        ({**LINE, "repeat": 1.5}, "repeat: must be a whole number, at least 0"),
        ({**LINE, "repeat": 2**63}, "repeat: must be a whole number, at least 0"),
        ({**LINE, "prompt_sha256": "abc"}, "prompt_sha256: must be 64 hexadecimal digits"),
        ({**LINE, "prompt_sha256": "g" * 64}, "prompt_sha256: must be 64 hexadecimal digits"),
        ({**LINE, "prompt_sha256": "aa  " * 16}, "prompt_sha256: must be 64 hexadecimal digits"),
        ({**LINE, "prompt_sha256": "0" * 65}, "prompt_sha256: must be 64 hexadecimal digits"),
        ("[1, 2]", "not a JSON object"),
        ("[" * 200_000, "not JSON: nested too deep"),
        ('{"a": ' * 200_000, "not JSON: nested too deep"),
        ('{"scenario": "geo", "id"', "not JSON: Expecting ':' delimiter: line 1 column 25 (char 24)"),
        (b'{"scenario": "\xff"}', "not UTF-8 text (byte 14 of the line)"),
        (
            '{"scenario": "geo", "id": "q", "scores": {"m": ' + "9" * 5_000 + "}}",
            "scores.m: too large a number",
        ),
    ],
)
def test_a_wrong_line_is_told_with_its_number_and_what_is_wrong(
    tmp_path: Path, line: str | bytes | dict[str, Any], message: str
) -> None:
    assert problems(file_of(tmp_path, LINE, "", line, LINE)) == [(3, message)]


def test_all_wrong_lines_are_told_at_once(tmp_path: Path) -> None:
    file = file_of(tmp_path, {**LINE, "prompt_sha256": "?"}, LINE, {**LINE, "id": 1}, {**LINE, "repeat": -1})
    assert [line for line, _ in problems(file)] == [1, 3, 4]


def test_the_twentieth_problem_ends_the_reading_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileProblemsError) as caught:
        columns.read(file_of(tmp_path, *["?"] * 30))
    assert len(caught.value.problems) == 20
    assert [problem.hint for problem in caught.value.problems[18:]] == [None, "the lines after it were not read"]


def test_a_last_line_that_is_cut_off_says_so(tmp_path: Path) -> None:
    file = write(tmp_path, [Answer("q-1", 1.0), Answer("q-2", 1.0)])
    os.truncate(file, file.stat().st_size - 30)
    ((line, message),) = problems(file)
    assert line == 2
    assert message.startswith("cut off, the last line has no end: not JSON: ")


@pytest.mark.parametrize("content", [b"", b"\n", b" \n\n\t\n"])
def test_a_file_without_an_item_is_an_error_of_its_own(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "results.jsonl").write_bytes(content)
    assert problems(tmp_path / "results.jsonl") == [(None, "empty: there is no item in it")]


def test_a_line_of_a_hundred_megabytes_is_refused_before_it_is_read_whole(tmp_path: Path) -> None:
    file = file_of(tmp_path, LINE)
    os.truncate(file, 100_000_000)
    with file.open("ab") as stream:
        stream.write(b"\n{}\n")
    assert problems(file) == [(2, "longer than 64 MiB")]


def test_a_line_that_is_too_long_comes_behind_the_problems_before_it(tmp_path: Path) -> None:
    file = file_of(tmp_path, "?", LINE)
    os.truncate(file, 70_000_000)
    assert [line for line, _ in problems(file)] == [1, 3]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path / "results.jsonl") == [(None, "no such file")]


def test_a_directory_is_no_file_of_results(tmp_path: Path) -> None:
    assert problems(tmp_path) == [(None, "a directory, where a file is needed")]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert problems(tmp_path / "pipe") == [(None, "not a regular file")]


def test_what_the_system_refuses_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path / ("x" * 300)) == [(None, "cannot be read: File name too long")]


def texts_problem(found: columns.Columns) -> str:
    with pytest.raises(FileProblemsError) as caught:
        found.texts([0])
    (problem,) = caught.value.problems
    return problem.message


def test_texts_of_a_file_that_changed_are_refused(tmp_path: Path) -> None:
    found = read(tmp_path, [Answer("q-1", 1.0)])
    write(tmp_path, [Answer("q-1", 1.0)])
    assert texts_problem(found) == "changed while it was compared; compare again"


def test_texts_of_a_file_that_is_gone_are_refused(tmp_path: Path) -> None:
    found = read(tmp_path, [Answer("q-1", 1.0)])
    (tmp_path / "results.jsonl").unlink()
    assert texts_problem(found) == "cannot be read any more: No such file or directory"


def test_texts_that_were_overwritten_unseen_are_refused(tmp_path: Path) -> None:
    found = read(tmp_path, [Answer("q-1", 1.0)])
    file = tmp_path / "results.jsonl"
    before = file.stat()
    with file.open("r+b") as stream:
        stream.write(b"?")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert texts_problem(found) == "changed while it was compared; compare again"


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, [Answer("q-1", 1.0)])
    take = columns._Reading.take

    def take_and_write(reading: columns._Reading, raws: list[bytes], *, cut_off: bool = False) -> None:
        with file.open("ab") as stream:
            stream.write(b"\n" if cut_off else b"")
        take(reading, raws, cut_off=cut_off)

    monkeypatch.setattr(columns._Reading, "take", take_and_write)
    with pytest.raises(FileProblemsError) as caught:
        columns.read(file)
    assert caught.value.problems == (Problem(str(file), "changed while it was compared; compare again"),)


TEXT = st.text(st.characters(), max_size=5)
ANSWERS = st.builds(
    Answer,
    id=TEXT,
    scores=st.dictionaries(st.sampled_from(["a", "b"]), st.floats(-1e99, 1e99) | st.sampled_from([math.nan, math.inf])),
    repeat=st.integers(0, 3),
    scenario=TEXT,
    subject=st.none() | TEXT,
    group=st.none() | TEXT,
    prompt=TEXT,
    reference=st.none() | TEXT,
    prediction=st.none() | TEXT,
    suite=TEXT,
)


@given(st.lists(ANSWERS, min_size=1))
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_what_is_read(answers: list[Answer]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        found = read(Path(directory), answers)
        texts = found.texts(range(len(answers)))
    assert texts == [
        ItemText(a.scenario, a.subject, a.id, a.prompt or None, a.reference, a.prediction) for a in answers
    ]
    for name, one in found.series.items():
        scores = [(row, dict(a.item().scores)) for row, a in enumerate(answers) if a.scenario == name[0]]
        there = [(row, given[name[1]]) for row, given in scores if name[1] in given]
        assert one.rows.tolist() == [row for row, _ in there]
        expected = [score if math.isfinite(score) else math.nan for _, score in there]
        np.testing.assert_array_equal(one.values, expected)


def test_memory_does_not_grow_with_the_length_of_texts(tmp_path: Path) -> None:
    def size(found: columns.Columns) -> int:
        arrays = (found.keys, found.repeats, found.prompts, found.groups)
        rows = {id(one.rows): one.rows for one in found.series.values()}
        return sum(x.nbytes for x in (*arrays, *rows.values(), *(one.values for one in found.series.values())))

    short = [Answer(f"q-{n}", 1.0) for n in range(100)]
    found = read(tmp_path / "long", [replace_prediction(answer, "x" * 5_000) for answer in short])
    assert size(found) == size(read(tmp_path / "short", short)) == 100 * (16 + 8 + 8 + 8 + 8 + 8)


def replace_prediction(answer: Answer, prediction: str) -> Answer:
    return answer._replace(prediction=prediction)
