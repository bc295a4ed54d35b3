"""What a job of any kind asks of a cluster: the machine, its disks, Kubernetes' own settings, secrets by reference."""

from __future__ import annotations

import posixpath
import zoneinfo
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from cajajejo import quantities
from cajajejo.phrases import closest
from cajajejo.schema_words import Says, given, needs
from cajajejo.text_forms import Form
from cajajejo.validation import (
    Count,
    DataKey,
    DnsLabel,
    DnsName,
    EnvName,
    Flag,
    LabelKey,
    LabelValue,
    NonEmptyText,
    Quantity,
    StrictModel,
    Text,
)

SCRATCH: Final = "/scratch"
CONFIGS: Final = "/etc/configs"
SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108  # where it is mounted; nothing is written there
API_ACCESS: Final = "/run/cajajejo"
"""Where a pod that reports its progress finds the token for it."""
_OWN_PATHS: Final = (SCRATCH, CONFIGS, SHARED_MEMORY, API_ACCESS)
_MOST: Final = 2**31 - 1
"""Kubernetes keeps these numbers in 32 bits."""
_TOPOLOGY: Final = Form("a topology", "for example 2x4", "^[1-9][0-9]*(?:x[1-9][0-9]*){1,2}$")


def _check_mount_path(path: str) -> str:
    if not path.startswith("/") or ":" in path or posixpath.normpath(path) != path or path == "/":
        raise ValueError(f"not a path to mount at: {path[:60]}\nan absolute one without .. or :, for example /models")
    taken = next((used for used in _OWN_PATHS if f"{path}/".startswith(f"{used}/")), None)
    if taken:
        raise ValueError(f"{taken} belongs to the job itself")
    return path


MountPath = Annotated[Text, AfterValidator(_check_mount_path), Says(type="string", pattern="^/[^:]*[^:/]$")]


class Toleration(StrictModel):
    """A taint that the pods tolerate, as in Kubernetes."""

    key: LabelKey | None = Field(None, description="Key of the taint; none: all keys, with operator Exists")
    operator: Literal["Equal", "Exists"] = Field("Equal", description="Equal compares the value, Exists does not")
    value: LabelValue | None = Field(None, description="Value of the taint")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        None, description="Effect of the taint; none: all"
    )
    toleration_seconds: Count | None = Field(
        None, alias="tolerationSeconds", description="How long NoExecute is tolerated, in seconds"
    )

    @model_validator(mode="after")
    def kubernetes_takes_it(self) -> Self:
        """Exists has no value; without a key only Exists makes sense; seconds belong to NoExecute."""
        if self.operator == "Exists" and self.value is not None:
            raise ValueError("operator Exists takes no value")
        if self.operator == "Equal" and self.key is None:
            raise ValueError("without a key the operator must be Exists")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise ValueError("tolerationSeconds needs effect NoExecute")
        return self


class ResourceLimits(StrictModel):
    """The most that the evaluation may use."""

    cpu: Quantity | None = Field(None, description="Most CPUs; none: as many as are free", examples=["16"])
    memory: Quantity | None = Field(None, description="Most memory; none: what is requested", examples=["32Gi"])


def _spot(value: object) -> object:
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if isinstance(value, bool) or value == "preferred":
        return value
    raise ValueError("must be false, true (only spot) or preferred")


