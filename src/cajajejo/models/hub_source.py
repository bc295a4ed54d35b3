"""A repository of the Hugging Face hub as the far end of a fetch.

The revision is resolved to a commit once, so that all files are of one state. Of weights that are there as
``*.safetensors`` and in other forms (``*.bin``, ``*.h5``, ``*.msgpack``, ``*.onnx``, …), only the first are taken. The
login is ``HF_TOKEN``; it is shown to the hub itself, and not to where the hub sends on to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from cajajejo.errors import ModelError
from cajajejo.models.source import Checksum, RemoteFile, checked
from cajajejo.models.web import SourceRefusedError, Web, trusted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ENDPOINT: Final = "https://huggingface.co"
_OTHER_WEIGHTS: Final = (
    *(".bin", ".bin.index.json", ".h5", ".msgpack", ".onnx", ".onnx_data", ".ot", ".pt", ".pth", ".tflite"),
)
_NO_LOGIN: Final = frozenset({401, 403})
_NOT_FOUND: Final = 404


class HubSource:
    """The files of `repository` at `revision`."""

    def __init__(self, repository: str, revision: str, environ: Mapping[str, str]) -> None:
        self._repository = repository
        self._revision = revision
        self._environ = environ
        self._has_login = bool(environ.get("HF_TOKEN"))
        self.address = f"hf://{repository}@{revision}"
        self.name = repository.rpartition("/")[2]
        self._connected: Web | None = None

    def files(self) -> Sequence[RemoteFile]:
        """Every file that a model is loaded from.

        Raises:
            ModelError: there is no such repository or revision, we may not read it, or this machine is set offline.
            SourceAwayError: the hub does not answer.
        """
        asked = f"/api/models/{self._repository}/revision/{quote(self._revision, safe='')}?blobs=true"
        try:
            told = self._web().json(asked)
        except SourceRefusedError as error:
            raise self._refused(error) from error
        with self._web().understood():
            commit = str(told["sha"])
            found = [self._file(one, commit) for one in told.get("siblings", [])]
        if any(file.path.endswith(".safetensors") for file in found):
            found = [file for file in found if not file.path.endswith(_OTHER_WEIGHTS)]
        if not found:
            raise ModelError(f"no files in {self.address}")
        return checked(found, self.address)

    def _file(self, told: Mapping[str, Any], commit: str) -> RemoteFile:
        path = str(told["rfilename"])
        large = told.get("lfs")
        checksum = None
        if large:
            checksum = Checksum("sha256", str(large["sha256"]))
        elif told.get("blobId"):
            checksum = Checksum("git", str(told["blobId"]))
        size = large["size"] if large and large.get("size") is not None else told.get("size")
        key = f"/{self._repository}/resolve/{commit}/{quote(path, errors='replace')}"
        return RemoteFile(path, None if size is None else int(size), checksum=checksum, version=commit, key=key)

    def read(self, file: RemoteFile, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of `file` from `start` up to `end`.

        Raises:
            ModelError: we may not read it.
            SourceAwayError: the connection broke, was silent for too long, or ended early.
        """
        last = file.size if end is None else end
        if last is not None and start >= last:
            return
        whole = start == 0 and last == file.size
        part = {} if whole else {"Range": f"bytes={start}-{'' if last is None else last - 1}"}
        try:
            response = self._web().ask("GET", file.key, headers=part)
        except SourceRefusedError as error:
            raise self._refused(error) from error
        yield from self._web().body(response, start, last, f"{file.path} of {self.address}")

    def _web(self) -> Web:
        if self._environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "TRUE", "YES", "ON"}:
            message = f"{self.address} is on the hub, and this machine is set offline"
            raise ModelError(message, facts={"named by": "HF_HUB_OFFLINE"}, run="unset HF_HUB_OFFLINE")
        if self._connected is None:
            endpoint = self._environ.get("HF_ENDPOINT") or _ENDPOINT
            headers = {"Authorization": f"Bearer {self._environ['HF_TOKEN']}"} if self._has_login else {}
            self._connected = Web(endpoint, "the hub", headers, trusted(self._environ))
        return self._connected

    def _refused(self, error: SourceRefusedError) -> ModelError:
        page = f"https://huggingface.co/{self._repository}"
        login = "export HF_TOKEN=…"
        if error.code == "GatedRepo":
            message = f"{self._repository} is gated: its terms must be accepted, by the owner of HF_TOKEN"
            return ModelError(message, facts={**error.facts, "accept at": page}, run=() if self._has_login else login)
        if error.code == "RevisionNotFound":
            return ModelError(f"{self._repository} has no revision {self._revision}", facts=error.facts)
        if error.code == "EntryNotFound":
            return ModelError(f"{self.address} has no such file any more", facts=error.facts)
        if error.status in _NO_LOGIN | {_NOT_FOUND}:
            seen = "with HF_TOKEN" if self._has_login else "without a login"
            message = f"the hub shows no repository {self._repository} {seen}"
            return ModelError(message, facts=error.facts, run=() if self._has_login else login)
        return error
