"""What is wrong with a job config for one kind of cluster, though each of its fields is right.

Pure: config, run specs, profile and Kubernetes version in, findings out.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from cajajejo import accelerators, offline, quantities
from cajajejo.accelerators import TPU
from cajajejo.phrases import without_logins
from cajajejo.pod_config import SCRATCH
from cajajejo.profiles import AUTOPILOT_DISK, SPOT_GRACE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.accelerators import Accelerator
    from cajajejo.config import EvaluationJobConfig
    from cajajejo.profiles import Profile
    from cajajejo.run_specs import Entry
    from cajajejo.yamlfile import Location

_ACCELERATOR: Final = ("compute_config", "accelerator")
_HUB_OFFLINE: Final = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_SQLITE: Final = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, at the place of a field."""

    location: Location
    message: str
    hint: str | None = None
    level: Literal["error", "warning"] = "error"


def findings(
    config: EvaluationJobConfig, profile: Profile, *, kubernetes_version: str, allow_unknown: bool = False
) -> list[Finding]:
    """What does not fit together, in the order of the fields.

    Args:
        config: the checked job config.
        profile: the kind of cluster it is to run on.
        kubernetes_version: ``1.36``, or on GKE ``1.31.4-gke.1072000``.
        allow_unknown: whether an accelerator may be missing in the catalogue.
    """
    return [
        *_image(config),
        *_accelerator(config, profile, kubernetes_version, allow_unknown=allow_unknown),
        *_spot(config, profile),
        *_grace(config),
        *_memory_and_disk(config, profile),
        *_storage_class(config, profile),
        *_logins(config),
        *_timeout(config),
        *_tracking(config),
        *_hub(config),
    ]


def run_spec_findings(config: EvaluationJobConfig, entries: Sequence[Entry]) -> list[tuple[Entry, Finding]]:
    """What the run specs ask for and the pod cannot get; they are HELM's, and no other harness has any."""
    if config.helm is None:
        return []
    says_offline = offline.variable(config.env)
    return [(entry, finding) for entry in entries for finding in _entry(config, entry, says_offline)]


def model_name(config: EvaluationJobConfig) -> str:
    """What the run specs call the model of this config."""
    source = config.model
    directory = source.mlflow_artifact.model_directory if source.mlflow_artifact else getattr(source, source.kind)
    return f"huggingface/{posixpath.basename(directory.rstrip('/'))}"


def _image(config: EvaluationJobConfig) -> Iterator[Finding]:
    if config.image_tag == "latest" and not config.image_digest:
        pin = "pin it: --set image_tag=TAG, best a tag that names the commit of the image; or image_digest: sha256:…"
        yield Finding(("image_tag",), "image tag latest can change between now and the run", pin, "warning")


def unknown_accelerator(name: str, profile: Profile) -> Finding | None:
    """That a cluster of this kind has no accelerator of this name, where the catalogue knows none."""
    known = _known_on(profile)
    if _entry_of(name, known, profile):
        return None
    hint = f"{accelerators.suggestion(name, list(known))} Any other name: --allow-unknown-accelerator"
    return Finding(_ACCELERATOR, f"no such accelerator on {profile.title}: {name}", hint)


def _accelerator(
    config: EvaluationJobConfig, profile: Profile, version: str, *, allow_unknown: bool
) -> Iterator[Finding]:
    compute = config.compute_config
    if compute.accelerator is None:
        return
    entry = _entry_of(compute.accelerator, _known_on(profile), profile)
    if entry is None:
        if not allow_unknown and (unknown := unknown_accelerator(compute.accelerator, profile)):
            yield unknown
        return
    if entry.note:
        yield Finding(_ACCELERATOR, f"{compute.accelerator} is {entry.note}", None, "warning")
    if profile.is_gke:
        yield from _gke(config, entry, version)
    elif compute.accelerator_topology:
        message = f"a topology is for the TPUs of GKE; the profile is {profile.name}"
        yield Finding(("compute_config", "accelerator_topology"), message)
    elif profile.name == "kind":
        yield Finding(_ACCELERATOR, "kind has no accelerators: the job will wait for one", None, "warning")
    elif profile.name == "aks" and "agentpool" not in compute.node_selector:
        hint = "choose the node pool: compute_config.node_selector: {agentpool: NAME}"
        yield Finding(_ACCELERATOR, "AKS has no node label with the type of the GPU", hint, "warning")


def _entry_of(name: str, known: Mapping[str, Accelerator], profile: Profile) -> Accelerator | None:
    if profile.name == "eks" and name not in known:
        return next((entry for entry in known.values() if entry.eks == name), None)
    return known.get(name)


def _known_on(profile: Profile) -> Mapping[str, Accelerator]:
    known = accelerators.catalogue()
    if profile.is_gke:
        return {name: entry for name, entry in known.items() if entry.gke}
    if profile.name == "eks":
        return {name: entry for name, entry in known.items() if entry.eks}
    return {name: entry for name, entry in known.items() if entry.resource != TPU}