class ComputeConfig(StrictModel):
    """The machine that the evaluation asks for."""

    model_config = ConfigDict(json_schema_extra=needs("accelerator_topology", "accelerator"))

    accelerator: LabelValue | None = Field(
        None, description="Accelerator type, a name of the catalogue; none: CPU only", examples=["nvidia-l4"]
    )
    accelerator_count: Annotated[Count, Field(ge=1)] = Field(1, description="How many of them")
    accelerator_topology: (
        Annotated[Text, AfterValidator(_TOPOLOGY.check), Says(type="string", **_TOPOLOGY.schema())] | None
    ) = Field(None, description="Topology of a TPU slice", examples=["2x4"])
    cpu: Quantity = Field(description="CPUs requested, a Kubernetes quantity", examples=["4"])
    memory: Quantity = Field(description="Memory requested and allowed, a Kubernetes quantity", examples=["16Gi"])
    ephemeral_storage: Quantity = Field("10Gi", description="Disk of the container itself, requested and allowed")
    shared_memory: Quantity | None = Field(
        None, description="Size of /dev/shm, which counts as memory", examples=["2Gi"]
    )
    limits: ResourceLimits = Field(ResourceLimits(cpu=None, memory=None), description="The most that may be used")
    spot: Annotated[
        Literal[False, True, "preferred"],
        BeforeValidator(_spot),
        Says(enum=[False, True, "preferred", "false", "true", "False", "True"]),
    ] = Field(default=False, description="Nodes that can be taken away: false, true (only such) or preferred")
    node_selector: dict[LabelKey, LabelValue] = Field(
        default_factory=dict, description="Further labels that a node must have", examples=[{"pool": "evaluation"}]
    )
    tolerations: tuple[Toleration, ...] = Field((), description="Taints that the pods tolerate, as in Kubernetes")

    @model_validator(mode="after")
    def limits_hold_the_requests(self) -> Self:
        """A limit below its request is refused by Kubernetes."""
        for name, asked, most in (
            ("cpu", self.cpu, self.limits.cpu),
            ("memory", self.memory, self.limits.memory),
        ):
            if most is not None and quantities.value(most) < quantities.value(asked):
                raise ValueError(f"limits.{name} is {most}, less than the {asked} requested")
        return self

    @model_validator(mode="after")
    def what_counts_needs_an_accelerator(self) -> Self:
        """A count or a topology belongs to an accelerator."""
        if self.accelerator is None and (self.accelerator_count != 1 or self.accelerator_topology is not None):
            raise ValueError("accelerator_count and accelerator_topology need an accelerator")
        return self

    @property
    def memory_limit(self) -> str:
        """The most memory: the limit, or what is requested."""
        return self.limits.memory or self.memory


