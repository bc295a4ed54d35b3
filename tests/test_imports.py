"""What `cajajejo --help` imports: nothing heavy, ever."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"mlflow", "kubernetes", "google", "tensorboard", "numpy", "git", "jinja2", "yaml", "sqlite3", "rich", "torch"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["jobs", "evaluation", "run", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys; from cajajejo import cli; "
        f"code = cli.run(cli.app, {arguments!r}, prog_name='cajajejo'); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stderr.split()) & HEAVY == set()