def _gke(config: EvaluationJobConfig, entry: Accelerator, version: str) -> Iterator[Finding]:
    compute, facts = config.compute_config, entry.gke
    name, count, topology = compute.accelerator, compute.accelerator_count, compute.accelerator_topology
    if facts is None:
        return
    if facts.counts and count not in facts.counts:
        message = f"{name} comes in {_listed(facts.counts)}, not {count}"
        yield Finding(("compute_config", "accelerator_count"), message)
    if facts.topologies:
        yield from _topology(entry, name or "", count, topology)
    elif topology:
        yield Finding(("compute_config", "accelerator_topology"), f"a topology is for TPUs; {name} is none")
    minimum = entry.minimum_problem(count, version)
    if minimum:
        message = f"{count} of {name} need GKE {minimum} or newer, not {version}"
        yield Finding(("compute_config", "accelerator"), message)


def _topology(entry: Accelerator, name: str, count: int, topology: str | None) -> Iterator[Finding]:
    topologies = entry.gke.topologies if entry.gke else {}
    place = ("compute_config", "accelerator_topology")
    listed = ", ".join(f"{shape} ({chips})" for shape, chips in topologies.items())
    if topology is None:
        yield Finding(place, f"{name} needs a topology", f"on one machine: {listed}")
    elif topology not in topologies:
        yield Finding(place, f"not a topology of {name} on one machine: {topology}", f"one of {listed}")
    elif topologies[topology] != count:
        message = f"topology {topology} has {topologies[topology]} chips, not {count}"
        yield Finding(("compute_config", "accelerator_count"), message)


def _spot(config: EvaluationJobConfig, profile: Profile) -> Iterator[Finding]:
    if not config.compute_config.spot:
        return
    if not profile.spot:
        hint = "choose the nodes with compute_config.node_selector and tolerations"
        yield Finding(("compute_config", "spot"), f"the profile {profile.name} knows no label of spot nodes", hint)
    grace = config.kubernetes_config.termination_grace_period_seconds
    if profile.is_gke and grace > SPOT_GRACE_SECONDS:
        message = f"a spot node grants {SPOT_GRACE_SECONDS} seconds, not {grace}"
        yield Finding(("kubernetes_config", "termination_grace_period_seconds"), message, None, "warning")


def _grace(config: EvaluationJobConfig) -> Iterator[Finding]:
    grace = config.kubernetes_config.termination_grace_period_seconds
    if grace < SPOT_GRACE_SECONDS:
        message = f"the evaluation takes up to {SPOT_GRACE_SECONDS} seconds to keep what is finished, not {grace}"
        yield Finding(("kubernetes_config", "termination_grace_period_seconds"), message, None, "warning")


def _memory_and_disk(config: EvaluationJobConfig, profile: Profile) -> Iterator[Finding]:
    compute, scratch = config.compute_config, config.storage_config.scratch
    shared = compute.shared_memory
    if shared and quantities.value(shared) >= quantities.value(compute.memory_limit):
        message = f"shared memory counts as memory: {shared} leave nothing of the {compute.memory_limit} allowed"
        yield Finding(("compute_config", "shared_memory"), message)
    disk = quantities.value(compute.ephemeral_storage)
    if scratch.kind == "empty_dir" and quantities.value(scratch.size) > disk:
        message = (
            f"an empty_dir counts as ephemeral_storage: {scratch.size} do not fit into {compute.ephemeral_storage}"
        )
        hint = "a smaller size, more compute_config.ephemeral_storage, or kind: ephemeral"
        yield Finding(("storage_config", "scratch", "size"), message, hint)
    if profile.name == "gke-autopilot" and not compute.accelerator and disk > quantities.value(AUTOPILOT_DISK):
        message = f"a general pod on Autopilot gets at most {AUTOPILOT_DISK}, not {compute.ephemeral_storage}"
        hint = "put large files on storage_config.scratch"
        yield Finding(("compute_config", "ephemeral_storage"), message, hint)


def _storage_class(config: EvaluationJobConfig, profile: Profile) -> Iterator[Finding]:
    scratch = config.storage_config.scratch
    place: Location = ("storage_config", "scratch", "create_storage_class")
    if scratch.create_storage_class and not profile.provisioner:
        hint = "make it by hand, and name it in storage_class_name"
        yield Finding(
            place, f"the profile {profile.name} cannot make a StorageClass: who makes its disks is not known", hint
        )
    if scratch.storage_class_parameters and scratch.create_storage_class is False:
        message = "false says that the StorageClass is there already; its parameters cannot be given here"
        yield Finding(place, message, "take one of the two away: create_storage_class or storage_class_parameters")
    elif scratch.storage_class_parameters and not profile.provisioner and scratch.create_storage_class is None:
        message = f"the profile {profile.name} makes no StorageClass that could have parameters"
        hint = "make it by hand, and name it in storage_class_name"
        yield Finding(("storage_config", "scratch", "storage_class_parameters"), message, hint)


