"""Alerts as a card in Microsoft Teams, through a workflow that posts what a webhook receives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cajajejo.metrics.sending import wording
from cajajejo.metrics.sending.web import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.metrics.judgement.incidents import Event, Happening
    from cajajejo.metrics.sending.web import Web
    from cajajejo.metrics.sending.wording import Group

_COLORS: Final[dict[Happening, str]] = {
    "opened": "Attention",
    "escalated": "Attention",
    "recovered": "Good",
    "accepted": "Default",
}
_LARGEST: Final = 27_000  # bytes; Teams takes 28 KB
_MESSAGES: Final = (500, 200, 80)


@dataclass(frozen=True, slots=True)
class Teams:
    """A channel of Teams; `url` is the address of the workflow."""

    name: str
    web: Web
    url: str = field(repr=False)
    tests: tuple[str, ...] = ()

    @property
    def most(self) -> int:
        """So many events on one card."""
        return 10

    def send(self, events: Sequence[Event], key: str) -> None:  # noqa: ARG002  # a workflow has no key for a message
        """Posts `document`.

        Raises:
            AlertError: it was not taken.
        """
        self.web.post(self.url, document(events))


def document(events: Sequence[Event]) -> dict[str, Any]:
    """The message with its card, as large as Teams takes it."""
    cards = [_message(events, most, links=most != _MESSAGES[-1]) for most in _MESSAGES]
    return next((card for card in cards if len(as_json(card)) <= _LARGEST), cards[-1])


def _message(events: Sequence[Event], most: int, *, links: bool) -> dict[str, Any]:
    body = [_text(wording.subject(events), size="Medium", weight="Bolder")]
    for group in wording.groups(events):
        body += _group(group, most, links=links)
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "msteams": {"width": "Full"},
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _group(group: Group, most: int, *, links: bool) -> Iterator[dict[str, Any]]:
    yield _text(wording.name(group.run.test), weight="Bolder", separator=True)
    yield _text(wording.facts(group.run), size="Small", isSubtle=True)
    for event in group.events:
        head = {"type": "TextRun", "text": f"{wording.label(event)}: ", "weight": "Bolder"}
        head["color"] = _COLORS[event.happening]
        yield {"type": "RichTextBlock", "inlines": [head, _run(wording.sentence(event, most))]}
    command = wording.command(group.run)
    if command and links:
        yield {"type": "RichTextBlock", "inlines": [_run(command, fontType="Monospace", size="Small")]}
    actions = [{"type": "Action.OpenUrl", "title": title, "url": url} for title, url in wording.links(group.run)]
    if actions and links:
        yield {"type": "ActionSet", "actions": actions}


def _text(text: str, *, separator: bool = False, **looks: Any) -> dict[str, Any]:
    """A paragraph; not of a TextBlock, which reads Markdown."""
    return {"type": "RichTextBlock", "inlines": [_run(text, **looks)], "separator": separator}


def _run(text: str, **looks: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **looks}
