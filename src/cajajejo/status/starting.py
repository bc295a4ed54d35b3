"""A pod that has its node and does not run yet: what its containers wait for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cajajejo.status import exits
from cajajejo.status.failures import not_started
from cajajejo.status.model import Advice, Quote, Reason
from cajajejo.status.reading import items, plain, text
from cajajejo.status.verdicts import Verdict, counted, cure, quoted

if TYPE_CHECKING:
    from cajajejo.status.evidence import Object
    from cajajejo.status.facts import Facts
    from cajajejo.status.pods import Container, Pod

_NO_CONFIG_MAP: Final = re.compile(r'configmaps? "([^"]*)" not found', re.IGNORECASE)
_NO_SECRET: Final = re.compile(r'secrets? "([^"]*)" not found', re.IGNORECASE)
_NO_KEY: Final = re.compile(r"couldn't find key (\S+) in (ConfigMap|Secret) (?:[^/\s]+/)?(\S+)")
_NO_KEY_IN_VOLUME: Final = re.compile(r'references non-existent (config|secret) key:? "?([^"\s]+)"?')
_VOLUME: Final = re.compile(r'for volume "([^"]*)"')
_MOUNTS: Final = frozenset(
    {"FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox", "Pulling", "Pulled", "Started"}
)
_NOT_CREATED: Final = frozenset(
    {"CreateContainerError", "RunContainerError", "PreStartHookError", "PostStartHookError"}
)
_SANDBOX: Final = "FailedCreatePodSandBox"


def rule_missing_object(facts: Facts) -> Verdict | None:
    """A ConfigMap, a Secret or a key of one that the pod names is not there."""
    pod = facts.waiting
    if pod is None:
        return None
    for container in (*pod.init_containers, *pod.containers):
        if container.waits_for == "CreateContainerConfigError":
            quotes = (Quote("kubelet", container.waiting_message),)
            return _missing(facts, pod, container.waiting_message, quotes) or _config_error(container, quotes)
    event = _mount_event(facts, pod)
    return None if event is None else _missing(facts, pod, event[0].text, event)


def _mount_event(facts: Facts, pod: Pod) -> tuple[Quote, ...] | None:
    """What the kubelet said last about volumes; None where it has gone on since, or never complained."""
    if not pod.is_on_a_node or any(container.is_running for container in (*pod.init_containers, *pod.containers)):
        return None
    newest = facts.events_about(pod, _MOUNTS)[:1]
    return quoted("kubelet", newest) if newest and newest[0].reason.startswith("Failed") else None


def _missing(facts: Facts, pod: Pod, said: str, quotes: tuple[Quote, ...]) -> Verdict | None:
    namespace = facts.job.namespace
    if found := _NO_KEY.search(said):
        key, kind, name = found.groups()
        message = f"{kind} {name} of namespace {namespace} has no key {key}"
        do = _secret_cure(pod, name, key, "add the key, then the job goes on by itself; or name another")
        return Verdict(
            Reason.MISSING_KEY,
            message,
            do if kind == "Secret" else Advice("add the key, then the job goes on by itself"),
            quotes,
        )
    if found := _NO_KEY_IN_VOLUME.search(said):
        volume = _VOLUME.search(said)
        name = _source_of(pod, volume[1] if volume else "") or f"of volume {volume[1] if volume else '?'}"
        kind = "Secret" if found[1] == "secret" else "ConfigMap"
        message = f"{kind} {name} of namespace {namespace} has no key {plain(found[2], 100)}"
        return Verdict(Reason.MISSING_KEY, message, cure("add the key, then the job goes on by itself"), quotes)
    if found := _NO_CONFIG_MAP.search(said):
        return Verdict(
            Reason.MISSING_CONFIG_MAP,
            f"namespace {namespace} has no ConfigMap {found[1]}",
            _map_cure(facts, found[1]),
            quotes,
        )
    if found := _NO_SECRET.search(said):
        do = _secret_cure(pod, found[1], "", "make it, then the job goes on by itself; or name another")
        return Verdict(Reason.MISSING_SECRET, f"namespace {namespace} has no Secret {found[1]}", do, quotes)
    return None


def _map_cure(facts: Facts, name: str) -> Advice:
    if facts.job.is_ours and name == facts.job.name:
        return cure("submit the same job once more: that brings its ConfigMap back, and the job goes on")
    return cure("make it, then the job goes on by itself")


def _secret_cure(pod: Pod, name: str, key: str, text_: str) -> Advice:
    """The field of the config that names the Secret: a variable of ``secret_env``, a file, or a login for images."""
    for container in (*pod.containers, *pod.init_containers):
        for variable in items(container.spec, "env"):
            named = text(variable, "valueFrom", "secretKeyRef", "name")
            if named == name and key in {"", text(variable, "valueFrom", "secretKeyRef", "key")}:
                return cure(text_, f"secret_env.{text(variable, 'name')}")
    if any(text(volume, "secret", "secretName") == name for volume in items(pod.spec, "volumes")):
        return cure(text_, "secret_files")
    return cure(text_)


def _source_of(pod: Pod, volume: str) -> str:
    found: Object = next((item for item in items(pod.spec, "volumes") if text(item, "name") == volume), {})
    return text(found, "secret", "secretName") or text(found, "configMap", "name")


def _config_error(container: Container, quotes: tuple[Quote, ...]) -> Verdict:
    said = plain(container.waiting_message, 300)
    if "runAsNonRoot" in said or "non-root" in said or "non-numeric user" in said:
        message = f"container {container.name} is not started: its image runs as root, which the pod does not allow"
        return Verdict(Reason.POD_REFUSED, message, cure("let the image run as a user of its own", "image"), quotes)
    message = (
        f"container {container.name} is not started: {said}" if said else f"container {container.name} is not started"
    )
    return Verdict(Reason.CONTAINER_FAILED, message, cure("change what it objects to, and submit again"), quotes)


def rule_volume_not_mounted(facts: Facts) -> Verdict | None:
    """A volume cannot be attached or mounted, or the pod's network cannot be made."""
    pod = facts.waiting
    found = None if pod is None else _mount_event(facts, pod)
    if pod is None or not found:
        return None
    newest = facts.events_about(pod, _MOUNTS)[0]
    said = plain(newest.text, 300)
    if newest.reason == _SANDBOX:
        message = f"node {pod.node} cannot start the pod: {said}"
        return Verdict(None, message, cure("wait; if it stays, delete the pod, so that it may get another node"), found)
    volume = _VOLUME.search(newest.text)
    named = f"volume {volume[1]}" if volume else "a volume"
    if "Multi-Attach" in newest.text:
        message = f"{named} is still attached to another node"
        return Verdict(Reason.VOLUME_PENDING, message, cure("wait until the pod that had it is gone"), found)
    why = plain(newest.text.partition(" : ")[2] or newest.text, 200)
    act = "attached" if newest.reason == "FailedAttachVolume" else "mounted"
    return Verdict(
        Reason.VOLUME_PENDING,
        f"{named} is not {act}: {why}",
        cure(f"see what the cluster said: {facts.job.explain_command}"),
        found,
    )


