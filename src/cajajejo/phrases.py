"""The phrases that messages are made of: a value as it is shown, how many, some of many, which was meant, no logins."""

from __future__ import annotations

import difflib
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REQUIRED: Final = "required, and not there"
UNKNOWN_FIELD: Final = "unknown field"
_SHOWN: Final = 60
_LISTED: Final = 20
_LOGIN: Final = re.compile(
    r" ?(?:\b(?i:bearer|basic)\s+(?=\S*[\d=])[^\s\"',]{8,}|\bya29\.[\w.-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|\b(?:hf_|gh[pousr]_|sk-)(?=[\w-]*\d)[\w-]{20,}|\bAKIA[A-Z0-9]{16}\b"
    r"|(?i:(?<=token)|(?<=password)|(?<=api_key)|(?<=secret))[\"']?\s*[=:]\s*[\"']?[\w.+/=-]{16,}"
    r"|(?:(?<=_TOKEN)|(?<=_PASSWORD)|(?<=_API_KEY)|(?<=_ACCESS_KEY)|(?<=_SECRET))[=:]\s*[\"']?[^\s\"',]+"
    r"|(?<=://)[^\s/:@]*:[^\s/]*(?=@))"
)
_HINTS: Final = (
    *("bearer", "basic", "ya29.", "eyj", "hf_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "sk-", "akia"),
    *("token", "password", "api_key", "access_key", "secret", "://"),
)
"""One of these, in small letters, is in every login that `_LOGIN` finds: most texts have none and are read but once."""


def shown(value: object) -> str:
    """A value as messages show it: never the inside of a mapping or list, and never long."""
    if value is None:
        return "empty"
    if isinstance(value, dict | list | tuple):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value[: _SHOWN + 1] if isinstance(value, str) else value)
    return cut(text)


def cut(text: str) -> str:
    """`text` as it stands in a sentence, never long."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def some(names: Sequence[str], total: int | None = None, most: int = 3) -> str:
    """The first of `names`, and how many more there are of all `total`: ``a, b, c and 12 more``."""
    shown = names[:most]
    more = (len(names) if total is None else total) - len(shown)
    return ", ".join(shown) + (f"{' and ' * bool(shown)}{more:,} more" if more > 0 else "")


def counted(count: int, noun: str) -> str:
    """``1 run``, ``1,200 runs``."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def matches(name: str, glob: str) -> bool:
    """Whether `glob` means `name`: it is the name itself, or fits the whole of it; letters count as they are."""
    return name == glob or fnmatchcase(name, glob)


def closest(name: object, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` is probably a misspelling of."""
    found = difflib.get_close_matches(str(name)[:_SHOWN], list(names), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(name: object, names: Sequence[str]) -> str:
    """The hint beside an unknown name: the closest that is known, then all of them where they are few."""
    guess = closest(name, names)
    listed = f"one of {', '.join(names)}" if names else "nothing can stand here"
    if guess is None:
        return listed
    return f"did you mean {guess}? ({listed})" if len(names) <= _LISTED else f"did you mean {guess}?"


def without_logins(text: str) -> str:
    """`text` from elsewhere without what looks like a login: a token, a key, the password of an address."""
    if text.isascii():  # beyond it, letters that are told apart by their case alone are more than `lower` knows
        lower = text.lower()
        if not any(hint in lower for hint in _HINTS):
            return text
    return _LOGIN.sub(" (hidden)", text)
