"""Objects held against the schemas of their kinds, and the schemas against those that Kubernetes publishes."""

from __future__ import annotations

import copy
import datetime as dt
import importlib.util
import itertools
import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import kubernetes_validate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo import kubernetes_schemas, yamldocuments, yamlfile
from cajajejo.errors import UsageError
from cajajejo.findings import Finding
from tests.builders import ROOT
from tests.manifest_checks.objects import ABSENT, EVAL, OBJECTS, POD, VERSION, an, lines, put

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from cajajejo.yamlfile import Location

EXAMPLES = sorted((ROOT / "examples").glob("*/manifest.yml"))
EXAMPLE = yamldocuments.load_documents((ROOT / "examples/gpu-gs-uri/manifest.yml").read_text("utf-8"))


def schemas_script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("schemas_script", ROOT / "scripts/kubernetes_schemas.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def problems(document: dict[str, Any]) -> list[str]:
    return lines(kubernetes_schemas.problems(document, VERSION))


def places(value: object, here: Location = ()) -> Iterator[Location]:
    """Every place in `value` but the outermost."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, item in inner:
        yield (*here, part)
        yield from places(item, (*here, part))


@pytest.mark.parametrize(
    ("text", "release", "gke", "minor"),
    [
        ("1.36", (1, 36, 0), 0, "1.36"),
        ("v1.36.2", (1, 36, 2), 0, "1.36"),
        ("1.31.4-gke.1183000", (1, 31, 4), 1_183_000, "1.31"),
        ("v1.30.5-eks-ce1d5eb", (1, 30, 5), 0, "1.30"),
        ("1.29+", (1, 29, 0), 0, "1.29"),
        ("v1.34.1+k3s1", (1, 34, 1), 0, "1.34"),
    ],
)
def test_version_is_read_as_clusters_write_it(text: str, release: tuple[int, int, int], gke: int, minor: str) -> None:
    version = kubernetes_schemas.version(text)
    assert (version.release, version.gke, version.minor) == (release, gke, minor)


def test_versions_are_ordered_as_they_were_released() -> None:
    written = ["1.29.1-gke.1575000", "1.29.4-gke.1427000", "1.29.4-gke.1542000", "1.30.0", "1.31.0-gke.1", "1.36.2"]
    versions = [kubernetes_schemas.version(text) for text in written]
    assert all(older < newer for older, newer in itertools.pairwise(versions))
    assert [str(version) for version in versions] == written


@pytest.mark.parametrize(
    "text", ["", "1", "latest", "1.36.2.1", "1.36 ", "1.٣٦", "1.28", "1.99", "2.36", "1.3600000000000"]
)
def test_version_without_schemas_is_refused_with_those_that_have_some(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        kubernetes_schemas.version(text)
    assert caught.value.facts == {"known": "1.29, 1.30, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.37"}
    assert text[:20] in caught.value.message


def test_newest_version_has_schemas_like_all_others() -> None:
    assert kubernetes_schemas.VERSIONS[-1] == kubernetes_schemas.NEWEST
    assert all(kubernetes_schemas.version(text).minor == text for text in kubernetes_schemas.VERSIONS)


@pytest.mark.parametrize("text", kubernetes_schemas.VERSIONS)
def test_every_version_takes_the_examples_and_a_valid_object_of_every_kind(text: str) -> None:
    version = kubernetes_schemas.version(text)
    documents = [document for path in EXAMPLES for document in yamldocuments.load_documents(path.read_text("utf-8"))]
    assert [kubernetes_schemas.problems(document, version) for document in [*documents, *OBJECTS.values()]] == (
        [[]] * (len(documents) + len(OBJECTS))
    )
    assert all(kubernetes_schemas.has_schema(document, version) for document in OBJECTS.values())


@pytest.mark.parametrize("minor", range(29, 38))
def test_schemas_are_what_the_script_makes_of_the_published_ones(minor: int) -> None:
    path = ROOT / f"src/cajajejo/kubernetes_schemas/kubernetes-1.{minor}.json"
    assert path.read_text("utf-8") == schemas_script().text(minor)


def test_schemas_say_nothing_about_a_kind_that_they_do_not_have() -> None:
    assert problems({"apiVersion": "v1", "kind": "Pod", "nonsense": 1}) == []
    assert problems({"apiVersion": "v1", "kind": "PodSpec"}) == []
    assert problems({"apiVersion": "batch/v2", "kind": "Job"}) == []
    assert problems({"kind": ["Job"]}) == []


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        ("spec.backoffLimit", "3", "must be a whole number, not '3'"),
        ("spec.backoffLimit", 1.5, "must be a whole number, not 1.5"),
        ("spec.backoffLimit", 2**31, "must be at most 2147483647, not 2147483648"),
        ("spec.suspend", "true", "must be true or false, not 'true'"),
        ("spec.template", [], "must be a mapping of fields, not a list"),
        (f"{POD}.containers", {}, "must be a list, not a mapping"),
        (f"{EVAL}.image", None, "must be text, not empty"),
        (f"{EVAL}.resources.requests.cpu", True, "must be a number or text, not true"),
        (f"{EVAL}.resources.requests.cpu", "x" * 100, f"not a quantity: '{'x' * 58}…"),
        (f"{EVAL}.args", ["a", 1], "must be text, not 1"),
        (f"{POD}.restartPolicy", "never", "must be one of OnFailure, Never, not 'never'"),
    ],
)
def test_value_that_does_not_fit_is_told_in_the_words_of_this_program(at: str, value: object, message: str) -> None:
    (found,) = kubernetes_schemas.problems(an("Job", (at, value)), VERSION)
    assert found.message == message
    assert at in ".".join(map(str, found.location))


def test_unknown_field_comes_with_the_one_that_was_probably_meant() -> None:
    job = an("Job", ("spec.backoffLimits", 3), (f"{EVAL}.resources.limit", {}), (f"{EVAL}.comand", []))
    found = {finding.location[-1]: finding for finding in kubernetes_schemas.problems(job, VERSION)}
    place = ("spec", "template", "spec", "containers", 0, "resources", "limit")
    hint = "did you mean limits? (one of claims, limits, requests)"
    assert found["limit"] == Finding(0, "Job", place, "unknown field", hint)
    assert str(found["backoffLimits"].hint).startswith("did you mean backoffLimit? (one of activeDeadlineSeconds, ")
    assert found["comand"].hint == "did you mean command?"


def test_misspelt_field_is_told_once_and_not_also_as_missing() -> None:
    assert problems(an("StorageClass", ("provisioner", ABSENT), ("provisoner", "a"))) == ["provisoner: unknown field"]


def test_word_that_is_almost_right_is_guessed() -> None:
    (found,) = kubernetes_schemas.problems(an("StorageClass", ("volumeBindingMode", "WaitForConsumer")), VERSION)
    assert found.hint == "did you mean WaitForFirstConsumer?"


def test_keyword_that_has_no_words_yet_is_named() -> None:
    (error,) = jsonschema_rs.validator_for({"multipleOf": 2}).iter_errors(3)
    assert kubernetes_schemas._message(error) == ("does not fit the schema (multipleOf)", None)


def test_findings_name_the_place_of_the_document() -> None:
    (found,) = kubernetes_schemas.problems(an("Secret", ("kind", "Secret"), ("datas", {})), VERSION, index=4)
    assert (found.document, found.kind, found.location) == (4, "Secret", ("datas",))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.date(2026, 11, 21), "2026-11-21"),
        (dt.datetime(2026, 11, 21, 16, tzinfo=dt.UTC), "2026-11-21T16:00:00+00:00"),
        (b"\0\1", "AAE="),
    ],
)
def test_value_that_only_yaml_has_reads_as_a_server_would_receive_it(value: object, text: str) -> None:
    assert problems(an("ConfigMap", ("data", {"a": value}))) == []
    assert kubernetes_schemas.as_json({"a": value}) == {"a": text}


def test_keys_that_are_no_text_are_read_as_text() -> None:
    number = yamlfile.parse("a: 0x10", "a.yml").data["a"]
    read = kubernetes_schemas.as_json({2: number, None: (1.5, True), True: {2}})
    assert json.dumps(read) == '{"2": 16, "null": [1.5, true], "true": [2]}'
    assert problems(an("ConfigMap", ("data", {1: "a", "b": number}))) == ["data.b: must be text, not 16"]


@pytest.mark.parametrize("document", EXAMPLE, ids=lambda document: document["kind"])
def test_unknown_field_is_found_wherever_a_mapping_has_fields(document: dict[str, Any]) -> None:
    free = re.compile(r"(^|\.)(labels|annotations|data|parameters|nodeSelector|requests|limits)$")
    for place in [(), *places(document)]:
        changed = copy.deepcopy(document)
        here: Any = changed
        for part in place:
            here = here[part]
        if isinstance(here, dict) and not free.search(".".join(map(str, place))):
            here["cajajejo"] = None
            path = ".".join(map(str, (*place, "cajajejo")))
            assert problems(changed) == [f"{path}: unknown field"]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whatever_the_published_schema_refuses_is_found(data: st.DataObject) -> None:
    document = copy.deepcopy(data.draw(st.sampled_from(EXAMPLE)))
    place = data.draw(
        st.sampled_from([place for place in places(document) if place not in {("apiVersion",), ("kind",)}])
    )
    value = data.draw(st.sampled_from([ABSENT, None, True, 5, -1.5, "x", [], {}, [{"x": 1}], {"x": [1]}]))
    put(document, place, value)
    try:
        kubernetes_validate.validate(document, VERSION.minor, strict=True)
    except kubernetes_validate.ValidationError:
        zero = value is None and place[-2] in {"limits", "requests"}  # a server reads no quantity as none
        assert zero or kubernetes_schemas.problems(document, VERSION)
