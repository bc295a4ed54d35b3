"""A cluster as plain functions over JSON: read, list, create, patch, delete; each either works or says what to do.

Nothing is discovered and nothing is typed: an object goes out and comes back as the dictionary it is, so that no field
is lost. What is sent again after a failure is the table in `retries`; the errors are those of `errors`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Self

from cajajejo.cluster import api_requests, kinds, refusals
from cajajejo.cluster.api_requests import APPLY, MERGE_PATCH, Request
from cajajejo.cluster.connection import Connection, Options, Sent, tell
from cajajejo.cluster.errors import ClusterError, MissingNamespaceError
from cajajejo.cluster.exchange import Answer, Asked, JsonObject, Target, plain
from cajajejo.cluster.kubeconfig import Place
from cajajejo.cluster.lists import Page, Wanted, key_of, page_of
from cajajejo.cluster.retries import Effect, parse_retry_after
from cajajejo.phrases import closest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.cluster.kinds import Kind

__all__ = ["ALL_NAMESPACES", "APPLY", "MERGE_PATCH", "Cluster", "Created", "Options", "Target", "connect"]

ALL_NAMESPACES: Final = "*"
"""Given as the namespace of a list: every namespace."""

_RESTARTS: Final = 3


@dataclass(frozen=True, slots=True)
class Created:
    """A created object and the server's warnings about it.

    `existed`: the answer to an earlier attempt was lost, and then the object was there; it is ours, or one that
    somebody else made at that moment. `object` is what is there, and the caller decides whether it is the same.
    """

    object: JsonObject
    warnings: tuple[str, ...] = ()
    existed: bool = False


def connect(
    context: str | None = None, *, environ: Mapping[str, str] | None = None, options: Options | None = None
) -> Cluster:
    """The cluster of a context; without one, the kubeconfig's current context, or the cluster that this pod is in.

    Nothing is sent yet.

    Args:
        context: the name of a context of the kubeconfig.
        environ: where ``KUBECONFIG`` and ``HOME`` are looked up; also the environment of a plugin that logs in.
        options: time-outs, retries, and who hears of them.

    Raises:
        KubeconfigError: there is no kubeconfig, it is wrong, or it has no such context.
        CredentialsError: the plugin that logs in is missing or failed.
        MissingExtraError: the package kubernetes is not installed.
    """
    chosen = options or Options()
    place = Place(context, os.environ if environ is None else environ, chosen.service_account)
    return Cluster(Connection(place, chosen))


class Cluster:
    """One cluster; may be used by many threads at once. Every method raises a `ClusterError` where it fails.

    Where a namespace is None, the context's namespace counts, then ``default``.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._connection.close()

    @property
    def target(self) -> Target:
        """Which cluster this is."""
        return self._connection.target

    @property
    def options(self) -> Options:
        """How it is talked to."""
        return self._connection.options

    def get(self, kind: str, name: str, namespace: str | None = None) -> JsonObject | None:
        """The object, or None where there is none of this name."""
        return self._get(self._asked("get", kinds.find(kind), name, namespace))

    def list(
        self,
        kind: str,
        namespace: str | None = None,
        *,
        selector: str = "",
        fields: str = "",
        limit_per_page: int = 500,
        api_version: str | None = None,
    ) -> Iterator[JsonObject]:
        """Every object once, page by page; where a page comes too late, the rest is listed anew.

        Args:
            kind: the kind of the objects.
            namespace: where; `ALL_NAMESPACES` for all.
            selector: a label selector, ``app=eval,run!=weekly``.
            fields: a field selector, ``involvedObject.name=x``.
            limit_per_page: how many objects one request brings.
            api_version: another one than that of our table, for clusters that serve an older one.
        """
        wanted = Wanted(kind, namespace, selector, fields, api_version)
        seen: set[str] = set()
        for page in self.pages(wanted, limit=limit_per_page):
            for item in page.items:
                key = key_of(item)
                if key not in seen:
                    seen.add(key)
                    yield item

    def pages(self, wanted: Wanted, *, limit: int = 500, patient: bool = True) -> Iterator[Page]:
        """The pages of a list; where one comes too late, the list begins anew with a page that is `anew`.

        Args:
            wanted: what is listed.
            limit: how many objects one request brings.
            patient: try again what may pass; without it the first failure is raised.
        """
        kind = kinds.find(wanted.kind, wanted.api_version)
        asked = self._asked("list", kind, None, wanted.namespace)
        token, restarts, anew = "", 0, True
        while anew or token:
            paging = [("limit", str(limit))] * bool(limit) + [("continue", token)] * bool(token)
            request = api_requests.reading(asked, [*wanted.query, *paging])
            sent = self._connection.send(replace(request, patient=patient))
            if sent.answer.status == HTTPStatus.GONE and token and restarts < _RESTARTS:
                token, limit, restarts, anew = "", 0, restarts + 1, True  # in one piece, so that it cannot expire again
                continue
            page = page_of(self._object(sent, asked), kind, anew=anew)
            yield page
            token, anew = page.token, False

    def stream(self, wanted: Wanted, query: Sequence[tuple[str, str]], *, read_seconds: float) -> Answer:
        """Opens a watch, once, without trying again; the caller reads and closes the answer's `stream`.

        What reading raises, `cluster_errors.unreachable` turns into ours.

        Args:
            wanted: what is watched.
            query: what else is asked, such as the resourceVersion to begin at.
            read_seconds: how long the stream may be silent.
        """
        asked = self._asked("watch", kinds.find(wanted.kind, wanted.api_version), None, wanted.namespace)
        reading = api_requests.reading(asked, [("watch", "true"), *wanted.query, *query])
        sent = self._connection.send(replace(reading, stream=True, read_seconds=read_seconds, patient=False))
        self._check(sent, asked)
        return sent.answer

    def create(self, document: Mapping[str, Any], *, dry_run: bool = False) -> Created:
        """Creates the object with strict checking of its fields; a dry run only checks it.

        Raises:
            AlreadyExistsError: an object of this name was there before.
            InvalidObjectError: the cluster does not take the object; every problem stands on a line of its own.
        """
        kind = kinds.find(str(document.get("kind")), str(document.get("apiVersion")))
        metadata = document.get("metadata")
        name, namespace = (metadata.get("name"), metadata.get("namespace")) if isinstance(metadata, dict) else ("", "")
        asked = self._asked("create", kind, name, namespace)
        sent = self._connection.send(api_requests.creation(asked, document, dry_run=dry_run))
        if sent.attempts.perhaps_done and not dry_run and refusals.reason_of(sent.answer) == "AlreadyExists":
            there = self._get(Asked("get", kind, name, asked.namespace))
            if there is not None:
                return Created(there, existed=True)
        return Created(self._object(sent, asked), sent.answer.warnings)

    def patch(
        self,
        kind: str,
        name: str,
        namespace: str | None,
        body: Any,
        *,
        content_type: str = MERGE_PATCH,
        force: bool = False,
        dry_run: bool = False,
    ) -> JsonObject:
        """Changes an object and returns it as it is then; `APPLY` with `force` also changes what others manage."""
        asked = self._asked("patch", kinds.find(kind), name, namespace)
        request = api_requests.patching(asked, body, content_type=content_type, force=force, dry_run=dry_run)
        return self._object(self._connection.send(request), asked)

    def delete(
        self,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        propagation: str = "Background",
        uid: str | None = None,
        version: str | None = None,
        dry_run: bool = False,
    ) -> bool:
        """Deletes the object and what belongs to it; False where it was not there.

        Args:
            kind: its kind.
            name: its name.
            namespace: where it is.
            propagation: ``Background``, ``Foreground`` or ``Orphan``.
            uid: only the very object that has this uid; the deletion can then be repeated when an answer is lost.
            version: with `uid`: only as it was at this resourceVersion.
            dry_run: only ask whether it could be deleted.

        Raises:
            ConflictError: the object of this name is another one than that of `uid`.
        """
        asked = self._asked("delete", kinds.find(kind), name, namespace)
        request = api_requests.deletion(asked, propagation=propagation, uid=uid, version=version, dry_run=dry_run)
        sent = self._connection.send(request)
        perhaps_done = sent.attempts.perhaps_done and not dry_run
        if refusals.is_missing(sent.answer, asked):
            return perhaps_done
        if perhaps_done and refusals.reason_of(sent.answer) == "Conflict":
            return True  # ours is gone, and somebody has made another one since
        self._object(sent, asked)
        return True

    def server_version(self) -> str:
        """The version of the cluster: ``v1.36.2``."""
        asked = Asked("get", path="/version")
        return plain(self._object(self._connection.send(api_requests.reading(asked)), asked).get("gitVersion"), 60)

    def can(self, verb: str, resource: str, group: str = "", namespace: str | None = None) -> bool:
        """Whether the user may do this: ``can("create", "jobs", "batch", "default")``; no namespace means all."""
        request = api_requests.review(verb, resource, group, namespace)
        status = self._object(self._connection.send(request), request.asked).get("status")
        return isinstance(status, dict) and status.get("allowed") is True

    def request(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        body: Any = None,
        *,
        stream: bool = False,
        read_seconds: float | None = None,
    ) -> Answer:
        """The answer to any request; with `stream`, its `stream` is the response of urllib3, still unread.

        What is read from that raises urllib3's errors, which `cluster_errors.unreachable` turns into ours; the caller
        closes it.
        """
        asked = Asked(method.lower(), path=path)
        effect = Effect.REPEATABLE if method == "GET" else Effect.ONCE
        encoded = None if body is None else api_requests.encode(body, asked)
        request = Request(asked, method, path, query, encoded, effect, stream=stream, read_seconds=read_seconds)
        sent = self._connection.send(request)
        self._check(sent, asked)
        return sent.answer

    def _asked(self, verb: str, kind: Kind, name: str | None, namespace: str | None) -> Asked:
        if not kind.namespaced or namespace == ALL_NAMESPACES:
            return Asked(verb, kind, name)
        return Asked(verb, kind, name, namespace or self.target.namespace or "default")

    def _get(self, asked: Asked) -> JsonObject | None:
        sent = self._connection.send(api_requests.reading(asked))
        return None if refusals.is_missing(sent.answer, asked) else self._object(sent, asked)

    def _object(self, sent: Sent, asked: Asked) -> JsonObject:
        self._check(sent, asked)
        found = sent.answer.json()
        if not isinstance(found, dict):
            raise refusals.unreadable(sent.answer, asked, self.target)
        return found

    def _check(self, sent: Sent, asked: Asked) -> None:
        """Raises the error that an answer outside of 2xx means."""
        if sent.answer.is_good:
            return
        error = tell(refusals.refused(sent.answer, asked, self.target), sent.attempts)
        error.retry_after = parse_retry_after(sent.answer.headers.get("retry-after"), self.options.now())
        if isinstance(error, MissingNamespaceError) and asked.namespace:
            self._suggest_namespace(error, asked.namespace)
        raise error

    def _suggest_namespace(self, error: MissingNamespaceError, name: str) -> None:
        """Names a similar namespace, where the user may list them."""
        try:
            names = [str(item["metadata"]["name"]) for item in self.list("Namespace")]
        except ClusterError:
            return
        guess = closest(name, names)
        if guess:
            error.facts["did you mean"] = plain(guess)
