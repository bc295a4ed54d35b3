"""A container engine for the checks of the images, on a machine that has none: Debian as root, as in CI.

    python3 scripts/docker_engine.py run -- COMMAND…   start, run COMMAND with DOCKER_HOST set, stop
    python3 scripts/docker_engine.py start             start, and print the line `export DOCKER_HOST=…`
    python3 scripts/docker_engine.py stop              stop what `start` started, and nothing else

Where an engine answers (`docker info`), that one is used as it is and nothing is started. Elsewhere Debian's docker.io
is installed and started with all that it keeps under .cajajejo/docker. Because no registry may be reachable there,
`python:3.11-slim` is made from Debian's own packages: Python 3.11 of Debian 12, not the official image.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
HOME: Final = ROOT / ".cajajejo" / "docker"
BASE: Final = "python:3.11-slim"
ARCHIVE: Final = HOME / "python-3.11-slim.tar"
PID: Final = HOME / "dockerd.pid"
LOG: Final = HOME / "dockerd.log"
SOCKET: Final = HOME / "docker.sock"
LONGEST_SOCKET: Final = 100  # bytes of the path of a socket that Linux takes, nearly
PACKAGES: Final = {
    "dockerd": "docker.io",
    "iptables": "iptables",
    "debootstrap": "debootstrap",
    "docker": "docker-cli",  # apart from docker.io since Debian 13
    "docker-registry": "docker-registry",  # what the tests push to
}
RELEASE: Final = "bookworm"
INCLUDED: Final = "python3,python3-venv,python3-pip,ca-certificates"
MIRROR: Final = "http://deb.debian.org/debian"
CERTIFICATES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
PATIENCE_SECONDS: Final = 60.0


class EngineError(Exception):
    """No engine can be had; the message says why."""


def main() -> int:
    """Do what the command line says and return the exit code."""
    match sys.argv[1:]:
        case ["start"]:
            if start():
                print(f"export DOCKER_HOST={address()}")
        case ["stop"]:
            stop()
        case ["run", "--", _, *_]:
            return run(sys.argv[3:])
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def run(command: list[str]) -> int:
    """Run a command with an engine, stop the engine if it was started for this, and return the command's code."""
    was_there = engine_pid() is not None
    environment = {"DOCKER_HOST": address()} if start() else {}
    try:
        return subprocess.call(command, env={**os.environ, **environment})
    finally:
        if not was_there:
            stop()


def start() -> bool:
    """Return whether the engine is ours: one that answers by itself is used as it is, else ours is started.

    Raises:
        EngineError: there is none, and none can be started.
    """
    if os.environ.get("DOCKER_HOST") != address():
        if answers():
            say("an engine answers, and is used as it is")
            return False
        install()
        if answers():  # a package starts its service, where there are services
            make_base(dict(os.environ))
            return False
    if not answers(address()):
        launch()
    make_base({**os.environ, "DOCKER_HOST": address()})
    return True


def address() -> str:
    """Return where the engine listens that this program starts."""
    if len(str(SOCKET)) > LONGEST_SOCKET:
        raise EngineError(f"the path of this checkout is too long for a socket: {SOCKET}")
    return f"unix://{SOCKET}"


def answers(host: str | None = None) -> bool:
    """Return whether an engine answers at an address, or where `docker` looks by itself."""
    if shutil.which("docker") is None:
        return False
    environment = {**os.environ, "DOCKER_HOST": host} if host else dict(os.environ)
    command = ["docker", "info", "--format", "{{.ServerVersion}}"]  # without an engine it may end with 0 and no version
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    return done.returncode == 0 and bool(done.stdout.strip())


