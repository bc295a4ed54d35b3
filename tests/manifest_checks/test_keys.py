"""Keys of ConfigMaps and Secrets that pods use."""

from __future__ import annotations

from typing import Any

import pytest

from cajajejo import manifest_checks
from tests.manifest_checks.objects import EVAL, POD, VERSION, an, check

MAP = {"name": "eval-configs"}
ITEMS = [{"key": "eval_config.yaml", "path": "a"}]
TYPO = "the ConfigMap 'eval-configs' of this manifest has no key 'eval_config.yaml': the pod would not start (warning)"


def projected(**source: Any) -> tuple[str, Any]:
    return f"{POD}.volumes.2", {"name": "all", "projected": {"sources": [source]}}


def variable(**source: Any) -> tuple[str, Any]:
    return f"{EVAL}.env.1", {"name": "A", "valueFrom": source}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ((f"{POD}.volumes.0.configMap.items", ITEMS), f"{POD}.volumes.0.configMap.items.0.key"),
        (projected(configMap={**MAP, "items": ITEMS}), f"{POD}.volumes.2.projected.sources.0.configMap.items.0.key"),
        (variable(configMapKeyRef={**MAP, "key": "eval_config.yaml"}), f"{EVAL}.env.1.valueFrom.configMapKeyRef.key"),
    ],
)
def test_key_that_the_config_map_does_not_have_is_found(change: tuple[str, Any], place: str) -> None:
    job = an("Job", change)
    assert check(job, an("ConfigMap")) == [f"{place}: {TYPO}"]
    hint = manifest_checks.check([job, an("ConfigMap")], version=VERSION)[0].hint
    assert hint == "did you mean eval_config.yml? (one of eval_config.yml)"


@pytest.mark.parametrize(
    "change",
    [
        (f"{POD}.volumes.0.configMap.items", [{"key": "eval_config.yml", "path": "a"}]),
        (f"{POD}.volumes.0.configMap", {**MAP, "items": ITEMS, "optional": True}),
        variable(configMapKeyRef={**MAP, "key": "eval_config.yaml", "optional": True}),
        variable(configMapKeyRef={"name": "of-the-cluster", "key": "any"}),
        variable(secretKeyRef={"name": "token", "key": "token"}),
    ],
)
def test_key_that_is_there_or_need_not_be_passes(change: tuple[str, Any]) -> None:
    assert check(an("Job", change), an("ConfigMap"), an("Secret")) == []


def test_keys_of_secrets_stand_in_both_of_their_fields() -> None:
    job = an(
        "Job",
        (f"{POD}.volumes.2", {"name": "a", "secret": {"secretName": "token", "items": [{"key": "b", "path": "b"}]}}),
    )
    assert check(job, an("ConfigMap"), an("Secret", ("stringData", {"b": "c"}))) == []
    assert check(job, an("ConfigMap"), an("Secret")) == [
        (
            f"{POD}.volumes.2.secret.items.0.key: "
            "the Secret 'token' of this manifest has no key 'b': the pod would not start (warning)"
        )
    ]
