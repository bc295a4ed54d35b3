from __future__ import annotations

import functools
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import jinja2
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo import quoting
from tests import hostile

if TYPE_CHECKING:
    from collections.abc import Callable


def manifest_of(texts: list[str]) -> str:
    """A ConfigMap with every text as `q` and as `block` write it, the blocks once with something after them."""
    lines = [f"  q{i}: {quoting.q(text)}\n  b{i}: {quoting.block(text, 4)}\n" for i, text in enumerate(texts)]
    return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n" + "".join(lines)


def data_of(texts: list[str]) -> dict[str, str]:
    return {f"{form}{number}": text for number, text in enumerate(texts) for form in "qb"}


@pytest.mark.parametrize("text", hostile.EXAMPLES, ids=ascii)
def test_known_hostile_text_comes_back_from_pyyaml(text: str) -> None:
    for (document,) in hostile.read_by_pyyaml(manifest_of([text])):
        assert document["data"] == data_of([text])


@given(st.lists(hostile.texts, min_size=1, max_size=5))
@settings(deadline=None)
def test_any_text_comes_back_from_pyyaml(texts: list[str]) -> None:
    for (document,) in hostile.read_by_pyyaml(manifest_of(texts)):
        assert document["data"] == data_of(texts)


def test_known_hostile_text_comes_back_from_kubectl(tmp_path: Path) -> None:
    texts = list(hostile.EXAMPLES)
    (document,) = hostile.read_by_kubectl(manifest_of(texts), tmp_path)
    assert document["data"] == data_of(texts)


@given(st.lists(hostile.texts, min_size=60, max_size=60))
@settings(deadline=None, max_examples=15)
def test_any_text_comes_back_from_kubectl(texts: list[str]) -> None:
    with TemporaryDirectory() as directory:
        (document,) = hostile.read_by_kubectl(manifest_of(texts), Path(directory))
    assert document["data"] == data_of(texts)


def test_every_character_comes_back_from_all_readers(tmp_path: Path) -> None:
    codes = [*range(1, 0x3000), *range(0xD7F0, 0xD800), *range(0xE000, 0xE010), *range(0xFDC0, 0x10010)]
    codes += [0x1F600, 0x1FFFE, 0x10FFFF]
    texts = [f"a{chr(code)}b" for code in codes]
    manifest = manifest_of(texts)
    for (document,) in [*hostile.read_by_pyyaml(manifest), hostile.read_by_kubectl(manifest, tmp_path)]:
        assert document["data"] == data_of(texts)


@pytest.mark.parametrize("piece", ["x", "😀\n", "\x01", '"', " "], ids=ascii)
def test_long_text_comes_back(piece: str, tmp_path: Path) -> None:
    text = piece * (100_000 // len(piece.encode()))
    manifest = manifest_of([text])
    for (document,) in [*hostile.read_by_pyyaml(manifest), hostile.read_by_kubectl(manifest, tmp_path)]:
        assert document["data"] == data_of([text])


def test_a_block_may_end_a_document(tmp_path: Path) -> None:
    texts = ["a", "a\n", "a\n\n\n"]
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
    manifest = "---\n".join(f"{head}  x: {quoting.block(text, 4)}\n" for text in texts)
    for documents in [*hostile.read_by_pyyaml(manifest), hostile.read_by_kubectl(manifest, tmp_path)]:
        assert [document["data"]["x"] for document in documents] == texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b", '"a: b"'),
        ('"\\/', '"\\"\\\\/"'),
        ("\n\r\t\b\f", '"\\n\\r\\t\\b\\f"'),
        ("\x01\x7f\x85\u2028\ufeff", '"\\u0001\\u007f\\u0085\\u2028\\ufeff"'),
        ("é漢😀", '"é漢😀"'),
    ],
)
def test_q_escapes_only_what_it_must(text: str, expected: str) -> None:
    assert quoting.q(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\n", "|\n  a\n  b"),
        ("a\nb", "|-\n  a\n  b"),
        ("a\n\n", "|+\n  a\n"),
        ("a\n\n b\n", "|\n  a\n\n   b"),
        ("# not a comment\n", "|\n  # not a comment"),
        ("\n\na\n", "|\n\n\n  a"),
        (" a\n", '" a\\n"'),
        ("\n\ta\n", '"\\n\\ta\\n"'),
        ("a\r\n", '"a\\r\\n"'),
        ("a\u2028b", '"a\\u2028b"'),
        ("", '""'),
        ("\n", '"\\n"'),
    ],
)
def test_block_is_literal_only_where_that_is_exact(text: str, expected: str) -> None:
    assert quoting.block(text, 2) == expected


def test_the_obvious_ways_to_quote_do_break() -> None:
    assert yaml.safe_load(json.dumps("😀")) != "😀"
    assert yaml.safe_load(json.dumps("\x85", ensure_ascii=False)) != "\x85"
    with pytest.raises(yaml.reader.ReaderError):
        yaml.safe_load(json.dumps("\x7f", ensure_ascii=False))


@given(hostile.texts)
def test_a_literal_reaches_the_program_as_it_was_written(text: str) -> None:
    assert hostile.expand(quoting.literal(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("$HOME", "$HOME"), ("$(HOME)", "$$(HOME)"), ("$$", "$$$"), ("5$", "5$"), ("$é", "$$é"), ("a$(b", "a$$(b")],
)
def test_a_dollar_is_doubled_only_where_it_would_begin_something(text: str, expected: str) -> None:
    assert quoting.literal(text) == expected


FILTERS: dict[str, Callable[[str], str]] = {
    "q": quoting.q,
    "literal": quoting.literal,
    "block": functools.partial(quoting.block, indent=2),
}
UNREPRESENTABLE = [("a\0", "NUL"), ("\ud83d", "lone surrogate"), ("\ud83d\ude00", "lone surrogate")]


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize(("text", "message"), UNREPRESENTABLE)
def test_what_kubernetes_cannot_store_is_refused(name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FILTERS[name](text)


@pytest.mark.parametrize("value", [None, 1, True, ["a"]])
def test_what_is_not_text_is_a_mistake_in_the_template(value: object) -> None:
    with pytest.raises(TypeError, match="where text must stand"):
        quoting.q(value)  # type: ignore[arg-type]  # the mistake


def test_an_undefined_name_says_its_name() -> None:
    undefined = jinja2.StrictUndefined(name="accelerator")
    with pytest.raises(jinja2.UndefinedError, match="accelerator"):
        quoting.q(undefined)  # type: ignore[arg-type]  # the mistake
