"""Templates of a site that make what no Kubernetes object can hold, or have a part that nothing shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo import evaluation
from cajajejo.errors import CajajejoError
from cajajejo.evaluation import Rendering
from tests import sending

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.evaluation import Rendered

EXTENDS = '{% extends "cajajejo/evaluation_job.yml.j2" %}\n'


def render(directory: Path, text: str) -> Rendered:
    (directory / evaluation.TEMPLATE).write_text(text)
    return evaluation.parse_job(sending.CONFIG, sending.RUN_SPECS, rendering=Rendering(templates=directory))


WRONG = {
    "a field twice": ("pod_spec", "      restartPolicy: Never\n", "a field stands twice in one mapping"),
    "bytes": ("annotations", "    a: !!binary eA==\n", "what no Kubernetes object can hold"),
    "a set": ("annotations", "    a: !!set {x}\n", "what no Kubernetes object can hold"),
    "itself": ("documents", "---\na: &a [*a]\n", "holds itself"),
    "deep": ("documents", f"---\na: {'[' * 3000}{']' * 3000}\n", "nested too deeply"),
    "NUL": ("annotations", '    a: "\\0"\n', "text with the character NUL"),
    "a macro without end": ("env", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "maximum recursion depth"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_no_object_can_hold_is_an_expected_failure(case: str, tmp_path: Path) -> None:
    block, text, message = WRONG[case]
    with pytest.raises(CajajejoError, match=message):
        render(tmp_path, f"{EXTENDS}{{% block {block} %}}\n{text}{{% endblock %}}")


def test_a_template_that_extends_itself_is_an_expected_failure(tmp_path: Path) -> None:
    with pytest.raises(CajajejoError, match="maximum recursion depth"):
        render(tmp_path, '{% extends "evaluation_job.yml.j2" %}')


@pytest.mark.parametrize(("written", "read"), [("2026-11-22", "2026-11-22"), (r'"\\u0000"', r"\u0000")])
def test_what_only_looks_strange_is_kept(written: str, read: str, tmp_path: Path) -> None:
    (job,) = render(tmp_path, f"{EXTENDS}{{% block annotations %}}\n    a: {written}\n{{% endblock %}}").jobs
    assert job.document("Job")["metadata"]["annotations"]["a"] == read


def test_a_block_that_nothing_shows_is_a_warning(tmp_path: Path) -> None:
    rendered = render(tmp_path, EXTENDS + "{% block envv %}{% endblock %}{% block env %}{% endblock %}")
    assert [warning.lines() for warning in rendered.warnings] == [
        [f"{tmp_path / evaluation.TEMPLATE}: envv: no such block in the template that this one extends"]
    ]
    assert rendered.jobs[0].name == evaluation.parse_job(sending.CONFIG, sending.RUN_SPECS).jobs[0].name
