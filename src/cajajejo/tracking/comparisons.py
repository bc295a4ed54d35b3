"""A comparison on the run of its candidate: two artifacts, and tags that tell the newest one; as often as one likes.

The digest among the tags says that all of it is there: it is taken away before the artifacts are sent, and set with the
other tags in one request after them. What the evaluation logged stays as it is, as do the run's status and its end.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import TrackingError
from cajajejo.tracking.connection import client
from cajajejo.tracking.patience import Limit, before, requests_of
from cajajejo.tracking.runs import set_tags

if TYPE_CHECKING:
    from collections.abc import Iterator

BASELINE: Final = "comparison.baseline"
"""The tag that names the baseline: the id of its run, or its directory."""
VERDICT: Final = "comparison.verdict"
"""The tag that says ``better``, ``equal``, ``worse`` or ``inconclusive``."""
OUTCOME: Final = "comparison.outcome"
"""The tag that says whether the candidate passes: ``pass``, ``fail`` or ``inconclusive``."""
POLICY: Final = "comparison.policy"
"""The tag that names the policy that decided; empty: the verdicts did."""
DIGEST: Final = "comparison.digest"
"""The tag that is a digest of the newest comparison."""
DIRECTORY: Final = "comparisons"
"""The directory among the artifacts."""
SECONDS: Final = 30.0
"""How long one answer is waited for."""
_RATE: Final = 100_000
"""Bytes a second that a store takes at least."""
_RETRIES: Final = 2
_LONGEST: Final = 80
_DIGITS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A comparison, as it is recorded.

    Attributes:
        baseline: the id of the baseline's run, or its directory.
        short: the same as it stands on a screen; artifacts are named after it.
        verdict: ``better``, ``equal``, ``worse`` or ``inconclusive``.
        outcome: ``pass``, ``fail`` or ``inconclusive``.
        document: the text of the artifact that is JSON.
        markdown: the text of the other one.
        policy: the file of the policy that decided; empty: none did.
    """

    baseline: str
    short: str
    verdict: str
    outcome: str
    document: str
    markdown: str
    policy: str = ""

    @property
    def name(self) -> str:
        """What its artifacts are called, without the suffix: ``7be1c2a0``, ``7be1c2a0-release`` under a policy."""
        policy = f"-{_plain(Path(self.policy).stem)}" if self.policy else ""
        return _plain(self.short) + policy

    @property
    def digest(self) -> str:
        """The same for the same comparison, and another for every other."""
        return hashlib.sha256(json.dumps(astuple(self)).encode()).hexdigest()

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Its artifacts: the name and the content of each."""
        for suffix, text in ((".json", self.document), (".md", self.markdown)):
            yield self.name + suffix, text.encode("utf-8", "backslashreplace")

    def tags(self) -> dict[str, str]:
        """What tells of it on its run."""
        told = {BASELINE: self.baseline, VERDICT: self.verdict, OUTCOME: self.outcome, POLICY: self.policy}
        return {**told, DIGEST: self.digest}


def _plain(name: str) -> str:
    """`name` as a file can be called everywhere; a hash of it tells it from others where it had to be changed."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name).lstrip(".")[:_LONGEST]
    return (
        plain if plain == name else f"{plain}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:_DIGITS]}"
    )


def record(uri: str, run_id: str, recorded: Recorded) -> bool:
    """Whether anything had to be sent, so that the comparison stands on the run now; else it was the newest there.

    Raises:
        TrackingAwayError: the store does not answer now; doing it again does no harm.
        TrackingError: it refuses, or has no such run.
    """
    size = sum(len(content) for _, content in recorded.files())
    limit = Limit(SECONDS + size / _RATE)
    with requests_of(limit.seconds, retries=_RETRIES):
        return before(limit, uri, lambda: _record(uri, run_id, recorded))


def _record(uri: str, run_id: str, recorded: Recorded) -> bool:
    with client(uri) as store:
        run = store.get_run(run_id)
        if run.info.lifecycle_stage != "active":
            command = f"mlflow runs restore --run-id {run_id}"
            raise TrackingError(f"the MLflow run was deleted: {run_id}", run=command)
        if run.data.tags.get(DIGEST) == recorded.digest:
            return False
        if DIGEST in run.data.tags:
            set_tags(store, run_id, {DIGEST: ""})
        _send(store, run_id, recorded)
        set_tags(store, run_id, recorded.tags())
    return True


def _send(store: Any, run_id: str, recorded: Recorded) -> None:
    with tempfile.TemporaryDirectory(prefix="cajajejo-") as temporary:
        for name, content in recorded.files():
            file = Path(temporary, name)
            file.write_bytes(content)
            store.log_artifact(run_id, str(file), DIRECTORY)
