"""Ends, times and values that no recording has: documented, not recorded."""

# ruff: noqa: E501  # sentences stand whole

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cajajejo import pod_log, status
from cajajejo.status import Attempt, Evidence, Progress, Reason, State
from tests.status import made, replays
from tests.status.made import (
    BEGIN,
    CONFIG,
    FAILED,
    MEMORY,
    NAME,
    NOW,
    POLICY,
    attempts,
    condition,
    container,
    ended,
    event,
    evidence,
    failed,
    job,
    oom,
    pod,
    running,
    told,
)

DEADLINE = condition(
    "Failed", "True", "DeadlineExceeded", "Job was active longer than specified deadline", seconds=14400
)
HOURS = {"spec": {"activeDeadlineSeconds": 14400}}


def test_a_deadline_that_passed_while_waiting_is_told_with_what_it_waited_for() -> None:
    waited = made.unscheduled(
        "0/6 nodes are available: 6 Insufficient cpu.",
        {"containers": [container(resources={"requests": {"cpu": "8"}})]},
    )
    waited["metadata"]["deletionTimestamp"] = made.at(14400)
    assert told(evidence(job(DEADLINE, **HOURS), waited)) == (
        "Failed",
        "DeadlineExceeded",
        "not done within its deadline of 4 h (waiting counts); it was waiting: not enough CPU: 8 CPU asked for, which none of 6 nodes has free",
        f"wait until other jobs end, or ask for less, in {CONFIG}: compute_config.cpu",
    )


def test_a_deadline_that_passed_without_a_pod_names_the_refusal() -> None:
    refused = [
        event(
            "FailedCreate",
            'Error creating: pods "x" is forbidden: no PriorityClass with name urgent was found',
            kind="Job",
        )
    ]
    found = told(evidence(job(DEADLINE, **HOURS), events=refused))
    assert found[2].endswith("; it was waiting: no pod: the cluster has no PriorityClass urgent")


def test_a_deadline_that_passed_after_failures_names_the_last() -> None:
    stopped = running("b", 700)
    stopped["metadata"]["deletionTimestamp"] = made.at(14400)
    found = told(evidence(job(DEADLINE, **HOURS), oom("a"), stopped))
    assert found[2:] == (
        "not done within its deadline of 4 h (waiting counts); before that, OOMKilled: container eval went over its memory limit of 16Gi",
        f"give it more time and submit again, in {CONFIG}: kubernetes_config.active_deadline_seconds",
    )


def test_a_failure_of_which_no_pod_is_left_says_so() -> None:
    assert told(evidence(job(FAILED, failed=4)))[1:3] == (
        "BackoffLimitExceeded",
        "4 attempts failed, and no pod is left to tell why",
    )
    found = told(evidence(job(FAILED, failed=1, spec={"template": {"spec": {"restartPolicy": "OnFailure"}}})))
    assert found[2:] == (
        "1 attempt failed, and no pod is left to tell why",
        "let failed pods stay: restartPolicy Never",
    )
    assert told(evidence(job(FAILED)))[2] == "no attempt is left"


def test_an_end_that_nobody_has_seen_before_is_told_in_its_own_words() -> None:
    assert told(evidence(job(condition("Failed", "True", "Novel", "in a new way"))))[1:3] == (
        None,
        "Novel: in a new way",
    )
    assert told(evidence(job(condition("Failed"))))[2] == "it failed"


def test_failed_indexes_are_named() -> None:
    end = condition("Failed", "True", "FailedIndexes", "Job has failed indexes")
    assert told(evidence(job(end, failedIndexes="1,4-6")))[1:3] == ("BackoffLimitExceeded", "indexes 1,4-6 failed")
    assert told(evidence(job(end)))[2] == "some indexes failed"


def test_a_job_that_was_deleted_is_gone_and_one_that_we_ended_is_cancelled() -> None:
    gone = ("Gone", "Deleted", "deleted by someone before it had ended", "submit it again, if nobody meant to stop it")
    assert told(evidence(job(), running(), deleted=True)) == gone
    assert told(evidence(job(), running(), deleted=True, cancelled="too slow"))[:3] == (
        "Cancelled",
        None,
        "cancelled: too slow",
    )
    assert told(evidence(job(), running(), cancelled=""))[:3] == ("Cancelled", None, "cancelled")


