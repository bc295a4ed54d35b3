"""Text into YAML and into a pod, so that what comes out at the other end is what went in.

Every value in a template passes one of these filters. They do not trust a reader to be modern: PyYAML (in C and in
Python), Go's YAML libraries and kubectl differ in what they take for a line break or for a printable character, and
here only that is written which all of them read alike.
"""

from __future__ import annotations

import re
from typing import Final

_UNREPRESENTABLE: Final = re.compile("[\0\ud800-\udfff]")
# C0, DEL, C1 (U+0085 is a line break in YAML 1.1), line and paragraph separator, byte order mark, two non-characters.
_ESCAPED: Final = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]')
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_NOT_IN_BLOCK: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_EXPANDED: Final = re.compile(r"\$(?=[$(]|[^\x00-\x7f])")


class Yaml(str):
    """Text that is YAML already; what a template writes must be this."""

    __slots__ = ()


def problem_of(text: str) -> str | None:
    """Why no Kubernetes object can hold `text`, or None where one can."""
    found = _UNREPRESENTABLE.search(text)
    if found is None:
        return None
    if found[0] == "\0":
        return "holds the character NUL, which Kubernetes cannot store"
    return "holds a lone surrogate, which is not a character"


def q(text: str) -> Yaml:
    """`text` as a double-quoted scalar on one line, which every YAML reader takes unchanged.

    Characters outside the Basic Multilingual Plane stand as themselves: the pair of escapes that JSON has for them
    means two broken characters in YAML.

    Raises:
        TypeError: not text; a None or a number here is a mistake in the template.
        ValueError: text that no Kubernetes object can hold.
    """
    return Yaml('"' + _ESCAPED.sub(_escape, _text(text)) + '"')


def block(text: str, indent: int) -> Yaml:
    """`text` as a literal block, each line after `indent` spaces; as `q` writes it where a block would not be exact.

    Raises:
        TypeError: not text.
        ValueError: text that no Kubernetes object can hold.
    """
    lines = _text(text).split("\n")
    first = next(filter(None, lines), None)
    if first is None or first[0] in " \t" or _NOT_IN_BLOCK.search(text):
        return q(text)
    ending = "-" if lines[-1] else "+" if not lines[-2] else ""
    body = lines if lines[-1] else lines[:-1]
    return Yaml(f"|{ending}\n" + "\n".join(" " * indent + line if line else "" for line in body))


def literal(text: str) -> str:
    """`text` for the ``command``, ``args`` or ``env`` of a container, where Kubernetes would expand ``$(NAME)``.

    A ``$`` is doubled where it would begin something: before ``(``, before another ``$``, and before a character
    outside ASCII, of which the kubelet would read only the first byte.
    """
    return _EXPANDED.sub("$$", _text(text))


def number(value: object) -> Yaml:
    """A whole number.

    Raises:
        TypeError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"a template wrote {value!r:.60} where a whole number must stand")
    return Yaml(str(int(value)))


def flag(value: object) -> Yaml:
    """``true`` or ``false``.

    Raises:
        TypeError: it is neither.
    """
    if not isinstance(value, bool):
        raise TypeError(f"a template wrote {value!r:.60} where true or false must stand")
    return Yaml("true" if value else "false")


def _escape(match: re.Match[str]) -> str:
    return _SHORT.get(match[0]) or f"\\u{ord(match[0]):04x}"


def _text(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"a template wrote {text} ({type(text).__name__}) where text must stand")
    problem = problem_of(text)
    if problem:
        raise ValueError(f"{text[:40]!r} {problem}")
    return text
