"""An artifact of an MLflow run as the far end of a fetch, as ``mlflow artifacts download -r RUN -a PATH`` finds it.

The files are those of the run below the path, and those of the model that the run logged under its name, as MLflow 3
keeps models; of two with one path the model's counts. They are read from where they are: through the tracking server
(``mlflow-artifacts:``), in a bucket, or on this machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit

from cajajejo import storage, tracking
from cajajejo.errors import ModelError, SourceAwayError, TrackingError
from cajajejo.models.bucket_source import BucketSource
from cajajejo.models.local_source import LocalSource
from cajajejo.models.mlflow_proxy import ProxiedArtifacts, connect
from cajajejo.models.source import checked
from cajajejo.models.web import SourceRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.models.source import RemoteFile, Source
    from cajajejo.models.web import Web

_API: Final = "/api/2.0/mlflow"
_PROXIED: Final = "/api/2.0/mlflow-artifacts"
_NOT_FOUND: Final = 404


class MlflowSource:
    """The artifact `path` of the run `run_id` on `tracking_uri`."""

    def __init__(self, tracking_uri: str, run_id: str, path: str, environ: Mapping[str, str]) -> None:
        self._uri = tracking_uri
        self._run_id = run_id
        self._path = path.strip("/")
        self._environ = environ
        self.address = f"runs:/{run_id}/{self._path}"
        self.name = self._path.rpartition("/")[2]
        self._read_from: dict[str, Source] = {}

    def files(self) -> Sequence[RemoteFile]:
        """Every file of the artifact.

        Raises:
            ModelError: there is no such run or artifact, it is a single file, or we may not read it.
            SourceAwayError: the tracking server or the storage does not answer.
        """
        found: dict[str, RemoteFile] = {}
        refusals: list[ModelError] = []
        for source in self._sources():
            try:
                listed = source.files()
            except SourceAwayError:
                raise
            except ModelError as error:
                refusals.append(error)
                continue
            found |= {file.path: file for file in listed}
            self._read_from |= {file.path: source for file in listed}
        if not found:
            asked = {"asked for": f"artifact {self._path} of run {self._run_id}", **refusals[0].facts}
            look = f"mlflow artifacts list -r {self._run_id}"
            raise ModelError(refusals[0].message, facts=asked, run=refusals[0].run or look) from refusals[0]
        return checked(found.values(), self.address)

    def read(self, file: RemoteFile, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of `file` from `start` up to `end`.

        Raises:
            ModelError: it is gone, changed since it was listed, or we may not read it.
            SourceAwayError: the connection broke, was silent for too long, or ended early.
        """
        if file.path not in self._read_from:
            self.files()
        yield from self._read_from[file.path].read(file, start, end)

    def _sources(self) -> list[Source]:
        over_http = urlsplit(self._uri).scheme in {"http", "https"}
        places = self._asked(connect(self._uri, self._environ)) if over_http else self._looked_up()
        return [self._open(place) for place in places]

    def _asked(self, web: Web) -> list[str]:
        """Where the files are, as the tracking server says."""
        try:
            told = web.json(f"{_API}/runs/get?run_id={quote(self._run_id, safe='')}")
        except SourceRefusedError as error:
            if error.status == _NOT_FOUND:
                raise ModelError(f"the tracking server has no run {self._run_id}", facts=error.facts) from error
            raise
        name, below = self._model_name()
        with web.understood():
            info = told["run"]["info"]
            models = _logged_models(web, info["experiment_id"], name)
            return [
                storage.join(info["artifact_uri"], self._path),
                *(f"{model['artifact_uri']}{below}" for model in models if model.get("source_run_id") == self._run_id),
            ][:2]

    def _looked_up(self) -> list[str]:
        """Where the files are, as a store that is not asked over HTTP says."""
        name, below = self._model_name()
        try:
            with tracking.client(self._uri) as store:
                info = store.get_run(self._run_id).info
                models = store.search_logged_models([info.experiment_id], filter_string=f"name = '{name}'")
                own = [model.artifact_location for model in models if model.source_run_id == self._run_id]
        except TrackingError as error:
            raise ModelError(error.message, facts=error.facts, run=error.run) from error
        return [storage.join(info.artifact_uri, self._path), *(f"{place}{below}" for place in own[:1])]

    def _model_name(self) -> tuple[str, str]:
        """The name that a model would have been logged under, and the rest of the path."""
        name, slash, rest = self._path.partition("/")
        return name.replace("'", ""), slash + rest

    def _open(self, place: str) -> Source:
        scheme = urlsplit(place).scheme
        if storage.is_remote(place):
            return BucketSource(place)
        if scheme in {"", "file"}:
            return LocalSource(Path(unquote(urlsplit(place).path) if scheme else place))
        if scheme == "mlflow-artifacts" and urlsplit(self._uri).scheme in {"http", "https"}:
            parts = urlsplit(place)
            own = urlsplit(self._uri)
            base = f"{own.scheme}://{parts.netloc}" if parts.netloc else self._uri
            return ProxiedArtifacts(connect(base, self._environ), parts.path.strip("/"))
        if scheme in {"http", "https"} and _PROXIED in place:
            base, _, path = place.partition(f"{_PROXIED}/artifacts")
            return ProxiedArtifacts(connect(base, self._environ), unquote(path).strip("/"))
        known = "mlflow-artifacts:, gs://, s3://, file:"
        raise ModelError(f"a kind of artifact store that is not known: {place}", facts={"known": known})


def _logged_models(web: Web, experiment_id: str, name: str) -> Iterator[dict[str, Any]]:
    asked: dict[str, Any] = {"experiment_ids": [experiment_id], "filter": f"name = '{name}'"}
    while True:
        try:
            page = web.json(f"{_API}/logged-models/search", sent=asked)
        except SourceRefusedError:
            return  # a server before MLflow 3 has none
        yield from (model["info"] for model in page.get("models", []))
        if not page.get("next_page_token"):
            return
        asked["page_token"] = page["next_page_token"]
