"""The fake as tests hold it: start it, arrange objects and accidents, point a client at it, look at what came."""

from __future__ import annotations

import base64
import json
import threading
from typing import TYPE_CHECKING, Any, Self

from tests.fakes import ports
from tests.fakes.kubernetes import access, admission, catalogue, certificates, faults, lifecycle, patches
from tests.fakes.kubernetes.access import Rule
from tests.fakes.kubernetes.api import Api
from tests.fakes.kubernetes.faults import Faults
from tests.fakes.kubernetes.lifecycle import Player
from tests.fakes.kubernetes.logs import Instance
from tests.fakes.kubernetes.messages import Answer
from tests.fakes.kubernetes.store import new_uid, now, table
from tests.fakes.kubernetes.transport import Listener

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from tests.fakes.kubernetes.access import User
    from tests.fakes.kubernetes.calls import Attempt
    from tests.fakes.kubernetes.faults import Sender
    from tests.fakes.kubernetes.messages import Request
    from tests.fakes.kubernetes.model import Object
    from tests.fakes.kubernetes.store import Change

TOKEN = "fake-token"  # noqa: S105 - opens nothing


class FakeKubernetes:
    """A cluster on a port of this machine; ``with FakeKubernetes() as cluster`` starts and stops it."""

    def __init__(self, *, port: int = 0, tls: bool = False) -> None:
        self.api = Api()
        self.certificate = certificates.make() if tls else None
        self.faults = Faults()
        self.requests: list[Request] = []
        self.crashes: list[Exception] = []
        self.token = TOKEN
        self.api.access.tokens[TOKEN] = access.admin()
        self._port = port
        self._held: socket.socket | None = None
        self._lock = threading.Lock()
        self._before: list[Callable[[int, Request], None]] = []
        self._listener: Listener | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._held is not None:
            self._held.close()
            self._held = None
        if self.crashes and error is None:
            raise self.crashes[0]

    @property
    def port(self) -> int:
        """The port; it stays the same when the server is stopped and started again, and is nobody's in between."""
        return self._port

    @property
    def url(self) -> str:
        """Where the server is."""
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self._port}"

    @property
    def termination_seconds(self) -> float:
        """How long a running Pod takes to go once it is deleted."""
        return self.api.collector.termination_seconds

    @termination_seconds.setter
    def termination_seconds(self, seconds: float) -> None:
        self.api.collector.termination_seconds = seconds

    def start(self) -> None:
        """Listens; the objects are those from before."""
        self.api.stopped = threading.Event()
        if self._held is None:
            self._held = ports.reserved(self._port)
            self._port = self._held.getsockname()[1] if self._held else self._port
        self._listener = Listener(self._port, self._serve, self.certificate.context if self.certificate else None)
        self._port = self._listener.port

    def stop(self, *, linger_seconds: float | None = None) -> None:
        """Refuses connections and cuts what is open, as SIGKILL does.

        With `linger_seconds` it is as with SIGTERM: open streams go on for so long, and end cleanly.
        """
        if self._listener is None:
            return
        listener, stopped, self._listener = self._listener, self.api.stopped, None
        listener.close(cut=linger_seconds is None)
        if linger_seconds is None:
            stopped.set()
            return
        timer = threading.Timer(linger_seconds, stopped.set)
        timer.daemon = True
        timer.start()

    def before(self, hook: Callable[[int, Request], None]) -> None:
        """`hook` is called with the number (from 1) of every request, and the request, before it is looked at."""
        self._before.append(hook)

    def kubeconfig(self, path: Path, *, token: str | None = None) -> Path:
        """Writes a kubeconfig (JSON, which is YAML) with the context ``fake`` and the namespace ``default``."""
        cluster: dict[str, Any] = {"server": self.url}
        if self.certificate:
            cluster["certificate-authority-data"] = base64.b64encode(self.certificate.authority.encode()).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": cluster}],
            "users": [{"name": "fake", "user": {"token": self.token if token is None else token}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake", "namespace": "default"}}],
        }
        path.write_text(json.dumps(config, indent=2) + "\n", "utf-8")
        return path

    def objects(self, kind: str, namespace: str | None = None) -> list[Object]:
        """The objects of a kind (or plural), in the order of their names."""
        found = self.api.store.all(catalogue.load().of_kind(kind)).values()
        return [value for value in found if namespace in (None, value["metadata"].get("namespace"))]

    def get(self, kind: str, name: str, namespace: str = "default") -> Object | None:
        """One object, or nothing."""
        resource = catalogue.load().of_kind(kind)
        return self.api.store.get(resource, namespace if resource.namespaced else None, name)

    def put(self, value: Object) -> Object:
        """Stores an object as it is, past all rules; gives it what it lacks of uid, namespace and times."""
        resource = catalogue.load().of_object(value)
        given = value["metadata"]
        live = self.get(resource.kind, given["name"], given.get("namespace", "default")) or {"metadata": {}}
        known = {key: live["metadata"][key] for key in ("uid", "creationTimestamp") if key in live["metadata"]}
        metadata = {"uid": new_uid(), "creationTimestamp": now(), **known, **given}
        if resource.namespaced:
            metadata.setdefault("namespace", "default")
        head = {"kind": resource.kind, "apiVersion": resource.api_version}
        return self.api.store.place(resource, {**head, **value, "metadata": metadata})

    def remove(self, kind: str, name: str, namespace: str = "default") -> Object | None:
        """Takes an object away, past all rules; its last state comes back."""
        resource = catalogue.load().of_kind(kind)
        return self.api.store.remove(resource, namespace if resource.namespaced else None, name)

    def namespace(self, name: str) -> None:
        """One more namespace."""
        self.api.add_namespace(name)

    def log(self, pod: str, text: str, *, container: str = "eval", namespace: str = "default", **more: Any) -> None:
        """Lines that a container of a Pod wrote; ``previous=True`` for the run before, `at` for their time."""
        previous = bool(more.pop("previous", False))
        self.api.logs.write(Instance(namespace, pod, container, previous), text, **more)

    def update(self, kind: str, name: str, changes: Object, *, namespace: str = "default") -> Object:
        """Merges `changes` into an object, past all rules; for example a status."""
        resource = catalogue.load().of_kind(kind)
        with self.api.store.changed:
            live = self.get(kind, name, namespace)
            if live is None:
                raise KeyError(f"no {kind} {name} in {namespace}")
            merged = patches.patch(resource, live, changes, patches.MERGE)
            return self.api.store.set(resource, merged)

    def scenario(self, file: Path, *, job: str | None = None, namespace: str = "default") -> Player:
        """A player of the recorded scenario in `file` (``watch.ndjson``, or the directory of one) for a Job."""
        return Player(self.api.store, lifecycle.load(file), job=job, namespace=namespace)

    def when_created(self, kind: str, hook: Callable[[Object], None]) -> None:
        """`hook` is called with every new object of a kind, in a thread of its own."""
        place = table(catalogue.load().of_kind(kind))

        def listener(change: Change) -> None:
            if change.kind == "ADDED" and change.table == place:
                threading.Thread(target=hook, args=(change.object,), daemon=True).start()

        self.api.store.listeners.append(listener)

    def deny(self, verb: str, resource: str, *, namespace: str | None = None) -> None:
        """Everybody is refused `verb` on `resource` (``jobs``, ``pods/log``, ``*``) from now on."""
        self.api.access.denials.append(Rule((verb,), ("*",), (resource,), namespace=namespace))

    def admit(self, hook: Callable[[Attempt], Object | None]) -> None:
        """`hook` sees every create and update: it may raise an ApiError, or return another object."""
        self.api.admission.append(hook)

    def policy(self, name: str, verdict: Callable[[Attempt], str | None]) -> None:
        """A ValidatingAdmissionPolicy; `verdict` gives the message of a denial, or nothing."""
        self.admit(admission.policy(name, verdict))

    def job_quota(self, name: str, limit: int, *, namespace: str = "default") -> None:
        """A ResourceQuota that allows so many Jobs."""
        self.admit(admission.quota(name, namespace, limit, lambda: len(self.objects("Job", namespace))))

    def webhook_fails(self, name: str, address: str, reason: str) -> None:
        """Every create and update meets a webhook that cannot be called."""
        self.admit(admission.failing_webhook(name, address, reason))

    def user(self, token: str, user: User) -> None:
        """From now on `token` stands for `user`."""
        self.api.access.tokens[token] = user

    def _serve(self, request: Request, sender: Sender) -> None:
        with self._lock:
            self.requests.append(request)
            number = len(self.requests)
        for hook in self._before:
            hook(number, request)

        def produce() -> Answer:
            try:
                return self.api.answer(request)
            except Exception as error:  # noqa: BLE001 - a mistake of the fake, which the end of the test tells
                self.crashes.append(error)
                return Answer(500, f"the fake API server crashed: {error!r}\n")

        faults.deliver(self.faults.take(request), sender, produce)
