"""How often something is tried that fails for now, and how long is waited before."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from cajajejo.errors import ModelError, SourceAwayError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """The policy; times in seconds.

    `tries` counts failures in a row: whatever comes in between, be it a byte, lets the count begin anew. A question
    that was not answered for `enough` is not asked again: one to a server that is silent takes long each time.
    """

    tries: int = 8
    first: float = 0.5
    longest: float = 20.0
    enough: float = 120.0

    def wait(self, failures: int) -> float:
        """How long to wait after so many failures in a row: longer each time, and never all at the same moment."""
        longest = min(self.longest, self.first * 2.0 ** min(failures - 1, 60))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  # spreads waits


def patiently(patience: Patience, ask: Callable[[], T], say: Callable[[str], None]) -> T:
    """What `ask` returns, asked again where its server is away.

    Raises:
        ModelError: it was away each time.
    """
    failures, began = 0, time.monotonic()
    while True:
        try:
            return ask()
        except SourceAwayError as error:
            failures += 1
            if failures >= patience.tries or time.monotonic() - began >= patience.enough:
                facts = {**error.facts, "tried": f"{failures} times" if failures > 1 else "once"}
                raise ModelError(error.message, facts=facts, run="the same command again, later") from error
            say(f"{error.message}; trying again")
            time.sleep(patience.wait(failures))
