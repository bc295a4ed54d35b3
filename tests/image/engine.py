"""A container engine, asked through its client as a user does."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import time
from typing import TYPE_CHECKING, Any, Final

from tests.builders import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PAGE: Final = ROOT / "docs" / "images.md"
PATIENCE_SECONDS: Final = 300.0


def docker(*words: str | Path, check: bool = True, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """What one command of docker said; its failure is the test's, with its words."""
    done = subprocess.run(
        ["docker", *map(str, words)], check=False, capture_output=True, text=True, input=stdin, timeout=PATIENCE_SECONDS
    )
    assert not check or done.returncode == 0, f"docker {' '.join(map(str, words))}: {done.stderr or done.stdout}"
    return done


def containers(images: Sequence[str]) -> set[str]:
    """The ids of all containers of these images, stopped ones too; nobody else's are touched."""
    found = [docker("ps", "--all", "--quiet", "--no-trunc", f"--filter=ancestor={image}") for image in images]
    return {container for done in found for container in done.stdout.split()}


def inspect(name: str) -> dict[str, Any]:
    """All that the engine knows of a container or an image."""
    (found,) = json.loads(docker("inspect", name).stdout)
    return dict(found)


def printed_command(beginning: str, end: str, image: str) -> str:
    """A command that the page prints, by its first and its last words, for the image under test."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    commands = [block.strip() for block in blocks]
    (command,) = [text for text in commands if text.startswith(beginning) and text.endswith(end)]
    return str(command).replace("neurips/evaluation", image)


def run_printed(command: str) -> subprocess.CompletedProcess[str]:
    """The outcome of a command of the page, run by a shell in the clone."""
    return subprocess.run(
        ["bash", "-c", command], cwd=ROOT, check=False, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )


def typed(command: str, lines: Sequence[str]) -> tuple[int, str]:
    """The exit code of a command that has a terminal, where `lines` are typed, and all that stood there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    os.write(ours, "".join(f"{line}\n" for line in lines).encode())
    written = b""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if not select.select([ours], [], [], 0.2)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            piece = os.read(ours, 65536)
        except OSError:  # how Linux tells that the other end is closed
            break
        written += piece
    os.close(ours)
    return process.wait(timeout=30), written.decode()
