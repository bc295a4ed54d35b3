"""The letter of a digest: a subject, plain text and HTML, by test; everything escaped, and never endless."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from cajajejo.metrics.sending import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.metrics.judgement.incidents import Event, Happening
    from cajajejo.metrics.sending.wording import Group

_MOST_GROUPS: Final = 30
_MOST_EVENTS: Final = 20
_FOOTER: Final = (
    "To hear nothing of a metric for a while: cajajejo metrics mute TEST METRIC --until +7d --reason WHY --config FILE",
    "To take its level as the new normal: cajajejo metrics accept TEST METRIC --from RUN --reason WHY --config FILE",
)
_FONT: Final = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_MONO: Final = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"
_COLORS: Final[dict[Happening, tuple[str, str]]] = {
    "opened": ("#b42318", "#fef3f2"),
    "escalated": ("#b42318", "#fef3f2"),
    "recovered": ("#067647", "#ecfdf3"),
    "accepted": ("#475467", "#f2f4f7"),
}
"""The colours of what happened: the word, and what is behind it; both are readable on either page."""
_DARK: Final = (
    "@media (prefers-color-scheme: dark) {"
    " .page { background: #101216 !important; }"
    " .card { background: #1a1d23 !important; border-color: #343a46 !important; }"
    " .card, .test, .told { color: #eceef2 !important; }"
    " .dim { color: #a3abba !important; }"
    " .code { background: #101216 !important; color: #d5d9e2 !important; border-color: #343a46 !important; }"
    " .link { color: #84adff !important; }"
    " }"
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter about some events."""

    subject: str
    text: str
    html: str


def letter(events: Sequence[Event]) -> Letter:
    """The letter that tells `events`; what is too much for one is counted."""
    title = wording.subject(events)
    groups = wording.groups(events)
    shown = groups[:_MOST_GROUPS]
    more = sum(len(group.events) for group in groups[_MOST_GROUPS:])
    rest = f"and {more:,} more of {len(groups) - len(shown):,} other runs" if more else ""
    return Letter(title, "\n".join(_text(title, shown, rest)) + "\n", _html(title, shown, rest))


def _text(title: str, groups: Sequence[Group], rest: str) -> Iterator[str]:
    yield title
    for group in groups:
        yield from ("", wording.name(group.run.test), f"  {wording.facts(group.run)}")
        for event in group.events[:_MOST_EVENTS]:
            yield f"  {wording.label(event)}: {wording.sentence(event)}"
        if len(group.events) > _MOST_EVENTS:
            yield f"  and {len(group.events) - _MOST_EVENTS:,} more"
        for link, url in wording.links(group.run):
            yield f"  {link}: {url}"
        if command := wording.command(group.run):
            yield f"  Download the log: {command}"
    yield from (("", rest) if rest else ())
    yield from ("", "-- ", *_FOOTER)


def _html(title: str, groups: Sequence[Group], rest: str) -> str:
    cards = "".join(_card(group) for group in groups)
    more = f'<p class="dim" style="margin:0 0 16px;color:#667085">{escape(rest)}</p>' if rest else ""
    footer = "<br>".join(escape(line) for line in _FOOTER)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f"<title>{escape(title)}</title><style>{_DARK}</style></head>"
        '<body class="page" style="margin:0;padding:24px 12px;background:#f5f6f8;'
        f'font-size:15px;line-height:1.5;{_FONT}">'
        '<div style="max-width:640px;margin:0 auto;overflow-wrap:anywhere">'
        f'<h1 class="test" style="margin:0 4px 16px;font-size:18px;line-height:1.35;color:#101828">{escape(title)}</h1>'
        f"{cards}{more}"
        f'<p class="dim" style="margin:0 4px;font-size:12px;color:#667085">{footer}</p>'
        "</div></body></html>\n"
    )


def _card(group: Group) -> str:
    told = "".join(_line(event) for event in group.events[:_MOST_EVENTS])
    if len(group.events) > _MOST_EVENTS:
        told += f'<li class="dim" style="margin:0;color:#667085">and {len(group.events) - _MOST_EVENTS:,} more</li>'
    return (
        '<div class="card" style="margin:0 0 16px;padding:16px 18px;background:#ffffff;border:1px solid #e4e7ec;'
        'border-radius:10px">'
        f'<h2 class="test" style="margin:0;font-size:16px;color:#101828">{escape(wording.name(group.run.test))}</h2>'
        f'<p class="dim" style="margin:0 0 12px;font-size:13px;color:#667085">{escape(wording.facts(group.run))}</p>'
        f'<ul style="margin:0;padding:0;list-style:none">{told}</ul>{_links(group)}{_command(group)}</div>'
    )


def _line(event: Event) -> str:
    word, behind = _COLORS[event.happening]
    return (
        '<li style="margin:0 0 8px"><span style="display:inline-block;margin-right:8px;padding:0 8px;border-radius:9px;'
        f'font-size:12px;font-weight:600;line-height:20px;color:{word};background:{behind}">{wording.label(event)}</span>'
        f'<span class="told" style="color:#1d2939">{escape(wording.sentence(event))}</span></li>'
    )


def _links(group: Group) -> str:
    links = [
        f'<a class="link" style="margin-right:16px;color:#175cd3" href="{escape(url)}">{title}</a>'
        for title, url in wording.links(group.run)
    ]
    return f'<p style="margin:10px 0 0;font-size:14px">{"".join(links)}</p>' if links else ""


def _command(group: Group) -> str:
    command = wording.command(group.run)
    if command is None:
        return ""
    return (
        '<p class="dim" style="margin:10px 0 4px;font-size:13px;color:#667085">Download the log:</p>'
        '<pre class="code" style="margin:0;padding:8px 10px;white-space:pre-wrap;background:#f9fafb;color:#344054;'
        f'border:1px solid #e4e7ec;border-radius:6px;font-size:12px;{_MONO}">{escape(command)}</pre>'
    )
