"""Log lines of a pod: whatever is said, each is one line of JSON that every reader takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo import pod_log

NOON = datetime(2026, 11, 21, 12, 0, 1, 234567, UTC)
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))  # half surrogates, too


def entry(message: str, **fields: object) -> dict[str, object]:
    text = pod_log.line("INFO", message, labels={"job_name": "a"}, now=NOON, **fields)
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def test_a_line_holds_what_cloud_logging_reads() -> None:
    text = pod_log.line("ERROR", "no", labels={"job_name": "a"}, now=NOON, progress={"done": 1})
    assert json.loads(text) == {
        "severity": "ERROR",
        "message": "no",
        "time": "2026-11-21T12:00:01.234567Z",
        "logging.googleapis.com/labels": {"job_name": "a"},
        "progress": {"done": 1},
    }


def test_times_are_in_utc() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    line = pod_log.line("INFO", "", labels={}, now=there)
    assert json.loads(line)["time"] == "2026-11-21T12:00:01.234567Z"


@given(ANY_TEXT, ANY_TEXT)
def test_any_message_is_one_printable_line(message: str, field: str) -> None:
    text = pod_log.line("INFO", message, labels={"job_name": field}, now=NOON, more={"x": [field]})
    assert text.isascii()
    assert text.isprintable()
    json.loads(text)["message"].encode()  # what no other format could hold is written out


@given(st.text())
def test_a_message_comes_back_as_it_was(message: str) -> None:
    assert entry(message)["message"] == message


def test_half_of_a_surrogate_pair_is_written_out_wherever_it_stands() -> None:
    found = entry("a \ud800 b \U0001f600", more=("\udfff", 1, None, {"\ud801": True}))
    assert (found["message"], found["more"]) == ("a \\ud800 b \U0001f600", ["\\udfff", 1, None, {"\\ud801": True}])


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        entry("", share=float("nan"))


def test_the_labels_are_the_documented_ones() -> None:
    environ = {"JOB_NAME": "eval-a", "CONFIG_VERSION": "10abfb1bf8"}
    assert pod_log.labels(environ, "1.2") == {
        "job_name": "eval-a",
        "image_build_cajajejo_version": "1.2",
        "config_git_sha": "10abfb1bf8",
    }
    assert pod_log.labels({"JOB_NAME": ""}, "1.2") == {
        "job_name": "Unknown",
        "image_build_cajajejo_version": "1.2",
        "config_git_sha": "Unknown",
    }


@pytest.mark.parametrize(
    ("length", "sizes"),
    [(0, [0]), (1, [1]), (16_000, [16_000]), (16_001, [16_000, 1]), (40_000, [16_000, 16_000, 8000])],
)
def test_a_long_message_is_cut_into_pieces_that_add_up(length: int, sizes: list[int]) -> None:
    text = "".join(chr(0x4E00 + n) for n in range(length))
    found = pod_log.pieces(text)
    assert ("".join(found), [len(piece) for piece in found]) == (text, sizes)


def test_the_longest_entry_is_one_that_cloud_logging_takes_whole() -> None:
    text = pod_log.line("INFO", "\U0001f600" * pod_log.LONGEST, labels={}, now=NOON)
    assert len(text) < 256_000


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("2026-11-22 01:22:53,087 INFO     helm_run {", "INFO"),
        ("2026-11-22 01:22:53,087 DEBUG    setup", "DEBUG"),
        ("2026-11-22 01:22:53,087 WARNING  no such file", "WARNING"),
        ("2026-11-22 01:22:53,087 ERROR    Failed runs: [mmlu]", "ERROR"),
        ("[WARN] low on memory", "WARNING"),
        ("FATAL: no", "CRITICAL"),
        ("CRITICAL", "CRITICAL"),
        ("cajajejo.harness.helm - DEBUG - helm-run", "DEBUG"),
        ("Traceback (most recent call last):", "ERROR"),
        ("ValueError: no such run spec", "ERROR"),
        ("requests.exceptions.ConnectionError: refused", "ERROR"),
        ("helm.benchmark.runner.RunnerError: Failed runs", "ERROR"),
        ("KeyboardInterrupt", "INFO"),
        ("Error: no model", "ERROR"),
        ("Warning: odd", "WARNING"),
        ("/a/b.py:12: DeprecationWarning: old", "WARNING"),
        ("/a/b.py:12: UserWarning: old", "WARNING"),
        ("Errors were few", "INFO"),
        ("INFORMATION about WARNINGS", "INFO"),
        ("model=ERROR-prone-7b", "INFO"),
        ("x" * 90 + " ERROR", "INFO"),
        ("", "INFO"),
    ],
)
def test_a_line_of_another_program_is_as_serious_as_it_says(text: str, severity: str) -> None:
    assert pod_log.severity_of(text) == severity


def test_colours_are_left_out_and_other_escapes_are_not() -> None:
    assert pod_log.uncoloured("\x1b[1;31mred\x1b[0m \x1b[2K\x1b[m.") == "red \x1b[2K."


def test_a_bar_that_is_redrawn_is_many_lines() -> None:
    assert pod_log.lines("a\r\nb\r 10%\r 20%\n\n  \nc\u2028d") == ["a", "b", " 10%", " 20%", "c\u2028d"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain", "plain"),
        ('{"message": "somebody else\'s"}', '{"message": "somebody else\'s"}'),
        (f'{{"{pod_log.LABELS}": cut', f'{{"{pod_log.LABELS}": cut'),
        (f'{{"{pod_log.LABELS}": {{}}, "message": 1}}', f'{{"{pod_log.LABELS}": {{}}, "message": 1}}'),
        (f'{{"{pod_log.LABELS}": {{}}, "message": "m", "severity": [], "time": "noon"}}', "m"),
        (pod_log.line("INFO", "loading", labels={}, now=NOON), "12:00:01Z loading"),
        (pod_log.line("CRITICAL", "out of disk", labels={}, now=NOON), "12:00:01Z CRITICAL out of disk"),
    ],
)
def test_a_line_of_ours_is_read_as_what_it_says(text: str, said: str) -> None:
    assert pod_log.spoken(text) == said
