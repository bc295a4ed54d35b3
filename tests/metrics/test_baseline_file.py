"""New lines in a baselines file: nothing that was there is changed, and nothing that is added is lost."""

from __future__ import annotations

import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.errors import CajajejoError, FileProblemsError
from cajajejo.metrics import baseline_file, baselines
from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from tests.hostile import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

ACCEPTED = Accepted("tf-mnist-example-cpu", "epoch_loss_final", "3f2a9c1d", "new tokenizer", "jasper", "2026-11-21")
MUTED = Muted("pt-resnet50", "*", "2026-11-28", "pool is replaced", "jasper", "2026-11-21")
SHORT = Accepted("t", "m", "r1", "why", "who", "2026-11-21")
LINE = "{test: t, metric: m, from: r1, reason: why, by: who, date: 2026-11-21}"
OLD = "{test: t, metric: m, from: r0, reason: why, by: who, date: 2026-11-20}"


def extended(text: str, *entries: Accepted | Muted) -> str:
    return baseline_file.extended(text, "demo.baselines.yml", entries)


def test_a_new_file_is_written_as_it_is_documented() -> None:
    text = extended(extended("", ACCEPTED), MUTED)
    assert text == (
        "accepted:\n"
        "  - {test: tf-mnist-example-cpu, metric: epoch_loss_final, from: 3f2a9c1d,\n"
        "     reason: new tokenizer, by: jasper, date: 2026-11-21}\n"
        "muted:\n"
        '  - {test: pt-resnet50, metric: "*", until: 2026-11-28,\n'
        "     reason: pool is replaced, by: jasper, date: 2026-11-21}\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"accepted:\n  - {OLD}\n", f"accepted:\n  - {OLD}\n  - {LINE}\n"),
        (f"accepted:\n- {OLD}", f"accepted:\n- {OLD}\n- {LINE}\n"),
        (f"accepted:\n    - {OLD} # a\n    # b\n", f"accepted:\n    - {OLD} # a\n    - {LINE}\n    # b\n"),
        (f"accepted: # a\n  - {OLD}\n\nmuted: []\n", f"accepted: # a\n  - {OLD}\n  - {LINE}\n\nmuted: []\n"),
        ("# a\naccepted:\n# b\nmuted:\n", f"# a\naccepted:\n  - {LINE}\n# b\nmuted:\n"),
        ("# a\n\nmuted: []\n# b\n", f"# a\n\nmuted: []\n# b\naccepted:\n  - {LINE}\n"),
        ("---\naccepted: []\n...\n", f"---\naccepted: [{LINE}]\n...\n"),
        ("---\nmuted: []\n...\n", f"---\nmuted: []\naccepted:\n  - {LINE}\n...\n"),
        (f"accepted: [{OLD}]", f"accepted: [{OLD}, {LINE}]"),
        (f"accepted: [{OLD},] # a\n", f"accepted: [{OLD}, {LINE}] # a\n"),
        (f"accepted: [\n  {OLD}\n]\n", f"accepted: [\n  {OLD},\n  {LINE}\n]\n"),
        (f"accepted: [\n  {OLD} # a\n]\n", f"accepted: [\n  {OLD} # a\n, {LINE}]\n"),
        ("{accepted: [], muted: []}", f"{{accepted: [{LINE}], muted: []}}"),
        ("{muted: []}\n", f"{{muted: [], accepted: [{LINE}]}}\n"),
        ("{muted: [],}\n", f"{{muted: [], accepted: [{LINE}]}}\n"),
        (f"accepted:\r\n  - {OLD}\r\n", f"accepted:\r\n  - {OLD}\r\n  - {LINE}\r\n"),
    ],
    ids=[
        *("below a line", "below a line without an end", "above a comment", "before another list", "in an empty list"),
        *(
            "a list that is not there",
            "empty brackets",
            "before the end of the document",
            "in brackets",
            "after a comma",
        ),
        *("brackets on lines of their own", "after a comment in brackets", "all in braces", "a list more in braces"),
        *("a list more after a comma", "line breaks of Windows"),
    ],
)
def test_a_line_stands_behind_those_that_are_there(before: str, after: str) -> None:
    assert extended(before, SHORT) == after


def test_a_text_with_what_looks_like_a_comment_stays_whole() -> None:
    item = (
        "  - test: t\n    metric: m\n    from: r0\n    by: w\n    date: 2026-11-20\n    reason: |\n      a\n      # b\n"
    )
    assert extended(f"accepted:\n{item}muted: []\n", SHORT) == f"accepted:\n{item}  - {LINE}\nmuted: []\n"


@pytest.mark.parametrize(
    "text", ["accepted: null\n", "accepted: &x []\nmuted: *x\n"], ids=["a word for nothing", "the same list twice"]
)
def test_where_a_line_has_no_place_people_are_told_to_put_it_there(text: str) -> None:
    entry = SHORT if "null" in text else MUTED
    with pytest.raises(CajajejoError, match="has no place for a new line") as caught:
        extended(text, entry)
    assert caught.value.facts == {"do": f"put it there by hand:\n{baseline_file.line(entry, '')}"}


