"""The refusals that more than one part of the fake gives, in the words of a 1.36 server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.kubernetes.model import ApiError, Cause, Object

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Resource


def title(resource: Resource) -> str:
    """``jobs.batch``, ``configmaps``."""
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def details(resource: Resource, name: str = "", **more: object) -> Object:
    """The details of a Status about an object."""
    found: Object = {"name": name} if name else {}
    if resource.group:
        found["group"] = resource.group
    return {**found, "kind": resource.plural, **more}


def bad_request(message: str) -> ApiError:
    """400."""
    return ApiError(400, "BadRequest", message)


def number(query: dict[str, str], name: str) -> int | None:
    """A parameter as a number, where it is given.

    Raises:
        ApiError: 400, it is none.
    """
    text = query.get(name, "")
    if not text:
        return None
    if not text.removeprefix("-").isdecimal():
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)


def not_found(resource: Resource, name: str) -> ApiError:
    """404 for an object that is not there."""
    return ApiError(404, "NotFound", f'{title(resource)} "{name}" not found', details(resource, name))


def unknown_resource() -> ApiError:
    """404 for a resource that a built-in group does not have."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def unknown_page() -> ApiError:
    """404 for a path that nobody answers, for example of a custom resource that is not installed."""
    return ApiError(404, "NotFound", "404 page not found", headers={"X-Content-Type-Options": "nosniff"}, plain=True)


def wrong_method() -> ApiError:
    """405."""
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def already_exists(resource: Resource, name: str) -> ApiError:
    """409 for a name that is taken."""
    return ApiError(409, "AlreadyExists", f'{title(resource)} "{name}" already exists', details(resource, name))


def conflict(resource: Resource, name: str) -> ApiError:
    """409 for an old resourceVersion."""
    message = (
        f'Operation cannot be fulfilled on {title(resource)} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return ApiError(409, "Conflict", message, details(resource, name))


def expired(message: str, **metadata: object) -> ApiError:
    """410."""
    return ApiError(410, "Expired", message, metadata=metadata)


def invalid_options(kind: str, cause: Cause, *, name: str = "", group: str = "meta.k8s.io") -> ApiError:
    """422 for the parameters of a request."""
    place = f"{kind}.{group}" if group else kind
    message = f'{place} "{name}" is invalid: {cause.field}: {cause.message}'
    found: Object = {"name": name} if name else {}
    if group:
        found["group"] = group
    causes = [{"reason": cause.reason, "message": cause.message, "field": cause.field}]
    return ApiError(422, "Invalid", message, {**found, "kind": kind, "causes": causes})


def forbidden(resource: Resource, name: str, message: str, causes: list[Object] | None = None) -> ApiError:
    """403 by an admission plugin."""
    more = {"causes": causes} if causes else {}
    about = f'{title(resource)} "{name}"' if name else title(resource)
    return ApiError(403, "Forbidden", f"{about} is forbidden: {message}", details(resource, name, **more))
