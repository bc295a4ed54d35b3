"""Pods on a node that do not start: documented, not recorded."""

# ruff: noqa: E501  # sentences stand whole

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cajajejo import status
from tests.status import made
from tests.status.made import CONFIG, NAME, event, evidence, job, pod, told, waits

IMAGE = "registry.example/evaluation:10abfb1bf8"


def test_an_image_whose_signature_is_refused_is_told() -> None:
    found = told(evidence(job(), waits("SignatureValidationFailed", "no signature")))
    assert found[2:] == (
        f"image {IMAGE} is not pulled: its signature is not accepted",
        "have it signed as the cluster wants it",
    )


@pytest.mark.parametrize(
    ("said", "why", "do"),
    [
        ("failed to resolve reference: unexpected status from HEAD request to https://x: 401 Unauthorized", "the registry wants a login", f"give a Secret with the login for its registry, in {CONFIG}: kubernetes_config.image_pull_secrets"),
        ("no match for platform in manifest: not found", "it was not built for the CPU of the node", f"build it for linux/amd64, or name another, in {CONFIG}: image"),
        ("dial tcp 10.0.0.1:443: i/o timeout", "its registry does not answer the node", "check the network of the nodes (Cloud NAT, firewall, proxy); the pull is tried again by itself"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "the node does not trust the certificate of its registry", "have the certificate added to the nodes"),
        ("429 Too Many Requests - toomanyrequests: you have reached your pull rate limit", "its registry has had too many requests", f"wait, the pull is tried again by itself; or give a Secret with a login, in {CONFIG}: kubernetes_config.image_pull_secrets"),
        ("manifest unknown: manifest unknown", "the registry does not have it", f"push it, or name one that is there, in {CONFIG}: image_tag"),
        ("write /var/lib: no space left on device", "the disk of the node is full", "wait, or take a smaller image"),
        ("failed: a new way to fail", "a new way to fail", f"see what the cluster said: cajajejo jobs explain {NAME}"),
        ("", "the node does not say why", f"see what the cluster said: cajajejo jobs explain {NAME}"),
    ],
)  # fmt: skip
def test_an_image_that_is_not_pulled_is_told_with_its_cause(said: str, why: str, do: str) -> None:
    found = told(evidence(job(), waits("ErrImagePull", said)))
    assert found == ("Starting", "ImageNotPulled", f"image {IMAGE} is not pulled: {why}", do)


def test_a_tag_that_looks_like_a_status_is_none() -> None:
    image = "registry.example/evaluation:403"
    said = f'failed to pull "{image}": failed to resolve: {image}: not found'
    found = told(evidence(job(), waits("ErrImagePull", said, spec={"containers": [made.container(image=image)]})))
    assert found[2] == f"image {image} is not pulled: the registry does not have it"


def test_a_digest_that_is_missing_names_its_own_field() -> None:
    image = "registry.example/evaluation@sha256:9d1c04e7"
    found = told(
        evidence(job(), waits("ErrImagePull", "not found", spec={"containers": [made.container(image=image)]}))
    )
    assert found[3] == f"push it, or name one that is there, in {CONFIG}: image_digest"


def test_a_bare_back_off_takes_the_cause_from_the_event_of_the_same_image() -> None:
    events = [
        event("Failed", 'Failed to pull image "other:1": 401 Unauthorized', seconds=30),
        event("Failed", f'Failed to pull image "{IMAGE}": manifest unknown', seconds=20),
        event("Failed", "Error: ImagePullBackOff", seconds=40),
    ]
    found = status.of(evidence(job(), waits("ImagePullBackOff", f'Back-off pulling image "{IMAGE}"'), events=events))
    assert found.message == f"image {IMAGE} is not pulled: the registry does not have it"
    assert found.quotes[0].at == made.BEGIN + timedelta(seconds=20)


def test_the_image_of_an_init_container_is_no_field_of_the_config() -> None:
    states = [{"name": "init", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "x: not found"}}}]
    spec = {"nodeName": "node-1", "initContainers": [made.container("init", image="mlflow:1")]}
    found = told(evidence(job(), pod(spec=spec, initContainerStatuses=states)))
    assert found == (
        "Starting",
        "ImageNotPulled",
        "image mlflow:1 of init container init is not pulled: the registry does not have it",
        "push it, or name one that is there",
    )


SECRET = {"valueFrom": {"secretKeyRef": {"name": "hugging-face", "key": "token"}}}


