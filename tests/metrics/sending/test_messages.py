"""Messages in Slack and cards in Teams: what they show, how large they are, and that nobody is called by a name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.errors import AlertError
from cajajejo.metrics.runs import Origin
from cajajejo.metrics.sending import slack, teams
from cajajejo.metrics.sending.slack import Slack
from cajajejo.metrics.sending.teams import Teams
from cajajejo.metrics.sending.web import Web
from tests.metrics.sending.arranging import MESSAGE, event
from tests.metrics.sending.far_ends import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.metrics.sending import far_ends

FACTS = "run r7, started 2026-11-21 14:02:11 UTC, commit 10abfb1"
RECOVERED = event("accuracy_final is 0.98 again", happening="recovered", metric="accuracy_final")


def test_slack_is_posted_a_message_with_a_block_for_each_run(far: far_ends.Web) -> None:
    later = event("the job failed", kind="failed", metric=None, test="other <b>", origin=Origin(), commit=None)
    Slack("slack by URL", Web("Slack (URL)"), far.url).send([event(), RECOVERED, later], "k1")
    (request,) = far.requests
    title = "demo, other <b>: 2 alerts, 1 recovered"
    links = (
        "<https://console.cloud.google.com/logs?project=p&amp;q=job|Log> · "
        "<https://console.cloud.google.com/kubernetes/job/demo|Workload>"
    )
    command = "```gcloud logging read 'labels.job=\"demo\"' &gt; demo_logs.txt```"
    told = f":red_circle: Alert: {MESSAGE}\n:large_green_circle: Recovered: accuracy_final is 0.98 again"
    facts = "run r7, started 2026-11-21 14:02:11 UTC"
    assert request.json == {
        "text": "demo, other &lt;b&gt;: 2 alerts, 1 recovered",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}},
            section(f"*demo*   {FACTS}\n{told}\n{links}\n{command}"),
            section(f"*other &lt;b&gt;*   {facts}\n:red_circle: Alert: the job failed"),
        ],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def test_a_link_that_is_too_long_for_slack_is_left_out_and_what_is_told_stays() -> None:
    long = "https://example.org/logs?" + "q&" * 900
    origin = Origin(logs_link=long, workload_link="https://example.org/job")
    (_, block) = slack.document([event(origin=origin)])["blocks"]
    text = block["text"]["text"]
    assert f"Alert: {MESSAGE}" in text
    assert "<https://example.org/job|Workload>" in text
    assert "|Log>" not in text
    assert len(text) <= 3_000


def test_what_slack_does_not_take_is_told_by_the_variable_of_its_address(far: far_ends.Web) -> None:
    far.answers[:] = [Answer(404, b"no_team")]
    with pytest.raises(AlertError, match=r"^Slack \(URL\) said no: HTTP 404, no_team$"):
        Slack("slack by URL", Web("Slack (URL)", (far.url,)), far.url).send([event()], "k1")


def test_a_run_with_more_than_a_block_of_slack_holds_is_counted() -> None:
    long = [event("&" * 399 + str(place), run_id="r") for place in range(20)]
    (_, block) = slack.document(long)["blocks"]
    text = block["text"]["text"]
    assert len(text) <= 3000
    assert "\nand 19 more\n" in text


def test_teams_is_posted_a_card_whose_text_is_nowhere_read_as_markdown(far: far_ends.Web) -> None:
    hostile = event("[press here](https://example.org) **now**")
    Teams("teams by URL", Web("Teams (URL)"), far.url).send([hostile, RECOVERED], "k1")
    (request,) = far.requests
    (attachment,) = request.json["attachments"]
    assert request.json["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {part["type"] for part in parts(card["body"])} == {
        *("RichTextBlock", "TextRun", "ActionSet", "Action.OpenUrl")
    }
    lines = ["".join(run["text"] for run in block["inlines"]) for block in card["body"] if "inlines" in block]
    assert lines == [
        "demo: 1 alert (loss_final), 1 recovered (accuracy_final)",
        "demo",
        FACTS,
        "Alert: [press here](https://example.org) **now**",
        "Recovered: accuracy_final is 0.98 again",
        "gcloud logging read 'labels.job=\"demo\"' > demo_logs.txt",
    ]
    assert [action["title"] for action in card["body"][-1]["actions"]] == ["Log", "Workload"]


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every part of a card that has a type."""
    if isinstance(value, dict):
        yield from ([value] if "type" in value else [])
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from parts(inner)


def test_a_card_is_never_larger_than_teams_takes() -> None:
    most = Teams("teams", Web("Teams"), "https://example.org").most
    huge = [
        event("\U0001f4a5" * 9_999, test=f"{place}" + "漢" * 999, metric="é" * 999, run_id="\\" * 999, commit='"' * 999)
        for place in range(most)
    ]
    card = teams.document(huge)
    assert len(json.dumps(card, ensure_ascii=False).encode()) <= 28_000
    assert sum(part.get("text") == "Alert: " for part in parts(card)) == most
