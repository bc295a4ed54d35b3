"""An API server that says yes to everything at once, in a process of its own: what measurements of a client talk to.

Reading finds nothing, lists are empty, and what is created or patched comes back with a uid. Nothing is kept.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

_NOTHING: Final = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "not found",
    "reason": "NotFound",
    "code": 404,
}
_GIVEN: Final = {"uid": "00000000-0000-0000-0000-000000000000", "resourceVersion": "1"}
_LISTS: Final = {"jobs": ("JobList", "batch/v1"), "configmaps": ("ConfigMapList", "v1")}


def _answer(method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    last = path.partition("?")[0].rpartition("/")[2]
    if method == "GET" and last in _LISTS:
        kind, version = _LISTS[last]
        return 200, {"kind": kind, "apiVersion": version, "metadata": {"resourceVersion": "1"}, "items": []}
    if method == "GET":
        return 404, {**_NOTHING, "details": {"name": last}}
    found = json.loads(body)
    found["metadata"] = {**found.get("metadata", {}), **_GIVEN, "creationTimestamp": "2026-11-21T14:02:11Z"}
    if method == "PATCH":
        return 200, {"kind": "ConfigMap", "apiVersion": "v1", **found}
    return 201, found


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *lines = head.decode("latin-1").split("\r\n")
            lengths = [line.partition(":")[2] for line in lines if line.lower().startswith("content-length:")]
            body = await reader.readexactly(int(lengths[0])) if lengths else b""
            method, path, _ = first.split(" ")
            status, found = _answer(method, path, body)
            content = json.dumps(found).encode()
            told = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
            writer.write(told.encode() + content)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _listen(port: Connection) -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0, limit=2**24)
    port.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _run(port: Connection) -> None:
    asyncio.run(_listen(port))


@contextmanager
def running(directory: Path) -> Iterator[Path]:
    """The kubeconfig of a server that runs meanwhile."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_run, args=(there,), daemon=True)
    process.start()
    try:
        named = {"cluster": "canned", "user": "canned", "namespace": "default"}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "canned",
            "clusters": [{"name": "canned", "cluster": {"server": f"http://127.0.0.1:{here.recv()}"}}],
            "users": [{"name": "canned", "user": {}}],
            "contexts": [{"name": "canned", "context": named}],
        }
        path = directory / "canned-kubeconfig"
        path.write_text(json.dumps(config), "utf-8")
        yield path
    finally:
        process.kill()
        process.join()
