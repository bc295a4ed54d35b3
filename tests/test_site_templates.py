"""``--templates``: a site's own templates, what they can change, and what is said when they are wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml

from cajajejo import checking, cli, evaluation, manifest_checks, profiles
from cajajejo.errors import CajajejoError, FileProblemsError, UsageError
from cajajejo.evaluation import Rendering
from tests import builders, hostile
from tests.builders import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.manifests import Manifests

EXTENDS = '{% extends "cajajejo/evaluation_job.yml.j2" %}\n'
MODELS = {
    "artifact": {"mlflow_artifact": {"run_id": "r", "artifact_path": "a", "model_directory": "model"}},
    "bucket": {"gs_uri": "gs://bucket/model"},
    "path": {"path": "/models/model"},
}


def render(templates: Path, **options: Any) -> Manifests:
    config = builders.job_config(model_config=MODELS["bucket"])
    return hostile.parse(config, templates=templates, **options)


def site(directory: Path, text: str) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / evaluation.TEMPLATE).write_text(text, "utf-8")
    return directory


def error_of(templates: Path) -> CajajejoError:
    with pytest.raises(CajajejoError) as raised:
        render(templates)
    return raised.value


# --- the example --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", MODELS)
@pytest.mark.parametrize("profile", profiles.PROFILES)
def test_the_example_makes_what_a_restricted_namespace_takes(profile: str, source: str) -> None:
    config = builders.job_config(model_config=MODELS[source])
    job = hostile.parse(config, templates=ROOT / "templates", profile=profile)
    for document in job.documents:
        kubernetes_validate.validate(document, "1.36", strict=True)
        assert manifest_checks.pod_security(document) == []
    assert list(yaml.safe_load_all(job.text)) == list(job.documents)


def test_the_example_reaches_every_container() -> None:
    job = render(ROOT / "templates").document("Job")
    pod = job["spec"]["template"]["spec"]
    assert job["metadata"]["annotations"]["example.org/egress"] == "proxy.example.org"
    assert pod["volumes"][-1] == {"name": "company-ca", "configMap": {"name": "company-ca"}}
    containers = [*pod["initContainers"], *pod["containers"]]
    assert [container["name"] for container in containers] == ["init", "eval"]
    for container in containers:
        env = {variable["name"]: variable.get("value") for variable in container["env"]}
        assert env["SSL_CERT_FILE"] == env["REQUESTS_CA_BUNDLE"] == "/etc/company-ca/ca.crt"
        assert env["HTTPS_PROXY"] == "http://proxy.example.org:3128"
        assert container["volumeMounts"][-1] == {"name": "company-ca", "mountPath": "/etc/company-ca", "readOnly": True}


def test_the_example_adds_and_takes_nothing_away() -> None:
    ours = hostile.parse(builders.job_config(model_config=MODELS["bucket"]))
    theirs = iter(unnamed(render(ROOT / "templates").text))
    assert all(line in theirs for line in unnamed(ours.text))


def unnamed(text: str) -> list[str]:
    """The lines without what differs from job to job."""
    return re.sub(r"eval-neurips-[-a-z]+-[0-9a-f]{8}|/tmp/\S+/", "", text).splitlines()


def test_the_example_is_an_option_of_the_program(tmp_path: Path) -> None:
    config = builders.write_config(tmp_path)
    run_specs = builders.write_run_specs(tmp_path, "questions")
    command = ["jobs", "evaluation", "parse-job", str(config), str(run_specs), str(tmp_path / "job.yml")]
    arguments = [*command, "--templates", str(ROOT / "templates"), "--quiet"]
    assert cli.run(cli.app, arguments, prog_name="cajajejo") == 0
    assert "SSL_CERT_FILE" in (tmp_path / "job.yml").read_text("utf-8")


def test_another_template_is_another_name(tmp_path: Path) -> None:
    first = render(site(tmp_path / "a", EXTENDS))
    other = render(site(tmp_path / "b", f'{EXTENDS}{{% block annotations %}}\n    a: "b"\n{{% endblock %}}\n'))
    assert first.name[:-8] != other.name[:-8]


def test_a_template_may_add_a_document(tmp_path: Path) -> None:
    more = "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ (identity.name ~ '-more') | q }}\n"
    job = render(site(tmp_path, f"{EXTENDS}{{% block documents %}}\n{more}{{% endblock %}}\n"))
    assert job.document("Secret")["metadata"]["name"] == f"{job.name}-more"


# --- what can be wrong --------------------------------------------------------------------------------------------

BLOCK = "{% block annotations %}\n"
DOCUMENT = "{% block documents %}\n"
MISTAKES = {
    "{{ 1 | }}": "expected token 'name', got 'end of print statement'",
    "{{ 1 | quote }}": "No filter named 'quote'",
    "{{ nothing | q }}": "'nothing' is undefined",
    "{{ config.nothing | q }}": "has no attribute 'nothing'",
    "{{ config.image }}": "a template wrote 'registry/evaluation' without a filter; end it in | q",
    "{{ config.image | q | upper }}": "without a filter; end it in | q",
    "{{ 1 | q }}": "a template wrote 1 (int) where text must stand",
    "{{ 'x' | number }}": "a template wrote 'x' where a whole number must stand",
    "{{ 'x' | flag }}": "a template wrote 'x' where true or false must stand",
    "{{ (1 // 0) | number }}": "ZeroDivisionError: ",
    "{{ '\\0' | q }}": "holds the character NUL",
    "{% if %}": "Expected an expression, got 'end of statement block'",
    '{% include "other.yml.j2" %}': "no such template: other.yml.j2",
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.items(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_file_and_line(text: str, message: str, tmp_path: Path) -> None:
    error = error_of(site(tmp_path, f"{EXTENDS}{BLOCK}    a: {text}\n{{% endblock %}}\n"))
    assert error.message.startswith(f"{tmp_path}/evaluation_job.yml.j2:3: ")
    assert message in error.message
    assert len(error.lines()) == 1


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (f"{EXTENDS}{BLOCK}    a: 'b'\n", 3, "Unexpected end of template"),
        ('\n{% extends "cajajejo/evalution_job.yml.j2" %}\n', 2, "no such template: cajajejo/evalution_job.yml.j2"),
    ],
)
def test_a_mistake_of_the_whole_is_told_with_its_file_and_line(
    text: str, line: int, message: str, tmp_path: Path
) -> None:
    assert error_of(site(tmp_path, text)).message.startswith(f"{tmp_path}/evaluation_job.yml.j2:{line}: {message}")


def test_broken_yaml_out_of_a_block_is_told_with_the_line_that_it_made(tmp_path: Path) -> None:
    error = error_of(site(tmp_path, f"{EXTENDS}{BLOCK}    a: b: c\n{{% endblock %}}\n"))
    assert error.message == (
        f"{tmp_path}/evaluation_job.yml.j2: what it makes is not well-formed YAML: "
        "mapping values are not allowed in this context"
    )
    assert list(error.facts.values()) == ["    a: b: c"]


def test_a_control_character_out_of_a_template_is_told(tmp_path: Path) -> None:
    error = error_of(site(tmp_path, f"{EXTENDS}{BLOCK}    a: \x07\n{{% endblock %}}\n"))
    assert "what it makes is not well-formed YAML: " in error.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# nothing\n", "must make one Job"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "must make one Job"),
        ("- a\n", "document 1 that it makes has no fields"),
        ("kind: Job\nmetadata: {name: a}\n", "document 1 that it makes has no apiVersion"),
        ("apiVersion: batch/v1\nmetadata: {name: a}\n", "document 1 that it makes has no kind"),
        (f"{EXTENDS}{DOCUMENT}---\na: 1\n{{% endblock %}}\n", "document 4 that it makes has no apiVersion"),
        ("apiVersion: batch/v1\nkind: Job\n", "document 1 that it makes has no metadata.name"),
    ],
)
def test_what_is_no_job_spec_is_told(text: str, message: str, tmp_path: Path) -> None:
    assert error_of(site(tmp_path, text)).message == f"{tmp_path}/evaluation_job.yml.j2: {message}"


def test_a_job_that_a_cluster_would_refuse_is_a_problem_of_the_template(tmp_path: Path) -> None:
    mount = "        - name: nowhere\n          mountPath: /x\n"
    with pytest.raises(FileProblemsError) as raised:
        render(site(tmp_path, f"{EXTENDS}{{% block volume_mounts %}}\n{mount}{{% endblock %}}\n"))
    (problem,) = raised.value.problems
    assert problem.file == f"{tmp_path}/evaluation_job.yml.j2"
    assert problem.path.startswith("Job.spec.template.spec.containers.0.volumeMounts.")
    assert problem.message == "no volume of the pod has the name 'nowhere'"


def test_a_directory_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        render(tmp_path / "nowhere")
    assert raised.value.lines() == [
        f"Error: --templates {tmp_path}/nowhere: there is no evaluation_job.yml.j2 in it",
        "  expected    a directory with the file evaluation_job.yml.j2",
    ]


def test_a_directory_without_our_template_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "evaluation_job.yaml.j2").write_text(EXTENDS)
    with pytest.raises(UsageError, match=r"there is no evaluation_job\.yml\.j2 in it"):
        render(tmp_path)


def test_a_template_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / evaluation.TEMPLATE).write_bytes(b"\xff\xfe")
    assert error_of(tmp_path).message.startswith(f"{tmp_path}: ")


def test_a_template_of_a_user_is_read_anew(tmp_path: Path) -> None:
    assert "first" in render(site(tmp_path, f'{EXTENDS}{BLOCK}    a: "first"\n{{% endblock %}}\n')).text
    other = site(tmp_path, f'{EXTENDS}{BLOCK}    a: "a second one"\n{{% endblock %}}\n')
    assert "a second one" in render(other).text


def test_validate_uses_the_templates_too(tmp_path: Path) -> None:
    config = builders.write_config(tmp_path)
    templates = site(tmp_path / "site", f"{EXTENDS}{BLOCK}    a: {{{{ nothing | q }}}}\n{{% endblock %}}\n")
    with pytest.raises(CajajejoError, match="'nothing' is undefined"):
        checking.check(config, None, Rendering(templates=templates))
