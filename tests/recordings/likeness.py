"""Whether two answers are the same up to what every server makes up: uids, versions, times, suffixes, tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_AGE = re.compile(r"(\d+[smhdy])+")
_VERSION = re.compile(r"\d+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,}")


@dataclass
class Likeness:
    """Compares a recorded answer with a new one, and remembers which uid stands for which."""

    generated_name: bool = False
    compressed: bool = False
    """The new answers came faster than the recorded ones: entries of managedFields, ordered by time, may be swapped."""
    differences: list[str] = field(default_factory=list)
    _uids: dict[str, str] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def compare(self, recorded: Any, found: Any, place: str = "") -> list[str]:
        """The places where the two differ."""
        if isinstance(recorded, dict) and isinstance(found, dict):
            self._objects(recorded, found, place)
        elif isinstance(recorded, list) and isinstance(found, list):
            if self.compressed and place.endswith(".managedFields"):
                recorded, found = (sorted(each, key=_owner) for each in (recorded, found))
            if len(recorded) != len(found):
                self._differ(place, f"{len(recorded)} entries", f"{len(found)} entries")
            for number, (one, other) in enumerate(zip(recorded, found, strict=False)):
                self.compare(one, other, f"{place}[{number}]")
        elif not self._alike(recorded, found, place):
            self._differ(place, recorded, found)
        return self.differences

    def _objects(self, recorded: dict[str, Any], found: dict[str, Any], place: str) -> None:
        if self.generated_name and "generateName" in recorded and "generateName" in found:
            self._names[recorded.get("name", "")] = found.get("name", "")
        recorded, found = ({_UID.sub("<uid>", key): part for key, part in each.items()} for each in (recorded, found))
        for key in sorted(recorded.keys() | found.keys()):
            if key not in found:
                self._differ(f"{place}.{key}", recorded[key], "nothing")
            elif key not in recorded:
                self._differ(f"{place}.{key}", "nothing", found[key])
            else:
                self.compare(recorded[key], found[key], f"{place}.{key}")

    def _alike(self, recorded: Any, found: Any, place: str) -> bool:
        if type(recorded) is not type(found) or not isinstance(recorded, str):
            return bool(recorded == found)
        if recorded == found:
            return True
        if place.endswith(".resourceVersion"):
            return bool(_VERSION.fullmatch(recorded) and _VERSION.fullmatch(found))
        if place.endswith("metadata.continue"):
            return bool(_TOKEN.fullmatch(recorded) and _TOKEN.fullmatch(found))
        if ".cells[" in place and _AGE.fullmatch(recorded) and _AGE.fullmatch(found):
            return True
        if recorded in self._names:
            return bool(self._names[recorded] == found)
        return self._texts(recorded, found)

    def _texts(self, recorded: str, found: str) -> bool:
        for one, other in zip(_UID.findall(recorded), _UID.findall(found), strict=False):
            if self._uids.setdefault(one, other) != other:
                return False
        return _TIME.sub("<time>", _UID.sub("<uid>", recorded)) == _TIME.sub("<time>", _UID.sub("<uid>", found))

    def _differ(self, place: str, recorded: object, found: object) -> None:
        self.differences.append(f"{place or '.'}: recorded {_short(recorded)}, found {_short(found)}")


def _owner(entry: dict[str, str]) -> tuple[str, str, str]:
    return entry["manager"], entry["operation"], entry.get("subresource", "")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 900 else f"{text[:900]}…"
