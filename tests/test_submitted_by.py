"""Who sent a job: noted on the Job, harmless whatever the name is, and no part of what the job is."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

import pytest

from cajajejo import dispatch, provenance
from tests import sending
from tests.clusters import Talk, talking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


def noted(talk: Talk) -> str | None:
    (job,) = talk.fake.objects("Job")
    found: str | None = job["metadata"]["annotations"].get("cajajejo/submitted-by")
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("jasper", "jasper"),
        (" jasper ", "jasper"),
        ("jörg", "jörg"),
        ("a\nb\x1b[31m\u202e", "a\\nb\\x1b[31m\\u202e"),
        ("x" * 500, "x" * 100),
        ("a\udcff", "a\\udcff"),
    ],
)
def test_the_user_is_noted(name: str, expected: str, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: name)
    sending.send(talk.connect())
    assert noted(talk) == expected == provenance.user()


@pytest.mark.parametrize("error", [KeyError("uid"), OSError("no user"), ImportError("pwd")])
def test_where_there_is_no_user_nothing_is_noted(error: Exception, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", fail)
    sending.send(talk.connect())
    assert noted(talk) is None


def test_another_user_who_sends_the_same_finds_it_there(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "jasper")
    sending.send(talk.connect())
    monkeypatch.setenv("LOGNAME", "maria")
    assert sending.send(talk.connect()).outcome == "unchanged"
    assert noted(talk) == "jasper"
    assert [found.mark for found in dispatch.differences(talk.connect(), sending.placed())] == ["="] * 3
