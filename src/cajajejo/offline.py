"""Whether a harness may use the network, what needs none, and where Hugging Face's libraries keep data sets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLES: Final = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
"""Any of them keeps Hugging Face's libraries from downloading data sets."""
_ON: Final = {"1", "ON", "YES", "TRUE"}
NEEDS_NO_DOWNLOAD: Final = frozenset(
    {
        *("questions", "custom_mcqa", "simple1", "simple_classification", "simple_mcqa", "simple_short_answer_qa"),
        *("dyck_language", "synthetic_reasoning", "synthetic_reasoning_natural"),
    }
)
"""Scenarios of HELM that make their questions themselves, and those that read a file of yours."""


def variable(environ: Mapping[str, str]) -> str | None:
    """The variable of `environ` that says that there is no network; None where none does. The network is not asked."""
    return next((name for name in VARIABLES if environ.get(name, "").upper() in _ON), None)


def data_sets(environ: Mapping[str, str]) -> Path:
    """Where `datasets` keeps what it has prepared."""
    if named := environ.get("HF_DATASETS_CACHE"):
        return Path(named).expanduser()
    cache = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or "~").expanduser() / ".cache")
    return Path(environ.get("HF_HOME") or Path(cache, "huggingface")).expanduser() / "datasets"


def has_data_set(environ: Mapping[str, str], name: str, subset: str | None) -> bool:
    """Whether the data set of the hub called `name` was prepared before, with `subset` where that is named."""
    owner, slash, last = name.rpartition("/")
    snake = re.sub(r"([a-z\d])([A-Z])", r"\1_\2", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", last)).lower()
    prepared = data_sets(environ) / f"{owner}{'___' if slash else ''}{snake}"
    subsets = {path.parents[1].name for path in prepared.glob("*/*/*") if path.is_dir()}
    return bool(subsets) if subset is None else any(one == subset or one.startswith(f"{subset}-") for one in subsets)
