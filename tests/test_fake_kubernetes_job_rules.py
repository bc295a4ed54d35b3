"""What the fake API server refuses of Jobs, beyond the recordings: in the words of Kubernetes' source."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests import submissions
from tests.fakes.kubernetes import decoding, defaults, rules
from tests.fakes.kubernetes.model import Object, Resource

JOB = Resource("batch", "v1", "Job", "jobs")
CRON_JOB = Resource("batch", "v1", "CronJob", "cronjobs")


def container(**fields: object) -> Object:
    return {"name": "eval", "image": "registry.example/python:1", **fields}


def pod(**fields: object) -> Object:
    return {"containers": [container()], "restartPolicy": "Never", **fields}


def filled(spec: Object, name: str = "a", resource: Resource = JOB, **metadata: object) -> Object:
    sent = {"metadata": {"name": name, "namespace": "default", "uid": "u", **metadata}, "spec": spec}
    return defaults.fill(resource, decoding.decode_value(sent, resource, validation="Strict").object)


def job(name: str = "a", template: Object | None = None, **spec: object) -> Object:
    return filled({"template": {"spec": pod(), **(template or {})}, **spec}, name)


def told(value: Object, old: Object | None = None, resource: Resource = JOB) -> list[str]:
    """The problems as field and message."""
    return [f"{cause.field}: {cause.message}" for cause in rules.problems(resource, value, old)]


INDEXED: dict[str, Any] = {"completionMode": "Indexed", "completions": 3, "parallelism": 3}
RULES = "spec.podFailurePolicy.rules"


@pytest.mark.parametrize(
    ("spec", "problems"),
    [
        (
            {"parallelism": -1, "completions": -2, "activeDeadlineSeconds": -3},
            [
                "spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
                "spec.completions: Invalid value: -2: must be greater than or equal to 0",
                "spec.activeDeadlineSeconds: Invalid value: -3: must be greater than or equal to 0",
            ],
        ),
        (
            {"completionMode": "Sorted"},
            ['spec.completionMode: Unsupported value: "Sorted": supported values: "NonIndexed", "Indexed"'],
        ),
        (
            {"completionMode": "Indexed", "parallelism": 2},
            ["spec.completions: Required value: when completion mode is Indexed"],
        ),
        (
            {**INDEXED, "parallelism": 100_001},
            [
                (
                    "spec.parallelism: Invalid value: 100001: "
                    "must be less than or equal to 100000 when completion mode is Indexed"
                )
            ],
        ),
        (
            {"backoffLimitPerIndex": 1},
            ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"],
        ),
        (
            {**INDEXED, "maxFailedIndexes": 4},
            [
                "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified",
                "spec.maxFailedIndexes: Invalid value: 4: must be less than or equal to completions",
            ],
        ),
        (
            {"podReplacementPolicy": "Never"},
            [
                (
                    'spec.podReplacementPolicy: Unsupported value: "Never": '
                    'supported values: "Failed", "TerminatingOrFailed"'
                )
            ],
        ),
        (
            {"managedBy": "kueue"},
            ['spec.managedBy: Invalid value: "kueue": must be a domain-prefixed path (such as "acme.io/foo")'],
        ),
        ({"managedBy": f"a.io/{'b' * 60}"}, ["spec.managedBy: Too long: may not be more than 63 bytes"]),
        (
            {"podFailurePolicy": {"rules": [{"action": "FailJob"}]}},
            [f"{RULES}[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required"],
        ),
        (
            {
                "podFailurePolicy": {
                    "rules": [{"action": "Fail", "onPodConditions": [{"type": "a b", "status": "yes"}]}]
                }
            },
            [
                (
                    f'{RULES}[0].action: Unsupported value: "Fail": '
                    'supported values: "Count", "FailIndex", "FailJob", "Ignore"'
                ),
                (
                    f'{RULES}[0].onPodConditions[0].type: Invalid value: "a b": name part must consist of alphanumeric '
                    "characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
                    "'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
                    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
                ),
                (
                    f'{RULES}[0].onPodConditions[0].status: Unsupported value: "yes": '
                    'supported values: "False", "True", "Unknown"'
                ),
            ],
        ),
        (
            {
                "podFailurePolicy": {
                    "rules": [
                        {
                            "action": "FailIndex",
                            "onExitCodes": {"containerName": "x", "operator": "In", "values": [3, 2, 2]},
                        }
                    ]
                }
            },
            [
                f'{RULES}[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
                (
                    f'{RULES}[0].onExitCodes.containerName: Invalid value: "x": '
                    "must be one of the container or initContainer names in the pod template"
                ),
                f"{RULES}[0].onExitCodes.values[2]: Duplicate value: 2",
                f"{RULES}[0].onExitCodes.values: Invalid value: [3,2,2]: must be ordered",
            ],
        ),
        (
            {"successPolicy": {"rules": []}, **INDEXED},
            [
                (
                    "spec.successPolicy.rules: Required value: "
                    "at least one rules must be specified when the successPolicy is specified"
                )
            ],
        ),
        (
            {"successPolicy": {"rules": [{"succeededCount": 4, "succeededIndexes": "0-x"}]}, **INDEXED},
            [
                (
                    'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-x": '
                    'error parsing succeededIndexes: cannot convert string to integer for index: "x"'
                ),
                (
                    "spec.successPolicy.rules[0].succeededCount: Invalid value: 4: "
                    "must be less than or equal to 3 (the number of specified completions)"
                ),
            ],
        ),
        (
            {"successPolicy": {"rules": [{"succeededCount": 1}]}},
            ['spec.successPolicy: Invalid value: {"Rules":[{"SucceededCount":1}]}: requires indexed completion mode'],
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_spec_of_a_job_is_checked(spec: Object, problems: list[str]) -> None:
    assert told(job(**spec)) == problems


def test_index_makes_the_name_of_a_pod_longer() -> None:
    name = "a" * 62
    pod_name = f"{name}-2"
    assert told(job(name, **INDEXED)) == [
        f'metadata.name: Invalid value: "{name}": will not able to create pod with invalid DNS label: {pod_name}'
    ]


def test_manual_selector_must_match_the_template() -> None:
    selector = {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "In", "values": ["d"]}]}
    labels = {"metadata": {"labels": {"a": "b", "c": "d"}}}
    assert told(job(template=labels, manualSelector=True, selector=selector)) == []
    assert told(job(manualSelector=True, selector=selector)) == [
        "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`"
    ]


def test_own_value_of_a_generated_label_is_refused() -> None:
    found = told(job(template={"metadata": {"labels": {"job-name": "mine"}}}))
    assert [text.partition(": ")[0] for text in found] == ["spec.template.metadata.labels[job-name]"]
    assert found[0].endswith(": must be 'a'")


def test_cron_job_is_checked_down_to_its_pods() -> None:
    spec = {"concurrencyPolicy": "Maybe", "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never"}}}}}
    name = "a" * 53
    assert told(filled(spec, name, CRON_JOB), resource=CRON_JOB) == [
        "spec.schedule: Required value",
        'spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"',
        "spec.jobTemplate.spec.template.spec.containers: Required value",
        f'metadata.name: Invalid value: "{name}": must be no more than 52 bytes',
    ]


def suspended() -> Object:
    return submissions.load("exchanges/create/job").filled()


def changed(old: Object, **fields: object) -> Object:
    new = copy.deepcopy(old)
    new["spec"] |= fields
    return new


def test_suspended_job_that_never_started_may_move_and_grow() -> None:
    old, new = suspended(), suspended()
    template = new["spec"]["template"]
    template["spec"]["nodeSelector"] = {"zone": "a"}
    template["spec"]["tolerations"] = [{"key": "gpu", "operator": "Exists"}]
    template["spec"]["affinity"] = {"nodeAffinity": {}}
    template["metadata"]["annotations"] = {"a": "b"}
    template["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "8"}}
    assert told(new, old) == []


def test_suspended_job_that_once_ran_may_only_grow() -> None:
    old = {**suspended(), "status": {"startTime": "2026-11-21T21:44:12Z"}}
    grown, moved = copy.deepcopy(old), copy.deepcopy(old)
    grown["spec"]["template"]["spec"]["containers"][0]["resources"] = {}
    moved["spec"]["template"]["spec"]["nodeSelector"] = {"zone": "a"}
    assert told(grown, old) == []
    assert [text.partition(": ")[0] for text in told(moved, old)] == ["spec.template.spec"]


def test_limits_and_suspension_of_a_job_may_change() -> None:
    old = suspended()
    new = changed(old, parallelism=0, backoffLimit=0, suspend=False, activeDeadlineSeconds=1, ttlSecondsAfterFinished=0)
    assert told(new, old) == []


def test_completions_of_an_indexed_job_change_with_its_parallelism() -> None:
    old = job(**INDEXED)
    assert told(changed(old, completions=4, parallelism=4), old) == []
    assert told(changed(old, completions=4), old) == [
        "spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism"
    ]


def test_policies_and_manager_of_a_job_are_immutable() -> None:
    old = job()
    rule = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    new = changed(old, managedBy="a.io/b", podFailurePolicy={"rules": [rule]}, podReplacementPolicy="Failed")
    assert told(new, old) == [
        (
            'spec.podFailurePolicy: Invalid value: {"Rules":[{"Action":"Ignore",'
            '"OnPodConditions":[{"Status":"True","Type":"DisruptionTarget"}]}]}: field is immutable'
        ),
        'spec.managedBy: Invalid value: "a.io/b": field is immutable',
    ]


def test_wrong_new_value_comes_twice_in_the_details_and_once_in_the_message() -> None:
    old = job()
    found = rules.problems(JOB, changed(old, backoffLimit=-1), old)
    text = "spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0"
    assert [f"{cause.field}: {cause.message}" for cause in found] == [text, text]
    assert rules.invalid(JOB, "a", found).message == f'Job.batch "a" is invalid: {text}'
