"""``metrics export``, ``import``, ``sql`` and ``prune``, as a user types them."""

from __future__ import annotations

import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cajajejo.cli import app, run
from cajajejo.history_outputs import Answer, Pruned
from cajajejo.metrics.history import History
from tests.metrics.interchange.stored import a_run, exported, runs_of, store
from tests.terminals import Terminal

if TYPE_CHECKING:
    from cajajejo.metrics.history.store import Store

URL = "sqlite:///.cajajejo/history.db"
PROGRAM = (
    "import sys; from cajajejo import cli; sys.exit(cli.run(cli.app, ['metrics', *sys.argv[1:]], prog_name='cajajejo'))"
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def history() -> Store:
    """The history in its usual place: three runs of a, and one of b."""
    found = History.at(URL).store
    found.record([*(a_run(number, "a", acc=number / 4) for number in range(3)), a_run(0, "b", acc=1.0, loss=0.1)])
    return found


class Shell:
    """Runs the program in this process, and keeps what it printed."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        code = run(app, ["metrics", *arguments], prog_name="cajajejo")
        captured = self.capfd.readouterr()
        return code, captured.out, captured.err


@pytest.fixture
def shell(capfd: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capfd)


def on_a_terminal(*arguments: str) -> Terminal:
    return Terminal(["-c", PROGRAM, *arguments], {**os.environ})


def test_rows_go_to_stdout_and_counts_to_stderr(shell: Shell, history: Store) -> None:
    code, out, err = shell("export")
    assert (code, out, err) == (0, exported(history).decode(), "exported 5 rows of 4 runs\n")
    assert shell("export", "-o", "-", "--format", "jsonl")[1] == exported(history, "jsonl").decode()


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.ndjson", "rows.parquet", "rows.csv.gz", "ROWS.CSV"])
def test_the_suffix_says_the_format_and_import_reads_it(shell: Shell, history: Store, name: str) -> None:
    assert shell("export", "-o", name) == (0, "", f"wrote {name} (5 rows of 4 runs)\n")
    into = ("--history", "sqlite:///new.db")
    said = "stored 4 runs with 5 metrics in sqlite:///new.db\n"
    assert shell("import", name, *into) == (0, "", said)
    again = "stored 0 runs with 0 metrics in sqlite:///new.db; 4 runs unchanged\n"
    assert shell("import", name, *into) == (0, "", again)
    assert runs_of(History.at("sqlite:///new.db").store) == runs_of(history)
    assert [path.name for path in Path().glob(".cajajejo-*")] == []


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "rows.txt"), "Error: -o rows.txt: which format is that?"),
        (("-o", "rows.json"), "Error: -o rows.json: which format is that?"),
        (("-o", "rows.parquet.gz"), "Error: -o rows.parquet.gz: Parquet is packed already; leave out .gz"),
        (("--since", "30"), "Error: --since 30: 30 what? Write 30s, 30m or 30h (ago), or a date"),
    ],
)
def test_a_command_line_that_says_too_little_is_a_usage_error(
    shell: Shell, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = shell("export", *arguments)
    assert (code, out, err.splitlines()[0]) == (2, "", said)


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    "command",
    [("sql", "SELECT 1"), ("export", "--format", "csv"), ("report", "--format", "markdown")],
)
@pytest.mark.parametrize("file", ["history.db", "history.db-wal", "../.cajajejo/history.db"])
def test_no_result_takes_the_place_of_the_history(shell: Shell, command: tuple[str, ...], file: str) -> None:
    code, _, err = shell(*command, "-o", f".cajajejo/{file}")
    assert (code, err.splitlines()[0]) == (2, f"Error: -o .cajajejo/{file}: is read by this command")
    assert shell("sql", "SELECT count(*) FROM job_history", "--format", "csv")[1] == "count(*)\n4\n"


@pytest.mark.usefixtures("history")
def test_where_no_file_can_be_written_none_is_left(shell: Shell) -> None:
    assert shell("export", "-o", "gone/rows.csv")[0] == 1
    Path("folder.csv").mkdir()
    code, _, err = shell("export", "-o", "folder.csv")
    assert (code, err) == (1, "Error: -o folder.csv: is a directory\n")
    Path("rows.csv").write_text("old")
    assert shell("export", "nobody", "-o", "rows.csv")[0] == 1
    assert Path("rows.csv").read_text() == "old"


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz", "rows.jsonl", "rows.parquet"])
def test_a_disk_that_fills_up_leaves_the_file_that_was_there(history: Store, name: str) -> None:
    values = [{f"m{metric}": math.sin(number + metric / 100) for metric in range(100)} for number in range(100)]
    history.record([a_run(number, "many", **metrics) for number, metrics in enumerate(values)])
    Path(name).write_bytes(b"as it was")
    program = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)); {PROGRAM}"
    done = subprocess.run([sys.executable, "-c", program, "export", "-o", name], capture_output=True, text=True)  # noqa: PLW1510
    assert (done.returncode, done.stderr) == (1, f"Error: -o {name}: cannot be written: File too large\n")
    assert Path(name).read_bytes() == b"as it was"
    assert {path.name for path in Path().iterdir()} == {name, ".cajajejo"}


@pytest.mark.usefixtures("history")
def test_a_test_that_is_not_there_is_told_with_those_that_are(shell: Shell) -> None:
    code, out, err = shell("export", "a", "c")
    assert (code, out) == (1, "")
    assert err == f"Error: no test of this name in the history: c: {URL}\n  there are   a, b\n"


def test_only_what_is_wanted_is_written(shell: Shell, history: Store) -> None:
    del history
    _, out, _ = shell("export", "a", "--since", str(a_run(1).run.start_time))
    assert [line[:5] for line in out.splitlines()[1:]] == ["r1,a,", "r2,a,"]


@pytest.mark.usefixtures("history")
def test_parquet_is_not_for_a_terminal() -> None:
    terminal = on_a_terminal("export", "--format", "parquet")
    shown = terminal.read(lambda text: "Error" in text and text.endswith("\n"))
    assert (shown, terminal.close()) == ("Error: Parquet is not for a terminal: -o FILE.parquet\n", 2)


@pytest.mark.parametrize(
    "command", ["export", "export --format parquet", "sql 'SELECT * FROM metric_history' --format csv"]
)
def test_a_reader_that_has_seen_enough_ends_it_quietly(history: Store, command: str) -> None:
    values = [{f"m{metric}": math.sin(number + metric / 100) for metric in range(100)} for number in range(300)]
    history.record([a_run(number, "many", **metrics) for number, metrics in enumerate(values)])
    shell = (
        f'set -o pipefail; {sys.executable} -c "$PROGRAM" {command} | head -c 100 > /dev/null; echo ${{PIPESTATUS[0]}}'
    )
    environ = {**os.environ, "PROGRAM": PROGRAM}
    done = subprocess.run(["bash", "-c", shell], env=environ, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_stdin_is_read_as_a_file(shell: Shell, history: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(exported(history)))))
    assert shell("import", "-", "--history", "sqlite:///new.db")[0] == 0
    assert runs_of(History.at("sqlite:///new.db").store) == runs_of(history)
    assert shell("import", "-", "-")[0] == 2


def test_a_pipe_is_read_once_and_parquet_is_none(history: Store) -> None:
    rows = {"csv": exported(history), "parquet": exported(history, "parquet")}
    command = [sys.executable, "-c", PROGRAM, "import", "--history", "sqlite:///new.db", "--format"]
    said = {form: subprocess.run([*command, form, "-"], input=data, capture_output=True) for form, data in rows.items()}  # noqa: PLW1510
    assert said["csv"].stderr == b"stored 4 runs with 5 metrics in sqlite:///new.db\n"
    assert said["parquet"].stderr.splitlines()[0] == b"-: Parquet is read from a file, not from a pipe"


def test_what_is_wrong_with_a_file_is_told_by_line_and_remarks_are_warnings(shell: Shell) -> None:
    Path("rows.csv").write_text("uuid,test_name,timestamp,metric_name,metric_value\nr,t,100,acc,x\n,t,100,acc,1\n")
    assert shell("import", "rows.csv") == (
        1,
        "",
        (
            "rows.csv:2: metric_value: a number is expected, not 'x'\n"
            "rows.csv:3: uuid: required, and not there\n"
            "2 problems in 1 file; nothing was stored\n"
        ),
    )
    assert not Path(".cajajejo").exists()
    Path("rows.csv").write_text("uuid,test_name,timestamp,metric_name,metric_value,zone\nr,t,100,acc,1,x\n")
    assert shell("import", "rows.csv") == (
        0,
        "",
        (
            "Warning: rows.csv: unknown column: zone\n"
            "Warning: 1 run without a row that tells of the job: taken as succeeded"
            " (name the file of job_history, too)\n"
            f"stored 1 run with 1 metric in {URL}\n"
        ),
    )


@pytest.mark.parametrize("test", ["", " ", "a\nb"])
def test_a_test_needs_a_name(shell: Shell, test: str) -> None:
    assert shell("import", "rows.csv", "--test", test) == (2, "", f"Error: --test {test!r}: not a name\n")


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_an_import_that_is_stopped_goes_on_with_the_same_command(tmp_path: Path, blow: signal.Signals) -> None:
    runs = [a_run(number, **{f"m{metric}": metric / 7 for metric in range(40)}) for number in range(1500)]
    whole = exported(store(tmp_path / "whole.db", runs))
    Path("rows.csv").write_bytes(whole)
    into = History.at("sqlite:///new.db").store
    command = [sys.executable, "-c", PROGRAM, "import", "rows.csv", "--history", "sqlite:///new.db"]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not into.tests():
        assert started.poll() is None
        time.sleep(0.02)
    started.send_signal(blow)
    _, err = started.communicate(timeout=120)
    stored = len(into.runs("t"))
    assert 0 < stored < 1500
    if blow == signal.SIGINT:
        said = re.match(r"interrupted: ([\d,]+) of 1,500 runs are stored\n", err)
        assert said is not None
        assert (started.returncode, int(said[1].replace(",", "")) <= stored) == (130, True)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    left = f"stored {1500 - stored:,} runs with {40 * (1500 - stored):,} metrics in sqlite:///new.db"
    assert done.stderr == f"{left}; {stored:,} runs unchanged\n"
    assert exported(into) == whole


@pytest.mark.usefixtures("history")
def test_the_query_of_the_old_documentation_works(shell: Shell) -> None:
    code, out, err = shell("sql", "SELECT * FROM metrics_handler_dataset.job_history")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split()[:3] == ["uuid", "test_name", "test_type"]
    assert [line.split()[:4] for line in out.splitlines()[1:]] == [
        ["r0", "a", "—", "—"],
        ["r1", "a", "—", "—"],
        ["r2", "a", "—", "—"],
        ["r0", "b", "—", "—"],
    ]


@pytest.mark.usefixtures("history")
def test_an_answer_in_every_form_and_place(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    query = "SELECT test_name, count(*) AS runs, NULL AS missing FROM job_history GROUP BY 1 ORDER BY 1"
    assert shell("sql", query)[1] == "  test_name  runs  missing\n  a             3  —\n  b             1  —\n"
    assert shell("sql", query, "--format", "csv")[1] == "test_name,runs,missing\na,3,\nb,1,\n"
    document = {"columns": ["test_name", "runs", "missing"], "rows": [["a", 3, None], ["b", 1, None]], "complete": True}
    assert json.loads(shell("sql", query, "--json")[1]) == document
    assert Answer.model_validate(document)
    assert shell("sql", query, "-o", "answer.csv") == (0, "", "wrote answer.csv (2 rows)\n")
    assert Path("answer.csv").read_text() == "test_name,runs,missing\na,3,\nb,1,\n"
    shell("sql", query, "-o", "answer.json")
    assert json.loads(Path("answer.json").read_text()) == document
    monkeypatch.setattr(sys, "stdin", io.StringIO(query))
    assert shell("sql", "-", "--limit", "1", "--format", "csv") == (
        0,
        "test_name,runs,missing\na,3,\n",
        "1 row; there are more, --limit 0 shows all\n",
    )


@pytest.mark.usefixtures("history")
def test_on_a_terminal_a_long_answer_is_cut_and_in_a_pipe_it_is_whole(shell: Shell) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80) SELECT i FROM n"
    assert len(shell("sql", numbers)[1].splitlines()) == 81
    terminal = on_a_terminal("sql", numbers)
    shown = terminal.read(lambda text: "shows all" in text).splitlines()
    assert (len(shown), shown[-1], terminal.close()) == (52, "50 rows; there are more, --limit 0 shows all", 0)


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELEC 1", 'near "SELEC": syntax error'),
        ("SELECT missing FROM job_history", "no such column: missing"),
        ("SELECT * FROM tables", "no such table: tables"),
        ("", None),
        ("DELETE FROM runs", None),
        ("SELECT 1; SELECT 2", None),
        ("ATTACH 'other.db' AS other", None),
    ],
)
def test_a_query_that_cannot_be_answered_is_told_in_a_sentence(shell: Shell, query: str, said: str | None) -> None:
    before = Path(".cajajejo/history.db").read_bytes()
    code, out, err = shell("sql", query)
    first, *facts = err.splitlines()
    assert (code, out) == (1, "")
    assert first.startswith("Error: ")
    if said is not None:
        assert facts[0] == f"  says        {said}"
        assert [line.split()[:2] for line in facts[1:]] == ([["do", "look"]] if said.startswith("no such") else [])
    assert Path(".cajajejo/history.db").read_bytes() == before
    assert not Path("other.db").exists()


def test_two_forms_are_a_usage_error(shell: Shell) -> None:
    code, _, err = shell("sql", "SELECT 1", "--json", "--format", "csv")
    assert (code, json.loads(err)["error"]["kind"]) == (2, "UsageError")


def test_old_runs_go_and_the_newest_stay(shell: Shell, history: Store) -> None:
    before = ("--before", "2026-11-21T14:30:00Z", "--keep", "2")
    assert shell("prune", *before, "--dry-run") == (0, "  test  would go  stay\n  a            1     2\n", "")
    assert len(history.runs("a")) == 3
    assert shell("prune", *before, "--yes") == (0, "  test  removed  kept\n  a           1     2\n", "")
    assert [one.run_id for one in history.runs("a")] == ["r1", "r2"]
    code, out, err = shell("prune", *before, "--yes")
    assert (code, out, err.startswith("nothing to remove: no run before 2026-11-21")) == (0, "", True)


def test_what_was_removed_is_a_document_of_its_own(shell: Shell, history: Store) -> None:
    code, out, _ = shell("prune", "a", "--before", "+1d", "--keep", "0", "-y", "--json")
    document = {"dry_run": False, "removed": 3, "tests": [{"test": "a", "removed": 3, "kept": 0}]}
    assert (code, json.loads(out)) == (0, document)
    assert Pruned.model_validate(document)
    assert history.tests() == ["b"]


def test_nobody_is_asked_where_nobody_can_answer(shell: Shell, history: Store) -> None:
    code, out, err = shell("prune", "--before", "+1d", "--keep", "0")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].endswith("Nobody is there to answer; to mean yes: --yes")
    assert len(history.runs("a")) == 3


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 0), ("\n", 1, 3), ("no\n", 1, 3)])
def test_on_a_terminal_it_is_asked_first(history: Store, answer: str, code: int, left: int) -> None:
    terminal = on_a_terminal("prune", "a", "--before", "2026-11-22", "--keep", "0")
    shown = terminal.read(lambda text: text.endswith("[y/N] "))
    assert shown.splitlines()[:2] == ["  test  would go  stay", "  a            3     0"]
    assert "Remove 3 runs of 1 test before 2026-11-2" in shown
    terminal.type(answer)
    said = "removed  kept" if code == 0 else "nothing was removed"
    terminal.read(lambda text: said in text)
    assert (terminal.close(), len(history.runs("a"))) == (code, left)
