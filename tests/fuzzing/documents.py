"""Documents of YAML or JSON made from such, with the names that a model knows in places where it does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from pydantic import BaseModel

    from tests.fuzzing.records import Mutate

    Path = tuple[object, ...]

_ODD: Final[tuple[object, ...]] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        2,
        0.5,
        1e-320,
        1e308,
        10**400,
        float("nan"),
        float("inf"),
        "",
        " ",
        "True",
        "NaN",
        "*",
    ),
    *(
        "1e999",
        "0x1f",
        "1_000",
        "2026-11-28",
        "2026-11-28T14:00:00Z",
        "99999-99-99",
        "\x00\x1b[31m",
        "é\u202e",
        "[",
        "a*[!",
    ),
    *(
        [],
        {},
        [[]],
        {"": None},
        [None],
        {"lower": 1, "upper": 0},
        ["final", "final"],
        {"0": "1"},
        "x" * 300,
        [0.0] * 50,
    ),
)


def names(model: type[BaseModel]) -> list[str]:
    """Every name of a field in `model` and in what it is made of, and every word that a field may be."""
    found: set[str] = set()

    def look(schema: object) -> None:
        if isinstance(schema, dict):
            found.update(schema.get("properties", {}), filter(_is_text, schema.get("enum", ())))
            for below in schema.values():
                look(below)
        elif isinstance(schema, list):
            for below in schema:
                look(below)

    look(model.model_json_schema())
    return sorted(found)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def mutated(data: bytes, longest: int, random: Random, mutate: Mutate, words: Sequence[str]) -> bytes:
    """Another document; every second one has other bytes, and need not be one."""
    document = _parsed(data) if random.random() < 0.5 else None
    if document is None:
        return mutate(data, longest)
    for _ in range(random.choice((1, 1, 3))):
        document = _changed(document, random, words)
    text = (
        json.dumps(document, default=str, skipkeys=True)
        if random.random() < 0.5
        else yaml.safe_dump(document, allow_unicode=True)
    )
    return text.encode("utf-8", "surrogatepass")[:longest]


def _parsed(data: bytes) -> Any:
    """What stands in the document; None where it is none, or where it may be a thousand times as long as it looks."""
    if b"&" in data:
        return None
    try:
        return yaml.safe_load(data.decode())
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _changed(document: Any, random: Random, words: Sequence[str]) -> Any:
    """The document with something else at one place."""
    place = random.choice(list(_places(document)))
    return _replaced(document, place, random, words)


def _places(document: Any, above: Path = ()) -> Iterator[Path]:
    yield above
    below = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in below:
        yield from _places(value, (*above, key))


def _replaced(document: Any, place: Path, random: Random, words: Sequence[str]) -> Any:
    if not place:
        return _instead(document, random, words)
    key, *rest = place
    if isinstance(document, dict):
        renamed = random.choice(words) if not rest and random.random() < 0.2 else key
        return {
            (renamed if name == key else name): _replaced(value, tuple(rest), random, words) if name == key else value
            for name, value in document.items()
        }
    return [_replaced(value, tuple(rest), random, words) if n == key else value for n, value in enumerate(document)]


def _instead(value: Any, random: Random, words: Sequence[str]) -> Any:
    """What stands in the place of a value: one of its kind, another one, or the same with more or less in it."""
    if random.random() < 0.6 and (of_its_kind := [one for one in (*_ODD, *words) if type(one) is type(value)]):
        return random.choice(of_its_kind)
    odd = random.choice((*_ODD, *words))
    if isinstance(value, dict):
        kept = {name: one for name, one in value.items() if random.random() < 0.9}
        return {**kept, random.choice(words): odd}
    if isinstance(value, list):
        return [*value, odd]
    return odd
