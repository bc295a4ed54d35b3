"""How far a harness is: a value that grows with every event, and the reader of the file that holds the events."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

_READ_BYTES: Final = 65_536
_LONGEST_LINE: Final = 15_000
"""Characters of a line that are waited for; of a longer one the rest is a line of its own."""
_LINE_ENDS: Final = re.compile(r"\r\n|\n|\r(?!\Z)")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run of a harness is; `done` and `totals` count questions by scenario, `names` are all runs, if told."""

    scenarios: int | None = None
    current: str | None = None
    done: Mapping[str, int] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)
    finished: frozenset[str] = frozenset()
    failed: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @property
    def questions_done(self) -> int:
        """Questions answered so far, over all scenarios."""
        return sum(self.done.values())

    @property
    def questions(self) -> int:
        """Questions of all scenarios that have begun."""
        return sum(self.totals.values())

    def after(self, event: Mapping[str, Any]) -> Progress:
        """The progress after one more event; an event of an unknown kind changes nothing."""
        run = str(event.get("run", ""))
        match event.get("event"):
            case "runs":
                return replace(self, scenarios=int(event["total"]), names=tuple(map(str, event.get("names", ()))))
            case "start" | "progress":
                done = {**self.done, run: int(event["done"])}
                return replace(self, current=run, done=done, totals={**self.totals, run: int(event["total"])})
            case "done" | "skipped":
                return replace(self, finished=self.finished | {run})
            case "failed":
                return replace(self, failed={**self.failed, run: str(event["error"])})
            case _:
                return self


Watcher = Callable[[Progress], None]
"""Called after every change; must be quick."""
Listener = Callable[[str], None]
"""Called with every line that a harness prints."""


class EventFile:
    """The growing file of progress events: every call of `read` returns what came since the last one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def read(self) -> list[dict[str, Any]]:
        """The events that were written since, without a line that is still being written."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                complete, _, _ = file.read().rpartition(b"\n")
        except OSError:
            return []
        if complete:
            self._position += len(complete) + 1
        return [json.loads(line) for line in complete.splitlines() if line]


class PrintedLines:
    """What a harness prints into the growing file at `path`, from now on, passed on line by line to `said`.

    A bar that is redrawn is many lines. Bytes that are no UTF-8 stand as U+FFFD; a line of any length takes no more
    memory than a short one.
    """

    def __init__(self, path: Path, said: Listener) -> None:
        self._path = path
        self._said = said
        self._position = path.stat().st_size if path.exists() else 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._open = ""

    def pass_on(self) -> None:
        """Passes on what was printed since the last call, but for a line that is still being written."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                while data := file.read(_READ_BYTES):
                    self._position += len(data)
                    self._take(self._decoder.decode(data))
        except OSError:
            return

    def close(self) -> None:
        """Passes on the rest, with or without the end of its line."""
        self.pass_on()
        self._take(self._decoder.decode(b"", final=True) + "\n")

    def _take(self, text: str) -> None:
        *complete, self._open = _LINE_ENDS.split(self._open + text)
        whole = len(self._open) - len(self._open) % _LONGEST_LINE
        complete.append(self._open[:whole])
        self._open = self._open[whole:]
        for line in filter(str.strip, complete):
            for start in range(0, len(line), _LONGEST_LINE):
                self._said(line[start : start + _LONGEST_LINE])