@pytest.mark.parametrize("more", [{"deleted": True}, {"cancelled": "late"}, {"deleted": True, "cancelled": ""}])
def test_an_end_stays_an_end_whatever_becomes_of_the_job(more: dict[str, Any]) -> None:
    assert told(evidence(job(FAILED), oom(), **more))[:2] == ("Failed", "OOMKilled")
    found = status.of(evidence(job(condition("Complete", seconds=60)), ended(0), **more))
    assert (found.state, found.exit_code, found.finished_at) == (State.SUCCEEDED, 0, BEGIN + timedelta(seconds=60))


def test_a_success_that_is_gone_says_who_removed_it() -> None:
    done = condition("Complete")
    assert told(evidence(job(done), deleted=True))[1:3] == ("Deleted", "it succeeded, and was then deleted by someone")
    found = told(evidence(job(done, spec={"ttlSecondsAfterFinished": 86400}), deleted=True))
    assert found[1:3] == ("TTLPassed", "it succeeded, and was removed 24 h after its end (TTL)")


@pytest.mark.parametrize("coming", ["SuccessCriteriaMet", "FailureTarget"])
def test_what_precedes_an_end_is_none(coming: str) -> None:
    found = status.of(evidence(job(condition(coming)), ended(0 if coming[0] == "S" else 1)))
    assert not found.state.is_end
    assert found.exit_code is None


def test_a_failed_job_never_has_the_exit_code_of_a_part_that_succeeded() -> None:
    found = status.of(
        evidence(job(FAILED, spec={"completions": 2}), ended(7, suffix="a"), ended(0, suffix="b", seconds=700))
    )
    assert found.exit_code == 7
    assert (
        status.of(
            evidence(job(condition("Complete")), ended(0, suffix="a"), ended(7, suffix="b", seconds=700))
        ).exit_code
        == 0
    )


def test_a_sidecar_that_failed_is_named_where_the_main_container_did_not_fail() -> None:
    states = [
        {"name": "eval", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}},
        {"name": "agent", "state": {"terminated": {"exitCode": 4, "reason": "Error"}}},
    ]
    both = {"containers": [container(), container("agent")]}
    found = status.of(evidence(job(FAILED), pod(spec=both, phase="Failed", containerStatuses=states)))
    assert found.message == "container agent failed with exit code 4"
    assert found.attempts[0].message == "failed in container agent with exit code 4"
    assert found.exit_code is None