def _logins(config: EvaluationJobConfig) -> Iterator[Finding]:
    """What everybody could read who may read a ConfigMap."""
    section = config.helm or config.lm_eval or config.command
    texts: dict[Location, str] = {("env", name): f"{name}={value}" for name, value in config.env.items()}
    texts |= {(config.harness, "args", number): text for number, text in enumerate(section.args if section else ())}
    for place, text in texts.items():
        if without_logins(text) != text:
            message, hint = "looks like a login, which would be stored with the job", "secret_env names a Secret"
            yield Finding(place, message, hint, "warning")


def _timeout(config: EvaluationJobConfig) -> Iterator[Finding]:
    deadline, timeout = config.kubernetes_config.active_deadline_seconds, config.timeout_seconds
    if timeout is not None and timeout >= deadline:
        message = f"the job ends before: after {deadline} seconds, of which waiting and the model are a part"
        hint = "less, or more kubernetes_config.active_deadline_seconds"
        yield Finding((config.harness, "timeout_seconds"), message, hint, "warning")


def _tracking(config: EvaluationJobConfig) -> Iterator[Finding]:
    uri, spool = config.mlflow_config.tracking_uri, config.mlflow_config.spool_uri
    claim = "on a claim: storage_config.scratch.kind: claim, or a model_cache that is not read_only"
    if uri.startswith(_SQLITE) and _fate(config, uri.removeprefix(_SQLITE)) != "kept":
        message = f"a file in the pod, which is gone with it: {uri}"
        yield Finding(("mlflow_config", "tracking_uri"), message, f"a tracking server, or a file {claim}", "warning")
    if spool is None or "://" in spool:
        return
    place, hint = ("mlflow_config", "spool_uri"), f"gs://BUCKET/PATH, s3://BUCKET/PATH, or a directory {claim}"
    fate = _fate(config, spool)
    if fate == "gone":
        yield Finding(place, f"a directory in the pod, which is gone with it: {spool}", hint, "warning")
    if fate == "read-only":
        yield Finding(place, f"cannot be written to, because storage_config.model_cache is read_only: {spool}", hint)


def _fate(config: EvaluationJobConfig, path: str) -> Literal["kept", "read-only", "gone"]:
    """What becomes of a file that the pod writes at `path`."""
    storage, cache = config.storage_config, config.storage_config.model_cache
    if cache and _is_below(path, cache.mount_path):
        return "read-only" if cache.read_only else "kept"
    return "kept" if storage.scratch.kind == "claim" and _is_below(path, SCRATCH) else "gone"


def _is_below(path: str, directory: str) -> bool:
    return f"{posixpath.normpath(path)}/".startswith(f"{directory}/")


def _hub(config: EvaluationJobConfig) -> Iterator[Finding]:
    """What comes from the hub although the pod is said to be offline; a tokenizer may lie in the image's cache."""
    variable = offline.variable({name: config.env.get(name, "") for name in _HUB_OFFLINE})
    if variable is None:
        return
    source = config.model
    if source.hf_repo:
        message = f"comes from the hub, and env.{variable} says that the pod is offline"
        hint = "take the variable away, or have the model in MLflow or a bucket: mlflow_artifact, gs_uri, s3_uri"
        yield Finding(("model_config", "hf_repo"), message, hint)
    if source.mlflow_artifact and source.mlflow_artifact.tokenizer_hf_repo:
        message = f"the tokenizer comes from the hub, and env.{variable} says that the pod is offline"
        hint = "log the tokenizer with the model (tokenizer_directory), or have it in the image"
        yield Finding(("model_config", "mlflow_artifact", "tokenizer_hf_repo"), message, hint, "warning")


def _entry(config: EvaluationJobConfig, entry: Entry, says_offline: str | None) -> Iterator[Finding]:
    model, wanted = entry.arguments.get("model"), model_name(config)
    if model is not None and model not in {wanted, "all"}:
        message = f"the model is {model}, the job config's is {wanted}"
        level: Literal["error", "warning"] = "error" if says_offline else "warning"
        yield Finding((), message, f"HELM would look for {model} elsewhere; write model={wanted}", level)
    if says_offline and entry.scenario not in offline.NEEDS_NO_DOWNLOAD:
        message = f"{entry.scenario} downloads its data, and env.{says_offline} says that the pod cannot"
        hint = "take the variable away, have the data in the image, or use a file of your own: questions:path=FILE"
        yield Finding((), message, hint, "warning")


def _listed(numbers: Sequence[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} or {last}" if first else last
