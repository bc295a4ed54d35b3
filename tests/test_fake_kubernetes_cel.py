"""The rules of custom resource definitions: the fake API server reads all that are served, and judges as CEL does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.kubernetes import cel, schema
from tests.fakes.kubernetes.model import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.kubernetes.schema import Schema

CUSTOM = [
    Resource("trainer.kubeflow.org", "v1alpha1", "TrainJob", "trainjobs", custom=True),
    Resource("kubeflow.org", "v1", "TFJob", "tfjobs", custom=True),
    Resource("kubeflow.org", "v1", "PyTorchJob", "pytorchjobs", custom=True),
    Resource("argoproj.io", "v1alpha1", "Workflow", "workflows", custom=True),
]


def declared_rules(node: Schema) -> Iterator[str]:
    for rule in node.raw.get("x-kubernetes-validations", ()):
        yield rule["rule"]
    for inner in [*node.fields.values(), *filter(None, (node.items, node.values if node.raw else None))]:
        yield from declared_rules(inner)


@pytest.mark.parametrize("resource", CUSTOM, ids=lambda resource: resource.kind)
def test_every_rule_of_a_definition_can_be_read(resource: Resource) -> None:
    found = set(declared_rules(schema.of(resource)))
    assert found
    assert all(callable(cel._parsed(rule)) for rule in found)


@pytest.mark.parametrize(
    ("rule", "value", "holds"),
    [
        ("self == 'a' || self.matches('^b+$')", "bb", True),
        ("self == 'a' || self.matches('^b+$')", "bc", False),
        ("self in ['a', \"b\"]", "b", True),
        ("size(self.name) <= 3 && self.name.size() > 1", {"name": "abcd"}, False),
        ("!has(self.a) || !self.a", {"a": False}, True),
        ("has(self.a.b)", {"a": {}}, False),
        ("(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) <= 1", {"a": 1, "b": 2}, False),
        ("self.all(t, !(has(t.a) && t.a != ''))", [{"a": ""}, {}], True),
        ("self.exists(t, t.startsWith('x') || t.endsWith('y') || t.contains('z'))", ["ab", "by"], True),
        ("self == null || self >= 2", 1, False),
        ("self in []", "a", False),
        ("self != true", False, True),
    ],
)
def test_rule_is_judged(rule: str, value: Any, holds: bool) -> None:  # noqa: FBT001  # the expected answer
    assert cel.holds(rule, value) is holds


@pytest.mark.parametrize("rule", ["self ~ 1", "self.reverse()", "self == 1 1", "(self", "self + ", "self.a", "self &&"])
def test_rule_that_cannot_be_read_or_judged_is_an_error(rule: str) -> None:
    with pytest.raises(cel.CelError):
        cel.holds(rule, {})
