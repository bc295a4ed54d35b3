"""What is imported where: nothing heavy for help, and each optional package by the modules that are its seam."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

HEAVY = {
    *("mlflow", "kubernetes", "google", "tensorboard", "numpy", "scipy", "msgspec", "git", "jinja2", "yaml", "sqlite3"),
    *("rich", "torch"),
}
SOURCE = Path(__file__).resolve().parent.parent / "src" / "cajajejo"
SEAMS = {
    "mlflow": {"tracking/connection.py"},
    "git": {"provenance.py"},
    "tensorboard": {"event_writer.py", "metrics/events/messages.py"},
    "kubernetes": {"cluster/kubeconfig.py"},
    # which kubernetes brings
    "urllib3": {"cluster/connection.py", "metrics/sending/web.py", "models/web.py"},
    "gcsfs": {"storage/gcs.py", "storage/refusals.py"},
    "s3fs": {"storage/s3.py"},
    "fsspec": {"storage/streams.py"},  # which gcsfs and s3fs bring
    "aiohttp": {"storage/gcs.py", "storage/refusals.py"},  # as above
    "botocore": {"storage/refusals.py"},  # which s3fs brings
    "google": {
        "metrics/events/messages.py",  # protobuf, which tensorboard brings
        "storage/gcs.py",  # google-auth, which gcsfs brings
        "storage/refusals.py",
        "logs/cloud_connection.py",
        "logs/cloud_entries.py",
        "logs/cloud_sink.py",
        "metrics/history/bigquery/connection.py",
        "metrics/sending/google.py",
    },
    # which google-cloud-storage brings
    "google_crc32c": {"event_writer.py", "metrics/events/checksums.py", "models/checksums.py"},
    "scipy": {"comparison/__init__.py", "metrics/judgement/samples.py"},
    "numpy": {
        "metrics/aggregate.py",
        "metrics/events/__init__.py",
        "metrics/notebook/__init__.py",
        "metrics/shifts/__init__.py",
    },
    "pandas": {"metrics/notebook/frames.py"},
    "ruptures": {"metrics/shifts/engines.py"},
    "msgspec": {"comparison/__init__.py"},
    "psycopg": {"metrics/history/postgresql.py"},
    "pyarrow": {"metrics/interchange/parquet.py"},
    "requests": {"metrics/history/bigquery/connection.py"},  # which google-cloud-bigquery brings
    "grpc": {"logs/cloud_connection.py"},  # which tensorboard and google-cloud-logging bring
}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["jobs", "evaluation", "run", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys; from cajajejo import cli; "
        f"code = cli.run(cli.app, {arguments!r}, prog_name='cajajejo'); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stderr.split()) & HEAVY == set()


@pytest.mark.parametrize("arguments", [["--help"], ["jobs", "--help"], ["jobs", "watch", "--help"]])
def test_help_imports_of_ours_the_commands_and_little_more(arguments: list[str]) -> None:
    program = (
        "import sys; from cajajejo import cli; "
        f"code = cli.run(cli.app, {arguments!r}, prog_name='cajajejo'); "
        "print(*(name for name in sys.modules if name.startswith('cajajejo.')), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    parts = {name.split(".")[1] for name in done.stderr.split()}
    assert parts == {"cli", "errors", "local_state", "moments", "provenance"}


def test_each_optional_package_is_asked_for_by_its_seam_alone() -> None:
    found = defaultdict(set)
    for path in SOURCE.rglob("*.py"):
        for package in re.findall(r'require\(\s*"(\w+)', path.read_text("utf-8")):
            found[package].add(path.relative_to(SOURCE).as_posix())
    assert found == SEAMS
