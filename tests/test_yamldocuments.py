"""YAML that other programs write; rendered manifests are read in `test_manifests` and its neighbours."""

from __future__ import annotations

import pytest

from cajajejo import yamldocuments


def test_of_a_tag_that_we_do_not_know_the_text_stays() -> None:
    text = "task: ours\nprocess_docs: !function utils.process\nn: 0.10\nmore: !list [1]\n"
    assert yamldocuments.load_tagged(text) == {
        "task": "ours",
        "process_docs": "utils.process",
        "n": 0.1,
        "more": None,
    }


@pytest.mark.parametrize("text", ["a: [", "a: \x00", "!!python/object:os.system {}"], ids=["open", "NUL", "Python"])
def test_what_is_no_yaml_is_an_error(text: str) -> None:
    with pytest.raises(yamldocuments.BrokenYamlError):
        yamldocuments.load_tagged(text)
