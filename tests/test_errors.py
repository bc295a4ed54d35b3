"""The tree of errors: exit codes, the lines on the screen, and what scripts read."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import TYPE_CHECKING

import pytest

import cajajejo
from cajajejo import errors
from cajajejo.errors import CajajejoError, ExitCode, FileProblemsError, InterruptedRunError, MissingExtraError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_an_error_shows_what_happened_the_facts_and_the_way_out() -> None:
    error = CajajejoError("it broke: x", facts={"says": "one\ntwo", "named by": "a.yml:3"}, run=["first", "second"])
    assert error.lines() == [
        "Error: it broke: x",
        "  says        one\n              two",
        "  named by    a.yml:3",
        "Run: first",
        "     second",
    ]


def test_facts_with_long_names_stay_in_one_column() -> None:
    error = CajajejoError("x", facts={"environment variables": "a", "harness": "b"})
    assert error.lines()[1:] == ["  environment variables  a", "  harness                b"]


def test_problems_are_told_in_order_of_lines_with_their_number() -> None:
    error = FileProblemsError(
        [Problem("b.yml", "late", path="x.y", line=9), Problem("b.yml", "early", line=2, hint="so")]
    )
    assert error.lines() == ["b.yml:2: early", "    so", "b.yml:9: x.y: late", "2 problems in 1 file"]


def test_problems_are_an_object_each_for_scripts() -> None:
    document = FileProblemsError([Problem("b.yml", "late", path="x.y", line=9)]).as_json()
    assert document["kind"] == "FileProblemsError"
    assert document["problems"] == [
        {"file": "b.yml", "message": "late", "path": "x.y", "line": 9, "hint": None, "level": "error"}
    ]


def test_an_interruption_is_no_error_and_tells_the_two_signals_apart() -> None:
    stopped = InterruptedRunError("Stopped.", run="again")
    assert stopped.lines() == ["Stopped.", "Run: again"]
    assert stopped.exit_code == ExitCode.INTERRUPTED
    assert InterruptedRunError("Stopped.", run="again", terminated=True).exit_code == ExitCode.TERMINATED


def test_a_missing_extra_names_the_package_the_extra_and_the_command() -> None:
    with pytest.raises(MissingExtraError) as caught:
        errors.require("no_such_package.part", extra="evaluation", purpose="testing")
    assert caught.value.message == "testing needs the package no_such_package, which is not installed"
    assert caught.value.run == ("poetry install -E evaluation",)


def test_an_import_that_fails_inside_of_a_package_is_not_called_a_missing_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "half_broken.py"
    package.write_text("import something_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="something_that_is_not_there"):
        errors.require("half_broken", extra="evaluation", purpose="testing")


def subclasses(kind: type[CajajejoError], *, but: tuple[str, ...]) -> Iterator[type[CajajejoError]]:
    """The errors of `kind`, each below the one that it is of; nothing below those that are drawn elsewhere."""
    for below in kind.__subclasses__():
        if below.__module__.startswith("cajajejo."):
            yield below
            yield from subclasses(below, but=but) if below.__name__ not in but else ()


def test_every_error_of_every_module_stands_in_the_drawn_tree_with_its_exit_code() -> None:
    for module in pkgutil.walk_packages(cajajejo.__path__, "cajajejo."):
        if "_plugin" not in module.name:
            importlib.import_module(module.name)
    drawn = dict(re.findall(r"^[ │]*[├└]── (\w+Error) +(\d+) ", errors.__doc__ or "", re.MULTILINE))
    found = {
        kind.__name__: kind.exit_code for kind in subclasses(CajajejoError, but=("ClusterError", "CloudLogsError"))
    }
    of_two = {"InterruptedRunError": "130", "NotTrackedError": "5"}
    of_each = {name: of_two.get(name) or str(int(code)) for name, code in found.items()}
    assert drawn == of_each
