"""Jobs and CronJobs: what several of their fields have together."""

from __future__ import annotations

from typing import Any

import pytest

from tests.manifest_checks.objects import ABSENT, EVAL, POD, an, check

RULE = "spec.podFailurePolicy.rules.1"
INDEXED = ("spec.completionMode", "Indexed")
WRONG_JOBS: dict[str, tuple[list[tuple[str, Any]], list[str]]] = {
    "dots in the name": (
        [("metadata.name", "eval.v2")],
        ["metadata.name: has dots, and its pods use it as a host name, which surprises (warning)"],
    ),
    "negative numbers": (
        [("spec.backoffLimit", -1), ("spec.activeDeadlineSeconds", -1), ("spec.ttlSecondsAfterFinished", -5)],
        [
            "spec.activeDeadlineSeconds: must be at least 0, not -1",
            "spec.backoffLimit: must be at least 0, not -1",
            "spec.ttlSecondsAfterFinished: must be at least 0, not -5",
        ],
    ),
    "a pod that always restarts": (
        [(f"{POD}.restartPolicy", "Always")],
        [f"{POD}.restartPolicy: must be one of OnFailure, Never, not 'Always'"],
    ),
    "failure policy and restarts": (
        [(f"{POD}.restartPolicy", "OnFailure")],
        [f"{POD}.restartPolicy: must be Never beside podFailurePolicy, not 'OnFailure'"],
    ),
    "failure policy and replacement": (
        [("spec.podReplacementPolicy", "TerminatingOrFailed")],
        ["spec.podReplacementPolicy: must be Failed beside podFailurePolicy"],
    ),
    "unknown action": (
        [(f"{RULE}.action", "Fail")],
        [f"{RULE}.action: must be one of FailJob, FailIndex, Ignore, Count, not 'Fail'"],
    ),
    "both kinds of a rule": (
        [(f"{RULE}.onPodConditions", [{"type": "DisruptionTarget"}])],
        [f"{RULE}: cannot have both onExitCodes and onPodConditions"],
    ),
    "no kind of a rule": (
        [(f"{RULE}.onExitCodes", ABSENT)],
        [f"{RULE}: must have onExitCodes or onPodConditions"],
    ),
    "an index that fails where none is counted": (
        [(f"{RULE}.action", "FailIndex")],
        [f"{RULE}.action: FailIndex needs backoffLimitPerIndex"],
    ),
    "exit code of success": (
        [(f"{RULE}.onExitCodes.values", [0, 2])],
        [f"{RULE}.onExitCodes.values.0: 0 means success, and cannot stand beside operator In"],
    ),
    "exit codes in no order": (
        [(f"{RULE}.onExitCodes.values", [126, 2])],
        [f"{RULE}.onExitCodes.values: must be in ascending order"],
    ),
    "an exit code twice": (
        [(f"{RULE}.onExitCodes.values", [2, 2])],
        [f"{RULE}.onExitCodes.values.1: stands twice: 2"],
    ),
    "an exit code that no program has": (
        [(f"{RULE}.onExitCodes.values", [2, 256])],
        [f"{RULE}.onExitCodes.values.1: no exit code is 256: they are 0 to 255 (warning)"],
    ),
    "no exit codes": (
        [(f"{RULE}.onExitCodes.values", [])],
        [f"{RULE}.onExitCodes.values: must not be empty"],
    ),
    "too many rules": (
        [("spec.podFailurePolicy.rules", [{"action": "Count", "onPodConditions": [{"type": "Ready"}]}] * 21)],
        ["spec.podFailurePolicy.rules: must have at most 20 items, not 21"],
    ),
    "an unknown container": (
        [(f"{RULE}.onExitCodes.containerName", "evals")],
        [f"{RULE}.onExitCodes.containerName: no container of the pod has the name 'evals'"],
    ),
    "a container like no other": (
        [(f"{RULE}.onExitCodes.containerName", "sidecar")],
        [f"{RULE}.onExitCodes.containerName: no container of the pod has the name 'sidecar'"],
    ),
    "indexed without completions": (
        [INDEXED, ("spec.parallelism", 2)],
        ["spec.completions: required, where completionMode is Indexed and parallelism is given"],
    ),
    "indexed with too many at once": (
        [INDEXED, ("spec.parallelism", 100_001), ("spec.completions", 100_001)],
        ["spec.parallelism: must be at most 100000, where completionMode is Indexed"],
    ),
    "indexed with a long name": (
        [INDEXED, ("spec.completions", 11), ("metadata.name", "e" * 61)],
        ["metadata.name: too long: with the index of a pod it has over 63 characters"],
    ),
    "failures by index without indexes": (
        [("spec.backoffLimitPerIndex", 1)],
        ["spec.backoffLimitPerIndex: needs completionMode: Indexed"],
    ),
    "failures by index with restarts": (
        [
            INDEXED,
            ("spec.backoffLimitPerIndex", 1),
            (f"{POD}.restartPolicy", "OnFailure"),
            ("spec.podFailurePolicy", None),
        ],
        [f"{POD}.restartPolicy: must be Never beside backoffLimitPerIndex"],
    ),
    "most failed indexes without failures by index": (
        [INDEXED, ("spec.maxFailedIndexes", 3), ("spec.completions", 2)],
        [
            "spec.backoffLimitPerIndex: required, where maxFailedIndexes is given",
            "spec.maxFailedIndexes: must be at most completions, 2, not 3",
        ],
    ),
    "success policy without indexes": (
        [("spec.successPolicy", {"rules": [{"succeededCount": 1}, {}]})],
        [
            "spec.successPolicy: needs completionMode: Indexed",
            "spec.successPolicy.rules.1: must say succeededIndexes, succeededCount or both",
        ],
    ),
    "a selector of its own": (
        [("spec.selector", {"matchLabels": {"a": "b"}})],
        ["spec.selector: made by the cluster; a selector of your own needs manualSelector: true"],
    ),
    "a manual selector that is missing": (
        [("spec.manualSelector", True)],
        ["spec.selector: required, where manualSelector is true"],
    ),
    "a manual selector of other pods": (
        [("spec.manualSelector", True), ("spec.selector", {"matchLabels": {"a": "b"}})],
        ["spec.template.metadata.labels: do not fit the selector"],
    ),
    "labels that the cluster sets": (
        [("spec.template.metadata", {"labels": {"job-name": "other", "controller-uid": "1"}})],
        [
            "spec.template.metadata.labels.controller-uid: only the cluster knows it",
            "spec.template.metadata.labels.job-name: must be the name of the Job, not 'other'",
        ],
    ),
    "no template": ([("spec.template", ABSENT)], ["spec.template: required, and not there"]),
    "no pod": ([("spec.template", {})], ["spec.template.spec: required, and not there"]),
    "no spec": ([("spec", ABSENT)], ["spec: required, and not there"]),
}
GOOD_JOBS: dict[str, list[tuple[str, Any]]] = {
    "as it is": [],
    "indexed": [INDEXED, ("spec.completions", 10), ("spec.parallelism", 2)],
    "indexed, one of each": [INDEXED],
    "failures by index": [
        INDEXED,
        ("spec.completions", 3),
        ("spec.backoffLimitPerIndex", 1),
        ("spec.maxFailedIndexes", 2),
    ],
    "success policy": [
        INDEXED,
        ("spec.completions", 2),
        ("spec.successPolicy", {"rules": [{"succeededIndexes": "0"}]}),
    ],
    "manual selector": [
        ("spec.manualSelector", True),
        ("spec.selector", {"matchLabels": {"a": "b"}}),
        ("spec.template.metadata", {"labels": {"a": "b"}}),
    ],
    "its own name as a label": [("spec.template.metadata", {"labels": {"job-name": "eval"}})],
    "exit code of an init container": [(f"{RULE}.onExitCodes.containerName", "init")],
    "any exit code but success": [(f"{RULE}.onExitCodes", {"operator": "NotIn", "values": [0]})],
    "a made name": [("metadata", {"generateName": "eval-"})],
    "nulls": [("spec.completions", None), (f"{EVAL}.args", None), ("spec.podFailurePolicy", None)],
}


