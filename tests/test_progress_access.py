"""The Role of a job that reports its progress: in the job spec, renamed, sent, given to the Job, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cajajejo import cli, dispatch, evaluation, job_spec, kubernetes_schemas, manifest_checks, profiles, submission
from cajajejo.cli.outline import outline
from cajajejo.cluster.errors import ConflictError, NotAllowedError
from cajajejo.delivery import ObjectOutcome
from cajajejo.errors import FileProblemsError
from cajajejo.evaluation import Rendering
from cajajejo.manifests import Manifests
from tests import builders, hostile, sending
from tests.clusters import Talk, talking
from tests.fakes.kubernetes.model import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.kubernetes.messages import Request

ON = "kubernetes_config.report_progress=true"
KINDS = ("ConfigMap", "Role", "RoleBinding")
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


@pytest.fixture
def name() -> str:
    return sending.spec("v1", ON).name


def send(talk: Talk, version: str = "v1") -> submission.Outcome:
    return sending.send(talk.connect(), version, ON)


def pod_of(spec: Manifests) -> dict[str, Any]:
    pod: dict[str, Any] = spec.document("Job")["spec"]["template"]["spec"]
    return pod


def mounting(spec: Manifests) -> list[str]:
    """The containers that see the token."""
    pod = pod_of(spec)
    containers = [*pod.get("initContainers", []), *pod["containers"]]
    return [
        container["name"]
        for container in containers
        for mount in container["volumeMounts"]
        if mount["name"] == "api-access"
    ]


# --- the job spec -------------------------------------------------------------------------------------------------


def test_without_it_a_job_has_neither_role_nor_token() -> None:
    spec = sending.spec()
    assert [document["kind"] for document in spec.documents] == ["Job", "ConfigMap", "StorageClass"]
    assert (mounting(spec), "api-access" in spec.text, "serviceAccountToken:" in spec.text) == ([], False, False)
    assert pod_of(spec)["automountServiceAccountToken"] is False


def test_with_it_the_container_eval_alone_has_a_token_that_ends() -> None:
    spec = sending.spec("v1", ON)
    kinds = [document["kind"] for document in spec.documents]
    assert kinds == ["Job", "ConfigMap", "Role", "RoleBinding", "StorageClass"]
    assert (mounting(spec), pod_of(spec)["automountServiceAccountToken"]) == (["eval"], False)
    (volume,) = [volume for volume in pod_of(spec)["volumes"] if volume["name"] == "api-access"]
    certificates = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    token = {"path": "token", "expirationSeconds": 3600}
    assert volume["projected"] == {"sources": [{"serviceAccountToken": token}, {"configMap": certificates}]}


def test_the_role_allows_to_patch_this_job_and_nothing_else(name: str) -> None:
    rule = {"apiGroups": ["batch"], "resources": ["jobs"], "resourceNames": [name], "verbs": ["patch"]}
    assert sending.spec("v1", ON).document("Role")["rules"] == [rule]


@pytest.mark.parametrize("namespace", [None, "evaluation"])
@pytest.mark.parametrize("profile", profiles.PROFILES)
def test_every_kind_of_cluster_takes_it_in_every_namespace(profile: str, namespace: str | None) -> None:
    rendering = Rendering(profile=profile, namespace=namespace, settings=[ON, "kubernetes_config.labels={team: nlp}"])
    (job,) = evaluation.parse_job(sending.CONFIG, sending.RUN_SPECS, rendering=rendering).jobs
    for version in kubernetes_schemas.VERSIONS:
        assert manifest_checks.check(job.documents, version=kubernetes_schemas.version(version)) == []
    assert [finding for document in job.documents for finding in manifest_checks.pod_security(document)] == []
    for kind in KINDS:
        metadata = job.document(kind)["metadata"]
        assert (
            metadata["namespace"] == job.document("RoleBinding")["subjects"][0]["namespace"] == (namespace or "default")
        )
        assert metadata["labels"]["app.kubernetes.io/instance"] == job.name
        assert metadata["labels"]["team"] == "nlp"


def test_a_service_account_of_ones_own_is_bound() -> None:
    spec = sending.spec("v1", ON, "kubernetes_config.service_account_name=evaluation")
    subject = {"kind": "ServiceAccount", "name": "evaluation", "namespace": "default"}
    assert spec.document("RoleBinding")["subjects"] == [subject]


def test_a_template_of_the_site_has_it_as_well() -> None:
    config = builders.job_config(kubernetes_config__report_progress=True)
    job = hostile.parse(config, templates=sending.ROOT / "templates")
    assert mounting(job) == ["eval"]
    assert [document["kind"] for document in job.documents][:4] == ["Job", *KINDS]
    assert list(yaml.safe_load_all(job.text)) == list(job.documents)


@pytest.mark.parametrize("path", ["/run/cajajejo", "/run/cajajejo/more"])
def test_nothing_else_is_mounted_where_the_token_is(path: str, tmp_path: Path) -> None:
    config = builders.write_config(tmp_path, secret_files=[{"name": "s", "mount_path": path}])
    with pytest.raises(FileProblemsError) as caught:
        evaluation.parse_job(config, sending.RUN_SPECS)
    assert caught.value.lines()[0].endswith("secret_files.0.mount_path: /run/cajajejo belongs to the job itself")


def test_the_plan_says_what_the_role_is_for() -> None:
    told = {kind: words for kind, _, words in outline(sending.spec("v1", ON))}
    assert told["Role"] == "patch jobs, of this name only"
    assert told["RoleBinding"] == "for ServiceAccount kubernetes"


def test_a_role_of_another_kind_is_told_by_its_rules() -> None:
    spec = sending.spec("v1", ON)
    rules = [
        {"apiGroups": [""], "resources": ["pods", "events"], "verbs": ["get", "list"]},
        {"apiGroups": ["batch"], "resources": ["jobs"], "resourceNames": ["a", "b"], "verbs": ["patch"]},
    ]
    documents = [{**each, "rules": rules} if each["kind"] == "Role" else each for each in spec.documents]
    told = {kind: words for kind, _, words in outline(Manifests("", tuple(documents), spec.name, ""))}
    assert told["Role"] == "get, list pods, events; patch jobs a, b"


# --- another name -------------------------------------------------------------------------------------------------


def test_a_repetition_has_a_role_about_itself() -> None:
    spec = sending.spec("v1", ON)
    again = job_spec.changed(spec, rerun=1)
    assert again.name != spec.name
    assert spec.name not in again.text
    assert again.document("Role")["rules"][0]["resourceNames"] == [again.name]
    assert again.document("RoleBinding")["roleRef"]["name"] == again.name


def by_hand(spec: Manifests, name: str) -> Manifests:
    """The spec under a name without our digits, as somebody writes it."""
    documents = list(yaml.safe_load_all(spec.text.replace(spec.name, name)))
    other = {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [name], "verbs": ["get"]}
    next(each for each in documents if each["kind"] == "Role")["rules"].append(other)
    return Manifests("", tuple(documents), name, "")


def test_a_name_written_by_hand_is_changed_where_it_means_the_job() -> None:
    changed = job_spec.changed(by_hand(sending.spec("v1", ON), "jobs"), config_version="v2")
    role, binding = changed.document("Role"), changed.document("RoleBinding")
    assert {document["metadata"]["name"] for document in (role, binding)} == {changed.name}
    assert [rule["resourceNames"] for rule in role["rules"]] == [[changed.name], ["jobs"]]
    assert [rule["resources"] for rule in role["rules"]] == [["jobs"], ["configmaps"]]
    assert binding["roleRef"]["name"] == changed.name


def test_a_cluster_role_that_has_the_name_of_the_job_is_left_alone() -> None:
    spec = by_hand(sending.spec("v1", ON), "jobs")
    spec.document("RoleBinding")["roleRef"]["kind"] = "ClusterRole"
    changed = job_spec.changed(spec, config_version="v2")
    assert changed.document("RoleBinding")["roleRef"]["name"] == "jobs"


# --- on its way ---------------------------------------------------------------------------------------------------


def test_it_is_sent_before_the_job_and_given_to_it(talk: Talk, name: str) -> None:
    outcome = send(talk)
    assert [(known.kind, known.outcome) for known in outcome.objects] == [
        (kind, "created") for kind in ("StorageClass", *KINDS, "Job")
    ]
    stored = sending.stored(talk.fake)
    assert stored.keys() == {"StorageClass/ssd", *(f"{kind}/{name}" for kind in (*KINDS, "Job"))}
    for kind in KINDS:
        assert stored[f"{kind}/{name}"]["metadata"]["ownerReferences"] == sending.owner_of(talk.fake, name)
    assert sending.changes(talk.fake) == [
        f"POST {sending.CLASSES}",
        f"POST {sending.MAPS}",
        f"POST {RBAC}/roles",
        f"POST {RBAC}/rolebindings",
        f"POST {sending.JOBS}",
        f"PATCH {sending.MAPS}/{name}",
        f"PATCH {RBAC}/roles/{name}",
        f"PATCH {RBAC}/rolebindings/{name}",
    ]


def test_sending_it_again_changes_nothing_although_the_pod_has_told_of_its_progress(talk: Talk, name: str) -> None:
    send(talk)
    talk.fake.update("Job", name, {"metadata": {"annotations": {"cajajejo/progress": '{"done": 1}'}}})
    before, start = sending.stored(talk.fake), len(talk.fake.requests)
    assert {known.outcome for known in send(talk).objects} == {"unchanged"}
    assert (sending.stored(talk.fake), sending.changes(talk.fake, start)) == (before, [])
    differences = dispatch.differences(talk.connect(), sending.placed("v1", ON))
    assert {found.mark for found in differences} == {"="}


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_when_the_job_goes(kind: str, talk: Talk, name: str) -> None:
    send(talk)
    talk.connect().delete("Job", name, "default", uid=talk.fake.get("Job", name)["metadata"]["uid"])  # type: ignore[index]
    assert talk.fake.get(kind, name) is None


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_kill_left_half_done_is_finished_by_the_next_attempt(kind: str, talk: Talk, name: str) -> None:
    send(talk)
    talk.fake.remove(kind, name)
    send(talk)
    assert sending.stored(talk.fake)[f"{kind}/{name}"]["metadata"]["ownerReferences"] == sending.owner_of(
        talk.fake, name
    )


@pytest.mark.parametrize(("kind", "resource"), [("Role", "roles"), ("RoleBinding", "rolebindings")])
def test_who_may_not_make_it_hears_how_to_do_without_and_nothing_is_left(kind: str, resource: str, talk: Talk) -> None:
    talk.fake.deny("create", resource)
    with pytest.raises(NotAllowedError) as caught:
        send(talk)
    assert caught.value.message.startswith(f"not allowed to create {resource}.rbac.authorization.k8s.io")
    assert caught.value.run[-1] == "or send the job without it: --set kubernetes_config.report_progress=false"
    assert sending.stored(talk.fake).keys() <= {"StorageClass/ssd"}, kind


def test_a_server_that_does_not_let_us_grant_what_we_do_not_hold_is_told_as_well(talk: Talk) -> None:
    """Kubernetes' own rule: nobody hands on a right that he does not have."""

    def escalation(attempt: Any) -> None:
        if attempt.resource.kind == "Role":
            message = (
                'roles.rbac.authorization.k8s.io "a" is forbidden: user "jasper" (groups=["system:authenticated"]) is '
                "attempting to grant RBAC permissions not currently held:\n"
                '{APIGroups:["batch"], Resources:["jobs"], ResourceNames:["a"], Verbs:["patch"]}'
            )
            raise ApiError(403, "Forbidden", message)

    talk.fake.admit(escalation)
    with pytest.raises(NotAllowedError) as caught:
        send(talk)
    assert "attempting to grant RBAC permissions not currently held" in caught.value.facts["says"]
    assert caught.value.run[-1] == "or send the job without it: --set kubernetes_config.report_progress=false"
    assert sending.stored(talk.fake).keys() <= {"StorageClass/ssd"}