@pytest.mark.parametrize(
    ("reason", "said", "expected"),
    [
        ("CreateContainerConfigError", 'secret "hugging-face" not found', ("MissingSecret", "namespace default has no Secret hugging-face", f"make it, then the job goes on by itself; or name another, in {CONFIG}: secret_env.HF_TOKEN")),
        ("CreateContainerConfigError", "couldn't find key token in Secret default/hugging-face", ("MissingKey", "Secret hugging-face of namespace default has no key token", f"add the key, then the job goes on by itself; or name another, in {CONFIG}: secret_env.HF_TOKEN")),
        ("CreateContainerConfigError", "couldn't find key a in ConfigMap default/settings", ("MissingKey", "ConfigMap settings of namespace default has no key a", "add the key, then the job goes on by itself")),
        ("CreateContainerConfigError", 'secret "registry" not found', ("MissingSecret", "namespace default has no Secret registry", "make it, then the job goes on by itself; or name another")),
        ("CreateContainerConfigError", f'configmap "{NAME}" not found', ("MissingConfigMap", f"namespace default has no ConfigMap {NAME}", "submit the same job once more: that brings its ConfigMap back, and the job goes on")),
        ("CreateContainerConfigError", "container has runAsNonRoot and image will run as root", ("PodRefused", "container eval is not started: its image runs as root, which the pod does not allow", f"let the image run as a user of its own, in {CONFIG}: image")),
        ("CreateContainerConfigError", "something else", ("ContainerFailed", "container eval is not started: something else", "change what it objects to, and submit again")),
        ("CreateContainerError", "failed to reserve container name", ("ContainerFailed", "container eval cannot be started: failed to reserve container name", f"see what the cluster said: cajajejo jobs explain {NAME}")),
        ("RunContainerError", 'exec: "cli.py": executable file not found in $PATH', ("ContainerFailed", "container eval cannot be started: the image has no cli.py", f"take an image that has the program, in {CONFIG}: image")),
        ("RunContainerError", 'exec: "cli.py": permission denied', ("ContainerFailed", "container eval cannot be started: the image does not let it run cli.py", f"take an image that has the program, in {CONFIG}: image")),
    ],
)  # fmt: skip
def test_a_container_that_cannot_be_made_is_told(reason: str, said: str, expected: tuple[str, str, str]) -> None:
    spec = {"containers": [made.container(env=[{"name": "HF_TOKEN", **SECRET}])]}
    assert told(evidence(job(), waits(reason, said, spec=spec))) == ("Starting", *expected)


@pytest.mark.parametrize(
    ("reason", "said", "expected"),
    [
        ("FailedMount", 'MountVolume.SetUp failed for volume "files" : references non-existent secret key: sa.json', ("MissingKey", "Secret user-gcp-sa of namespace default has no key sa.json", "add the key, then the job goes on by itself")),
        ("FailedMount", 'MountVolume.SetUp failed for volume "settings" : references non-existent config key: a.yml', ("MissingKey", "ConfigMap settings of namespace default has no key a.yml", "add the key, then the job goes on by itself")),
        ("FailedMount", 'MountVolume.MountDevice failed for volume "pvc-1" : rpc error: deadline exceeded', ("VolumePending", "volume pvc-1 is not mounted: rpc error: deadline exceeded", f"see what the cluster said: cajajejo jobs explain {NAME}")),
        ("FailedAttachVolume", 'Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node', ("VolumePending", "volume pvc-1 is still attached to another node", "wait until the pod that had it is gone")),
        ("FailedAttachVolume", "AttachVolume.Attach failed : no such disk", ("VolumePending", "a volume is not attached: no such disk", f"see what the cluster said: cajajejo jobs explain {NAME}")),
        ("FailedCreatePodSandBox", "Failed to create pod sandbox: no IP addresses", (None, "node node-1 cannot start the pod: Failed to create pod sandbox: no IP addresses", "wait; if it stays, delete the pod, so that it may get another node")),
    ],
)  # fmt: skip
def test_what_the_kubelet_says_of_volumes_is_told(reason: str, said: str, expected: tuple[Any, ...]) -> None:
    volumes = [
        {"name": "files", "secret": {"secretName": "user-gcp-sa"}},
        {"name": "settings", "configMap": {"name": "settings"}},
    ]
    found = evidence(job(), waits("ContainerCreating", spec={"volumes": volumes}), events=[event(reason, said)])
    assert told(found) == ("Starting", *expected)


def test_a_mount_that_has_worked_since_is_no_reason() -> None:
    events = [
        event("FailedMount", 'configmap "x" not found', seconds=10),
        event("Pulling", 'Pulling image "registry.example/a/evaluation:1"', seconds=20),
    ]
    assert told(evidence(job(), waits("ContainerCreating"), events=events)) == (
        "Starting",
        None,
        "pulling image evaluation",
        None,
    )
