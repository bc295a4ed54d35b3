"""A program that logs in: what it gives is used and renewed, and its failure is told; its token is never shown."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from cajajejo.cluster import kubeconfig
from cajajejo.cluster.errors import CredentialsError
from cajajejo.cluster.kubeconfig import Login, Place
from tests.test_kubeconfig import SECRET, config, write

VERSION = "client.authentication.k8s.io/v1beta1"


def credential(**status: Any) -> str:
    return json.dumps({"apiVersion": VERSION, "kind": "ExecCredential", "status": status})


def plugin(directory: Path, script: str, name: str = "plugin") -> Path:
    """A program that runs this shell script."""
    path = write(directory / name, f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def log_in(directory: Path, command: object, **entry: Any) -> Login:
    user = {"exec": {"apiVersion": VERSION, "command": command, **entry}}
    path = write(directory / "config", config(users=[{"name": "a", "user": user}]))
    place = Place(None, {"KUBECONFIG": str(path), "PATH": str(directory)}, directory / "nowhere")
    return kubeconfig.log_in(place, connections=1)


def failure(directory: Path, command: object, **entry: Any) -> list[str]:
    with pytest.raises(CredentialsError) as caught:
        log_in(directory, command, **entry)
    assert SECRET not in f"{caught.value.lines()}{caught.value.__cause__}"
    return caught.value.lines()


def test_the_token_of_a_plugin_is_sent(tmp_path: Path) -> None:
    plugin(tmp_path, f"echo '{credential(token=SECRET)}'")
    login = log_in(tmp_path, "plugin")
    assert kubeconfig.authorization(login) == f"Bearer {SECRET}"
    assert login.client.configuration.host == "https://a.example:6443"


def test_a_relative_command_starts_at_the_kubeconfig(tmp_path: Path) -> None:
    plugin(tmp_path, f"echo '{credential(token=SECRET)}'")
    assert kubeconfig.authorization(log_in(tmp_path, "./plugin")) == f"Bearer {SECRET}"


def test_arguments_variables_and_the_cluster_reach_the_plugin(tmp_path: Path) -> None:
    plugin(tmp_path, f"echo \"$1 $EXTRA $KUBERNETES_EXEC_INFO\" > {tmp_path}/seen; echo '{credential(token=SECRET)}'")
    log_in(tmp_path, "plugin", args=["get-token"], env=[{"name": "EXTRA", "value": "x"}], provideClusterInfo=True)
    argument, variable, info = (tmp_path / "seen").read_text("utf-8").split(" ", 2)
    assert (argument, variable) == ("get-token", "x")
    assert json.loads(info)["spec"]["cluster"] == {"server": "https://a.example:6443"}


def lasting(token: str, seconds: float) -> str:
    """A login that ends so many seconds from now."""
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    return credential(token=token, expirationTimestamp=end)


def test_a_token_is_renewed_before_it_expires_and_not_earlier(tmp_path: Path) -> None:
    soon, late = lasting("1", 30), lasting("2", 3600)
    plugin(tmp_path, f"cd {tmp_path}; echo x >> runs; test -f first && echo '{late}' || echo '{soon}'; : > first")
    login = log_in(tmp_path, "plugin")
    seen = [kubeconfig.authorization(login) for _ in range(3)]
    assert seen == ["Bearer 2"] * 3
    assert (tmp_path / "runs").read_text("utf-8") == "x\nx\n"


def test_a_certificate_of_a_plugin_is_used(tmp_path: Path) -> None:
    plugin(tmp_path, f"echo '{credential(clientCertificateData='CERT', clientKeyData='KEY')}'")
    login = log_in(tmp_path, "plugin")
    settings = login.client.configuration
    files = Path(settings.cert_file), Path(settings.key_file)
    assert [file.read_text("utf-8") for file in files] == ["CERT", "KEY"]
    assert kubeconfig.authorization(login) is None


def test_a_missing_plugin_of_gke_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    hint = "Install gke-gcloud-auth-plugin for use with kubectl\nby following https://cloud.example"
    assert failure(tmp_path, "gke-gcloud-auth-plugin", installHint=hint) == [
        "Error: the program that logs in to the cluster cannot be run: gke-gcloud-auth-plugin",
        "  says        no such file or directory",
        "  context     a",
        "  hint        Install gke-gcloud-auth-plugin for use with kubectl by following https://cloud.example",
        "Run: gcloud components install gke-gcloud-auth-plugin",
    ]


def test_a_plugin_that_may_not_be_run_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "plain", "text")
    assert failure(tmp_path, "./plain") == [
        f"Error: the program that logs in to the cluster cannot be run: {tmp_path}/plain",
        "  says        permission denied",
        "  context     a",
        "Run: invoke authenticate-kubectl",
    ]
    assert path.exists()


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo first >&2; echo 'ERROR: \x1b[31mlogin expired' >&2; exit 1", "ERROR: \\x1b[31mlogin expired"),
        (f"echo 'failed with Bearer {SECRET}1' >&2; exit 1", "failed with (hidden)"),
        ("exit 3", "process returned 3"),
        ("echo hello", "failed to decode process output: Expecting value: line 1 column 1 (char 0)"),
        ("echo '[]'", "malformed response. missing key 'apiVersion'"),
        (f"echo '{credential().replace(VERSION, 'v9')}'", f"plugin api version v9 does not match {VERSION}"),
        (f"echo '{credential()}'", "it gave neither a token nor a certificate"),
        (f"echo '{credential(clientCertificateData=SECRET)}'", "it gave neither a token nor a certificate"),
        (f"echo '{credential(token=SECRET, expirationTimestamp='soon')}'", "soon"),
    ],
    ids=["stderr", "token in stderr", "silent", "no JSON", "a list", "version", "nothing", "no key", "bad date"],
)
def test_a_failing_plugin_is_told_by_its_last_words(script: str, says: str, tmp_path: Path) -> None:
    plugin(tmp_path, script)
    shown = failure(tmp_path, "plugin")
    assert shown[0] == "Error: the program that logs in to the cluster failed: plugin"
    assert says in shown[1]
    assert shown[2:] == ["  context     a", "Run: invoke authenticate-kubectl"]


@pytest.mark.parametrize("entry", [{"command": None}, {"apiVersion": None}, {"env": [SECRET]}, {"env": SECRET}])
def test_a_malformed_entry_is_told_without_showing_it(entry: dict[str, Any], tmp_path: Path) -> None:
    plugin(tmp_path, "exit 0")
    shown = failure(tmp_path, **{"command": "plugin", **entry})
    assert shown[0].startswith("Error: the program that logs in to the cluster failed: ")


def test_nothing_of_a_failure_is_logged(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    plugin(tmp_path, f"echo {SECRET} >&2; exit 1")
    with pytest.raises(CredentialsError):
        log_in(tmp_path, "plugin")
    assert capfd.readouterr() == ("", "")
