"""The package itself: what it offers in Python, and what it costs to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

import cajajejo
from cajajejo.comparison import frames
from cajajejo.metrics.notebook import judging, scalars, shifting


def test_importing_the_package_imports_no_more_than_before() -> None:
    program = "import sys; before = set(sys.modules); import cajajejo; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["cajajejo"]


def test_the_package_names_what_it_has() -> None:
    assert set(cajajejo.__all__) == {"__version__", "compare", "judge", "read_events", "shifts"}
    assert set(dir(cajajejo)) >= set(cajajejo.__all__)
    assert (cajajejo.compare, cajajejo.judge) == (frames.compare, judging.judge)
    assert (cajajejo.read_events, cajajejo.shifts) == (scalars.read_events, shifting.shifts)
    with pytest.raises(AttributeError, match="has no attribute 'comapre'"):
        getattr(cajajejo, "comapre")  # noqa: B009  # mypy knows that it is not there


def test_judging_numbers_imports_no_library_of_data_frames() -> None:
    program = (
        "import sys; import cajajejo; cajajejo.judge([1.0, 1.1, 1.0, 2.0], comparison='less', fixed_value=1.5);"
        "cajajejo.shifts([1.0] * 30); print(*({'pandas', 'polars', 'pyarrow', 'scipy', 'mlflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
