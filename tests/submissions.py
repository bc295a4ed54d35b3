"""Recorded creates of Kubernetes objects, taken apart: what was sent, to which resource, what came back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes import catalogue, decoding, defaults, schema
from tests.recordings import exchange

if TYPE_CHECKING:
    from tests.fakes.kubernetes.decoding import Decoded
    from tests.fakes.kubernetes.model import Object, Resource
    from tests.recordings.exchange import Exchange

_PATH: Final = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)"
    r"/(?:namespaces/(?P<namespace>[^/]+)/)?(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?"
)
_UID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOTED: Final = ("managedFields", "resourceVersion", "generation")
"""Metadata that is there in an answer, but is neither decoded nor a default."""


@dataclass(frozen=True)
class Submission:
    """A request that carries an object, with the place that it went to."""

    recorded: Exchange
    resource: Resource
    namespace: str | None
    name: str | None

    @property
    def answer(self) -> dict[str, Any]:
        """The recorded answer: an object or a Status."""
        return self.recorded.object

    @property
    def answered(self) -> Object:
        """The recorded object, less the metadata that the server notes for itself."""
        metadata = {key: value for key, value in self.answer["metadata"].items() if key not in NOTED}
        return {**self.answer, "metadata": metadata}

    @property
    def warnings(self) -> list[str]:
        """The recorded texts of the Warning headers."""
        header = self.recorded.response["headers"].get("Warning", "")
        return [json.loads(text) for text in re.findall(r'299 - ("(?:[^"\\]|\\.)*")', header)]

    @property
    def uid(self) -> str:
        """The uid that the recorded server gave; it also stands in some refusals."""
        found = _UID.search(json.dumps(self.recorded.response["body"]))
        return found[0] if found else "00000000-0000-0000-0000-000000000000"

    def decoded(self) -> Decoded:
        """What the fake reads from the body."""
        request = self.recorded.request
        return decoding.decode(
            self.recorded.body() or b"",
            request["headers"].get("Content-Type", ""),
            self.resource,
            validation=request["query"].get("fieldValidation", "Warn"),
            namespace=self.namespace,
            name=self.name,
        )

    def filled(self) -> Object:
        """The object that the fake checks: with defaults, and with the uid, name and time that the server gave."""
        sent = self.decoded().object
        answered = self.answer.get("metadata", {})
        given = {key: answered[key] for key in ("name", "creationTimestamp") if key in answered}
        return defaults.fill(self.resource, {**sent, "metadata": {**sent["metadata"], **given, "uid": self.uid}})


@cache
def load(name: str) -> Submission:
    """One recorded submission."""
    recorded = exchange.load(name)
    place = _PATH.fullmatch(recorded.request["path"])
    assert place is not None, name
    entry = catalogue.load().find(place["group"] or "", place["version"], place["plural"])
    assert entry is not None, name
    return Submission(recorded, entry.resource, place["namespace"], place["name"])


def refusals() -> list[str]:
    """All recorded exchanges whose answer is an error."""
    return [name for name in exchange.names() if exchange.load(name).response["status"] >= 400]


def creates(*statuses: int) -> list[str]:
    """The recorded POSTs of objects of a known kind that were answered with one of the statuses."""
    scenarios = sorted(exchange.RECORDINGS.glob("scenarios/*/submit-*.json"))
    names = [*exchange.names(), *(str(file.relative_to(exchange.RECORDINGS).with_suffix("")) for file in scenarios)]
    return [name for name in names if _is_create(name, statuses)]


def _is_create(name: str, statuses: tuple[int, ...]) -> bool:
    recorded = exchange.load(name)
    place = _PATH.fullmatch(recorded.request["path"])
    if recorded.request["method"] != "POST" or recorded.response["status"] not in statuses or place is None:
        return False
    entry = catalogue.load().find(place["group"] or "", place["version"], place["plural"])
    return entry is not None and not place["name"] and _is_described(entry.resource)


def _is_described(resource: Resource) -> bool:
    try:
        schema.of(resource)
    except LookupError:
        return False
    return True


DECODED: Final = [
    *creates(400, 415),
    "exchanges/errors/400-apply-broken-yaml",
    "exchanges/errors/400-apply-name-mismatch",
]
"""The recorded refusals of bodies that cannot be read."""
