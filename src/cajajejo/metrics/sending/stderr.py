"""Alerts on stderr, a line each; always there."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo.errors import AlertError
from cajajejo.metrics.sending import wording
from cajajejo.terminal import Style

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cajajejo.metrics.judgement.incidents import Event

NAME: Final = "stderr"


def say(line: str) -> None:
    """Writes a line on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@dataclass(frozen=True, slots=True)
class Stderr:
    """Lines on stderr, or wherever `say` writes them."""

    say: Callable[[str], None] = say
    tests: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What its deliveries are kept under."""
        return NAME

    @property
    def most(self) -> None:
        """Any number of events."""

    def send(self, events: Sequence[Event], key: str) -> None:  # noqa: ARG002  # lines have no key
        """Writes `Alert: demo: loss_final is 0.520; …`, and what else happened under its own word.

        Raises:
            AlertError: stderr is closed.
        """
        style = Style.of(sys.stderr)
        try:
            for event in events:
                self.say(style.line(f"{wording.label(event)}: {wording.with_test(event)}"))
        except OSError as error:
            raise AlertError(f"stderr cannot be written to: {error.strerror}") from error
