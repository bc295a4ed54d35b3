"""The fake's query language: as Cloud Logging's where we use it, and refusing the rest."""

from __future__ import annotations

import pytest

from tests.fakes.cloud_logging import entry
from tests.fakes.cloud_logging_query import QueryError, parse

ENTRY = entry("Hello World", at=1_795_269_731_000_000_005, severity=400, labels={"a": "1", "b/c": 'q"\\é'})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "severity>=WARNING",
        'labels.a="1"',
        'labels.a=1 labels."b/c"="q\\"\\\\\\u00e9"',
        'textPayload:"hello"',
        'textPayload="HELLO WORLD"',
        'labels.a="2" OR labels.a="1"',
        'NOT labels.a="2"',
        'labels.a!="2" AND labels.none!="x"',
        'labels.a="1" OR labels.a="1" AND labels.a="1" OR labels.a="2"',
        'timestamp>="2026-11-21T14:02:11.000000005Z" AND timestamp<"2026-11-21T14:02:11.000000006Z"',
        'timestamp<"2026-11-21T14:02:12Z"',
    ],
)
def test_what_matches(text: str) -> None:
    assert parse(text)(ENTRY)


@pytest.mark.parametrize(
    "text",
    [
        "severity>WARNING",
        'labels.a="2"',
        'labels.none=""',
        'NOT labels.a="1"',
        'labels.a="1" AND labels.a="2"',
        'labels.a="2" AND labels.a="1" OR labels.a="1"',  # OR binds tighter
        'timestamp>"2026-11-21T14:02:11.000000005Z"',
        'logName="projects/other/logs/stdout"',
    ],
)
def test_what_does_not(text: str) -> None:
    assert not parse(text)(ENTRY)


@pytest.mark.parametrize(
    "text",
    [
        'labels.b/c="1"',
        'labels.a="1',
        'labels.a="1" OR',
        '(labels.a="1"',
        'labels.a="1")',
        'labels.a~"1"',
        'labels.a="\\q"',
        'unheard_of="1"',
        'timestamp>="yesterday"',
        '"1"=labels.a',
        'labels.a=~"1"',
        'labels.a="a\nb"',
        f'labels.a="{"x" * 20_000}"',
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text)
