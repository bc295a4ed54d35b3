"""The digest: by test, with links and a command, escaped, and never endless; and lines on stderr."""

from __future__ import annotations

import io
import re
import sys
import time
from html.parser import HTMLParser

import pytest

from cajajejo.errors import AlertError
from cajajejo.metrics.runs import Origin
from cajajejo.metrics.sending import digest, wording
from cajajejo.metrics.sending.stderr import Stderr
from tests.metrics.sending.arranging import MESSAGE, ORIGIN, START, event

RECOVERED = event("accuracy_final is 0.98 again", happening="recovered", metric="accuracy_final")
OTHER = event("other: the job failed", kind="failed", metric=None, test="other", origin=Origin(), commit=None)


class Page(HTMLParser):
    """What a reader of mail sees of HTML: its text, its elements and where its links lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.links, self.elements = "", list[str](), set[str]()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.links += [value or "" for name, value in attributes if name in {"href", "src"}]
        assert [name for name, _ in attributes if name.startswith("on")] == []

    def handle_data(self, data: str) -> None:
        self.text += data


ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "div", "h1", "h2", "p", "ul", "li", "span", "a", "pre", "br")
}


def test_a_digest_is_told_by_test_and_run() -> None:
    later = event("loss_final is 0.6", happening="escalated", run_id="r8", start_time=START + 60)
    letter = digest.letter([later, OTHER, event(), RECOVERED])
    assert letter.subject == "demo, other: 1 worse, 2 alerts, 1 recovered"
    body = letter.text.partition("\n-- \n")[0]
    links = (
        f"  Log: {ORIGIN.logs_link}\n  Workload: {ORIGIN.workload_link}\n  Download the log: {ORIGIN.logs_command}\n"
    )
    assert body == (
        f"{letter.subject}\n\n"
        "demo\n  run r7, started 2026-11-21 14:02:11 UTC, commit 10abfb1\n"
        f"  Alert: {MESSAGE}\n  Recovered: accuracy_final is 0.98 again\n{links}\n"
        "demo\n  run r8, started 2026-11-21 14:03:11 UTC, commit 10abfb1\n"
        f"  Worse: loss_final is 0.6\n{links}\n"
        "other\n  run r7, started 2026-11-21 14:02:11 UTC\n  Alert: the job failed\n"
    )


def test_the_page_says_the_same_and_links_to_the_log_and_the_workload() -> None:
    page = Page(digest.letter([event(), OTHER]).html)
    for text in ("demo", MESSAGE, "other", "the job failed", str(ORIGIN.logs_command)):
        assert text in page.text
    assert page.links == [ORIGIN.logs_link, ORIGIN.workload_link]
    assert page.elements == ELEMENTS


@pytest.mark.parametrize(
    "link",
    [
        *("javascript:alert(1)", "data:text/html,x", 'https://x.org/"onload=x', "https://x.org/<b>", "//x.org", ""),
        *(
            "https://",
            "https://x.org/a b",
            "https://x.org/a\nb",
            "https://x.org/" + "x" * 2_000,
            "https://[x",
            "ftp://x.org",
        ),
    ],
)
def test_what_is_no_whole_link_of_http_is_left_out(link: str) -> None:
    letter = digest.letter([event(origin=Origin(logs_link=link, workload_link="https://example.org/job?a=1&b=2"))])
    assert Page(letter.html).links == ["https://example.org/job?a=1&b=2"]
    assert "Log:" not in letter.text


def test_a_command_that_could_not_be_pasted_is_left_out() -> None:
    for command in ("a\nrm -rf /", "a\x1b[2K", "x" * 2_001):
        letter = digest.letter([event(origin=Origin(logs_command=command))])
        assert "Download" not in letter.text + letter.html


def test_what_is_too_much_for_a_letter_is_counted() -> None:
    many = [
        event(f"m{place} is wrong", test=f"t{run:02}", run_id=f"r{run}") for run in range(40) for place in range(25)
    ]
    letter = digest.letter(many)
    for text in (letter.text, Page(letter.html).text):
        assert len(re.findall("m[0-9]+ is wrong", text)) == 30 * 20
        assert len(re.findall("and 5 more", text)) == 30
        assert "and 250 more of 10 other runs" in text
    assert letter.subject == "t00, t01, t02 and 37 more: 1000 alerts"
    assert len(letter.html) < 400_000


def test_ten_thousand_events_of_a_thousand_runs_are_a_letter_soon() -> None:
    many = [event(test=f"t{place % 1000}", run_id=f"r{place % 1000}") for place in range(10_000)]
    begin = time.process_time()
    digest.letter(many)
    assert time.process_time() - begin < 5


def test_a_subject_is_one_short_line_that_names_what_is_wrong() -> None:
    assert wording.subject([event()]) == "demo: 1 alert (loss_final)"
    assert wording.subject([OTHER]) == "other: 1 alert"
    metrics = [event(metric=f"m{place}") for place in range(5)]
    assert wording.subject(metrics) == "demo: 5 alerts (m0, m1, m2 and 2 more)"
    assert len(wording.subject([event(test="a\nb" * 999)])) <= 150


def test_a_time_that_no_calendar_has_is_left_out() -> None:
    assert wording.facts(event(start_time=1e30).run) == "run r7, commit 10abfb1"


def test_lines_on_stderr_name_the_test_once_and_cannot_move_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Stderr().send([event(), RECOVERED, OTHER, event("a\x1b[2K\nAlert: b")], "k1")
    assert capsys.readouterr().err == (
        f"Alert: demo: {MESSAGE}\nRecovered: demo: accuracy_final is 0.98 again\nAlert: other: the job failed\n"
        "Alert: demo: a\\x1b[2K\\nAlert: b\n"
    )
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), "ascii"))
    Stderr().send([event("漢字 is 0.5")], "k1")


def test_stderr_that_is_closed_is_an_error_and_not_the_end() -> None:
    def closed(_line: str) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(AlertError, match=r"^stderr cannot be written to: Broken pipe$"):
        Stderr(closed).send([event()], "k1")
