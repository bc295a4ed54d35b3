"""Text that breaks things, in every field of an event: headers, HTML, JSON and lines stay what they are."""

from __future__ import annotations

import email
import email.policy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo.metrics.judgement.incidents import Event, Incident
from cajajejo.metrics.runs import Origin, Run
from cajajejo.metrics.sending import digest, error_reporting, sendgrid, slack, stderr, teams, webhook, wording
from cajajejo.metrics.sending.email import letter
from cajajejo.metrics.sending.web import as_json
from tests.metrics.sending.arranging import HOSTILE
from tests.metrics.sending.test_digest import ELEMENTS, Page
from tests.metrics.sending.test_messages import parts

if TYPE_CHECKING:
    from cajajejo.metrics.judgement.incidents import Happening

texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=30), st.lists(st.sampled_from(HOSTILE[:-1]), max_size=8).map("".join)
)
names = texts.map(lambda text: text.replace("\ud800", "\udc80").replace("\udfff", "\udcff"))
"""What the names of runs and metrics can be: bytes that are no UTF-8 come as surrogates of that range alone."""
times = st.floats() | st.just(1_795_269_731.0)
origins = st.builds(Origin, texts, texts, texts, texts | st.just("https://x.org/a"), texts, texts)
runs = st.builds(Run, names, names, times, st.just("success"), st.none(), texts | st.none(), origins)
happenings: st.SearchStrategy[Happening] = st.sampled_from(["opened", "escalated", "recovered", "accepted"])


@st.composite
def events(draw: st.DrawFn) -> Event:
    run = draw(runs)
    metric = draw(names | st.none())
    incident = Incident(run.test, "regression", metric, run.run_id, run.start_time, draw(texts))
    return Event(incident, draw(happenings), run, draw(texts))


some_events = st.lists(events(), min_size=1, max_size=4)


def is_plain(text: str) -> bool:
    """Whether text moves no terminal and reorders nothing."""
    return all(character.isprintable() for character in text.replace("\n", ""))


@settings(max_examples=60)
@given(some_events, texts)
def test_a_letter_is_one_letter_with_our_headers(told: list[Event], key: str) -> None:
    data = letter(told, key, sender="alerts@example.org", to=("ml-team@example.org",))
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 78
    assert b"\n" not in data.replace(b"\r\n", b"")
    read: Any = email.message_from_bytes(data, policy=email.policy.SMTP)
    assert read.defects == []
    assert [name for name, _ in read.items()] == [
        *("Content-Type", "MIME-Version", "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        "X-Auto-Response-Suppress",
    ]
    assert read["To"] == "ml-team@example.org"
    assert str(read["Subject"]) == wording.subject(told)
    text, html = (part.get_content().replace("\r\n", "\n") for part in read.iter_parts())
    assert text == digest.letter(told).text
    assert html == digest.letter(told).html
    assert is_plain(text)


@settings(max_examples=60)
@given(some_events)
def test_a_page_has_no_element_of_theirs_and_links_only_to_the_web(told: list[Event]) -> None:
    page = digest.letter(told).html
    read = Page(page)
    assert read.elements <= ELEMENTS
    assert [link for link in read.links if not link.startswith(("http://", "https://"))] == []
    assert is_plain(page)
    shown = "".join(read.text.split())
    for event in told:
        assert "".join(wording.sentence(event).split()) in shown


@settings(max_examples=60)
@given(some_events, texts)
def test_json_is_json_of_bounded_size_for_every_far_end(told: list[Event], key: str) -> None:
    account = sendgrid.Account(("a@x.org",), "b@x.org", "k")
    documents = [
        sendgrid.document(told, key, account),
        slack.document(told),
        teams.document(told),
        webhook.document(told, key),
        *map(error_reporting.document, told),
    ]
    for document in documents:
        data = as_json(document)
        assert json.loads(data.decode("utf-8")).keys() == document.keys()
    assert [
        len(block["text"]["text"]) for block in slack.document(told)["blocks"] if len(block["text"]["text"]) > 3000
    ] == []
    assert len(as_json(teams.document(told))) <= 28_000


@settings(max_examples=60)
@given(some_events)
def test_nobody_is_called_in_slack_and_links_lead_to_the_web(told: list[Event]) -> None:
    document = slack.document(told)
    texts_of = [document["text"], *(block["text"]["text"] for block in document["blocks"][1:])]
    for text in texts_of:
        for link in text.split("<")[1:]:
            assert link.startswith(("http://", "https://"))
            assert link.partition(">")[0].endswith(("|Log", "|Workload"))
    assert document["blocks"][0]["text"]["type"] == "plain_text"
    addresses = [part["url"] for part in parts(teams.document(told)) if "url" in part]
    assert [url for url in addresses if not url.startswith(("http://", "https://"))] == []


@settings(max_examples=60)
@given(some_events)
def test_every_event_is_one_line_on_stderr(told: list[Event]) -> None:
    lines: list[str] = []
    stderr.Stderr(lines.append).send(told, "k")
    assert len(lines) == len(told)
    assert [line for line in lines if not line.isprintable() or len(line) > 1_200] == []


@settings(max_examples=60)
@given(events(), texts)
def test_a_group_of_error_reporting_is_the_test_and_the_metric_whatever_is_said(event: Event, message: str) -> None:
    one, other = error_reporting.document(event), error_reporting.document(replace(event, message=message))
    assert one["context"] == other["context"]
