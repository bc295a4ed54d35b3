from __future__ import annotations

import math
import re
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cajajejo.errors import MissingExtraError
from cajajejo.metrics.shifts import changes, engines
from cajajejo.metrics.shifts.scan import Scan
from tests.builders import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from cajajejo.metrics.shifts.engines import Engine

STEP = np.where(np.arange(60) < 40, 0.9, 0.8) + np.random.default_rng(3).normal(0, 0.004, 60)
UP_AND_DOWN = np.where((np.arange(90) >= 30) & (np.arange(90) < 60), 5.0, 0.0) + np.random.default_rng(4).normal(
    size=90
)

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(params=engines.ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    needs = {"otava": "otava.analysis", "kernelcpd": "ruptures"}
    if request.param in needs:
        pytest.importorskip(needs[request.param])
    found: Engine = request.param
    return found


def firsts(values: NDArray[np.float64], engine: Engine) -> list[int]:
    return [change.first for change in engines.change_points(values, engine)]


def test_a_step_is_one_change_with_the_medians_on_both_sides(engine: Engine) -> None:
    (change,) = engines.change_points(STEP, engine)
    assert (change.first, change.suspects) == (40, (40, 40))
    assert (change.before, change.after) == (np.median(STEP[:40]), np.median(STEP[40:]))
    assert change.scale == pytest.approx(0.004, rel=0.4)


def test_changes_come_oldest_first(engine: Engine) -> None:
    assert firsts(UP_AND_DOWN, engine) == [30, 60]


def test_the_run_that_an_engine_names_is_one_of_the_suspects(engine: Engine) -> None:
    small = np.where(np.arange(80) < 40, 0.0, 1.5) + np.random.default_rng(8).normal(size=80)
    for change in engines.change_points(small, engine):
        assert change.suspects[0] <= change.first <= change.suspects[1]


@pytest.mark.parametrize("count", range(10))
def test_fewer_than_ten_points_have_no_change(engine: Engine, count: int) -> None:
    assert engines.change_points(np.linspace(0.0, 900.0, count), engine) == ()


@pytest.mark.parametrize("value", [0.0, 1e-300, -7.5, 1e300], ids=["zero", "tiny", "negative", "huge"])
def test_a_constant_series_has_no_change(engine: Engine, value: float) -> None:
    assert engines.change_points(np.array([value] * 50, dtype=np.float64), engine) == ()


def test_a_constant_series_that_jumps_has_one_change(engine: Engine) -> None:
    (change,) = engines.change_points(np.repeat([0.0, 1.0], 20), engine)
    assert (change.first, change.suspects, change.before, change.after) == (20, (20, 20), 0.0, 1.0)


def test_a_lone_spike_is_no_change_for_ours_and_for_the_kernel() -> None:
    spiked = np.random.default_rng(5).normal(size=60)
    spiked[30] = 40.0
    assert firsts(spiked, "builtin") == []
    pytest.importorskip("ruptures")
    assert firsts(spiked, "kernelcpd") == []


@pytest.mark.parametrize("hole", [math.nan, math.inf, -math.inf], ids=["nan", "inf", "-inf"])
def test_what_is_no_finite_number_is_passed_over_and_places_stay_those_of_the_series(
    engine: Engine, hole: float
) -> None:
    (change,) = engines.change_points(np.insert(STEP, [0, 10, 39, 55], hole), engine)
    assert (change.first, change.before) == (43, np.median(STEP[:40]))


def test_changes_that_count_as_none_are_left_out(engine: Engine) -> None:
    assert engines.change_points(STEP, engine, Scan(absolute=0.2)) == ()
    assert len(engines.change_points(STEP, engine, Scan(absolute=0.05, relative=0.05))) == 1


@pytest.mark.parametrize("factor", [1e-3, 1e12], ids=["small", "large"])
def test_the_unit_of_a_metric_does_not_matter(engine: Engine, factor: float) -> None:
    assert firsts(STEP * factor, engine) == firsts(STEP, engine)


def test_ours_is_the_scan_itself() -> None:
    assert engines.change_points(STEP, "builtin") == changes.change_points(STEP)


@pytest.mark.parametrize("series", ["gauss", "spikes"])
def test_histories_without_a_change_rarely_have_one(engine: Engine, series: str) -> None:
    random = np.random.default_rng(11)
    histories = random.normal(size=(30, 120))
    if series == "spikes" and engine != "otava":
        histories[random.random(histories.shape) < 0.02] += 8.0
    assert sum(len(engines.change_points(history, engine)) for history in histories) <= 1


def test_how_many_runs_it_takes() -> None:
    assert engines.fewest_runs("builtin", Scan()) == 13
    assert engines.fewest_runs("builtin", Scan(min_history=20)) == 23
    assert engines.fewest_runs("otava", Scan()) == engines.fewest_runs("kernelcpd", Scan()) == 10


@pytest.mark.parametrize("missing", ["otava", "ruptures"])
def test_an_engine_that_is_not_installed_says_how_to_install_it(
    missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    kept = [folder for folder in sys.path if "site" not in folder]
    monkeypatch.setattr(sys, "path", [*kept, str(tmp_path)])
    engine: Engine = "otava" if missing == "otava" else "kernelcpd"
    with pytest.raises(MissingExtraError) as caught:
        engines.change_points(np.zeros(3), engine)
    cure = "pip install --no-deps apache-otava==0.8.0" if engine == "otava" else "poetry install -E shifts"
    assert caught.value.run[0] == cure
    assert "which is not installed" in caught.value.message


def test_this_checkout_installs_the_version_of_otava_that_the_module_is_written_for() -> None:
    setup = (ROOT / "scripts" / "environments.py").read_text("utf-8")
    assert re.findall(r'^OTAVA = "(.+)"$', setup, re.MULTILINE) == [engines.OTAVA]
    assert re.search(r'"--no-deps", OTAVA\]', setup)
