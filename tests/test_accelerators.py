"""The catalogue of accelerators: what it says of each, and which version of GKE has it."""

from __future__ import annotations

import re

import pytest

from cajajejo import accelerators
from cajajejo.accelerators import GPU, TPU

COUNTS = {
    "nvidia-tesla-t4": (1, 2, 4),
    "nvidia-l4": (1, 2, 4, 8),
    "nvidia-tesla-a100": (1, 2, 4, 8, 16),
    "nvidia-a100-80gb": (1, 2, 4, 8),
    "nvidia-rtx-pro-6000": (1, 2, 4, 8),
    "nvidia-h100-80gb": (1, 2, 4, 8),
    "nvidia-h100-mega-80gb": (8,),
    "nvidia-h200-141gb": (8,),
    "nvidia-b200": (8,),
}
"""GKE Autopilot's documentation, April 2026."""


@pytest.mark.parametrize("name", COUNTS)
def test_gke_has_them_in_these_numbers(name: str) -> None:
    entry = accelerators.catalogue()[name]
    assert entry.gke is not None
    assert (entry.resource, entry.gke.counts) == (GPU, COUNTS[name])


def test_what_is_being_withdrawn_is_told() -> None:
    old = {name for name, entry in accelerators.catalogue().items() if entry.note}
    assert old == {"nvidia-tesla-p4", "nvidia-tesla-p100", "nvidia-tesla-v100"}


def test_a_tpu_has_topologies_whose_chips_are_their_product() -> None:
    tpus = {name: entry for name, entry in accelerators.catalogue().items() if entry.resource == TPU}
    assert set(tpus) == {"tpu-v5-lite-podslice", "tpu-v5p-slice", "tpu-v6e-slice"}
    for entry in tpus.values():
        assert entry.gke is not None
        for topology, chips in entry.gke.topologies.items():
            product = 1
            for side in topology.split("x"):
                product *= int(side)
            assert product == chips


def test_every_name_can_be_a_label_and_stands_on_some_cluster() -> None:
    for name, entry in accelerators.catalogue().items():
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name)
        assert entry.gke or entry.eks or entry.product, name


def test_an_accelerator_is_found_by_its_own_name_and_by_that_of_eks() -> None:
    assert accelerators.find("nvidia-l4") == accelerators.find("l4") == accelerators.catalogue()["nvidia-l4"]
    assert accelerators.find("nvidia-l5") is None


@pytest.mark.parametrize(
    ("name", "count", "version", "minimum"),
    [
        ("nvidia-l4", 8, "1.24.0-gke.1", None),
        ("nvidia-h100-80gb", 8, "1.28.6-gke.1368999", "1.28.6-gke.1369000"),
        ("nvidia-h100-80gb", 8, "1.28.6-gke.1369000", None),
        ("nvidia-h100-80gb", 8, "1.29.0-gke.1", "1.29.1-gke.1575000"),
        ("nvidia-h100-80gb", 8, "1.30.1-gke.1", None),
        ("nvidia-h100-80gb", 8, "1.27.9-gke.1", "1.28.6-gke.1369000"),
        ("nvidia-h100-80gb", 1, "1.30.1-gke.1", "1.31.4-gke.1072000"),
        ("nvidia-h100-80gb", 1, "1.31.4-gke.1072000", None),
        ("nvidia-h100-80gb", 1, "1.31", None),
        ("nvidia-h200-141gb", 8, "1.31.3-gke.9", "1.31.4-gke.1183000"),
        ("nvidia-b200", 8, "1.32.2-gke.1421999", "1.32.2-gke.1422000"),
        ("nvidia-b200", 8, "v1.33.0", None),
        ("nvidia-rtx-pro-6000", 1, "1.33", "1.34.1-gke.1829001"),
        ("nvidia-a10g", 1, "1.20", None),
    ],
)
def test_the_first_version_that_has_it(name: str, count: int, version: str, minimum: str | None) -> None:
    assert accelerators.catalogue()[name].minimum_problem(count, version) == minimum


def test_a_version_without_a_patch_is_as_new_as_it_can_be() -> None:
    assert accelerators.gke_version("1.31") > accelerators.gke_version("1.31.9-gke.999999999")
    assert accelerators.gke_version("1.32") > accelerators.gke_version("1.31")
    with pytest.raises(ValueError, match="latest"):
        accelerators.gke_version("latest")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nvidia-l5", "did you mean nvidia-l4?"),
        ("nvidia-h100", "did you mean nvidia-h100-80gb?"),
        ("h100", "did you mean nvidia-h100-80gb?"),
        ("a100", "did you mean nvidia-tesla-a100?"),
        ("T4", "did you mean nvidia-tesla-t4?"),
        ("gaudi", "one of "),
    ],
)
def test_a_name_that_is_not_known_is_answered_with_the_one_that_was_meant(name: str, told: str) -> None:
    assert accelerators.suggestion(name, list(accelerators.catalogue())).startswith(told)
