"""Whether there is a network, by the usual variables, and where downloaded data sets are."""

from __future__ import annotations

from pathlib import Path

import pytest

from cajajejo import offline


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, None),
        ({"HF_HUB_OFFLINE": "0"}, None),
        ({"HF_HUB_OFFLINE": ""}, None),
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE"),
        ({"HF_DATASETS_OFFLINE": "yes", "HF_HUB_OFFLINE": "off"}, "HF_DATASETS_OFFLINE"),
        ({"TRANSFORMERS_OFFLINE": "True"}, "TRANSFORMERS_OFFLINE"),
    ],
    ids=str,
)
def test_the_usual_variables_say_that_there_is_no_network(environ: dict[str, str], name: str | None) -> None:
    assert offline.variable(environ) == name


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"HF_DATASETS_CACHE": "/d", "HF_HOME": "/h"}, "/d"),
        ({"HF_HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/h/datasets"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/u"}, "/x/huggingface/datasets"),
        ({"HOME": "/u"}, "/u/.cache/huggingface/datasets"),
    ],
    ids=str,
)
def test_data_sets_are_where_their_library_keeps_them(environ: dict[str, str], place: str) -> None:
    assert offline.data_sets(environ) == Path(place)


def test_a_data_set_is_there_when_it_was_prepared(tmp_path: Path) -> None:
    environ = {"HF_DATASETS_CACHE": str(tmp_path)}
    (tmp_path / "allenai___ai2_arc" / "ARC-Easy" / "0.0.0" / "hash").mkdir(parents=True)
    (tmp_path / "Rowan___hella_swag" / "default-1234" / "0.0.0" / "hash").mkdir(parents=True)
    (tmp_path / "begun" / "default").mkdir(parents=True)
    found = {
        (name, subset): offline.has_data_set(environ, name, subset)
        for name, subset in (
            *(("allenai/ai2_arc", "ARC-Easy"), ("allenai/ai2_arc", "ARC-Challenge"), ("allenai/ai2_arc", None)),
            *(("Rowan/HellaSwag", None), ("Rowan/HellaSwag", "default"), ("begun", None), ("other/ai2_arc", None)),
        )
    }
    assert [name for name, there in found.items() if not there] == [
        ("allenai/ai2_arc", "ARC-Challenge"),
        ("begun", None),
        ("other/ai2_arc", None),
    ]
