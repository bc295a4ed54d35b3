"""Get and list: objects, pages of them, their metadata only, or tables."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.kubernetes import selectors, tables
from tests.fakes.kubernetes.errors import bad_request, expired, not_found, number
from tests.fakes.kubernetes.messages import Answer
from tests.fakes.kubernetes.model import ApiError

if TYPE_CHECKING:
    from tests.fakes.kubernetes.calls import Call
    from tests.fakes.kubernetes.model import Object
    from tests.fakes.kubernetes.selectors import Test

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


def get(call: Call) -> Answer:
    """The answer to GET of one object."""
    live = call.live()
    if live is None:
        raise not_found(call.resource, call.target.name)
    form = tables.form(call.request)
    if form == "Table":
        return Answer(
            200, tables.table(call.resource, [live], {"resourceVersion": live["metadata"]["resourceVersion"]})
        )
    if form == "PartialObjectMetadata":
        return Answer(200, tables.partial(live))
    return Answer(200, live)


def list_(call: Call) -> Answer:
    """The answer to GET of all objects, or of a page."""
    chosen = selection(call)
    page = _page(call)
    rows, metadata = _rows(call, chosen, page)
    form = tables.form(call.request)
    if form == "Table":
        return Answer(200, tables.table(call.resource, rows, metadata))
    if form.startswith("PartialObjectMetadata"):
        items = [tables.partial(row) for row in rows]
        head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
        return Answer(200, {**head, "metadata": metadata, "items": items})
    return Answer(200, listing(call, rows, metadata))


def listing(call: Call, rows: list[Object], metadata: Object) -> Object:
    """A list object; items of built-in kinds do not repeat what kind they are."""
    items = (
        rows
        if call.resource.custom
        else [{key: value for key, value in row.items() if key not in ("kind", "apiVersion")} for row in rows]
    )
    head = {"kind": f"{call.resource.kind}List", "apiVersion": call.resource.api_version}
    return {**head, "metadata": metadata, "items": items}


def selection(call: Call) -> Test:
    """The test that namespace and selectors make."""
    query, namespace = call.request.query, call.target.namespace
    tests: list[Test] = []
    if namespace:
        tests.append(lambda value: value["metadata"].get("namespace") == namespace)
    if query.get("labelSelector"):
        tests.append(selectors.labels(query["labelSelector"]))
    if query.get("fieldSelector"):
        tests.append(selectors.fields(query["fieldSelector"], call.resource))
    return lambda value: all(test(value) for test in tests)


@dataclass(frozen=True)
class Page:
    """Which part of a list is wanted: as of a revision, after a key, so many."""

    revision: int
    after: str = ""
    limit: int = 0


def _page(call: Call) -> Page:
    query, store = call.request.query, call.store
    version, limit = query.get("resourceVersion", ""), number(query, "limit") or 0
    if query.get("continue"):
        return _continued(call, query["continue"], limit)
    if version == "0":
        return Page(store.revision)
    if not version:
        return Page(store.revision, limit=limit)
    wanted = revision(version)
    if wanted > store.revision:
        _wait_for(call, wanted)
    if query.get("resourceVersionMatch") == "Exact":
        if wanted < store.compacted:
            raise expired("The resourceVersion for the provided list is too old.")
        return Page(wanted, limit=limit)
    return Page(store.revision, limit=limit)


def revision(text: str) -> int:
    """A resourceVersion as a number.

    Raises:
        ApiError: 500, as the server says it.
    """
    if not text.isdecimal():
        message = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise ApiError(500, "", message)
    return int(text)


def _wait_for(call: Call, wanted: int) -> None:
    """Waits until the cluster is there, or answers 504."""
    with call.store.changed:
        call.store.changed.wait_for(lambda: call.store.revision >= wanted, call.store.patience_seconds)
        if call.store.revision >= wanted:
            return
        current = call.store.revision
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    message = f"Timeout: Too large resource version: {wanted}, current: {current}"
    raise ApiError(504, "Timeout", message, {"causes": causes, "retryAfterSeconds": 1})


def _continued(call: Call, token: str, limit: int) -> Page:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError as error:
        raise bad_request("invalid continue token: continue key is not valid: illegal base64 data") from error
    try:
        found = json.loads(raw.decode("utf-8"))
    except ValueError as error:
        shown = f"\\u{raw[0]:04x}" if raw and raw[0] > 0x7E else raw[:1].decode()
        message = f"invalid character '{shown}' looking for beginning of value"
        raise bad_request(f"invalid continue token: continue key is not valid: {message}") from error
    after = found["start"].removeprefix("/").removesuffix("\0")
    if found["rv"] != -1 and found["rv"] < call.store.compacted:
        raise expired(_TOO_OLD, **{"continue": _token(-1, after, slash="")})
    return Page(call.store.revision if found["rv"] == -1 else found["rv"], after, limit)


def _token(at: int, after: str, *, slash: str = "/") -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": at, "start": f"{slash}{after}\0"}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _rows(call: Call, chosen: Test, page: Page) -> tuple[list[Object], Object]:
    inside = f"{call.target.namespace}/" if call.target.namespace else ""
    found = call.store.all(call.resource, revision=page.revision)
    rows = [(key.removeprefix(inside), row) for key, row in found.items() if chosen(row)]
    rows = [(key, row) for key, row in rows if key > page.after] if page.after else rows
    metadata: Object = {"resourceVersion": str(page.revision)}
    if page.limit and len(rows) > page.limit:
        metadata["continue"] = _token(page.revision, rows[page.limit - 1][0])
        if not {"labelSelector", "fieldSelector"} & call.request.query.keys():
            metadata["remainingItemCount"] = len(rows) - page.limit
        rows = rows[: page.limit]
    return [row for _, row in rows], metadata
