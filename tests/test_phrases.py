"""The phrases that messages are made of."""

from __future__ import annotations

import pytest

from cajajejo import phrases


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "empty"),
        ({"a": "secret"}, "a mapping"),
        (["secret"], "a list"),
        (True, "true"),
        (False, "false"),
        (1.5, "1.5"),
        ("a'b", '"a\'b"'),
        ("x" * 1_000_000, f"'{'x' * 58}…"),
        ("x" * 58, f"'{'x' * 58}'"),
        (10**100, f"1{'0' * 58}…"),
    ],
)
def test_value_is_shown_short_and_without_what_is_in_it(value: object, text: str) -> None:
    assert phrases.shown(value) == text
    assert len(text) <= 60


@pytest.mark.parametrize(
    ("names", "total", "text"),
    [
        ([], None, ""),
        (["a", "b", "c"], None, "a, b, c"),
        (["a", "b", "c", "d"], None, "a, b, c and 1 more"),
        (["a", "b"], 12_002, "a, b and 12,000 more"),
        ([], 2, "2 more"),
    ],
)
def test_of_many_names_the_first_are_told_and_how_many_more_there_are(
    names: list[str], total: int | None, text: str
) -> None:
    assert phrases.some(names, total) == text


def test_unknown_name_is_told_with_all_that_are_known_where_they_are_few() -> None:
    many = [f"field{number}" for number in range(30)]
    assert phrases.did_you_mean("limit", ["limits", "requests"]) == "did you mean limits? (one of limits, requests)"
    assert phrases.did_you_mean("zzz", ["limits", "requests"]) == "one of limits, requests"
    assert phrases.did_you_mean("field", ["other"]) == "one of other"
    assert phrases.did_you_mean("field1x", many) == "did you mean field1?"
    assert phrases.did_you_mean("a", []) == "nothing can stand here"


@pytest.mark.parametrize(
    "login",
    [
        "Bearer abcdefgh1234",
        "BASIC abcdefgh1234",
        "ya29.abc",
        "eyJhbGci.eyJpc3M.sig",
        *(f"{kind}{'a1B2' * 6}" for kind in ("hf_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "sk-")),
        "AKIAIOSFODNN7EXAMPLE",
        *(f"{name}=abcdefgh12345678" for name in ("Token", "PASSWORD", "api_key", "Secret")),
        *(f"A{name}=x" for name in ("_TOKEN", "_PASSWORD", "_API_KEY", "_ACCESS_KEY", "_SECRET")),
        "https://jasper:hunter2@registry.example",
        "to\N{KELVIN SIGN}en=abcdefgh12345678",
    ],
)
def test_each_kind_of_login_is_taken_out(login: str) -> None:
    assert "(hidden)" in phrases.without_logins(f"see {login} there")
    assert (
        phrases.without_logins("OOMKilled: container eval = 1 went over") == "OOMKilled: container eval = 1 went over"
    )


@pytest.mark.parametrize(
    ("name", "glob", "fits"),
    [
        ("boolq/f1", "boolq/*", True),
        ("boolq/f1", "*f1", True),
        ("boolq/f1", "boolq", False),
        ("boolq/F1", "boolq/f1", False),
        ("boolq/f1[macro]", "boolq/f1[macro]", True),
    ],
)
def test_a_glob_fits_a_whole_name_and_a_name_means_itself(name: str, glob: str, fits: bool) -> None:  # noqa: FBT001
    assert phrases.matches(name, glob) is fits