def rule_container_not_created(facts: Facts) -> Verdict | None:
    """The container runtime cannot make or start a container."""
    pod = facts.waiting
    for container in () if pod is None else (*pod.init_containers, *pod.containers):
        if container.waits_for in _NOT_CREATED:
            said = container.waiting_message
            message = f"container {container.name} cannot be started: {not_started(said)}"
            do = (
                cure("take an image that has the program", "image")
                if "exec:" in said
                else cure(f"see what the cluster said: {facts.job.explain_command}")
            )
            return Verdict(Reason.CONTAINER_FAILED, message, do, (Quote("kubelet", said),) if said else ())
    return None


def rule_restarted_in_place(facts: Facts) -> Verdict | None:
    """With ``restartPolicy: OnFailure`` a failed container is started again and again in the same pod."""
    pod = facts.live[-1] if facts.live else None
    for container in () if pod is None else (*pod.init_containers, *pod.containers):
        end = container.ended or container.last_end
        if end is None or not end.is_failure or container.is_sidecar or container.is_running:
            continue
        if not container.restarts and not facts.job.restarts_in_place:
            continue
        kind = "init container" if container.is_init else "container"
        times = f" ({counted(container.restarts, 'restart')} so far)" if container.restarts else ""
        again = f"and is started again{times}"
        if end.reason == "OOMKilled":
            limit = container.limit("memory")
            over = f"its memory limit of {limit}" if limit else "the memory of its node"
            do = cure(f"give it more memory{f' ({limit} now)' * bool(limit)} and submit again", "compute_config.memory")
            return Verdict(Reason.OOM_KILLED, f"OOMKilled: {kind} {container.name} went over {over}, {again}", do)
        code = exits.told(end.exit_code, ours=facts.job.is_ours and not container.is_init)
        reason = Reason.INIT_CONTAINER_FAILED if container.is_init else Reason.CONTAINER_FAILED
        command = f"kubectl logs {pod.name if pod else ''} -c {container.name} --previous -n {facts.job.namespace}"
        message = f"{kind} {container.name} failed with {code}, {again}"
        return Verdict(reason, message, cure(f"see what it said: {command}"))
    return None


def rule_starting(facts: Facts) -> Verdict | None:
    """All is well: an image is being pulled, or an init container works."""
    pod = facts.waiting
    if pod is None or not pod.is_on_a_node:
        return None
    for container in pod.init_containers:
        if container.is_running and not container.is_sidecar:
            what = "the model is being fetched" if facts.job.is_ours else "it prepares the pod"
            return Verdict(None, f"init container {container.name} works: {what}")
    newest = facts.events_about(pod, _MOUNTS)[:1]
    if newest and newest[0].reason == "Pulling":
        return Verdict(None, f"pulling {_short(newest[0].text)}", None, quoted("kubelet", newest))
    return Verdict(None, f"node {pod.node} prepares its pod")


def _short(said: str) -> str:
    """The image of ``Pulling image "registry/path/name:tag"`` by its name."""
    found = re.search(r'image "([^"]*)"', said)
    path = (found[1] if found else "").partition("@")[0].rpartition("/")[2].partition(":")[0]
    return f"image {path}" if path else "an image"
