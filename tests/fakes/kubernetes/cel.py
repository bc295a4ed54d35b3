"""The part of the Common Expression Language that the rules of our custom resource definitions use.

``holds`` says whether a rule is true of a value; what the grammar here does not know is an error, never a guess.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Scope: TypeAlias = dict[str, Any]
Expression: TypeAlias = "Callable[[Scope], Any]"
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|(?P<number>\d+)|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<mark>\|\||&&|==|!=|<=|>=|[-+<>!?:.,()\[\]]))"""
)
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "in": lambda left, right: left in right,
}
_METHODS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "matches": lambda value, pattern: re.search(pattern, value) is not None,
    "contains": lambda value, part: part in value,
    "startsWith": lambda value, part: value.startswith(part),
    "endsWith": lambda value, part: value.endswith(part),
}
_MACROS: Final = {"all": all, "exists": any}
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


class CelError(ValueError):
    """A rule that cannot be read, or fails on a value."""


def needs_old(rule: str) -> bool:
    """Whether a rule is about a change."""
    return re.search(r"\boldSelf\b", rule) is not None


def holds(rule: str, value: Any, old: Any = None) -> bool:
    """Whether `rule` is true of `value`, which was `old` before.

    Raises:
        CelError: the rule cannot be read, or asks for what is not there.
    """
    try:
        return bool(_parsed(rule)({"self": value, "oldSelf": old}))
    except (KeyError, TypeError, AttributeError) as error:
        raise CelError(f"{rule}: {error!r}") from error


@cache
def _parsed(rule: str) -> Expression:
    parser = _Parser(rule)
    expression = parser.ternary()
    if parser.next():
        raise CelError(f"{rule}: {parser.next()} is too much")
    return expression


class _Parser:
    """Reads one rule from left to right; each method reads what binds at least as tightly as its name says."""

    def __init__(self, rule: str) -> None:
        self._rule = rule
        self._tokens = self._split(rule.strip())

    @staticmethod
    def _split(rule: str) -> list[str]:
        found, place = [], 0
        while place < len(rule):
            match = _TOKEN.match(rule, place)
            if match is None:
                raise CelError(f"{rule}: {rule[place:]!r} cannot be read")
            found.append(match[0].strip())
            place = match.end()
        return found[::-1]

    def next(self) -> str:
        """The token that comes next; empty at the end."""
        return self._tokens[-1] if self._tokens else ""

    def _take(self, *wanted: str) -> str:
        if wanted and self.next() not in wanted:
            raise CelError(f"{self._rule}: {wanted} expected, not {self.next()!r}")
        return self._tokens.pop()

    def ternary(self) -> Expression:
        """``a ? b : c``, or what binds tighter."""
        condition = self._either()
        if self.next() != "?":
            return condition
        self._take("?")
        yes = self.ternary()
        self._take(":")
        no = self.ternary()
        return lambda scope: yes(scope) if condition(scope) else no(scope)

    def _either(self) -> Expression:
        parts = [self._both()]
        while self.next() == "||":
            self._take()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda scope: any(part(scope) for part in parts)

    def _both(self) -> Expression:
        parts = [self._comparison()]
        while self.next() == "&&":
            self._take()
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) for part in parts)

    def _comparison(self) -> Expression:
        left = self._sum()
        if self.next() not in _COMPARISONS:
            return left
        compare = _COMPARISONS[self._take()]
        right = self._sum()
        return lambda scope: compare(left(scope), right(scope))

    def _sum(self) -> Expression:
        parts = [self._negation()]
        while self.next() == "+":
            self._take()
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else lambda scope: sum(part(scope) for part in parts)

    def _negation(self) -> Expression:
        if self.next() != "!":
            return self._member()
        self._take()
        inner = self._negation()
        return lambda scope: not inner(scope)

    def _member(self) -> Expression:
        value = self._primary()
        while self.next() == ".":
            self._take()
            name = self._take()
            value = self._call(value, name) if self.next() == "(" else _field(value, name)
        return value

    def _call(self, value: Expression, name: str) -> Expression:
        self._take("(")
        if name in _MACROS:
            return self._macro(value, name)
        if name == "size":
            self._take(")")
            return lambda scope: len(value(scope))
        if name not in _METHODS:
            raise CelError(f"{self._rule}: no function {name}")
        method, argument = _METHODS[name], self.ternary()
        self._take(")")
        return lambda scope: method(value(scope), argument(scope))

    def _macro(self, value: Expression, name: str) -> Expression:
        of_all, variable = _MACROS[name], self._take()
        self._take(",")
        condition = self.ternary()
        self._take(")")
        return lambda scope: of_all(condition({**scope, variable: item}) for item in value(scope))

    def _primary(self) -> Expression:
        symbol = self._take() if self._tokens else ""
        if symbol == "(":
            inner = self.ternary()
            self._take(")")
            return inner
        if symbol == "[":
            return self._list()
        if symbol[:1] in {"'", '"'}:
            text = re.sub(r"\\(.)", r"\1", symbol[1:-1])
            return lambda _: text
        if symbol.isdecimal():
            number = int(symbol)
            return lambda _: number
        if self.next() == "(" and symbol in {"has", "size"}:
            return self._function(symbol)
        if symbol in _CONSTANTS:
            constant = _CONSTANTS[symbol]
            return lambda _: constant
        if not symbol.isidentifier():
            raise CelError(f"{self._rule}: a value expected, not {symbol!r}")
        return lambda scope: scope[symbol]

    def _function(self, name: str) -> Expression:
        self._take("(")
        inner = self.ternary()
        self._take(")")
        if name == "size":
            return lambda scope: len(inner(scope))
        return lambda scope: _is_there(inner, scope)

    def _list(self) -> Expression:
        items: list[Expression] = []
        while self.next() != "]":
            items.append(self.ternary())
            if self._take(",", "]") == "]":
                return lambda scope: [item(scope) for item in items]
        self._take("]")
        return lambda scope: [item(scope) for item in items]


def _field(value: Expression, name: str) -> Expression:
    return lambda scope: value(scope)[name]


def _is_there(inner: Expression, scope: Scope) -> bool:
    try:
        inner(scope)
    except KeyError:
        return False
    return True