def test_the_main_container_is_the_one_that_kubectl_takes_where_none_is_called_eval() -> None:
    spec = {"containers": [container("proxy"), container("train")]}
    states = [{"name": "train", "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}]
    found = pod(spec=spec, phase="Failed", containerStatuses=states)
    found["metadata"]["annotations"] = {"kubectl.kubernetes.io/default-container": "train"}
    assert status.of(evidence(job(FAILED), found)).exit_code == 3
    del found["metadata"]["annotations"]
    assert status.of(evidence(job(FAILED), found)).exit_code is None


def test_an_attempt_holds_all_that_is_known_of_its_pod() -> None:
    assert status.of(evidence(job(FAILED), oom())).attempts == (
        Attempt(
            number=1,
            pod=f"{NAME}-w4b5m",
            state=State.FAILED,
            node="node-1",
            started_at=BEGIN + timedelta(seconds=5),
            finished_at=BEGIN + timedelta(seconds=600),
            exit_code=137,
            reason="OOMKilled",
            message="was OOMKilled: over its memory limit of 16Gi",
            counted=True,
            container="eval",
        ),
    )


def test_pods_are_in_the_order_in_which_they_were_made() -> None:
    found = status.of(evidence(job(), running("b", 700), ended(1, suffix="a")))
    assert [(attempt.number, attempt.pod[-1]) for attempt in found.attempts] == [(1, "a"), (2, "b")]


def test_one_attempt_may_wait_for_its_node_while_others_of_the_job_run() -> None:
    lacking = made.unscheduled("0/2 nodes are available: 2 Insufficient cpu.")
    found = told(evidence(job(spec={"completions": 4}), ended(0, suffix="a"), running("b", 10), lacking))
    assert found[:3] == ("Running", "InsufficientResources", "1 pod runs, 1 of 4 done; another waits: not enough CPU")


def test_times_come_from_the_conditions_and_the_limits_of_the_job() -> None:
    going = status.of(evidence(job(**HOURS), running()))
    assert (going.deadline_at, going.finished_at, going.disappears_at) == (BEGIN + timedelta(hours=4), None, None)
    over = status.of(
        evidence(job(FAILED, spec={"activeDeadlineSeconds": 14400, "ttlSecondsAfterFinished": 3600}), oom())
    )
    assert over.finished_at == over.since == BEGIN + timedelta(seconds=650)
    assert (over.deadline_at, over.disappears_at) == (None, BEGIN + timedelta(seconds=4250))


def test_a_job_knows_where_it_came_from() -> None:
    mine = job()
    mine["metadata"]["annotations"]["cajajejo/submitted-by"] = "jasper"
    found = status.of(evidence(mine))
    assert (found.name, found.namespace, found.uid, found.kind) == (NAME, "default", "job-uid", "evaluation")
    assert (found.submitted_by, found.submitted_at, found.config_version, found.config_path) == (
        "jasper",
        BEGIN,
        "10abfb1bf8a0",
        CONFIG,
    )
    mine["metadata"]["labels"]["app.kubernetes.io/component"] = "training"
    assert status.of(evidence(mine)).kind == "training"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"done":64,"total":135,"unit":"instance","what":"mmlu:subject=anatomy"}',
            Progress(64, 135, "instance", "mmlu:subject=anatomy"),
        ),
        ('{"done":1,"total":1,"unit":"\\u001b[31mred\\n"}', Progress(1, 1, "\\x1b[31mred", "")),
        ('{"done":2,"total":1,"unit":"x"}', None),
        ('{"done":-1,"total":1,"unit":"x"}', None),
        ('{"done":true,"total":1,"unit":"x"}', None),
        ('{"done":1.5,"total":2,"unit":"x"}', None),
        ('{"done":1,"total":99999999999999999999,"unit":"x"}', None),
        ("[1]", None),
        ("[" * 3000, None),
        ("{", None),
        ('{"done":1,"total":2,"unit":"' + "x" * 5000 + '"}', None),
        (7, None),
    ],
)
def test_only_progress_that_makes_sense_is_told(text: object, expected: Progress | None) -> None:
    mine = job()
    mine["metadata"]["annotations"]["cajajejo/progress"] = text
    assert status.of(evidence(mine, running())).progress == expected


def test_the_last_lines_are_those_that_were_read_else_those_that_the_end_holds() -> None:
    spoke = oom()
    spoke["status"]["containerStatuses"][0]["state"]["terminated"]["message"] = "loading\n\x1b[31mbatch 3\n"
    found = status.of(evidence(job(FAILED), spoke)).last_lines
    assert found == status.LastLines("eval", 1, ("loading", "\\x1b[31mbatch 3"))
    given = status.of(evidence(job(FAILED), spoke, last_lines=("a", "b\x07"))).last_lines
    assert given == status.LastLines("eval", 1, ("a", "b\\x07"))
    assert status.of(evidence(job(condition("Complete")), ended(0), last_lines=("a",))).last_lines is None
    now = datetime(2026, 11, 21, 14, 51, 1, tzinfo=UTC)
    labels = {f"label_{number}": "x" * 60 for number in range(9)}
    said = tuple(pod_log.line(level, "loading", labels=labels, now=now) for level in ("INFO", "ERROR"))
    found = status.of(evidence(job(FAILED), ended(1), last_lines=said)).last_lines
    assert found is not None
    assert found.lines == ("14:51:01Z loading", "14:51:01Z ERROR loading")
    assert status.of(replays.last("wrong-command")).last_lines is None


