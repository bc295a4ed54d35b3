"""Where the checkpoints of a Job lie: in the spool, or among the artifacts of its MLflow run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from cajajejo import storage, tracking
from cajajejo.errors import require

DIRECTORY: Final = "checkpoint"
"""What the directory is called among the artifacts of a run."""
NAMES: Final = "*.tar.gz"
"""The names of archives."""


class Shelf(Protocol):
    """Where the archives of one Job lie. Every method raises whatever the server makes it raise."""

    def put(self, archive: Path) -> None:
        """Keeps the file `archive` under its name; one of that name is replaced."""

    def get(self, directory: Path) -> list[Path]:
        """The archives that lie here, brought into `directory`."""

    def remove(self) -> None:
        """Takes all of them away; there may be none."""


@dataclass(frozen=True, slots=True)
class RunArtifacts:
    """The artifacts of an MLflow run."""

    uri: str
    run_id: str

    def put(self, archive: Path) -> None:
        """Keeps the file `archive` under its name."""
        with tracking.client(self.uri) as store:
            store.log_artifact(self.run_id, str(archive), DIRECTORY)

    def get(self, directory: Path) -> list[Path]:
        """The archives that lie here, brought into `directory`."""
        with tracking.client(self.uri) as store:
            found = [entry.path for entry in store.list_artifacts(self.run_id, DIRECTORY)]
            names = [name for name in found if PurePosixPath(name).match(NAMES)]
            return [Path(store.download_artifacts(self.run_id, name, str(directory))) for name in names]

    def remove(self) -> None:
        """Takes all of them away."""
        module = "mlflow.store.artifact.artifact_repository_registry"
        with tracking.client(self.uri) as store:
            if store.list_artifacts(self.run_id, DIRECTORY):
                root = store.get_run(self.run_id).info.artifact_uri
                registry = require(module, extra="evaluation", purpose="tracking")
                registry.get_artifact_repository(root, tracking_uri=self.uri).delete_artifacts(DIRECTORY)


@dataclass(frozen=True, slots=True)
class SpoolPlace:
    """A directory in the spool: in a bucket, or on a disk that outlives the pod."""

    address: str

    @classmethod
    def of(cls, spool_uri: str, job_uid: str) -> SpoolPlace:
        """The place for a Job."""
        return cls(f"{spool_uri.rstrip('/')}/{DIRECTORY}s/{job_uid}")

    def put(self, archive: Path) -> None:
        """Keeps the file `archive` under its name."""
        storage.upload(archive, f"{self.address}/{archive.name}")

    def get(self, directory: Path) -> list[Path]:
        """The archives that lie here, brought into `directory`."""
        if not storage.exists(self.address):
            return []
        storage.download(self.address, directory)
        return sorted(directory.glob(NAMES))

    def remove(self) -> None:
        """Takes all of them away."""
        if storage.exists(self.address):
            storage.remove(self.address)
