"""Recorded lives of Jobs played to somebody who follows them, while everything between the two goes wrong at random."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cajajejo.cluster import Pace
from cajajejo.cluster.retries import Timing
from cajajejo.jobs.following import StillGoingError, follow
from cajajejo.status import State, Status
from tests.clusters import Talk, talking
from tests.jobs.plays import expected, has_lost_pods, scenarios, staged, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fakes.kubernetes import FakeKubernetes
    from tests.fakes.kubernetes.faults import Fault
    from tests.fakes.kubernetes.lifecycle import Player

PACE: Final = Pace(timing=Timing(first=0.01, longest=0.08, longest_asked=0.08), silence_seconds=0.5, away_seconds=0.1)
PATIENCE_SECONDS: Final = 120.0
ENDING: Final = tuple(name for name in scenarios() if expected(name).state.is_end)
REQUESTS_AT_LEAST: Final = 10
"""What is asked around the jobs, when all goes well."""
REQUESTS_PER_ACCIDENT: Final = 2
"""A stream that broke is opened again; what was distrusted is listed before that."""

_ACCIDENTS: Final[dict[str, Callable[[Fault, random.Random], None]]] = {
    "500": lambda fault, _: fault.answer(500, "etcdserver: leader changed"),
    "503": lambda fault, _: fault.answer(503),
    "504": lambda fault, _: fault.answer(504, "Too large resource version"),
    "429": lambda fault, _: fault.too_many_requests(1),
    "410": lambda fault, _: fault.answer(410, "too old resource version", reason="Expired"),
    "hung up": lambda fault, _: fault.drop_before(),
    "half a body": lambda fault, _: fault.half_body(),
    "proxy page": lambda fault, dice: fault.proxy_page(dice.choice([200, 502])),
    "cut after events": lambda fault, dice: fault.cut(dice.randint(0, 4)),
    "cut after bytes": lambda fault, dice: fault.break_off(dice.randint(1, 9000)),
    "late": lambda fault, dice: fault.delay(dice.uniform(0.01, 0.1)),
}


@dataclass
class Outcome:
    """What became of one run.

    Attributes:
        names: the scenarios.
        accidents: what went wrong, by kind.
        requests: how many requests were made.
        allowed: how many there may be.
        seconds: from the last change of the cluster to the last end.
        problems: what is wrong; empty: all is well.
        vague: ends whose reason only a pod could tell that went while nobody could look.
    """

    names: list[str]
    accidents: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    allowed: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)
    vague: int = 0


def run(seed: int, directory: Path) -> Outcome:
    """Plays one to three random scenarios with random accidents, all drawn from `seed`."""
    dice = random.Random(seed)  # noqa: S311  # no secret
    with talking(directory) as talk:
        outcome = Outcome(_cast(dice))
        began = time.monotonic()
        stages = [staged(talk.fake, name) for name in outcome.names]
        chaos = _Chaos(talk.fake, dice, outcome, [player for player, _ in stages])
        thread = threading.Thread(target=chaos.run, daemon=True)
        statuses: list[Status] = []
        thread.start()
        try:
            following = follow(
                talk.connect(), [job for _, job in stages], timeout=PATIENCE_SECONDS, pace=PACE, settle_seconds=0.02
            )
            statuses.extend(following)
        except StillGoingError as error:
            outcome.problems.append(str(error))
        outcome.seconds = time.monotonic() - chaos.over_at if chaos.over_at else 0.0
        thread.join()
        outcome.requests = len(talk.fake.requests)
        outcome.allowed = _allowed(talk, outcome, len(stages), int((time.monotonic() - began) / PACE.silence_seconds))
    judge(outcome, statuses)
    return outcome


def _cast(dice: random.Random) -> list[str]:
    """One to three scenarios, each in a namespace of its own."""
    chosen: dict[str, str] = {}
    for name in dice.sample(ENDING, 3)[: dice.randint(1, 3)]:
        chosen.setdefault(expected(name).namespace, name)
    return list(chosen.values())


class _Chaos:
    """Plays on, step by step, and lets things go wrong in between."""

    def __init__(self, fake: FakeKubernetes, dice: random.Random, outcome: Outcome, players: list[Player]) -> None:
        self._fake = fake
        self._dice = dice
        self._outcome = outcome
        self._players = players
        self.faults: list[Fault] = []
        self.over_at = 0.0

    def run(self) -> None:
        """Until all is played; then the cluster is well again."""
        rate, pause = self._dice.choice([0.0, 0.02, 0.1, 0.3]), self._dice.choice([0.0, 0.001, 0.01])
        time.sleep(self._dice.choice([0.0, 0.05, 0.2]))
        while self._players:
            player = self._dice.choice(self._players)
            if player.step() is None:
                self._players.remove(player)
            time.sleep(self._dice.uniform(0, pause))
            if self._dice.random() < rate:
                self._accident()
        time.sleep(self._dice.choice([0.0, 0.05]))
        self._fake.faults.clear()
        self.over_at = time.monotonic()

    def _accident(self) -> None:
        kind = self._dice.choice([*_ACCIDENTS, "restart", "killed", "compaction"])
        self._outcome.accidents[kind] += 1
        if kind in {"restart", "killed"}:
            self._fake.stop(linger_seconds=0.05 if kind == "restart" else None)
            self._play_a_little()
            time.sleep(self._dice.uniform(0, 0.2))
            self._fake.start()
        elif kind == "compaction":
            self._fake.api.store.compact()
        else:
            path = self._dice.choice(["/jobs", "/pods", "/events", ""])
            fault = self._fake.faults.on("GET", path, times=self._dice.randint(1, 4), skip=self._dice.randint(0, 2))
            _ACCIDENTS[kind](fault, self._dice)

    def _play_a_little(self) -> None:
        """Life goes on while nobody can look."""
        for player in self._players:
            for _ in range(self._dice.randint(0, 10)):
                player.step()


def _allowed(talk: Talk, outcome: Outcome, jobs: int, silences: int) -> int:
    """How many requests there may be; `silences`: how often each stream may have said nothing for too long."""
    accidents = outcome.accidents
    streams = 3 * len({request.path.split("/namespaces/")[-1].split("/")[0] for request in talk.fake.requests})
    broken = 2 * sum(accidents[kind] for kind in _ACCIDENTS) + streams * (
        1 + silences + accidents["restart"] + accidents["killed"] + accidents["compaction"]
    )
    return REQUESTS_AT_LEAST + 5 * jobs + REQUESTS_PER_ACCIDENT * broken


def judge(outcome: Outcome, statuses: list[Status]) -> None:
    """Notes what is wrong with `statuses` and the number of requests."""
    for name in outcome.names:
        want = expected(name)
        mine = [status for status in statuses if (status.namespace, status.name) == (want.namespace, want.name)]
        ends = [status for status in mine if status.state.is_end]
        if len(ends) != 1 or not mine[-1].state.is_end:
            outcome.problems.append(f"{name}: {len(ends)} ends in {[str(each.state) for each in mine]}")
            continue
        outcome.vague += _judge_end(outcome, name, ends[0])
    if outcome.requests > outcome.allowed:
        outcome.problems.append(f"{outcome.requests} requests, and {outcome.allowed} are allowed")


def _judge_end(outcome: Outcome, name: str, got: Status) -> bool:
    """Whether the end lacks what only a pod could tell that is gone; what is wrong is noted."""
    want = expected(name)
    if name == "ttl-deletion" and got.state is State.GONE:
        return True  # it ended and was removed while nobody could look
    if got.state is not want.state:
        outcome.problems.append(f"{name}: {got.state} ({got.message}), but it is {want.state} ({want.message})")
        return False
    if want.state is State.GONE or told(got) == told(want):
        return False
    if has_lost_pods(name):
        return True
    outcome.problems.append(f"{name}: {told(got)}, but it is {told(want)}")
    return False
