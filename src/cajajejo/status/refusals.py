"""No pod at all: the API server refused it, and only an event of the Job tells why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cajajejo import quantities
from cajajejo.status.model import Reason
from cajajejo.status.reading import plain
from cajajejo.status.verdicts import Verdict, counted, cure, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from cajajejo.status.facts import Facts

_FAILED_CREATE: Final = frozenset({"FailedCreate"})
_PREFIX: Final = re.compile(r'^Error creating: (?:pods "[^"]*" is forbidden: )?')
_OVER_QUOTA: Final = re.compile(r"exceeded quota: ([\w.-]+), requested: (.*?), used: (.*?), limited: (.*)$")
_PAIR: Final = re.compile(r"([\w./-]+)=([\w.]+)")
_UNNAMED: Final = re.compile(r"failed quota: ([\w.-]+): must specify (.*)$")
_RESOURCE_OF: Final = re.compile(r"([\w./-]+) for: ([\w.,-]+)")
_OVER_LIMIT: Final = re.compile(
    r"(maximum|minimum) ([\w./-]+) usage per (Container|Pod) is ([\w.]+), but (limit|request) is ([\w.]+)"
)
_NO_ACCOUNT: Final = re.compile(r'serviceaccount "([^"]*)" not found|error looking up service account \S+?/([\w.-]+):')
_SECURITY: Final = re.compile(r'violates PodSecurity "([^"]*)": (.*)$')
_WEBHOOK: Final = re.compile(r'admission webhook "([^"]*)" denied the request:? ?(.*)$')
_WEBHOOK_AWAY: Final = re.compile(r'failed calling webhook "([^"]*)": ?(.*)$')
_POLICY: Final = re.compile(r"ValidatingAdmissionPolicy '([^']*)' with binding '[^']*' denied request: (.*)$")
_AUTOPILOT: Final = re.compile(r'\[denied by (autogke-[\w-]+)\]"?:? ?\[?"?(.*?)(?:"\]|\[denied by|$)')
_NO_PRIORITY: Final = re.compile(r"no PriorityClass with name ([\w.-]+) was found")
_FIELDS: Final = (
    ("gpu", "compute_config.accelerator_count"),
    ("tpu", "compute_config.accelerator_count"),
    ("ephemeral-storage", "compute_config.ephemeral_storage"),
    ("storage", "storage_config.scratch.size"),
    ("memory", "compute_config.memory"),
    ("cpu", "compute_config.cpu"),
)


def rule_pod_refused(facts: Facts) -> Verdict | None:
    """No pod works or will, and since the last one was made the API server has refused another."""
    if facts.live:
        return None
    events = facts.events_about(facts.job, _FAILED_CREATE)
    if not events:
        return None
    newest, last = events[0], facts.pods[-1].created_at if facts.pods else None
    if last is not None and newest.at is not None and newest.at <= last:
        return None
    said = _PREFIX.sub("", newest.text)
    readers: tuple[Callable[[str, Facts], Verdict | None], ...] = (
        _over_quota,
        _quota_wants_more,
        _over_limit_range,
        _no_service_account,
        _pod_security,
        _autopilot,
        _webhook,
        _webhook_away,
        _policy,
        _no_priority_class,
    )
    found = next((found for reader in readers if (found := reader(said, facts)) is not None), None)
    verdict = found or Verdict(
        Reason.POD_REFUSED,
        f"no pod: the cluster refuses it: {plain(said, 300)}",
        cure("change what it objects to, and submit again"),
    )
    return Verdict(verdict.reason, verdict.message, verdict.do, quoted("cluster", events))


def field_of(resource: str) -> str:
    """The field of the job config that asks for `resource`; empty: none does."""
    return next((field for part, field in _FIELDS if part in resource), "")


def _over_quota(said: str, facts: Facts) -> Verdict | None:
    found = _OVER_QUOTA.search(said)
    if found is None:
        return None
    asked, used, limits = (dict(_PAIR.findall(found[number])) for number in (2, 3, 4))
    told = listed(
        f"{name}: {asked[name]} asked for, {used.get(name, '?')} of {limits.get(name, '?')} used" for name in asked
    )
    hopeless = [name for name in asked if _is_over(asked[name], limits.get(name, ""))]
    do = cure("wait until other jobs of the namespace end, or ask for a larger quota")
    if hopeless:
        do = cure("ask for a larger quota, since waiting will not help, or ask for less", field_of(hopeless[0]))
        if limits[hopeless[0]] == "0":
            do = cure(f"ask for a larger quota, or take another namespace: this one may have none of {hopeless[0]}")
    message = f"no pod: quota {found[1]} of namespace {facts.job.namespace} is used up ({told})"
    if hopeless and len(hopeless) == len(asked):
        message = f"no pod: quota {found[1]} of namespace {facts.job.namespace} is too small ({told})"
    return Verdict(Reason.QUOTA_EXCEEDED, message, do)


def _is_over(asked: str, limit: str) -> bool:
    try:
        return quantities.value(asked) > quantities.value(limit)
    except ValueError:
        return False


def _quota_wants_more(said: str, facts: Facts) -> Verdict | None:
    found = _UNNAMED.search(said)
    if found is None:
        return None
    wanted = _RESOURCE_OF.findall(found[2])
    told = listed(name for name, _ in wanted) or plain(found[2], 200)
    whom = listed(dict.fromkeys(name for _, names in wanted for name in names.split(",")))
    message = f"no pod: quota {found[1]} wants {told} to be given"
    own = [field_of(name) for name, names in wanted if facts.job.is_ours and "eval" in names.split(",")]
    kind = ".limits" if "limits.cpu" in told else ""
    field = own[0].replace("compute_config.", f"compute_config{kind}.") if own and own[0] else ""
    text = "give them" if field else "give them, or have a LimitRange made that gives defaults"
    return Verdict(Reason.POD_REFUSED, f"{message} for container {whom}" if whom else message, cure(text, field))


def _over_limit_range(said: str, facts: Facts) -> Verdict | None:
    found = _OVER_LIMIT.search(said)
    if found is None:
        return None
    bound, resource, whom, limit, _, asked = found.groups()
    most, more = ("at most", "less") if bound == "maximum" else ("at least", "more")
    message = (
        f"no pod: namespace {facts.job.namespace} allows {most} {limit} of {resource} per {whom.lower()}, "
        f"the job asks for {asked}"
    )
    return Verdict(
        Reason.POD_REFUSED,
        message,
        cure(f"ask for {more} ({asked} now), or take another namespace", field_of(resource)),
    )


def _no_service_account(said: str, facts: Facts) -> Verdict | None:
    found = _NO_ACCOUNT.search(said)
    if found is None:
        return None
    name, namespace = found[1] or found[2], facts.job.namespace
    command = f"kubectl create serviceaccount {name} -n {namespace}"
    return Verdict(
        Reason.MISSING_SERVICE_ACCOUNT,
        f"no pod: namespace {namespace} has no service account {name}",
        cure(
            f"make it ({command}), then the job goes on by itself; or name another",
            "kubernetes_config.service_account_name",
        ),
    )


def _pod_security(said: str, facts: Facts) -> Verdict | None:
    found = _SECURITY.search(said)
    if found is None:
        return None
    broken = [rule.split(" (")[0] for rule in re.split(r"\), ", found[2])]
    standard = found[1].partition(":")[0]
    more = f" and {counted(len(broken) - 3, 'more rule')}" if len(broken) > 3 else ""  # noqa: PLR2004
    message = (
        f"no pod: namespace {facts.job.namespace} enforces the Pod Security Standard {standard}, "
        f"which the pod breaks: {', '.join(plain(rule, 80) for rule in broken[:3])}{more}"
    )
    return Verdict(
        Reason.POD_REFUSED,
        message,
        cure("give the pod the securityContext that the standard asks for, or take another namespace"),
    )


def _autopilot(said: str, _: Facts) -> Verdict | None:
    """GKE Autopilot's own admission: each objection stands behind the name of its rule."""
    found = [(rule, plain(why.strip(" ]."), 300)) for rule, why in _AUTOPILOT.findall(said)]
    if not found:
        return None
    is_gpu = any("gpu" in rule for rule, _ in found)
    told = "; ".join(why for _, why in found) or listed(rule for rule, _ in found)
    field = "compute_config.accelerator" if is_gpu else ""
    do = "name a type that Autopilot has" if is_gpu else "change what it objects to, and submit again"
    return Verdict(Reason.POD_REFUSED, f"no pod: GKE Autopilot refuses it ({found[0][0]}): {told}", cure(do, field))


