"""Files below a path of the artifact store that a tracking server stands before."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit

from cajajejo.errors import ModelError
from cajajejo.models.source import RemoteFile, checked
from cajajejo.models.web import SourceRefusedError, Web, trusted
from cajajejo.storage import paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ARTIFACTS: Final = "/api/2.0/mlflow-artifacts/artifacts"
_LARGE: Final = 1024 * 1024
_PARTIAL: Final = 206
_CHANGED: Final = frozenset({404, 416})


def connect(uri: str, environ: Mapping[str, str]) -> Web:
    """The tracking server at `uri`, asked with the login of MLflow's own variables."""
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    tls = trusted(environ)
    if environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in {"true", "1"}:
        tls["cert_reqs"] = "CERT_NONE"
    if environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH"):
        tls["ca_certs"] = environ["MLFLOW_TRACKING_SERVER_CERT_PATH"]
    if environ.get("MLFLOW_TRACKING_CLIENT_CERT_PATH"):
        tls["cert_file"] = environ["MLFLOW_TRACKING_CLIENT_CERT_PATH"]
    user = environ.get("MLFLOW_TRACKING_USERNAME") or unquote(parts.username or "")
    password = environ.get("MLFLOW_TRACKING_PASSWORD") or unquote(parts.password or "")
    headers = {}
    if user and password:
        headers["Authorization"] = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
    elif environ.get("MLFLOW_TRACKING_TOKEN"):
        headers["Authorization"] = f"Bearer {environ['MLFLOW_TRACKING_TOKEN']}"
    return Web(f"{parts.scheme}://{host}{parts.path}", "the tracking server", headers, tls)


class ProxiedArtifacts:
    """The files below `root` of the artifact store of the server that `web` asks.

    A server whose artifacts are files of its own sends parts; one that takes them from a bucket first copies the
    whole file, and sends all of it.
    """

    def __init__(self, web: Web, root: str) -> None:
        self._web = web
        self._root = root
        self.address = f"{web.base} {root}"
        self.name = root.rpartition("/")[2]

    def files(self) -> Sequence[RemoteFile]:
        """Every file.

        Raises:
            ModelError: there is none, or `root` is a single file.
            SourceAwayError: the server does not answer.
        """
        found: list[tuple[str, int | None]] = sorted(
            (path, self._length(path) if size is None else size) for path, size in self._below("")
        )
        if not found:
            above, _, last = self._root.rpartition("/")
            alone = any(one["path"] == last and not one["is_dir"] for one in self._listed(above))
            what = "a single file, where the directory of a model is meant" if alone else "there is no such artifact"
            raise ModelError(f"{what}: {self._root}")
        filled = [(size, path) for path, size in found if size]
        ranged = bool(filled) and self._first_byte(min(filled)[1])[0]
        listed = (
            RemoteFile(
                path,
                size,
                version=self._first_byte(path)[1] if ranged and size and size > _LARGE else None,
                ranged=ranged,
                key=self._url(path),
            )
            for path, size in found
        )
        return checked(listed, self.address)

    def read(self, file: RemoteFile, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of `file` from `start` up to `end`; where the server knows no parts, what is before is passed over.

        Raises:
            ModelError: it is gone, or changed since it was listed.
            SourceAwayError: the connection broke, was silent for too long, or ended early.
        """
        last = file.size if end is None else end
        if last is not None and start >= last:
            return
        part = (
            {} if start == 0 and last == file.size else {"Range": f"bytes={start}-{'' if last is None else last - 1}"}
        )
        try:
            response = self._web.ask("GET", file.key, headers=part if file.ranged else {})
        except SourceRefusedError as error:
            if error.status not in _CHANGED:
                raise
            raise ModelError(f"gone, or changed since it was listed: {file.path}", facts=error.facts) from error
        if file.version is not None and response.headers.get("ETag") != file.version:
            response.close()
            raise ModelError(f"changed since it was listed: {file.path}")
        yield from self._web.body(response, start, last, file.path)

    def _below(self, folder: str) -> Iterator[tuple[str, int | None]]:
        for one in self._listed(f"{self._root}/{folder}".rstrip("/")):
            path = f"{folder}/{one['path']}".lstrip("/")
            if one["is_dir"] and not paths.leads_out(path):
                yield from self._below(path)
            else:
                yield path, one["size"]

    def _listed(self, path: str) -> Iterator[dict[str, Any]]:
        told = self._web.json(f"{_ARTIFACTS}?path={quote(path, safe='', errors='replace')}")
        with self._web.understood():
            listed = [(one, one.get("file_size")) for one in told.get("files", [])]
            yield from (
                {
                    "path": str(one["path"]),
                    "is_dir": bool(one.get("is_dir")),
                    "size": None if size is None else int(size),
                }
                for one, size in listed
            )

    def _url(self, path: str) -> str:
        return f"{_ARTIFACTS}/{quote(f'{self._root}/{path}', errors='replace')}"

    def _length(self, path: str) -> int | None:
        """The size of a file for which the list has none: of an empty one MLflow leaves it out."""
        response = self._web.ask("GET", self._url(path))
        length = response.headers.get("Content-Length")
        response.close()
        return None if length is None else int(length)

    def _first_byte(self, path: str) -> tuple[bool, str | None]:
        """Whether a part of the file can be had, and its version."""
        response = self._web.ask("GET", self._url(path), headers={"Range": "bytes=0-0"})
        tag = response.headers.get("ETag")
        response.close()
        return response.status == _PARTIAL, None if tag is None or tag.startswith("W/") else str(tag)
