"""What the fake API server refuses and warns of, held against every recorded refusal of a real one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests import submissions
from tests.fakes.kubernetes import apply, catalogue, causes, decoding, defaults, patches, rules
from tests.recordings import exchange

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object, Resource

_APPLIED: Final = "exchanges/apply/09-job-backofflimit-change"
_CLASS: Final = "exchanges/apply/15-storageclass-expansion-change"
_TRAINJOB: Final = "exchanges/custom-resources/trainjob-get-status"
CHANGES: Final = {
    "exchanges/errors/422-configmap-immutable": "",
    "exchanges/errors/422-immutable-job-completions": _APPLIED,
    "exchanges/errors/422-immutable-job-template-apply": _APPLIED,
    "exchanges/errors/422-immutable-job-template-apply-force": _APPLIED,
    "exchanges/errors/422-immutable-job-template-strategic": _APPLIED,
    "exchanges/errors/422-storageclass-bindingmode-immutable": _CLASS,
    "exchanges/errors/422-storageclass-parameters-immutable": _CLASS,
    "exchanges/errors/422-storageclass-provisioner-immutable": _CLASS,
    "exchanges/custom-resources/trainjob-immutable-managed-by": _TRAINJOB,
    "exchanges/custom-resources/trainjob-merge-patch": _TRAINJOB,
}
"""Refused changes, and the recorded answer that has the object as it was."""
APPLIED_ANEW: Final = (
    "exchanges/errors/422-apply-partial-object-not-there",
    "exchanges/errors/422-configmap-over-1-mib-apply",
)
"""Refused applies of what is not there yet."""
CREATES: Final = [name for name in submissions.creates(422) if not name.endswith("422-admission-policy-denied")]
OWNERS: Final = {
    "decoding": [name.removeprefix("exchanges/") for name in submissions.DECODED],
    "rules": [name.removeprefix("exchanges/") for name in [*CREATES, *CHANGES, *APPLIED_ANEW]],
    "apply": [
        "apply/.*",
        "custom-resources/tfjob-apply-.*",
        "errors/400-apply-(managed-fields-set|no-kind)",
        "errors/409-apply-stale-resource-version",
        "errors/500-apply-.*",
        "field-validation/apply-.*",
    ],
    "server": [
        "custom-resources/(tfjob-v1beta1-not-served|trainjob-strategic-merge-415)",
        "errors/400-bad-(continue|field-selector|label-selector)",
        "errors/(401|403|404|405|406|410|413|429|504)-.*",
        "errors/409-(already-exists|delete|update)-.*",
        "errors/422-(admission-policy-denied|apply-without-field-manager)",
        "errors/422-(delete-bad-propagation|send-initial-events-without-match)",
        "errors/500-(watch|webhook)-.*",
        "logs/.*",
        "patch/json-patch-test-fails",
    ],
}
"""By the part of the fake that gives them the names of all recorded refusals."""


def old_and_new(name: str) -> tuple[Resource, Object, Object]:
    """A recorded change: the resource, the object before, and as it would be after."""
    submission = submissions.load(name)
    old = exchange.load(CHANGES[name]).object if CHANGES[name] else frozen()
    media = submission.recorded.request["headers"]["Content-Type"]
    if media == decoding.APPLY:
        sent = submission.decoded().object
        new = apply.apply(submission.resource, old, sent, manager="example", force=True, now="")
    else:
        new = patches.patch(submission.resource, old, submission.recorded.request["body"], media)
    return submission.resource, old, defaults.fill(submission.resource, new)


def frozen() -> Object:
    metadata = {"name": "frozen", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "immutable": True, "data": {"a": "1"}}


def answer(resource: Resource, value: Object, old: Object | None = None) -> Object | None:
    found = rules.problems(resource, value, old)
    return rules.invalid(resource, value["metadata"]["name"], found).body() if found else None


def without_dumps(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_dumps(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_dumps(item) for item in value]
    return causes.without_dump(value) if isinstance(value, str) else value


@pytest.mark.parametrize("name", CREATES)
def test_create_is_refused_in_the_recorded_words(name: str) -> None:
    submission = submissions.load(name)
    assert answer(submission.resource, submission.filled()) == submission.answer


@pytest.mark.parametrize("name", CHANGES)
def test_change_is_refused_in_the_recorded_words(name: str) -> None:
    resource, old, new = old_and_new(name)
    assert without_dumps(answer(resource, new, old)) == without_dumps(submissions.load(name).answer)


@pytest.mark.parametrize("name", APPLIED_ANEW)
def test_first_apply_is_refused_in_the_recorded_words(name: str) -> None:
    submission = submissions.load(name)
    assert answer(submission.resource, submission.filled()) == submission.answer


@pytest.mark.parametrize("name", submissions.creates(201))
def test_what_was_accepted_has_no_problem_and_the_recorded_warnings(name: str) -> None:
    submission = submissions.load(name)
    value = submission.filled()
    assert rules.problems(submission.resource, value) == []
    warned = [*submission.decoded().warnings, *rules.warnings(submission.resource, value)]
    assert warned == [text for text in submission.warnings if not text.startswith("would violate PodSecurity")]


@pytest.mark.parametrize("name", submissions.refusals())
def test_every_recorded_refusal_has_one_owner(name: str) -> None:
    short = name.removeprefix("exchanges/")
    owners = [owner for owner, patterns in OWNERS.items() if any(re.fullmatch(each, short) for each in patterns)]
    assert len(owners) == 1


def test_dump_of_an_immutable_template_is_long_and_can_be_taken_out() -> None:
    resource, old, new = old_and_new("exchanges/errors/422-immutable-job-template-apply")
    (cause,) = rules.problems(resource, new, old)
    assert cause.message.startswith('Invalid value: {"')
    assert '"Image":"registry.example/other:2"' in cause.message
    assert causes.without_dump(cause.message) == "Invalid value: {...}: field is immutable"


def test_unsuspended_job_may_not_even_change_where_it_runs() -> None:
    jobs = catalogue.load().of_kind("Job")
    old = submissions.load("mission-example/dry-run-create-job").filled()
    new = defaults.fill(jobs, old)
    new["spec"]["template"]["spec"]["nodeSelector"] = {"zone": "a"}
    (cause,) = rules.problems(jobs, new, old)
    assert (cause.field, causes.without_dump(cause.message)) == (
        "spec.template",
        "Invalid value: {...}: field is immutable",
    )
