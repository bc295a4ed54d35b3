"""What every place that alerts are sent to can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.judgement.incidents import Event


class AlertSink(Protocol):
    """A place that alerts are sent to; `tests` are globs of those it wants to hear of, none: all.

    `name` is what its deliveries are kept under; it tells where they go, and no secret. `most` is how many events one
    sending takes (None: any number).
    """

    @property
    def name(self) -> str:
        """What its deliveries are kept under."""

    @property
    def most(self) -> int | None:
        """How many events one sending takes."""

    @property
    def tests(self) -> tuple[str, ...]:
        """Globs of the tests it wants to hear of."""

    def send(self, events: Sequence[Event], key: str) -> None:
        """Sends `events`, or none of them; `key` is the same for the same events, so that a far end can tell.

        Raises:
            AlertError: they were not taken; says in how many seconds they can be, where the far end does.
        """