def test_a_rehearsal_says_the_same(talk: Talk) -> None:
    talk.fake.deny("create", "roles")
    with pytest.raises(NotAllowedError) as caught:
        submission.rehearse(talk.connect(), sending.placed("v1", ON), "default")
    assert caught.value.run[-1].endswith("--set kubernetes_config.report_progress=false")
    assert sending.stored(talk.fake) == {}


def test_a_rehearsal_stores_nothing_and_names_each_object(talk: Talk, name: str) -> None:
    outcome = submission.rehearse(talk.connect(), sending.placed("v1", ON), "default")
    assert outcome.objects[1:4] == tuple(ObjectOutcome(kind, name, "created") for kind in KINDS)
    assert sending.stored(talk.fake) == {}


def test_a_job_that_is_refused_takes_its_role_with_it(talk: Talk) -> None:
    talk.fake.job_quota("jobs", 0)
    with pytest.raises(Exception, match="the quota jobs refused"):
        send(talk)
    assert sending.stored(talk.fake).keys() == {"StorageClass/ssd"}


@pytest.mark.parametrize(("kind", "resource"), [("ConfigMap", "configmaps"), ("Role", "roles")])
def test_an_adoption_that_may_not_be_made_names_what_is_not_the_jobs_own(
    kind: str, resource: str, talk: Talk, name: str
) -> None:
    talk.fake.deny("patch", resource)
    with pytest.raises(NotAllowedError) as caught:
        send(talk)
    note = f"the Job {name} is on the cluster, and goes on; its {kind} is not its own yet"
    assert caught.value.facts["note"] == note


