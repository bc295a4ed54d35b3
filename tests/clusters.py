"""A fake cluster and ours talking to it: what tests of the connection arrange with. No wait takes time."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cajajejo import cluster
from cajajejo.cluster import Cluster, Options
from tests.fakes.kubernetes import FakeKubernetes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass
class Talk:
    """Both ends, what the user was told, and how long was waited; `while_waiting` is called at each wait."""

    fake: FakeKubernetes
    kubeconfig: Path
    said: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    while_waiting: Callable[[], object] = lambda: None

    def connect(self, **options: Any) -> Cluster:
        """Ours."""
        chosen = {"on_retry": self.said.append, "sleep": self._sleep, "random": lambda: 1.0, **options}
        environ = {"KUBECONFIG": str(self.kubeconfig)}
        return cluster.connect(environ=environ, options=Options(**chosen))

    def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.while_waiting()

    def asked(self, start: int = 0) -> list[str]:
        """The requests that came, as ``GET /path``."""
        return [f"{request.method} {request.path}" for request in self.fake.requests[start:]]


@contextmanager
def talking(directory: Path, *, tls: bool = False) -> Iterator[Talk]:
    """A fake cluster that listens, and its kubeconfig."""
    with FakeKubernetes(tls=tls) as fake:
        yield Talk(fake, fake.kubeconfig(directory / "kubeconfig"))


def job(name: str = "a", **spec: Any) -> dict[str, Any]:
    """A small Job."""
    container = {"name": "eval", "image": "registry.example/eval:1"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}, **spec},
    }


def config_map(name: str = "c", **more: Any) -> dict[str, Any]:
    """A small ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **more}, "data": {"a": "b"}}
