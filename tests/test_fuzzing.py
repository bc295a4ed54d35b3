"""The fuzzer of `scripts/fuzz.py`: it searches, it gets behind checksums, and it says when something fails."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from random import Random
from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics import events
from cajajejo.metrics.config import MetricsConfig
from tests.builders import ROOT
from tests.fuzzing import checks, documents, records
from tests.metrics.events import plain, written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SCRIPT = ROOT / "scripts" / "fuzz.py"
needs_atheris = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this Python or system"
)


def fuzz(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command: Sequence[str] = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=300)


@needs_atheris
@pytest.mark.parametrize("target", ["events", "config", "baselines"])
def test_five_seconds_of_search_find_nothing(target: str, tmp_path: Path) -> None:
    told = fuzz(target, "--seconds", "5", "--corpus", str(tmp_path / "corpus"), folder=tmp_path)
    assert told.returncode == 0, told.stderr[-3000:]
    done = re.search(r"Done (\d+) runs", told.stderr)
    assert done is not None
    assert int(done[1]) > 20
    assert list((tmp_path / "corpus").iterdir())


@needs_atheris
def test_an_input_can_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(b"anything")
    told = fuzz("events", "--replay", "input", folder=tmp_path)
    assert (told.returncode, "Executed input" in told.stderr) == (0, True), told.stderr


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # chance that can be had again


def scalars(count: int) -> list[bytes]:
    return [written.event(step, 1.0 + step, written.simple("loss", step)) for step in range(count)]


def other(data: bytes, longest: int) -> bytes:
    """In place of libFuzzer's own changes: the last byte is another."""
    return bytes([*data[:-1], data[-1] ^ 1])[:longest] if data else b"x"


def test_most_inputs_have_right_checksums_and_other_content() -> None:
    data = b"".join(map(written.framed, scalars(30)))
    made = [records.mutated(data, 1 << 14, chance(seed), other) for seed in range(200)]
    whole = [one for one in made if plain.read(one).damaged == 0]
    assert (len(whole) > 50, len(set(made)) > 100) == (True, True)


def test_the_records_of_any_bytes_can_be_told_apart() -> None:
    data = b"".join(map(written.framed, scalars(3)))
    assert list(records.payloads_of(data)) == scalars(3)
    assert list(records.payloads_of(data[:-5]))[:2] == scalars(2)
    assert list(records.payloads_of(b"garbage")) == [b""]


@pytest.mark.parametrize("seed", range(40))
def test_event_files_of_all_kinds_stand_the_check(seed: int, tmp_path: Path) -> None:
    random = chance(seed)
    data = b"".join(map(written.framed, scalars(120)))
    for _ in range(5):
        data = records.mutated(data, 1 << 14, random, other)
        checks.event_file(data, tmp_path)


def test_the_check_fails_where_a_reader_finds_something_else(tmp_path: Path) -> None:
    data = b"".join(map(written.framed, scalars(3)))
    other_file = written.write(tmp_path / "other" / "tfevents", [*scalars(2), *scalars(1)])
    for wrong in (b"", data[:-1], data + data, other_file):
        (tmp_path / "wrong" / "a").mkdir(parents=True, exist_ok=True)
        (tmp_path / "wrong" / "a" / "tfevents").write_bytes(wrong)
        with pytest.raises(AssertionError):
            checks.event_file(data, tmp_path, read=lambda _: events.read(tmp_path / "wrong"))


def test_documents_have_the_words_of_their_model_where_it_does_not() -> None:
    words = documents.names(MetricsConfig)
    assert {"success_threshold", "stddevs_from_mean", "required_metrics"} <= set(words)
    data = b"{metric_collection_config: {default_aggregation_strategies: [final]}}"
    made = {documents.mutated(data, 1000, chance(seed), other, words) for seed in range(100)}
    assert len(made) > 40
    assert any(b"stddevs_from_mean" in one or b"required_metrics" in one for one in made)
