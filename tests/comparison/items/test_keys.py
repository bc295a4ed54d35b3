"""Items and groups as digests that no two share, and the numbers of these."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.comparison.items import keys
from cajajejo.results import hash_of

TEXT = st.text(st.characters(), max_size=5)


@given(st.lists(st.tuples(TEXT, st.none() | TEXT, TEXT), unique=True, min_size=2))
def test_no_two_items_share_a_key(items: list[tuple[str, str | None, str]]) -> None:
    assert len({keys.item_keys(scenario, subject, [name]) for scenario, subject, name in items}) == len(items)


def test_parts_of_a_key_cannot_be_told_for_another() -> None:
    near = [("a", None, "b"), ("a", "b", ""), ("a", "", "b"), ("ab", None, ""), ("", None, "ab"), ("a", "-", "b")]
    assert len({keys.item_keys(scenario, subject, [name]) for scenario, subject, name in near}) == len(near)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3) | st.integers(0, 2**64 - 1))))
def test_keys_are_numbered_in_their_order_also_where_their_first_halves_are_close(pairs: list[tuple[int, int]]) -> None:
    array = np.array(pairs, np.uint64).reshape(-1, 2)
    order = {pair: number for number, pair in enumerate(sorted(set(pairs)))}
    assert keys.numbered(array).tolist() == [order[pair] for pair in pairs]


def test_an_unknown_prompt_is_told_by_no_hash_and_by_that_of_nothing() -> None:
    assert keys.prompt_numbers(["", hash_of("")]) == bytes(16)


def test_a_group_is_never_the_number_of_no_group() -> None:
    assert keys.group_number("") != 0


@pytest.mark.parametrize("wrong", ["abc", "g" * 64, "aa  " * 16, "0" * 65])
def test_what_is_no_hash_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"SHA-256|non-hexadecimal"):
        keys.prompt_numbers([hash_of("a"), wrong])


def test_a_prompt_is_known_by_the_first_eight_bytes_of_its_hash() -> None:
    assert keys.prompt_numbers(["0123456789abcdef" + "f" * 48]) == bytes.fromhex("0123456789abcdef")


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_what_two_lists_share_is_found_in_both(a: set[int], b: set[int]) -> None:
    one, other = np.array(sorted(a), np.int64), np.array(sorted(b), np.int64)
    in_one, in_other = keys.shared(one, other)
    assert one[in_one].tolist() == other[in_other].tolist() == sorted(a & b)