class ScratchConfig(StrictModel):
    """The disk that the evaluation works on, mounted at /scratch."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"kind": {"const": "claim"}}, "required": ["kind"]},
            "then": given("claim_name"),
            "else": {"not": given("claim_name")},
        }
    )

    kind: Literal["ephemeral", "claim", "empty_dir"] = Field(
        "ephemeral", description="A disk of each pod's own, a claim that survives retries, or the node's disk"
    )
    size: Quantity = Field("50Gi", description="Size of the disk")
    storage_class_name: DnsName | None = Field(
        None, description="StorageClass of the disk; none: that of the profile", examples=["premium-rwo"]
    )
    create_storage_class: Flag | None = Field(
        None, description="Whether the job spec holds the StorageClass; none: on GKE, for ssd"
    )
    storage_class_parameters: dict[NonEmptyText, Text] | None = Field(
        None, description="Parameters of the StorageClass; others than {type: pd-balanced} give it another name"
    )
    claim_name: DnsName | None = Field(None, description="PersistentVolumeClaim that is there already; kind: claim")

    @model_validator(mode="after")
    def fields_fit_the_kind(self) -> Self:
        """A claim has a name and nothing else; only a disk of its own has a StorageClass."""
        if (self.kind == "claim") != (self.claim_name is not None):
            raise ValueError("claim_name belongs to kind: claim, and kind: claim needs it")
        named = [name for name in _CLASS_FIELDS if getattr(self, name) is not None]
        if self.kind != "ephemeral" and named:
            raise ValueError(f"{named[0]} belongs to kind: ephemeral")
        return self


_CLASS_FIELDS: Final = ("storage_class_name", "create_storage_class", "storage_class_parameters")


class ModelCache(StrictModel):
    """A claim with models that several jobs share."""

    claim_name: DnsName = Field(description="PersistentVolumeClaim with the models", examples=["models"])
    mount_path: MountPath = Field(description="Where the pods see it", examples=["/models"])
    read_only: Flag = Field(default=True, description="Whether the pods may only read")


class StorageConfig(StrictModel):
    """The disks of the pods."""

    scratch: ScratchConfig = Field(ScratchConfig(), description="The disk at /scratch")
    model_cache: ModelCache | None = Field(None, description="Models shared by jobs")


def _check_time_zone(name: str) -> str:
    known = zoneinfo.available_timezones()  # empty where the machine has no time zone database
    if known and name not in known:
        guess = closest(name, sorted(known))
        hint = f"did you mean {guess}?" if guess else "a name such as Europe/Amsterdam"
        raise ValueError(f"no such time zone: {name[:60]}\n{hint}")
    return name


def _check_own_key(key: str) -> str:
    if key.partition("/")[0] == "app.kubernetes.io" or key.startswith(("cajajejo/", "kueue.x-k8s.io/")):
        raise ValueError(f"{key} is set by the job itself")
    return key


OwnKey = Annotated[LabelKey, AfterValidator(_check_own_key)]


class KubernetesConfig(StrictModel):
    """Kubernetes' own settings, under Kubernetes' own names."""

    model_config = ConfigDict(json_schema_extra=needs("workload_priority_class_name", "queue_name"))

    namespace: DnsLabel | None = Field(None, description="Namespace of the job; none: default", examples=["evaluation"])
    service_account_name: DnsName = Field("kubernetes", description="Service account of the pods")
    labels: dict[OwnKey, LabelValue] = Field(
        default_factory=dict, description="Further labels of the job and its pods", examples=[{"team": "evaluation"}]
    )
    annotations: dict[OwnKey, Text] = Field(default_factory=dict, description="Further annotations of the job")
    active_deadline_seconds: Annotated[Count, Field(ge=1)] = Field(
        14400, description="Seconds after which the job ends; waiting counts"
    )
    backoff_limit: Annotated[Count, Field(ge=0, le=_MOST)] = Field(
        3, description="Retries; a pod that was preempted does not count"
    )
    ttl_seconds_after_finished: Annotated[Count, Field(ge=0, le=_MOST)] = Field(
        86400, description="Seconds that the finished job can still be looked at"
    )
    termination_grace_period_seconds: Annotated[Count, Field(ge=1)] = Field(
        25, description="Seconds between SIGTERM and SIGKILL, to send results away"
    )
    image_pull_secrets: tuple[DnsName, ...] = Field(
        (), description="Secrets with which the images are pulled", examples=[["registry"]]
    )
    priority_class_name: DnsName | None = Field(None, description="PriorityClass of the pods")
    report_progress: Flag = Field(
        default=False, description="Whether the job's progress stands on the Job; the job spec then holds a Role"
    )
    queue_name: LabelValue | None = Field(None, description="Kueue's LocalQueue", examples=["gpu-batch"])
    workload_priority_class_name: LabelValue | None = Field(None, description="Kueue's WorkloadPriorityClass")
    time_zone: Annotated[NonEmptyText, AfterValidator(_check_time_zone)] | None = Field(
        None,
        description="Time zone of the containers (TZ); none: the image's, usually UTC",
        examples=["Europe/Amsterdam"],
    )

    @model_validator(mode="after")
    def a_priority_needs_a_queue(self) -> Self:
        """Kueue reads its priority only where it has the job in a queue."""
        if self.workload_priority_class_name and not self.queue_name:
            raise ValueError("workload_priority_class_name needs queue_name")
        return self


class SecretKeyRef(StrictModel):
    """One key of a Secret, as in Kubernetes; its value is never read here."""

    name: DnsName = Field(description="Name of the Secret", examples=["hugging-face"])
    key: DataKey = Field(description="Key in it", examples=["token"])


class SecretFiles(StrictModel):
    """A Secret whose keys are files in a directory."""

    name: DnsName = Field(description="Name of the Secret", examples=["user-gcp-sa"])
    mount_path: MountPath = Field(description="Directory in the pods", examples=["/var/secrets"])


SecretEnv = dict[EnvName, SecretKeyRef]


def check_mounts(storage: StorageConfig, secret_files: tuple[SecretFiles, ...]) -> None:
    """Returns where every mount has a place of its own.

    Raises:
        ValueError: two things are mounted at one path.
    """
    paths = [files.mount_path for files in secret_files]
    if storage.model_cache:
        paths.append(storage.model_cache.mount_path)
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice:
        raise ValueError(f"{twice} is mounted twice")