REASONS = st.one_of(
    st.sampled_from(EXAMPLES), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
)
NAMES = st.one_of(st.sampled_from(["loss_final", "a/b c", "*", "true", "1e5", "0b11", "3f2a9c1d", "~"]), REASONS)
ENTRIES = st.builds(
    Accepted, *(NAMES.filter(bool),) * 3, REASONS.filter(bool), NAMES.filter(bool), st.just("2026-11-21")
)
PAGES = st.sampled_from(
    [
        "",
        "# a comment\n",
        f"accepted:\n  - {OLD}\n",
        f"# a\naccepted: # b\n- {OLD}\n\n# c\nmuted: []\n# d",
        f"accepted: [{OLD}]\n",
        "{muted: [], accepted: []}\n",
        f"\r\naccepted:\r\n  - {OLD}\r\n",
    ]
)


@given(PAGES, ENTRIES)
def test_every_text_comes_back_and_nothing_else_changes(page: str, entry: Accepted) -> None:
    before, text = baselines.parse(page, "file"), extended(page, entry)
    assert baselines.parse(text, "file") == Baselines((*before.accepted, entry), before.muted)
    at = next((place for place, letter in enumerate(page) if text[place : place + 1] != letter), len(page))
    starts = [place for place in range(at + 1) if text.startswith(page[:place]) and text.endswith(page[place:])]
    assert starts, "what was there is still there, in one piece or two"


@given(ENTRIES)
def test_any_reader_of_yaml_takes_a_line_alike(entry: Accepted) -> None:
    (found,) = yaml.load(baseline_file.line(entry), yaml.BaseLoader)  # noqa: S506  # it makes text only
    (typed,) = yaml.safe_load(baseline_file.line(entry))
    assert list(found.values()) == [entry.test, entry.metric, entry.start, entry.reason, entry.by, entry.date]
    assert {name: value for name, value in typed.items() if name != "date"} == {
        name: value for name, value in found.items() if name != "date"
    }


@given(ENTRIES)
def test_a_line_shows_all_that_it_holds(entry: Accepted) -> None:
    assert baseline_file.line(entry).replace("\n", "").isprintable()


def test_long_lines_are_two() -> None:
    shown = baseline_file.line(ACCEPTED).splitlines()
    assert [len(line) for line in shown] == [74, 57]
    assert len(baseline_file.line(SHORT).splitlines()) == 1


def test_adding_makes_the_file_and_says_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "demo.baselines.yml"
    assert baseline_file.add(path, SHORT) == (SHORT,)
    assert path.read_text() == f"accepted:\n  - {LINE}\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["demo.baselines.yml"]


def test_what_a_file_says_already_is_not_added_again(tmp_path: Path) -> None:
    path = tmp_path / "demo.baselines.yml"
    baseline_file.add(path, SHORT)
    written = path.stat().st_ino
    again = Accepted("t", "m", "r1", "why", "another", "2027-01-01")
    assert baseline_file.add(path, again) == ()
    assert path.stat().st_ino == written, "not even written anew"


def test_a_file_that_is_wrong_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "demo.baselines.yml"
    path.write_bytes(b"accepted: [\n")
    with pytest.raises(FileProblemsError) as caught:
        baseline_file.add(path, SHORT)
    assert str(caught.value.problems[0].file) == str(path)
    assert path.read_bytes() == b"accepted: [\n"


def test_the_bytes_before_the_text_and_the_mode_stay(tmp_path: Path) -> None:
    path = tmp_path / "demo.baselines.yml"
    path.write_bytes(b"\xef\xbb\xbf# \xc3\xa9\n")
    path.chmod(0o640)
    baseline_file.add(path, SHORT)
    assert path.read_bytes() == b"\xef\xbb\xbf# \xc3\xa9\n" + f"accepted:\n  - {LINE}\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path, real = tmp_path / "demo.baselines.yml", tmp_path / "real" / "file.yml"
    real.write_text("")
    path.symlink_to(real)
    baseline_file.add(path, SHORT)
    assert path.is_symlink()
    assert real.read_text() == f"accepted:\n  - {LINE}\n"


def test_a_directory_that_is_not_there_is_told_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(CajajejoError) as caught:
        baseline_file.add(tmp_path / "gone" / "demo.baselines.yml", SHORT)
    assert caught.value.message == f"{tmp_path}/gone/demo.baselines.yml cannot be written: No such file or directory"


def test_programs_that_add_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "demo.baselines.yml"
    program = (
        "import sys; from pathlib import Path; from cajajejo.metrics import baseline_file, baselines\n"
        "for number in range(10):\n"
        "    entry = baselines.Accepted('t', f'm{sys.argv[2]}-{number}', 'r1', 'why', 'who', '2026-11-21')\n"
        "    baseline_file.add(Path(sys.argv[1]), entry)\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(path), str(place)]) for place in range(4)]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    found = sorted(entry.metric for entry in baselines.load(path).accepted)
    assert found == sorted(f"m{place}-{number}" for place in range(4) for number in range(10))
    assert [entry.name for entry in tmp_path.iterdir()] == ["demo.baselines.yml"]