def _webhook(said: str, _: Facts) -> Verdict | None:
    found = _WEBHOOK.search(said)
    if found is None:
        return None
    why = f": {plain(found[2], 200)}" if found[2] else ""
    return Verdict(
        Reason.POD_REFUSED,
        f"no pod: the admission webhook {plain(found[1], 120)} refuses it{why}",
        cure("change what it objects to, and submit again; who runs the cluster knows the rule"),
    )


def _webhook_away(said: str, _: Facts) -> Verdict | None:
    found = _WEBHOOK_AWAY.search(said)
    if found is None:
        return None
    return Verdict(
        Reason.POD_REFUSED,
        f"no pod: the cluster asks the admission webhook {plain(found[1], 120)}, which does not answer",
        cure("tell those who run the cluster; the job goes on by itself when the webhook is back"),
    )


def _policy(said: str, _: Facts) -> Verdict | None:
    found = _POLICY.search(said)
    if found is None:
        return None
    return Verdict(
        Reason.POD_REFUSED,
        f"no pod: the admission policy {plain(found[1], 120)} refuses it: {plain(found[2], 200)}",
        cure("change what it objects to, and submit again; who runs the cluster knows the rule"),
    )


def _no_priority_class(said: str, _: Facts) -> Verdict | None:
    found = _NO_PRIORITY.search(said)
    if found is None:
        return None
    return Verdict(
        Reason.POD_REFUSED,
        f"no pod: the cluster has no PriorityClass {found[1]}",
        cure("name one that is there (kubectl get priorityclasses), or none", "kubernetes_config.priority_class_name"),
    )
