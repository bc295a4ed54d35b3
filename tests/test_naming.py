from __future__ import annotations

import hashlib
import itertools
import re

import pytest

from cajajejo import naming
from cajajejo.text_forms import DNS_LABEL


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_two_words_and_eight_digits_follow_from_the_digest() -> None:
    adjective, animal = naming.ADJECTIVES.index("merciful"), naming.ANIMALS.index("crocodile")
    digest = f"3f2a9c1d{adjective:012x}{animal:012x}" + "0" * 32
    assert naming.job_name("eval-neurips", digest) == "eval-neurips-merciful-crocodile-3f2a9c1d"


@pytest.mark.parametrize("number", range(50))
def test_every_name_is_a_dns_label_of_a_known_shape(number: int) -> None:
    name = naming.job_name("eval-neurips", digest_of(str(number)))
    assert re.fullmatch(r"eval-neurips-[a-z]+-[a-z]+-[0-9a-f]{8}", name)
    assert DNS_LABEL.fits(name)


def test_the_longest_name_leaves_room_for_a_longer_prefix() -> None:
    longest = max(map(len, naming.ADJECTIVES)) + max(map(len, naming.ANIMALS)) + len("--") + 8
    assert len("eval-neurips-") + longest <= (DNS_LABEL.longest or 0)
    assert longest < 36


def test_names_spread_over_the_words() -> None:
    names = [naming.job_name("e", digest_of(str(number))).split("-") for number in range(5000)]
    assert {name[1] for name in names} == set(naming.ADJECTIVES)
    assert {name[2] for name in names} == set(naming.ANIMALS)


@pytest.mark.parametrize("words", [naming.ADJECTIVES, naming.ANIMALS], ids=["adjectives", "animals"])
def test_words_are_plain_distinct_and_not_easily_confused(words: tuple[str, ...]) -> None:
    assert len(words) >= 128
    assert list(words) == sorted(set(words))
    assert all(re.fullmatch(r"[a-z]{3,11}", word) for word in words)
    for one, other in itertools.combinations(words, 2):
        assert not one.startswith(other)
        assert not other.startswith(one)
        assert len(one) != len(other) or sum(a != b for a, b in zip(one, other, strict=True)) > 1, (one, other)


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("eval-merciful-crocodile-3f2a9c1d", "eval"),
        ("eval-merciful-crocodile", "eval"),
        ("by.hand", "by-hand"),
        ("a" * 31 + ".b", "a" * 31),
    ],
    ids=["ours", "two words", "with a dot", "too long"],
)
def test_another_name_for_the_same_job_begins_as_the_old_one_did(name: str, prefix: str) -> None:
    assert naming.prefix_of(name) == prefix
    assert naming.job_name(naming.prefix_of(name), digest_of(name)).startswith(f"{prefix}-")
