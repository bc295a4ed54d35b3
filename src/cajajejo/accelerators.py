"""The accelerator catalogue, as data: what there is, under which label, in which numbers, since which GKE version."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field

from cajajejo import yamldocuments
from cajajejo.phrases import closest
from cajajejo.validation import LabelValue, StrictModel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GPU: Final = "nvidia.com/gpu"
TPU: Final = "google.com/tpu"

_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:-gke\.(\d+))?")
_HIGHEST: Final = 2**31

GkeVersion = tuple[int, int, int, int]
"""``1.31.4-gke.1072000`` as numbers that compare."""


def gke_version(text: str) -> GkeVersion:
    """The version as numbers; what is left out is as high as can be, so that ``1.31`` means any 1.31.

    Raises:
        ValueError: it is none.
    """
    match = _VERSION.match(text)
    if match is None:
        raise ValueError(text)
    major, minor, patch, build = (_HIGHEST if part is None else int(part) for part in match.groups())
    return major, minor, patch, build


def _check_version(text: str) -> str:
    gke_version(text)
    return text


Version = Annotated[str, AfterValidator(_check_version)]


class GkeFacts(StrictModel):
    """What GKE offers of an accelerator."""

    counts: tuple[int, ...] = ()
    topologies: dict[str, int] = Field(default_factory=dict)
    minimum: tuple[Version, ...] = ()
    minimum_for: dict[int, Version] = Field(default_factory=dict)


class Accelerator(StrictModel):
    """One entry of the catalogue."""

    title: str
    resource: str
    gke: GkeFacts | None = None
    eks: LabelValue | None = None
    product: tuple[LabelValue, ...] = ()
    note: str | None = None

    def minimum_problem(self, count: int, version: str) -> str | None:
        """The GKE version that `count` of them need, where `version` is older; None where it is not."""
        if self.gke is None:
            return None
        wanted = self.gke.minimum_for.get(count)
        minimums = (wanted,) if wanted else self.gke.minimum
        if not minimums or gke_version(version) >= gke_version(max(minimums, key=gke_version)):
            return None
        same_minor = [text for text in minimums if gke_version(text)[:2] == gke_version(version)[:2]]
        if any(gke_version(version) >= gke_version(text) for text in same_minor):
            return None
        return (same_minor or list(minimums))[0]


@cache
def catalogue() -> Mapping[str, Accelerator]:
    """Every accelerator that is known, by its name in job configs."""
    text = resources.files("cajajejo").joinpath("accelerators.yml").read_text("utf-8")
    (entries,) = yamldocuments.load_documents(text)
    return {name: Accelerator.model_validate(entry) for name, entry in entries.items()}


def find(name: str) -> Accelerator | None:
    """The entry of `name`, or of the name that EKS has for it; None where it is not known."""
    known = catalogue()
    return known.get(name) or next((entry for entry in known.values() if entry.eks == name), None)


def suggestion(name: str, names: Sequence[str]) -> str:
    """The known name that was probably meant, or the list of all."""
    holding = [known for known in names if name.lower() in known]
    guess = holding[0] if holding else closest(name.lower(), names)
    return f"did you mean {guess}?" if guess else f"one of {', '.join(names)}."
