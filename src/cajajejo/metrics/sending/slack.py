"""Alerts as a message in Slack, through an incoming webhook."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cajajejo.metrics.sending import wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.judgement.incidents import Event, Happening
    from cajajejo.metrics.sending.web import Web
    from cajajejo.metrics.sending.wording import Group

_SIGNS: Final[dict[Happening, str]] = {
    "opened": ":red_circle:",
    "escalated": ":red_circle:",
    "recovered": ":large_green_circle:",
    "accepted": ":white_circle:",
}
_SECTION: Final = 2_900  # Slack takes 3,000 characters
_MESSAGE: Final = 400
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Slack:
    """A channel of Slack; `url` is the address of the incoming webhook."""

    name: str
    web: Web
    url: str = field(repr=False)
    tests: tuple[str, ...] = ()

    @property
    def most(self) -> int:
        """So many events in one message, of which Slack takes 50 blocks."""
        return 20

    def send(self, events: Sequence[Event], key: str) -> None:  # noqa: ARG002  # Slack has no key for a message
        """Posts `document`.

        Raises:
            AlertError: it was not taken.
        """
        self.web.post(self.url, document(events))


def document(events: Sequence[Event]) -> dict[str, Any]:
    """The message: its text for notifications, and a block for each run."""
    title = wording.subject(events)
    header = {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    blocks = [_section(group) for group in wording.groups(events)]
    return {"text": escaped(title), "blocks": [header, *blocks], "unfurl_links": False, "unfurl_media": False}


def escaped(text: str) -> str:
    """`text` as Slack shows it, and nobody is called by it."""
    return text.translate(_ESCAPES)


def _section(group: Group) -> dict[str, Any]:
    head = f"*{escaped(wording.name(group.run.test))}*   {escaped(wording.facts(group.run))}"
    tail = ""
    for title, url in wording.links(group.run):  # one that is too long is left out, and not what is told
        longer = " · ".join(filter(None, (tail, f"<{escaped(url)}|{title}>")))
        tail = longer if len(head) + len(longer) < _SECTION // 2 else tail
    command = wording.command(group.run)
    if command and "`" not in command and len(escaped(command)) + len(head) + len(tail) < _SECTION // 2:
        tail = "\n".join(filter(None, (tail, f"```{escaped(command)}```")))
    lines, length = [head], len(head) + len(tail)
    for place, event in enumerate(group.events):
        line = f"{_SIGNS[event.happening]} {wording.label(event)}: {escaped(wording.sentence(event, _MESSAGE))}"
        length += len(line) + 1
        if length > _SECTION - 40:
            lines.append(f"and {len(group.events) - place} more")
            break
        lines.append(line)
    text = "\n".join(filter(None, (*lines, tail)))
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
