"""How far a harness is: a value that grows with every event, and the reader of the file that holds the events."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


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
        """The progress after one more event; one of an unknown kind, or of another shape, changes nothing."""
        try:
            return self._after(event.get("event"), event)
        except (KeyError, TypeError, ValueError, OverflowError):
            return self

    def _after(self, kind: object, event: Mapping[str, Any]) -> Progress:
        if kind == "runs":
            names = tuple(map(str, event.get("names", ())))
            return replace(self, scenarios=int(event.get("total", len(names))), names=names)
        run = str(event["run"])
        match kind:
            case "start" | "progress":
                done, total = int(event.get("done", 0)), int(event.get("total", self.totals.get(run, 0)))
                totals = {**self.totals, run: max(total, done)}
                failed = {name: why for name, why in self.failed.items() if name != run}
                return replace(self, current=run, done={**self.done, run: done}, totals=totals, failed=failed)
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
        """The events that were written since, without a line that is still being written; what is no event is not."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                complete, _, _ = file.read().rpartition(b"\n")
        except OSError:
            return []
        if complete:
            self._position += len(complete) + 1
        return [event for event in map(_object, complete.split(b"\n")) if event]


def _object(line: bytes) -> dict[str, Any] | None:
    """The JSON object of a line; None where it holds none: any program may write here, and be killed while it does."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