def test_a_role_that_changes_all_the_time_ends_in_a_sentence(talk: Talk, name: str) -> None:
    def meanwhile(_: int, request: Request) -> None:
        if (request.method, request.path) == ("PATCH", f"{RBAC}/roles/{name}"):
            talk.fake.remove("Role", name)

    talk.fake.before(meanwhile)
    with pytest.raises(ConflictError) as caught:
        send(talk)
    assert caught.value.message == f"the Role {name} changes all the time"


def test_who_may_not_look_at_roles_is_told_so_in_the_plan(talk: Talk) -> None:
    talk.fake.deny("get", "roles")
    marks = {found.kind: found.mark for found in dispatch.differences(talk.connect(), sending.placed("v1", ON))}
    assert marks == {"Job": "+", "ConfigMap": "+", "Role": "?", "RoleBinding": "+", "StorageClass": "+"}


# --- on the command line ------------------------------------------------------------------------------------------


@pytest.fixture
def command(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("KUBECONFIG", str(talk.kubeconfig))
    files = ["--path-to-config", str(sending.CONFIG), "--path-to-helm-config", str(sending.RUN_SPECS)]
    return ["jobs", "evaluation", "submit-job", *files, "--config-version", "v1", "--set", ON]


def test_submit_job_lists_the_role_in_its_plan(
    command: list[str], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert cli.run(cli.app, command, prog_name="cajajejo") == 0
    out, err = capsys.readouterr()
    assert out == f"{name}\n"
    assert f"  +  Role          {name}  patch jobs, of this name only" in err.splitlines()
    assert f"  +  RoleBinding   {name}  for ServiceAccount kubernetes" in err.splitlines()


@pytest.mark.parametrize("mode", ["client", "server"])
def test_dry_runs_know_the_role(mode: str, command: list[str], capsys: pytest.CaptureFixture[str], talk: Talk) -> None:
    assert cli.run(cli.app, [*command, f"--dry-run={mode}"], prog_name="cajajejo") == 0
    out, err = capsys.readouterr()
    assert "  +  RoleBinding" in err
    assert ("kind: RoleBinding" in out) == (mode == "client")
    assert sending.stored(talk.fake) == {}


def test_diff_shows_the_role(command: list[str], capsys: pytest.CaptureFixture[str], talk: Talk) -> None:
    assert talk.fake.objects("Role") == []
    files = [str(sending.CONFIG), str(sending.RUN_SPECS)]
    arguments = ["jobs", "evaluation", "diff", *files, "--set", ON, "--config-version", "v1"]
    assert cli.run(cli.app, arguments, prog_name="cajajejo") == 0
    assert "+  verbs:" in capsys.readouterr().out.replace("+- ", "+  ")
    assert cli.run(cli.app, command, prog_name="cajajejo") == 0
    capsys.readouterr()
    assert cli.run(cli.app, arguments, prog_name="cajajejo") == 0
    assert capsys.readouterr().err.splitlines()[-1] == "nothing to change"


def test_a_job_spec_with_a_role_is_read_checked_and_sent(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str], talk: Talk, name: str
) -> None:
    path = tmp_path / "job.yml"
    path.write_text(sending.spec("v1", ON).text)
    assert command
    assert cli.run(cli.app, ["jobs", "evaluation", "validate", str(path)], prog_name="cajajejo") == 0
    assert (
        cli.run(cli.app, ["jobs", "evaluation", "submit-job", "--job-spec-path", str(path)], prog_name="cajajejo") == 0
    )
    capsys.readouterr()
    assert talk.fake.get("RoleBinding", name) is not None
