"""What was asked and what came back, as text that may be shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.cluster import exchange, kinds
from cajajejo.cluster.exchange import Answer, Asked, Target

EXCHANGES = Path(__file__).parent / "recordings" / "kubernetes-1.36" / "exchanges"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (Asked("create", kinds.find("Job"), "a", "default"), "create jobs.batch a in namespace default"),
        (Asked("list", kinds.find("ConfigMap")), "list configmaps"),
        (Asked("get", path="/version"), "get /version"),
        (Asked("get", kinds.find("Job"), "a\x1b[31m", "b\n"), "get jobs.batch a\\x1b[31m in namespace b"),
    ],
)
def test_what_was_asked_is_told_in_words(asked: Asked, text: str) -> None:
    assert str(asked) == text


def test_kubectl_is_told_the_context_only_where_it_needs_it() -> None:
    assert Target("a b", None, "https://h").kubectl == "kubectl"
    assert Target("a b", None, "https://h", is_current=False).kubectl == "kubectl --context 'a b'"


@given(st.text(max_size=2000), st.integers(2, 400))
def test_foreign_text_is_one_printable_line_of_bounded_length(text: str, length: int) -> None:
    shown = exchange.plain(text, length)
    assert shown.isprintable()
    assert len(shown) <= length


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n  b\tc", "a b c"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("right \u202e left", "right \\u202e left"),
        ("Authorization: Bearer abcdefgh12345", "Authorization: (hidden)"),
        ("token ya29.a0AfH6SMBx-y_z expired", "token (hidden) expired"),
        ("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "got (hidden)"),
        ('{"access_token": "0123456789abcdef0123"}', '{"access_token (hidden)"}'),
        ("http://me:hunter2@h:5000/x and s3://k@h", "http:// (hidden)@h:5000/x and s3://k@h"),
        ("postgresql+psycopg2://u:p@ss@h/db", "postgresql+psycopg2:// (hidden)@h/db"),
        ("401 for hf_abcdefghijklmnopqrstuvwxyz0123456789", "401 for (hidden)"),
        ("key sk-proj-abcdefghijklmnopqrst0123, ghp_abcdefghijklmnopqrst0123", "key (hidden), (hidden)"),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY (hidden) (hidden)"),
        ("DB_PASSWORD=hunter2 OPENAI_API_KEY: 'short'", "DB_PASSWORD (hidden) OPENAI_API_KEY (hidden)'"),
        ("/v1?api_key=abcdef0123456789&x=1", "/v1?api_key (hidden)&x=1"),
        (
            "max_tokens=512 pad_token: <|end|> sk-learn hf_x",
            "max_tokens=512 pad_token: <|end|> sk-learn hf_x",
        ),
        ("git@h:a/b user@h http://h:80/a@b", "git@h:a/b user@h http://h:80/a@b"),
        ("invalid continue token: continue key is not valid", "invalid continue token: continue key is not valid"),
        ("the bearer of this wants basic authentication", "the bearer of this wants basic authentication"),
    ],
)
def test_controls_are_escaped_and_logins_hidden(text: str, shown: str) -> None:
    assert exchange.plain(text) == shown


def test_a_word_of_a_command_is_quoted() -> None:
    assert exchange.pasted("x; rm -rf ~") == "'x; rm -rf ~'"


def test_recorded_warnings_are_read() -> None:
    recorded = json.loads((EXCHANGES / "field-validation" / "post-warn.json").read_text("utf-8"))
    header = recorded["response"]["headers"]["Warning"]
    assert exchange.parse_warnings([header, header]) == (
        'unknown field "spec.template.spec.containers[0].resources.limit"',
        'unknown field "spec.backoffLimits"',
    )


@pytest.mark.parametrize(
    ("headers", "body", "title"),
    [
        ({"content-type": "text/html; charset=utf-8"}, b"<html><title>\n Sign  in\x1b </title>", "Sign in\\x1b"),
        ({}, b"<!DOCTYPE html><TITLE lang=x>502</TITLE>", "502"),
        ({"content-type": "text/html"}, b"\xff", "(without a title)"),
        ({"content-type": "application/json"}, b'{"a": "<title>x</title>"}', None),
    ],
)
def test_a_web_page_is_told_by_its_title(headers: dict[str, str], body: bytes, title: str | None) -> None:
    assert Answer(200, headers, body).page_title() == title


@pytest.mark.parametrize(
    "body", [b"", b'{"kind":"Job', b"\xff\xfe", b"[" * 100_000], ids=["none", "half", "utf", "deep"]
)
def test_what_is_no_json_is_none(body: bytes) -> None:
    answer = Answer(200, {}, body)
    assert (answer.json(), answer.status_object()) == (None, None)
