"""From kubeconfig files, or a pod's service account, to a login; and each way in which that fails."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.cluster import kubeconfig
from cajajejo.cluster.errors import ClusterError, CredentialsError, KubeconfigError
from cajajejo.cluster.exchange import Target
from cajajejo.cluster.kubeconfig import Login, Place

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cret-t0ken-of-nobody"  # noqa: S105  # it opens nothing, and must not be shown


def config(name: str = "a", *, current: str | None = None, **changes: Any) -> dict[str, Any]:
    """A kubeconfig with one context, one cluster and one user of this name."""
    context = {"cluster": name, "user": name, **changes.pop("context", {})}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current or name,
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}.example:6443"}}],
        "users": [{"name": name, "user": {"token": SECRET}}],
        "contexts": [{"name": name, "context": context}],
        **changes,
    }


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def log_in(*files: Path, context: str | None = None, **environ: str) -> Login:
    place = Place(context, {"KUBECONFIG": os.pathsep.join(map(str, files)), **environ}, files[0].parent / "nowhere")
    return kubeconfig.log_in(place, connections=4)


def failure(*files: Path, context: str | None = None) -> list[str]:
    with pytest.raises(ClusterError) as caught:
        log_in(*files, context=context)
    chain = [str(link) for link in (caught.value, caught.value.__cause__, *caught.value.facts.values()) if link]
    assert SECRET not in "".join(chain)
    return [caught.value.kind, *"\n".join(caught.value.lines()).splitlines()]


def test_the_current_context_counts(tmp_path: Path) -> None:
    login = log_in(write(tmp_path / "config", config(context={"namespace": "team"})))
    assert login.target == Target("a", "team", "https://a.example:6443")
    assert kubeconfig.authorization(login) == f"Bearer {SECRET}"
    assert SECRET not in repr(login)


def test_of_several_files_the_first_that_names_a_context_wins_as_with_kubectl(tmp_path: Path) -> None:
    first = write(tmp_path / "1", {**config("a"), "current-context": ""})
    second, third = write(tmp_path / "2", config("b")), write(tmp_path / "3", config("c"))
    assert log_in(first, tmp_path / "missing", second, third).target.context == "b"


def test_a_context_is_chosen_from_any_file(tmp_path: Path) -> None:
    files = write(tmp_path / "1", config("a")), write(tmp_path / "2", config("b"))
    target = log_in(*files, context="b").target
    assert target == Target("b", None, "https://b.example:6443", is_current=False)


def test_the_file_of_the_home_directory_is_used_unless_another_is_named(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    write(tmp_path / ".kube" / "config", config("home"))
    login = kubeconfig.log_in(Place(None, {"HOME": str(tmp_path)}, tmp_path / "nowhere"), connections=1)
    assert login.target.context == "home"


def test_relative_files_are_looked_up_beside_the_kubeconfig(tmp_path: Path) -> None:
    write(tmp_path / "token", f"{SECRET}\n")
    users = [{"name": "a", "user": {"tokenFile": "token"}}]
    login = log_in(write(tmp_path / "config", config(users=users)))
    assert kubeconfig.authorization(login) == f"Bearer {SECRET}"


def test_a_name_and_a_password_log_in(tmp_path: Path) -> None:
    users = [{"name": "a", "user": {"username": "u", "password": "p"}}]
    assert kubeconfig.authorization(log_in(write(tmp_path / "config", config(users=users)))) == "Basic dTpw"


def test_a_user_without_a_login_sends_none(tmp_path: Path) -> None:
    login = log_in(write(tmp_path / "config", config(users=[{"name": "a", "user": {}}])))
    assert kubeconfig.authorization(login) is None


def test_a_token_with_a_line_break_inside_is_refused_without_showing_it(tmp_path: Path) -> None:
    login = log_in(write(tmp_path / "config", config(users=[{"name": "a", "user": {"token": f"{SECRET}\nX: y"}}])))
    with pytest.raises(CredentialsError) as caught:
        kubeconfig.authorization(login)
    assert caught.value.lines() == [
        "Error: the token of the login holds characters that no token has: a",
        "Run: invoke authenticate-kubectl",
    ]


def test_no_kubeconfig_and_no_pod_is_told(tmp_path: Path) -> None:
    assert failure(tmp_path / "missing") == [
        "KubeconfigError",
        "Error: no cluster is known here: there is no kubeconfig, and this is not a pod of a cluster",
        f"  looked at   KUBECONFIG={tmp_path / 'missing'}",
        "Run: invoke authenticate-kubectl",
        "     or name a kubeconfig: export KUBECONFIG=FILE",
    ]


def test_an_unknown_context_is_told_with_those_there_are(tmp_path: Path) -> None:
    contexts = [{"name": name, "context": {"cluster": "a"}} for name in ("gke_dev", "gke_prod")]
    path = write(tmp_path / "config", config(contexts=contexts))
    assert failure(path, context="gke_pord") == [
        "KubeconfigError",
        "Error: there is no context gke_pord",
        "  did you mean  gke_prod",
        "  contexts      gke_dev",
        "                gke_prod",
        f"  kubeconfig    {path}",
        "Run: kubectl config get-contexts     lists them",
        "     invoke authenticate-kubectl     adds the one of the project",
    ]
    assert failure(path)[1:3] == ["Error: there is no context a", "  named by    current-context"]


def test_a_kubeconfig_without_a_current_context_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "config", {**config(), "current-context": ""})
    assert failure(path) == [
        "KubeconfigError",
        "Error: the kubeconfig names no current context",
        f"  kubeconfig  {path}",
        "  contexts    a",
        "Run: kubectl config use-context a",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "line 1: the file is empty"),
        ("- a\n", "line 1: not a mapping of fields to values"),
        ("a: [1\n", "line 2:"),
        ("a: b\na: c\n", "line 2: a: "),
    ],
    ids=["empty", "a list", "broken", "twice"],
)
def test_a_file_that_is_no_kubeconfig_is_named(content: str, says: str, tmp_path: Path) -> None:
    path = write(tmp_path / "config", content)
    shown = failure(path)
    assert shown[:2] == ["KubeconfigError", f"Error: the kubeconfig cannot be used: {path}"]
    assert shown[2].startswith(f"  says        {says}")
    assert shown[-1] == "Run: kubectl config view"


def test_an_unreadable_kubeconfig_is_named(tmp_path: Path) -> None:
    assert failure(tmp_path)[1:3] == [
        f"Error: the kubeconfig cannot be used: {tmp_path}",
        "  says        cannot be read: Is a directory",
    ]


def test_a_path_that_cannot_be_looked_at_is_named(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    assert failure(path)[1:3] == [
        f"Error: the kubeconfig cannot be used: {path}",
        "  says        cannot be read: File name too long",
    ]


def test_a_login_that_cannot_be_renewed_is_told(tmp_path: Path) -> None:
    login = log_in(write(tmp_path / "config", config()))

    def renew(_: object) -> None:
        raise ValueError(f"/config/{{'token': '{SECRET}'}} has expired")

    login.client.configuration.refresh_api_key_hook = renew
    with pytest.raises(CredentialsError) as caught:
        kubeconfig.authorization(login)
    assert caught.value.lines() == [
        "Error: the login could not be renewed",
        "  says        an entry has not the form that a kubeconfig has",
        "  context     a",
        "Run: invoke authenticate-kubectl",
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"clusters": []}, "there is no a in clusters"),
        ({"clusters": [{"name": "a", "cluster": {}}]}, "an entry has no server"),
        ({"clusters": [{"name": "a"}]}, "an entry has no cluster"),
        ({"users": []}, "there is no a in users"),
        ({"contexts": [{"name": "a", "context": {"cluster": "b"}}]}, "there is no b in clusters"),
        ({"users": [{"name": "a", "other": SECRET}]}, "an entry has no user"),
        ({"users": {"name": "a", "token": SECRET}}, "an entry has not the form"),
        ({"users": [SECRET, {"name": "a"}]}, "an entry has no name"),
        ({"users": [{"user": {"token": SECRET}}]}, "an entry of users has no name"),
        ({"users": [{"name": "a", "user": {"tokenFile": "gone"}}]}, "No such file or directory"),
        ({"users": [{"name": "a", "user": {"client-certificate": "gone"}}]}, "File does not exist"),
        ({"users": [{"name": "a", "user": {"client-certificate-data": "abc"}}]}, "padding"),
        (
            {"users": [{"name": "a", "user": {"auth-provider": {"name": "oidc", "config": {}}}}]},
            "an entry has no id-token",
        ),
        ({"context": {"cluster": None}}, "an entry has no cluster"),
    ],
    ids=lambda value: json.dumps(value)[:50] if isinstance(value, dict) else "",
)
def test_a_malformed_entry_is_told_without_showing_secrets(changes: dict[str, Any], says: str, tmp_path: Path) -> None:
    path = write(tmp_path / "config", config(**changes))
    shown = failure(path)
    assert shown[:2] == ["KubeconfigError", "Error: the kubeconfig cannot be used"]
    assert says in shown[2]
    assert shown[3:] == [
        "  context     a",
        f"  kubeconfig  {path}",
        "Run: invoke authenticate-kubectl",
        "     or look at it: kubectl config view",
    ]


@pytest.mark.parametrize("server", ["cluster.example:6443", "ftp://x", "https://", "https://[x", "https://h:99999", ""])
def test_an_address_that_makes_no_sense_is_told(server: str, tmp_path: Path) -> None:
    path = write(tmp_path / "config", config(clusters=[{"name": "a", "cluster": {"server": server}}]))
    assert failure(path)[0] == "KubeconfigError"


def test_a_password_in_an_address_is_not_shown(tmp_path: Path) -> None:
    cluster = {"server": f"https://user:{SECRET}@h.example/base"}
    login = log_in(write(tmp_path / "config", config(clusters=[{"name": "a", "cluster": cluster}])))
    assert login.target.server == "https://h.example/base"


def test_a_proxy_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    cluster = {"server": "https://h.example", "proxy-url": f"gopher://u:{SECRET}@proxy:1"}
    path = write(tmp_path / "config", config(clusters=[{"name": "a", "cluster": cluster}]))
    shown = failure(path)
    assert shown[1] == "Error: no connection can be set up as the kubeconfig says"
    assert "  proxy       gopher://proxy:1" in shown


def test_a_pod_uses_its_service_account(tmp_path: Path) -> None:
    for name, text in (("token", f"{SECRET}\n"), ("ca.crt", "x"), ("namespace", "team\n")):
        write(tmp_path / name, text)
    environ = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    login = kubeconfig.log_in(Place(None, environ, tmp_path), connections=1)
    assert login.target == Target("in-cluster", "team", "https://10.0.0.1:443")
    assert kubeconfig.authorization(login) == f"bearer {SECRET}"


def test_a_broken_service_account_is_told(tmp_path: Path) -> None:
    write(tmp_path / "token", SECRET)
    with pytest.raises(KubeconfigError) as caught:
        kubeconfig.log_in(Place(None, {}, tmp_path), connections=1)
    assert caught.value.lines() == [
        "Error: the service account of this pod cannot be used",
        "  says        Service host/port is not set.",
        f"  looked at   {tmp_path}",
    ]


def test_a_kubeconfig_is_never_written(tmp_path: Path) -> None:
    path = write(tmp_path / "config", config())
    before = path.read_bytes()
    log_in(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