def install() -> None:
    """Install what is missing of Debian's packages."""
    if os.geteuid() != 0:
        raise EngineError("no container engine answers, and only root can start one; start yours: docker info")
    if all(is_there(program) for program in PACKAGES):
        return
    if shutil.which("apt-get") is None:
        raise EngineError("no container engine answers, and this is no Debian or Ubuntu that could install one")
    began, environment = time.monotonic(), {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with contextlib.suppress(EngineError):  # one of several sources may be away; what counts is what follows
        logged(["apt-get", "update", "-q"], environment, "apt-get could not update its lists")
    for program, package in PACKAGES.items():
        if not is_there(program):  # a package may have brought another's
            command = ["apt-get", "install", "-yq", "--no-install-recommends", package]
            logged(command, environment, f"apt-get could not install {package}")
    say("installed Debian's docker.io and what it needs", began)


def is_there(program: str) -> bool:
    """Return whether a program is installed."""
    return shutil.which(program, path=search_path()) is not None


def search_path() -> str:
    """Return PATH with the directories of programs for root, which a plain shell may lack."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def launch() -> None:
    """Start the engine in the background and wait until it answers."""
    began = time.monotonic()
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    directories = ["--data-root", str(HOME / "data"), "--exec-root", str(HOME / "run")]
    command = ["dockerd", *directories, "--pidfile", str(PID), "--host", address()]
    if engine_pid() is None:
        PID.unlink(missing_ok=True)  # of an earlier boot: dockerd would refuse to start
    with LOG.open("a", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "PATH": search_path()},
        )  # fmt: skip
    while not answers(address()):
        if process.poll() is not None or time.monotonic() - began > PATIENCE_SECONDS:
            stop()
            raise EngineError(f"dockerd did not start:\n{last_lines()}")
        time.sleep(0.2)
    say("dockerd answers", began)


def make_base(environment: dict[str, str]) -> None:
    """Make the base image, unless the engine has it."""
    there = ["docker", "image", "inspect", "--format", "{{.Id}}", BASE]
    if subprocess.call(there, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) == 0:
        return
    if not ARCHIVE.is_file():
        make_archive()
    began = time.monotonic()
    changes = ["--change", 'CMD ["python3"]', "--change", "ENV LANG=C.UTF-8"]
    logged(["docker", "import", *changes, str(ARCHIVE), BASE], environment, f"{BASE} could not be imported")
    say(f"imported as {BASE}", began)


def make_archive() -> None:
    """Write the root file system of the base image as a tar file."""
    began, part = time.monotonic(), ARCHIVE.with_suffix(".part")
    with room_for_a_tree() as tree:
        command = ["debootstrap", "--variant=minbase", f"--include={INCLUDED}", RELEASE, str(tree), mirror()]
        logged(command, {**os.environ, "PATH": search_path()}, "debootstrap could not make a base image")
        make_usable(tree)
        with tarfile.open(part, "w") as archive:
            archive.add(tree, arcname=".")
    part.replace(ARCHIVE)
    say(f"made {BASE} from packages of Debian", began)


@contextlib.contextmanager
def room_for_a_tree() -> Iterator[Path]:
    """An empty directory, in memory where it can be mounted: dpkg waits for the disk after every file."""
    tree = HOME / "base"
    clear(tree)
    tree.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1g,mode=0755", "tmpfs", str(tree)]
    subprocess.run(mount, check=False, capture_output=True)
    try:
        yield tree
    finally:
        clear(tree)


def clear(tree: Path) -> None:
    """Remove a tree with all that is mounted in it, what an interrupted run left too."""
    places = [Path(line.split()[4]) for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines()]
    for place in sorted(filter(lambda place: place.is_relative_to(tree), places), reverse=True):
        subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True)
    shutil.rmtree(tree, ignore_errors=True)


def make_usable(tree: Path) -> None:
    """Make the tree like the official image where it matters, and able to install from where this machine does."""
    (tree / "usr/bin/python").symlink_to("python3")
    for file in (tree / "usr/lib").glob("python3*/EXTERNALLY-MANAGED"):
        file.unlink()
    for cache in (*(tree / "var/cache/apt").glob("*.bin"), *(tree / "var/cache/apt/archives").glob("*.deb")):
        cache.unlink()
    for lists in (tree / "var/lib/apt/lists").iterdir():
        shutil.rmtree(lists) if lists.is_dir() else lists.unlink()
    if CERTIFICATES.is_file():  # a company's own authority is among them
        shutil.copyfile(CERTIFICATES, tree / CERTIFICATES.relative_to("/"))
    (tree / "etc/pip.conf").write_text(f"[global]\ncert = {CERTIFICATES}\n", encoding="utf-8")


def mirror() -> str:
    """Return the mirror of Debian that apt is set to use here."""
    files = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    text = "\n".join(file.read_text("utf-8", errors="replace") for file in files if file.is_file())
    found = re.search(r"^(?:deb(?: \[.*\])?|URIs:) (https?://\S+/debian)/?(?:\s|$)", text, re.MULTILINE)
    return found[1] if found else MIRROR


def stop() -> None:
    """Stop the engine that this program started, if it runs, and wait for its end."""
    pid = engine_pid()
    if pid is None:
        return
    began = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    while engine_pid() == pid:
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise EngineError(f"dockerd does not end: process {pid}")
        time.sleep(0.2)
    say("dockerd stopped", began)


def engine_pid() -> int | None:
    """Return the process of the engine that this program started, where it runs."""
    with contextlib.suppress(OSError, ValueError):
        pid = int(PID.read_text("utf-8"))
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        # A number is given again; only a dockerd with our pid file is ours. A zombie has ended.
        if str(PID).encode() in words and state != "Z":
            return pid
    return None


def logged(command: list[str], environment: dict[str, str], failure: str) -> None:
    """Run a command whose output goes to the log, and is shown where it fails."""
    HOME.mkdir(parents=True, exist_ok=True)
    with LOG.open("a", encoding="utf-8") as log:
        code = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    if code != 0:
        raise EngineError(f"{failure}:\n{last_lines()}")


def last_lines() -> str:
    """Return the end of the log, indented."""
    lines = LOG.read_text("utf-8", errors="replace").splitlines()[-8:]
    return "\n".join(f"  {line[:200]}" for line in lines)


def say(what: str, began: float | None = None) -> None:
    """Print one line of progress on stderr, with its time."""
    duration = "" if began is None else f"  {time.monotonic() - began:.1f} s"
    print(f"{'Engine':<15}{what}{duration}", file=sys.stderr, flush=True)


def interrupt(*_: object) -> None:
    """End as after Ctrl-C, so that the engine is stopped, too."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    try:
        sys.exit(main())
    except EngineError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
