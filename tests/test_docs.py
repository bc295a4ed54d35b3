"""The documents and the code say the same."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from cajajejo import accelerators, cli, config, errors, job_outputs, outputs, profiles, schemas, validation
from cajajejo.metrics import config as metrics_config
from cajajejo.status import Reason, State

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent


def docs_script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("docs_script", ROOT / "scripts" / "docs.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def leaves() -> list[tuple[str, Any]]:
    found = docs_script().commands(typer.main.get_command(cli.app), ("cajajejo",))
    return [(" ".join(path), command) for path, command in found]


def test_the_page_of_commands_is_what_the_code_makes() -> None:
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == docs_script().page()


def test_the_page_of_commands_shows_what_help_prints(capsys: pytest.CaptureFixture[str]) -> None:
    page = "".join((ROOT / "docs" / "cli.md").read_text("utf-8").split())
    for path, _ in leaves():
        assert cli.run(cli.app, [*path.split()[1:], "--help"], prog_name="cajajejo") == 0
        assert "".join(capsys.readouterr().out.split()) in page, path


@pytest.mark.parametrize(("path", "command"), [pytest.param(*leaf, id=leaf[0]) for leaf in leaves()])
def test_every_command_has_a_sentence_and_an_example(path: str, command: Any) -> None:
    sentence, _, rest = (command.help or "").partition("\n\n")
    assert sentence.endswith(".")
    assert re.match(r"(Example|Start here): (cajajejo|python3)", rest), path


def test_a_letter_means_the_same_wherever_it_occurs() -> None:
    letters: dict[str, set[str]] = {}
    for _, command in leaves():
        for parameter in command.params:
            short = [name for name in parameter.opts if re.fullmatch(r"-\w", name)]
            for name in short:
                letters.setdefault(name, set()).add(str(parameter.name))
    assert {letter: names for letter, names in letters.items() if len(names) > 1} == {}


def test_every_exit_code_has_its_meaning() -> None:
    assert list(errors.EXIT_CODES) == list(errors.ExitCode)


def documented(model: type[validation.StrictModel]) -> list[str]:
    names = []
    for name in validation.field_names(model, ()):
        names.append(name)
        inner = [validation.field_names(model, (name, *deeper)) for deeper in ((), ("x",), (0,))]
        names += [part for group in inner for part in group]
    return names


@pytest.mark.parametrize(
    ("page", "model"),
    [("jobs.md", config.EvaluationJobConfig), ("metrics.md", metrics_config.MetricsConfig)],
)
def test_every_field_of_a_file_is_documented(page: str, model: type[validation.StrictModel]) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    assert [name for name in documented(model) if not re.search(rf"[`.]{name}`|{name}:", text)] == []


def test_the_page_about_following_lists_every_state_and_every_reason() -> None:
    page = (ROOT / "docs" / "following.md").read_text("utf-8")

    def first_column(title: str) -> list[str]:
        rows = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0].splitlines()
        return [name for row in rows if row.startswith("| `") for name in re.findall(r"`(\w+)`", row.split("|")[1])]

    assert first_column("States") == list(State)
    assert first_column("Reasons")[1:] == list(Reason)


def test_the_page_about_following_names_fields_that_there_are() -> None:
    page = (ROOT / "docs" / "following.md").read_text("utf-8")
    named = set(re.findall(r"`((?:compute|kubernetes)_config\.\w+)`", page))
    known = {
        f"{section}.{field}"
        for section in ("compute_config", "kubernetes_config")
        for field in validation.field_names(config.EvaluationJobConfig, (section,))
    }
    assert named
    assert named <= known


def test_every_field_that_advice_names_is_one_of_the_config() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "src/cajajejo/status").glob("*.py"))
    named = set(re.findall(r'"((?:compute|kubernetes|storage)_config(?:\.\w+)*)"', text))
    assert len(named) > 15  # they are found at all
    for path in named:
        *sections, field = path.split(".")
        assert field in validation.field_names(config.EvaluationJobConfig, tuple(sections)), path


def test_every_document_about_jobs_is_on_the_page_about_following_with_its_fields() -> None:
    page = (ROOT / "docs" / "following.md").read_text("utf-8").partition("`--json`\n\n")[2]
    rows = {row.split("|")[-2].strip(" `"): row for row in page.splitlines() if row.startswith("| ")}
    told = re.compile(r"\bjobs (list|status|watch|wait|explain|logs|cancel|delete)\b")
    about_jobs = [name for name, one in schemas.PUBLISHED.items() if told.search(one.title)]
    assert len(about_jobs) == 7
    assert [name for name in about_jobs if name not in rows] == []
    assert [name for name in job_outputs.Job.model_fields if f"`{name}`" not in rows["job"]] == []
    inner: dict[str, type[outputs.Output]] = {
        "job-explanation": job_outputs.JobEvidence,
        "ended-jobs": job_outputs.EndedJob,
    }
    for name, model in inner.items():
        assert [field for field in model.model_fields if f'"{field}"' not in rows[name]] == []


def test_the_page_about_clusters_lists_every_profile_and_accelerator() -> None:
    text = (ROOT / "docs" / "clusters.md").read_text("utf-8")
    first = re.findall(r"^\| `([a-z0-9-]+)`(?: \(default\))? \|", text, re.MULTILINE)
    assert [name for name in first if name in profiles.PROFILES] == list(profiles.PROFILES)
    assert [name for name in first if name in accelerators.catalogue()] == list(accelerators.catalogue())
    for name, entry in accelerators.catalogue().items():
        (row,) = re.findall(rf"^\| `{name}` \|(.*)$", text, re.MULTILINE)
        facts = entry.gke
        told = (
            [*facts.minimum, *facts.minimum_for.values(), *map(str, facts.counts), *facts.topologies] if facts else []
        )
        assert [part for part in (entry.title, *told) if part not in row] == []


def test_the_page_about_clusters_shows_the_example_of_a_site_template() -> None:
    page = (ROOT / "docs" / "clusters.md").read_text("utf-8")
    shown = page.partition("```jinja\n")[2].partition("```")[0]
    assert (ROOT / "templates" / "evaluation_job.yml.j2").read_text("utf-8").endswith(shown)


def test_every_block_of_the_template_is_on_the_page_about_clusters() -> None:
    template = (ROOT / "src/cajajejo/templates/evaluation_job.yml.j2").read_text("utf-8")
    page = (ROOT / "docs" / "clusters.md").read_text("utf-8")
    blocks = re.findall(r"{% block (\w+) %}", template)
    assert [block for block in blocks if f"`{block}`" not in page] == []


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
)
def test_every_link_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not ((ROOT / page).parent / target).exists()] == []


def test_every_module_has_its_place_in_the_page_about_development() -> None:
    page = (ROOT / "docs" / "development.md").read_text("utf-8")
    package = ROOT / "src" / "cajajejo"
    folders = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    modules = {path.name for path in package.glob("*.py")} - {"__init__.py"}
    assert [name for name in sorted(modules | folders) if not re.search(rf"[`/]{re.escape(name)}`", page)] == []
