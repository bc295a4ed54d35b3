"""The server without its sockets: a request goes in, an answer comes out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import yaml

from tests.fakes.kubernetes import access, deletion, discovery, eviction, logs, reading, reviews, routes, watch, writing
from tests.fakes.kubernetes.access import Access
from tests.fakes.kubernetes.calls import Attempt, Call
from tests.fakes.kubernetes.errors import unknown_resource
from tests.fakes.kubernetes.garbage import Collector
from tests.fakes.kubernetes.messages import Answer, Request, refusal
from tests.fakes.kubernetes.model import ApiError
from tests.fakes.kubernetes.store import Store, new_uid, now
from tests.fakes.kubernetes.tables import YAML, form, wants_yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.kubernetes.model import Object

LIMIT_BYTES = 3 * 1024 * 1024


class Api:
    """The objects and the rules of one cluster."""

    def __init__(self) -> None:
        self.store = Store()
        self.logs = logs.LogBook()
        self.access = Access()
        self.collector = Collector(self.store)
        self.admission: list[Callable[[Attempt], Object | None]] = []
        self.bookmark_seconds = 60.0
        self.stopped = threading.Event()
        for name in ("default", "kube-node-lease", "kube-public", "kube-system"):
            self.add_namespace(name)
        self.store.compact()

    def add_namespace(self, name: str) -> None:
        """A namespace that is there."""
        labels = {"kubernetes.io/metadata.name": name}
        metadata = {"name": name, "uid": new_uid(), "creationTimestamp": now(), "labels": labels}
        value = {"kind": "Namespace", "apiVersion": "v1", "metadata": metadata}
        self.store.set(
            writing.NAMESPACES, {**value, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        )

    def answer(self, request: Request) -> Answer:
        """The answer; refusals are answers, too."""
        warnings: list[str] = []
        try:
            return self._answer(request, warnings)
        except ApiError as error:
            return refusal(error, warnings)

    def _answer(self, request: Request, warnings: list[str]) -> Answer:
        user = self.access.user(request.headers.get("authorization"))
        target = routes.target(request)
        if target is None:
            if not access.page_allowed(user, request.path):
                raise access.page_refused(user, request.path)
            return discovery.answer(request)
        self.access.require(user, target.verb, target)
        resource = routes.resource(target)
        form(request)
        if len(request.body) > LIMIT_BYTES:
            message = f"Request entity too large: limit is {LIMIT_BYTES}"
            raise ApiError(413, "RequestEntityTooLarge", message, headers={"Connection": "close"})
        call = Call(request, target, resource, user, self.store, self.access, self.collector, self.admission, warnings)
        answer = self._serve(call)
        if wants_yaml(request) and isinstance(answer.body, dict):
            answer.body = yaml.safe_dump(answer.body, sort_keys=False, allow_unicode=True)
            answer.headers["Content-Type"] = YAML
        return answer

    def _serve(self, call: Call) -> Answer:
        if call.target.subresource == "log":
            return logs.log(call, self.logs, self.stopped.is_set)
        if call.target.subresource == "eviction":
            return eviction.evict(call)
        if call.target.subresource not in {"", "status", "finalize"}:
            raise unknown_resource()
        if call.resource.kind in reviews.KINDS:
            return reviews.review(call)
        handlers: dict[str, Callable[[Call], Answer]] = {
            "get": reading.get,
            "list": reading.list_,
            "create": writing.create,
            "update": writing.update,
            "patch": writing.patch,
            "delete": deletion.delete,
            "deletecollection": deletion.delete_all,
            "watch": lambda each: watch.watch(each, watch.Pace(self.bookmark_seconds, self.stopped.is_set)),
        }
        return handlers[call.target.verb](call)
