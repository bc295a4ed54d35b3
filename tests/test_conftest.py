"""Tests cannot see home."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

POLLUTION = {
    "HOME": "/polluted",
    "KUBECONFIG": "/polluted/kubeconfig",
    "MLFLOW_TRACKING_URI": "http://polluted",
    "GOOGLE_APPLICATION_CREDENTIALS": "/polluted/key.json",
    "CAJAJEJO_HISTORY": "sqlite:///polluted.db",
    "CI": "true",
}


@pytest.fixture(scope="module")
def polluted_machine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in POLLUTION.items():
            patch.setenv(name, value)
        yield


@pytest.mark.usefixtures("polluted_machine")
def test_nothing_of_the_machine_reaches_a_test() -> None:
    left = {name: os.environ[name] for name in POLLUTION if name in os.environ}
    assert set(left) == {"HOME", "KUBECONFIG"}
    assert not any("polluted" in value for value in left.values())


def test_home_is_empty() -> None:
    assert list(Path.home().iterdir()) == []
    assert not Path(os.environ["KUBECONFIG"]).exists()
