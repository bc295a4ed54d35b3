"""``--set PATH=VALUE``: where a value goes, what it may be, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import config as configs
from cajajejo import overrides, yamlfile
from cajajejo.errors import FileProblemsError, UsageError
from tests import builders

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.yamlfile import Document

TEXT = "image: a\nimage_tag: 1.10\nhelm:\n  args: [--max, '10']\n  suite: v1\nmodel:\nmatrix: [{a: 1}, ]\n"
EXAMPLE = "for example --set helm.suite=v2, --set helm.args.1=20, --set 'tracking_config.tags.\"team.name\"=nlp'"


def document() -> Document:
    return yamlfile.parse(TEXT, "f.yml")


def changed(*settings: str) -> dict[str, Any]:
    """The fields of the document that `settings` change."""
    before, after = document().data, overrides.apply(document(), settings).data
    return {name: value for name, value in after.items() if before.get(name, "absent") != value}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("image=b", {"image": "b"}),
        ("image=", {"image": None}),
        ("image=a=b", {"image": "a=b"}),
        ("image='4'", {"image": "4"}),
        ("image={a: [1]}", {"image": {"a": [1]}}),
        ("helm.suite=v2", {"helm": {"args": ["--max", "10"], "suite": "v2"}}),
        ("helm.args.1=20", {"helm": {"args": ["--max", 20], "suite": "v1"}}),
        ("helm.args.1=", {"helm": {"args": ["--max", None], "suite": "v1"}}),
        ("helm.args=[]", {"helm": {"args": [], "suite": "v1"}}),
        ("helm. suite =v2", {"helm": {"args": ["--max", "10"], "suite": "v2"}}),
        ("model.path=/m", {"model": {"path": "/m"}}),
        ("new.section.x=1", {"new": {"section": {"x": 1}}}),
        ("matrix.0.a=2", {"matrix": [{"a": 2}]}),
        ('tags."team.name"=nlp', {"tags": {"team.name": "nlp"}}),
        ('tags."a=b"=nlp', {"tags": {"a=b": "nlp"}}),
        (r'tags."a\"b\\c"=nlp', {"tags": {'a"b\\c': "nlp"}}),
        ('"image"=b', {"image": "b"}),
        ("tags.ключ=значение", {"tags": {"ключ": "значение"}}),
    ],
)
def test_a_value_goes_where_its_path_says(setting: str, expected: dict[str, Any]) -> None:
    assert changed(setting) == expected


def test_settings_are_applied_in_order_and_the_last_one_wins() -> None:
    assert changed("helm={args: [a]}", "helm.args.0=b", "helm.suite=x", "helm.suite=y") == {
        "helm": {"args": ["b"], "suite": "y"}
    }


def test_the_document_itself_stays_and_numbers_remember_how_they_were_written() -> None:
    before = document()
    after = overrides.apply(before, ["helm.suite=v2", "image=2.50"])
    assert before == document()
    assert [getattr(after.data[name], "text", None) for name in ("image", "image_tag")] == ["2.50", "1.10"]
    assert after.overridden == {("helm", "suite"), ("image",)}


@pytest.mark.parametrize(
    "setting",
    [
        "",
        "image",
        "=x",
        "image.=x",
        ".image=x",
        "helm..suite=x",
        'tags."a=x',
        'tags."a"b=x',
        " =x",
        '""=x',
        "helm.suite",
    ],
)
def test_what_is_not_path_and_value_is_a_usage_error(setting: str) -> None:
    with pytest.raises(UsageError) as caught:
        overrides.apply(document(), [setting])
    assert caught.value.lines() == [f"Error: --set {setting}: not PATH=VALUE", f"  expected    {EXAMPLE}"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("image.x=1", "--set image.x=1: image holds no fields"),
        ("helm.suite.a.b=1", "--set helm.suite.a.b=1: helm.suite holds no fields"),
        ("helm.args.0.x=1", "--set helm.args.0.x=1: helm.args.0 holds no fields"),
        ("helm.args.2=x", "--set helm.args.2=x: the list has no item 2; it has 0 to 1"),
        ("helm.args.-1=x", "--set helm.args.-1=x: the list has no item -1; it has 0 to 1"),
        ("helm.args.first=x", "--set helm.args.first=x: the list has no item first; it has 0 to 1"),
    ],
)
def test_a_path_that_leads_nowhere_is_a_usage_error(setting: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        overrides.apply(document(), [setting])
    assert caught.value.message == message


def test_an_empty_list_has_no_items_to_set() -> None:
    with pytest.raises(UsageError) as caught:
        overrides.apply(document(), ["helm.args=[]", "helm.args.0=x"])
    assert caught.value.message == "--set helm.args.0=x: the list has no item 0; it is empty"


def test_a_value_that_is_no_yaml_is_told_with_the_path() -> None:
    with pytest.raises(FileProblemsError) as caught:
        overrides.apply(document(), ["helm.args=[a"])
    assert caught.value.lines()[0].startswith("--set helm.args:")
    assert "not well-formed YAML" in caught.value.lines()[0]


def test_an_overridden_config_is_the_one_that_is_checked(tmp_path: Path) -> None:
    path = builders.write_config(tmp_path)
    config = configs.load(path, ["compute_config.cpu=8", 'tracking_config.tags."team.name"=nlp', "image_tag=1.10"])
    assert (config.compute_config.cpu, config.image_tag) == ("8", "1.10")
    assert config.tracking_config.tags.as_text()["team.name"] == "nlp"


def test_problems_of_overrides_are_told_under_their_paths(tmp_path: Path) -> None:
    with pytest.raises(FileProblemsError) as caught:
        configs.load(builders.write_config(tmp_path), ["compute_config.cpu=4GB", "helm.sute=v2", "image="])
    assert caught.value.lines() == [
        "--set compute_config.cpu: not a quantity: '4GB'",
        "    did you mean 4Gi (4.3 GB) or 4G (4.0 GB)?",
        "--set helm.sute: unknown field",
        "    did you mean suite? (one of args, suite, timeout_seconds)",
        "--set image: must be text, not empty",
        "3 problems in 3 files",
    ]
