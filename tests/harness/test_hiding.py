"""The values of secret variables stand in no line that is printed or kept."""

from __future__ import annotations

import pytest

from cajajejo import config as configs
from cajajejo.harness.hiding import hiding
from tests.sending import CONFIG

SETTING = "secret_env.HF_TOKEN={name: hugging-face, key: token}"


def hidden(text: str, value: str | None) -> str:
    config = configs.load(CONFIG, [SETTING])
    return hiding(config, {} if value is None else {"HF_TOKEN": value})(text)


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("hunter2", "login with hunter2 failed", "login with (hidden) failed"),
        ("a.b*c(d", "a.b*c(d axbxcxd", "(hidden) axbxcxd"),
        ("first line\n second line ", "second line, first line", "(hidden), (hidden)"),
        ("abcdef\nabcdefgh", "abcdefgh", "(hidden)"),
        ("short", "a short line", "a short line"),
        ("", "nothing is taken out", "nothing is taken out"),
        (None, "nothing is taken out", "nothing is taken out"),
    ],
)
def test_each_line_of_a_value_is_taken_out(value: str | None, text: str, expected: str) -> None:
    assert hidden(text, value) == expected


@pytest.mark.parametrize(
    ("name", "value", "is_hidden"),
    [
        ("MLFLOW_TRACKING_TOKEN", "t0ken-of-mlflow", True),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI", True),
        ("openai_api_key", "sk-123456", True),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/token", False),
        ("MAX_TOKEN", "1000000", False),
        ("TOKENIZERS_PARALLELISM", "nothing", False),
        ("HOME", "/scratch", False),
    ],
)
def test_a_variable_whose_name_says_that_it_is_secret_is_hidden(name: str, value: str, *, is_hidden: bool) -> None:
    assert hiding(None, {name: value})(f"a line with {value}") == f"a line with {'(hidden)' if is_hidden else value}"