def test_the_recorded_log_tail_of_a_failed_container_is_kept() -> None:
    found = status.of(replays.last("backoff-limit-exceeded"))
    assert found.last_lines == status.LastLines("eval", 2, ("Traceback: ValueError: bad config",))


def test_a_container_that_is_started_again_after_running_out_of_memory_is_told() -> None:
    end = {"exitCode": 137, "reason": "OOMKilled"}
    state = {
        "name": "eval",
        "restartCount": 2,
        "lastState": {"terminated": end},
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    }
    crashing = pod(
        spec={"restartPolicy": "OnFailure", "nodeName": "node-1", **MEMORY}, phase="Running", containerStatuses=[state]
    )
    assert told(evidence(job(), crashing)) == (
        "Running",
        "OOMKilled",
        "OOMKilled: container eval went over its memory limit of 16Gi, and is started again (2 restarts so far)",
        f"give it more memory (16Gi now) and submit again, in {CONFIG}: compute_config.memory",
    )


def test_restarts_in_the_same_pod_are_told_while_it_runs() -> None:
    def again(**end: Any) -> str:
        found = running(spec={"restartPolicy": "OnFailure"})
        found["status"]["containerStatuses"][0].update({"restartCount": 3, "lastState": {"terminated": end}})
        return told(evidence(job(), found))[2]

    assert again(exitCode=137, reason="OOMKilled") == "attempt 1 on node-1, 3 restarts so far, the last after OOMKilled"
    assert again(exitCode=42, reason="Error") == "attempt 1 on node-1, 3 restarts so far, the last after exit code 42"
    assert again(reason="Error") == "attempt 1 on node-1, 3 restarts so far, the last after an unknown exit code"


def test_an_init_container_that_ran_out_of_memory_has_no_field_in_the_config() -> None:
    end = {"exitCode": 137, "reason": "OOMKilled"}
    states = [{"name": "init", "state": {"terminated": end}}]
    found = pod(
        spec={"initContainers": [container("init")], "nodeName": "node-1"}, phase="Failed", initContainerStatuses=states
    )
    assert failed(found)[1:] == (
        "OOMKilled",
        "OOMKilled: init container init went over the memory of its node",
        "give it more memory and submit again",
    )


def test_a_pod_that_the_job_controller_removed_for_no_known_reason_was_deleted() -> None:
    removed = ended(143)
    removed["metadata"]["deletionTimestamp"] = made.at(600)
    told_so = [event("SuccessfulDelete", f"Deleted pod: {NAME}-w4b5m", kind="Job")]
    assert attempts(removed, events=told_so) == [("Deleted", "was deleted by someone", True)]
    removed["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] = 0
    assert attempts(removed, events=told_so, spec={"suspend": True}) == [("Deleted", "was deleted by someone", True)]


def test_between_two_attempts_an_uncounted_stop_gives_no_advice() -> None:
    going = running()
    going["metadata"]["deletionTimestamp"] = made.at(600)
    going["status"]["conditions"] = [condition("DisruptionTarget", "True", "EvictionByEvictionAPI")]
    expected = (
        "Running",
        "Evicted",
        "attempt 1 was evicted, as when a node is drained, not counted; it is being stopped",
        None,
    )
    assert told(evidence(job(spec=POLICY), going)) == expected


def test_clocks_that_jump_do_not_change_the_state() -> None:
    before = evidence(job(**HOURS), running())
    early = Evidence(
        **{**{name: getattr(before, name) for name in Evidence.__slots__}, "now": NOW - timedelta(days=400)}
    )
    assert status.of(early) == status.of(before)


def test_a_cluster_that_does_not_answer_is_told_with_the_state_as_it_was() -> None:
    found = status.of(evidence(job(), running(), away_since=NOW))
    assert (found.state, found.reason) == (State.RUNNING, Reason.CONTROL_PLANE_AWAY)
    assert found.message == "the cluster does not answer; the job itself may go on"
    assert found.advice == "wait: it is asked again and again"


def test_a_job_that_has_ended_does_not_depend_on_the_cluster_any_more() -> None:
    found = status.of(evidence(job(condition("Complete")), away_since=NOW))
    assert (found.state, found.reason) == (State.SUCCEEDED, None)
