"""Admission as scripted callables: a policy that denies, a webhook that cannot be reached, a quota that is used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.kubernetes.errors import details, forbidden, title
from tests.fakes.kubernetes.model import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.kubernetes.calls import Attempt


def policy(name: str, verdict: Callable[[Attempt], str | None]) -> Callable[[Attempt], None]:
    """A ValidatingAdmissionPolicy with a binding of the same name."""

    def hook(attempt: Attempt) -> None:
        message = verdict(attempt)
        if message is None:
            return
        reason = f"ValidatingAdmissionPolicy '{name}' with binding '{name}' denied request: {message}"
        text = f'{title(attempt.resource)} "{attempt.name}" is forbidden: {reason}'
        raise ApiError(422, "Invalid", text, details(attempt.resource, attempt.name, causes=[{"message": reason}]))

    return hook


def quota(name: str, namespace: str, limit: int, count: Callable[[], int]) -> Callable[[Attempt], None]:
    """A ResourceQuota on the number of Jobs in a namespace; `count` tells how many there are."""

    def hook(attempt: Attempt) -> None:
        if attempt.operation != "CREATE" or (attempt.resource.kind, attempt.namespace) != ("Job", namespace):
            return
        used = count()
        if used >= limit:
            what = "count/jobs.batch"
            message = f"exceeded quota: {name}, requested: {what}=1, used: {what}={used}, limited: {what}={limit}"
            raise forbidden(attempt.resource, attempt.name, message)

    return hook


def failing_webhook(name: str, address: str, reason: str) -> Callable[[Attempt], None]:
    """A webhook with failurePolicy Fail that nobody answers."""

    def hook(attempt: Attempt) -> None:  # noqa: ARG001 - it refuses everything
        message = f'failed calling webhook "{name}": failed to call webhook: Post "{address}": {reason}'
        causes = {"causes": [{"message": message}]}
        raise ApiError(500, "InternalError", f"Internal error occurred: {message}", causes)

    return hook
