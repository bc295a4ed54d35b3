"""Whole manifests: what a real API server refused is found, what it took passes, and nothing makes the checks fail."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo import manifest_checks, yamldocuments
from cajajejo.manifest_checks import Finding
from tests.builders import ROOT
from tests.manifest_checks.objects import OBJECTS, VERSION, an, check, lines, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.yamlfile import Location

RECORDED: Final = json.loads((ROOT / "tests/data/kubernetes-1.36-creates.json").read_text("utf-8"))
EXAMPLES: Final = sorted((ROOT / "examples").glob("*/manifest.yml"))
STRICTER: Final = "field-validation/post-"
"""Documents with unknown fields, which a server takes unless it is asked to be strict."""
NOT_OF_THE_DOCUMENT: Final = {
    "errors/400-namespace-mismatch": "it was sent to the address of another namespace",
    "errors/422-admission-policy-denied": "a policy of that cluster",
}
ELSEWHERE: Final = {
    "errors/400-api-version-mismatch": ["apiVersion"],
    "errors/400-bad-quantity": ["spec.template.spec.containers[0].resources.requests.memory"],
    "errors/400-bad-quantity-text": ["spec.template.spec.containers[0].resources.requests.cpu"],
    "errors/400-configmap-data-int": ["data.n"],
    "errors/400-kind-mismatch": ["spec.template"],
    "errors/400-wrong-type-env-int": ["spec.template.spec.containers[0].env[0].value"],
    "errors/400-wrong-type-int": ["spec.backoffLimit"],
    "errors/422-configmap-over-1-mib": ["data"],
    "errors/422-name-254-characters": ["metadata.name"],
    "errors/422-name-64-characters": ["metadata.name"],
    "errors/422-no-template": ["spec.template"],
    "errors/422-owner-reference-incomplete": [
        "metadata.ownerReferences[0].apiVersion",
        "metadata.ownerReferences[0].uid",
    ],
    "errors/422-selector-set": ["spec.selector"],
    "field-validation/post-strict": ["spec.backoffLimits", "spec.template.spec.containers[0].resources.limit"],
    "field-validation/storageclass-strict": ["paramters"],
}
"""Where it is found when the server named no field, an inner one, or one that it had made itself."""
ONE_CAUSE: Final = {"errors/422-bad-access-mode": 1}
"""A server also misses the volume that it could not read: only the first fields count."""


def document_of(name: str) -> dict[str, Any]:
    row = RECORDED["creates"][name]
    if "document" in row:
        return json.loads(json.dumps(row["document"]), object_hook=expanded)  # type: ignore[no-any-return]  # an object
    document: dict[str, Any] = copy.deepcopy(RECORDED["bases"][row["base"]])
    for change in row["changes"]:
        if "value" in change:
            put(document, change["at"], change["value"])
        else:
            here: Any = document
            for part in change["at"][:-1]:
                here = here[part]
            del here[change["at"][-1]]
    return document


def expanded(mapping: dict[str, Any]) -> dict[str, Any]:
    """The mapping with long texts, which are recorded by their lengths."""
    for key, value in mapping.items():
        match = re.fullmatch(r'<(\d+) x "(.)">', value) if isinstance(value, str) else None
        if match:
            mapping[key] = match[2] * int(match[1])
    return mapping


def location(field: str) -> Location:
    """``spec.containers[0].limits[nvidia.com/gpu]`` as a location."""
    parts = re.findall(r"\[([^]]*)\]|([^.\[]+)", field)
    return tuple(int(inner) if inner.isdecimal() else inner or name for inner, name in parts)


def recorded(*statuses: int) -> list[str]:
    return [
        name
        for name, row in RECORDED["creates"].items()
        if row["status"] in statuses and name not in NOT_OF_THE_DOCUMENT
    ]


@pytest.mark.parametrize("name", recorded(400, 422))
def test_what_a_server_refused_is_found_in_the_same_field(name: str) -> None:
    found = manifest_checks.check([document_of(name)], version=VERSION)
    errors = [finding.location for finding in found if finding.level == "error"]
    fields = ELSEWHERE.get(name, RECORDED["creates"][name]["fields"][: ONE_CAUSE.get(name)])
    assert fields
    for field in map(location, fields):
        assert any(error[: len(field)] == field for error in errors), (field, errors)


@pytest.mark.parametrize("name", recorded(201))
def test_what_a_server_took_passes(name: str) -> None:
    errors = [line for line in check(document_of(name)) if "(warning)" not in line]
    strict = ["spec.backoffLimits: unknown field", "spec.template.spec.containers.0.resources.limit: unknown field"]
    assert errors == (strict if name.startswith(STRICTER) else [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "errors/201-duplicate-env-warning",
            "spec.template.spec.containers.0.env.4.name: hides the 'CONFIG_PATH_GIT_REPO' of env.0 (warning)",
        ),
        (
            "errors/201-name-with-dot-warning",
            "metadata.name: has dots, and its pods use it as a host name, which surprises (warning)",
        ),
        (
            "scenarios/image-invalid-name/1-job",
            (
                "spec.template.spec.containers.0.image: not a name of an image: "
                "'Registry.Example/Evaluation::latest' (warning)"
            ),
        ),
    ],
)
def test_what_a_server_took_with_a_warning_or_never_started_is_a_warning(name: str, expected: str) -> None:
    assert check(document_of(name)) == [expected]


def test_pod_security_finds_what_a_server_warned_about() -> None:
    found = manifest_checks.pod_security(document_of("scenarios/pod-security-forbidden/1-job"))
    assert [".".join(map(str, finding.location[-2:])) for finding in found] == [
        "securityContext.runAsNonRoot",
        "securityContext.allowPrivilegeEscalation",
        "capabilities.drop",
        "seccompProfile.type",
    ]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_examples_pass_all_checks(path: Any) -> None:
    documents = yamldocuments.load_documents(path.read_text("utf-8"))
    assert manifest_checks.check(documents, version=VERSION) == []
    assert [finding for document in documents for finding in manifest_checks.pod_security(document)] == []
    if documents[0]["metadata"]["annotations"]["cajajejo/profile"] == "gke-autopilot":
        assert manifest_checks.gke_autopilot(documents) == []


def test_manifest_of_the_documentation_passes() -> None:
    documents = yamldocuments.load_documents((ROOT / "tests/data/mission/job_spec.yml").read_text("utf-8"))
    assert lines(manifest_checks.check(documents, version=VERSION)) == []


def test_findings_stand_in_the_order_of_documents_and_places() -> None:
    variables = [{"name": f"V{number}", "value": number} for number in range(11)]
    job = an("Job", ("spec.template.spec.containers.0.env", variables), ("metadata.name", "A"))
    found = check(an("ConfigMap", ("data", {"b": 1, "a": 2})), job)
    assert found == [
        "data.a: must be text, not 2",
        "data.b: must be text, not 1",
        "metadata.name: not a name (a DNS subdomain): 'A'",
        *(f"spec.template.spec.containers.0.env.{n}.value: must be text, not {n}" for n in range(11)),
    ]


def test_place_that_does_not_fit_the_schema_is_reported_once() -> None:
    assert check(an("Job", ("spec.template.spec.containers.0.resources.requests", {"cpu": "-1"}))) == [
        "spec.template.spec.containers.0.resources.requests.cpu: must not be negative: '-1'"
    ]


def test_document_that_is_no_mapping_is_found_and_an_empty_one_passed_over() -> None:
    documents: list[Any] = [None, [1], an("ConfigMap"), "text"]
    assert manifest_checks.check(documents, version=VERSION) == [
        Finding(1, "", (), "must be a mapping of fields, not a list"),
        Finding(3, "", (), "must be a mapping of fields, not 'text'"),
    ]


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(value: object, here: Location = ()) -> Iterator[Location]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, item in inner:
        yield (*here, part)
        yield from places(item, (*here, part))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_value_anywhere_makes_the_checks_fail(data: st.DataObject) -> None:
    document = copy.deepcopy(data.draw(st.sampled_from(list(OBJECTS.values()))))
    for _ in range(data.draw(st.integers(1, 2))):
        put(document, data.draw(st.sampled_from(list(places(document)))), data.draw(JSON))
    for documents in ([document], [document, document]):
        for found in (manifest_checks.check(documents, version=VERSION), manifest_checks.gke_autopilot(documents)):
            assert all(isinstance(finding, Finding) and len(finding.message) < 400 for finding in found)
    assert isinstance(manifest_checks.pod_security(document), list)


@settings(max_examples=50, deadline=None)
@given(st.lists(JSON, max_size=3))
def test_no_documents_make_the_checks_fail(documents: list[Any]) -> None:
    found = manifest_checks.check(documents, version=VERSION)
    assert {finding.document for finding in found} <= set(range(len(documents)))
