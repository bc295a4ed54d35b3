"""A Google Cloud Storage and an S3 that answer over HTTP, and keep what they are given in memory."""

from __future__ import annotations

import functools
import logging
import threading
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

import urllib3
from gcp_storage_emulator.handlers import buckets
from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import Storage
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET: Final = "bucket"
AWS: Final = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
"""What S3 is asked with: any key will do."""


class _Server(ThreadingHTTPServer):
    """The emulator's own answers one request after the other, and would wait for one that is held up."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what the tests are about."""


@contextmanager
def google() -> Iterator[str]:
    """The address of a GCS with the empty bucket `BUCKET`; for ``STORAGE_EMULATOR_HOST``."""
    logging.getLogger("gcp_storage_emulator").setLevel(logging.CRITICAL)
    storage = Storage(use_memory_fs=True)
    buckets.create_bucket(BUCKET, storage)
    with _Server(("127.0.0.1", 0), functools.partial(RequestHandler, storage)) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@contextmanager
def amazon() -> Iterator[str]:
    """The address of an S3 with the empty bucket `BUCKET`; for ``AWS_ENDPOINT_URL_S3``."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        with urllib3.PoolManager() as pool:
            pool.request("POST", f"http://{host}:{port}/moto-api/reset")
            made = pool.request("PUT", f"http://{host}:{port}/{BUCKET}")
            assert made.status == 200, made.data
        yield f"http://{host}:{port}"
    finally:
        server.stop()