@pytest.mark.parametrize(("changes", "expected"), WRONG_JOBS.values(), ids=WRONG_JOBS)
def test_job_that_a_server_would_refuse_is_found(changes: list[tuple[str, Any]], expected: list[str]) -> None:
    assert check(an("Job", *changes)) == expected


@pytest.mark.parametrize("changes", GOOD_JOBS.values(), ids=GOOD_JOBS)
def test_job_that_a_server_would_take_passes(changes: list[tuple[str, Any]]) -> None:
    assert check(an("Job", *changes)) == []


@pytest.mark.parametrize(
    "schedule",
    [
        *("0 3 * * 1", "*/5 * * * *", "0-30/10 8-18 1,15 jan-MAR sun", "@daily", "@every 1h30m", "5/15 * ? * ?"),
        *("  0   3 * * *  ", "59 23 31 12 6"),
    ],
)
def test_schedule_that_kubernetes_reads_passes(schedule: str) -> None:
    assert check(an("CronJob", ("spec.schedule", schedule))) == []


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("0 3 * *", "not a schedule: '0 3 * *': it has 4 fields, not 5"),
        ("60 * * * *", "not a schedule: '60 * * * *': '60' is no minute"),
        ("0 24 * * *", "not a schedule: '0 24 * * *': '24' is no hour"),
        ("0 3 0 * *", "not a schedule: '0 3 0 * *': '0' is no day of the month"),
        ("0 3 * foo *", "not a schedule: '0 3 * foo *': 'foo' is no month"),
        ("0 3 * * 7", "not a schedule: '0 3 * * 7': '7' is no day of the week"),
        ("30-10 * * * *", "not a schedule: '30-10 * * * *': '30-10' is no minute"),
        ("*/0 * * * *", "not a schedule: '*/0 * * * *': '*/0' is no minute"),
        ("*-5 * * * *", "not a schedule: '*-5 * * * *': '*-5' is no minute"),
        (", * * * *", "not a schedule: ', * * * *': there is no minute"),
        ("@dayly", "not a schedule: '@dayly'"),
        ("@every day", "not a schedule: '@every day'"),
        ("TZ=UTC 0 3 * * *", "must not name a time zone"),
        ("", "must not be empty"),
    ],
)
def test_schedule_that_kubernetes_does_not_read_is_found(schedule: str, message: str) -> None:
    assert check(an("CronJob", ("spec.schedule", schedule))) == [f"spec.schedule: {message}"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("spec.timeZone", "Europe/Amsterdam")], []),
        ([("spec.timeZone", "Europe/Amsterdm")], ["spec.timeZone: not a time zone: 'Europe/Amsterdm'"]),
        ([("spec.timeZone", "Local")], ["spec.timeZone: must be the name of a time zone, not 'Local'"]),
        ([("spec.timeZone", 1)], ["spec.timeZone: must be text, not 1"]),
        (
            [("spec.concurrencyPolicy", "forbid")],
            ["spec.concurrencyPolicy: must be one of Allow, Forbid, Replace, not 'forbid'"],
        ),
        ([("metadata.name", "n" * 53)], ["metadata.name: must be at most 52 characters, not 53"]),
        (
            [
                ("spec.jobTemplate.spec.manualSelector", True),
                ("spec.jobTemplate.spec.selector", {"matchLabels": {"a": "b"}}),
            ],
            [
                "spec.jobTemplate.spec.manualSelector: cannot be true in a CronJob: its Jobs would share one selector",
                "spec.jobTemplate.spec.selector: made by the cluster",
            ],
        ),
        (
            [("spec.jobTemplate.spec.template.spec.containers.0.volumeMounts.0.name", "config")],
            [
                (
                    "spec.jobTemplate.spec.template.spec.containers.0.volumeMounts.0.name: "
                    "no volume of the pod has the name 'config'"
                )
            ],
        ),
        (
            [("spec.jobTemplate.spec.backoffLimitPerIndex", 1)],
            ["spec.jobTemplate.spec.backoffLimitPerIndex: needs completionMode: Indexed"],
        ),
    ],
)
def test_cron_job_is_checked_with_its_jobs(changes: list[tuple[str, Any]], expected: list[str]) -> None:
    assert check(an("CronJob", *changes)) == expected
