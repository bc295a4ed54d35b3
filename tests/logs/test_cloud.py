"""Reading Cloud Logging through Google's own client: pages, order, duplicates, faults, and what errors say."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped]  # carries no types
import pytest

from cajajejo.cluster.retries import Timing
from cajajejo.logs import cloud
from cajajejo.logs.cloud import CloudLogs, Waiting
from cajajejo.logs.cloud_connection import EMULATOR
from cajajejo.logs.cloud_errors import (
    CloudAwayError,
    CloudLoginError,
    CloudLogsError,
    CloudNotAllowedError,
    CloudProjectError,
)
from cajajejo.logs.cloud_place import Place
from cajajejo.logs.cloud_query import Query, nanoseconds
from tests.fakes import cloud_logging
from tests.fakes.cloud_logging import PROJECT, SECOND, CloudLogging, entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SINCE = datetime(2026, 11, 21, 14, tzinfo=UTC)
START = nanoseconds(SINCE)
HERE = Place(PROJECT, named_by="project of [gcp] in the project file")
JOB = Query("eval-x")
Status = grpc.StatusCode


@pytest.fixture
def fake() -> Iterator[CloudLogging]:
    with cloud_logging.serving() as logs:
        yield logs


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.said: list[str] = []

    def waiting(self, timing: Timing = cloud.TIMING) -> Waiting:
        return Waiting(timing, self.said.append, lambda: self.now, self._sleep, lambda: 1.0)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


def reader(fake: CloudLogging, clock: Clock | None = None, place: Place = HERE) -> CloudLogs:
    return CloudLogs(place, {EMULATOR: fake.host}, (clock or Clock()).waiting())


def texts(logs: CloudLogs, query: Query = JOB, until: datetime | None = None) -> list[str]:
    return [line.text for line in logs.read(query, SINCE, until)]


def write(fake: CloudLogging, count: int, **other: Any) -> list[str]:
    fake.write(*(entry(f"line {number}", at=START + number, **other) for number in range(count)))
    return [f"line {number}" for number in range(count)]


def test_lines_come_oldest_first_whatever_the_order_in_which_they_arrived(fake: CloudLogging) -> None:
    fake.write(*(entry(str(number), at=START + number) for number in (3, 1, 2)))
    assert texts(reader(fake)) == ["1", "2", "3"]


def test_another_job_is_not_read_nor_what_lies_outside_of_the_time(fake: CloudLogging) -> None:
    fake.write(entry("theirs", at=START, job="eval-x-2"), entry("before", at=START - 1))
    fake.write(entry("first", at=START), entry("last", at=START + SECOND - 1), entry("after", at=START + SECOND))
    assert texts(reader(fake), until=SINCE + timedelta(seconds=1)) == ["first", "last"]


def test_the_time_is_bounded_on_both_sides_and_a_clock_that_is_ahead_loses_nothing(fake: CloudLogging) -> None:
    ahead = nanoseconds(datetime.now(UTC) + timedelta(hours=1))
    fake.write(entry("of a node whose clock is ahead", at=ahead))
    assert texts(reader(fake)) == ["of a node whose clock is ahead"]
    (asked,) = fake.calls("ListLogEntries")
    assert 'timestamp>="2026-11-21T14:00:00.000000000Z" AND timestamp<"' in asked.filter


def test_many_lines_come_by_pages_of_the_largest_size_and_one_at_a_time(fake: CloudLogging) -> None:
    lines = write(fake, 2500)
    reading = reader(fake).read(JOB, SINCE)
    assert next(reading).text == "line 0"
    assert len(fake.calls("ListLogEntries")) == 1  # the next page is asked for when it is needed
    assert [line.text for line in reading] == lines[1:]
    assert [asked.page_size for asked in fake.calls("ListLogEntries")] == [1000, 1000, 1000]


def test_a_page_that_is_empty_is_not_the_end(fake: CloudLogging) -> None:
    lines = write(fake, 3)
    fake.empty_pages = 4
    assert texts(reader(fake)) == lines
    assert len(fake.calls("ListLogEntries")) == 5


def test_an_entry_that_is_listed_twice_is_one_line_also_across_pages(fake: CloudLogging) -> None:
    lines = write(fake, 750)  # 1500 with the doubles: the page ends between two that are equal
    fake.write(entry("line 750", at=START + 749, insert_id="z"))  # the same time, and yet another line
    fake.doubled = True
    assert texts(reader(fake)) == [*lines, "line 750"]


def test_equal_lines_of_two_logs_or_times_are_two_lines(fake: CloudLogging) -> None:
    fake.write(entry("x", at=START, insert_id="i"), entry("x", at=START + 1, insert_id="i"))
    other = entry("x", at=START, insert_id="i")
    other.log_name = f"projects/{PROJECT}/logs/stderr"
    fake.write(other)
    assert texts(reader(fake)) == ["x", "x", "x"]


def test_a_page_token_that_is_too_old_is_replaced_by_the_time_of_the_last_line(fake: CloudLogging) -> None:
    fake.write(*(entry(f"line {number}", at=START + number // 2) for number in range(2001)))
    reading = reader(fake).read(JOB, SINCE)
    found = [line.text for line in itertools.islice(reading, 1000)]
    fake.forget_tokens()
    found += [line.text for line in reading]
    assert found == [f"line {number}" for number in range(2001)]
    tokens = [bool(asked.token) for asked in fake.calls("ListLogEntries")]
    assert tokens == [False, True, False, True]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (Status.UNAVAILABLE, "does not answer"),
        (Status.RESOURCE_EXHAUSTED, "is busy (a quota is used up for now)"),
        (Status.INTERNAL, "failed (INTERNAL)"),
        (Status.DEADLINE_EXCEEDED, "takes too long to answer"),
        (Status.ABORTED, "broke off (ABORTED)"),
    ],
)
def test_what_passes_is_waited_for_with_a_sentence_in_the_middle_of_the_pages_too(
    fake: CloudLogging, code: Any, words: str
) -> None:
    lines, clock = write(fake, 1500), Clock()
    reading = reader(fake, clock).read(JOB, SINCE)
    found = [next(reading).text]
    fake.fail("ListLogEntries", code, times=3)
    found += [line.text for line in reading]
    assert found == lines
    assert clock.said == [f"Cloud Logging {words}, trying again in {seconds} s" for seconds in (1, 2, 4)]


def test_a_quota_by_the_minute_is_waited_for_over_a_minute(fake: CloudLogging) -> None:
    write(fake, 1001)
    clock = Clock()
    reading = reader(fake, clock).read(JOB, SINCE)
    next(reading)
    fake.fail("ListLogEntries", Status.RESOURCE_EXHAUSTED, "Quota exceeded for quota metric 'Read requests'", times=99)
    with pytest.raises(CloudAwayError) as caught:
        list(reading)
    assert 120 < clock.now <= 180
    assert caught.value.lines() == [
        "Error: Cloud Logging is busy (a quota is used up for now), and did not recover in time",
        "  says        Quota exceeded for quota metric 'Read requests'",
        "  project     evaluations",
    ]


def test_where_nothing_ever_answered_it_is_given_up_sooner(fake: CloudLogging) -> None:
    clock = Clock()
    fake.fail("ListLogEntries", Status.UNAVAILABLE, "failed to connect", times=99)
    with pytest.raises(CloudAwayError, match="does not answer, and did not recover in time"):
        texts(reader(fake, clock))
    assert clock.now <= 20


def test_nobody_who_listens_is_an_error_and_no_hang() -> None:
    clock = Clock()
    logs = CloudLogs(HERE, {EMULATOR: "127.0.0.1:1"}, clock.waiting(Timing(total=5, total_unanswered=5)))
    with pytest.raises(CloudAwayError, match="does not answer"):
        texts(logs)


def failure(fake: CloudLogging, *fault: Any, place: Place = HERE, **how: Any) -> CloudLogsError:
    if fault:
        fake.fail("ListLogEntries", *fault, times=99, **how)
    with pytest.raises(CloudLogsError) as caught:
        texts(reader(fake, place=place))
    assert len(fake.calls("ListLogEntries")) == 1  # what does not pass is not tried again
    return caught.value


def test_who_may_not_read_is_told_the_role_and_the_command(fake: CloudLogging) -> None:
    says = "Permission denied for all log views"
    role = "evaluations --role roles/logging.viewer"
    grant = f'gcloud projects add-iam-policy-binding {role} --member "user:$(gcloud config get-value account)"'
    error = failure(fake, Status.PERMISSION_DENIED, f"{says}\x1b[31m")
    assert isinstance(error, CloudNotAllowedError)
    assert error.lines() == [
        "Error: not allowed to read the logs of project evaluations",
        f"  says        {says}\\x1b[31m",
        "  needed      the role roles/logging.viewer",
        "Run: gcloud auth application-default login     if you are logged in as somebody else; else ask an owner for",
        f"     {grant}",
    ]


def test_a_project_without_cloud_logging_is_told_how_to_enable_it(fake: CloudLogging) -> None:
    error = failure(fake, Status.PERMISSION_DENIED, "API has not been used", reason="SERVICE_DISABLED")
    assert isinstance(error, CloudProjectError)
    assert error.message == "Cloud Logging is not enabled in project evaluations"
    assert error.run == ("gcloud services enable logging.googleapis.com --project evaluations",)


def test_a_login_without_a_project_for_its_quota_is_told_how_to_set_it(fake: CloudLogging) -> None:
    error = failure(fake, Status.PERMISSION_DENIED, "The API requires a quota project, which is not set by default.")
    assert isinstance(error, CloudLoginError)
    assert error.run == ("gcloud auth application-default set-quota-project evaluations",)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (Status.UNAUTHENTICATED, "Request had invalid authentication credentials"),
        (Status.UNAVAILABLE, "Getting metadata from plugin failed with error: ('invalid_grant: Bad Request', {})"),
        (Status.UNAVAILABLE, "Reauthentication is needed"),
    ],
)
def test_an_expired_login_is_told_how_to_renew_it_also_where_it_claims_to_pass(
    fake: CloudLogging, code: Any, message: str
) -> None:
    error = failure(fake, code, message)
    assert isinstance(error, CloudLoginError)
    assert error.message == "the login to Google Cloud is not valid, or has expired"
    assert error.run == ("gcloud auth application-default login",)


def test_a_project_that_is_not_there_is_named_with_the_place_that_names_it(fake: CloudLogging) -> None:
    error = failure(fake, place=Place("no-such; rm", named_by="the variable GOOGLE_CLOUD_PROJECT"))
    assert isinstance(error, CloudProjectError)
    assert error.lines() == [
        "Error: there is no Google Cloud project no-such; rm, or its logs are hidden from you",
        "  says        Project does not exist: projects/no-such; rm",
        "  named by    the variable GOOGLE_CLOUD_PROJECT",
        "Run: gcloud projects list",
    ]


def test_a_name_that_is_too_long_for_a_question_is_an_error_with_the_answer(fake: CloudLogging) -> None:
    with pytest.raises(CloudLogsError) as caught:
        texts(reader(fake), Query("x" * 20_000))
    assert caught.value.message == "Cloud Logging refused to read the logs of project evaluations"
    assert "longer than 20000 characters" in caught.value.facts["says"]


def test_without_any_login_the_command_that_makes_one_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    with pytest.raises(CloudLoginError) as caught:
        texts(CloudLogs(HERE, {}))
    assert caught.value.message == "there is no login to Google Cloud here"
    assert caught.value.run == ("gcloud auth application-default login",)
    assert "default credentials" in caught.value.facts["says"]


def test_a_file_of_credentials_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    with pytest.raises(CloudLoginError) as caught:
        texts(CloudLogs(HERE, {}))
    assert "/nowhere/key.json" in caught.value.facts["says"]


def test_a_login_that_cannot_be_checked_for_now_is_waited_for(fake: CloudLogging) -> None:
    lines, clock = write(fake, 1), Clock()
    fake.fail(
        "ListLogEntries", Status.UNAVAILABLE, "Getting metadata from plugin failed with error: Max retries exceeded"
    )
    assert texts(reader(fake, clock)) == lines
    assert clock.said == ["Cloud Logging does not answer, trying again in 1 s"]


def test_every_error_stands_in_the_drawn_tree() -> None:
    from cajajejo.logs import cloud_errors

    classes = [value for value in vars(cloud_errors).values() if isinstance(value, type)]
    names = [kind.__name__ for kind in classes if issubclass(kind, CloudLogsError)]
    assert len(names) == 5
    assert [name for name in names if name not in (cloud_errors.__doc__ or "")] == []
