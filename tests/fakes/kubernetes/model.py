"""What all parts of the fake share: a resource, an error as the API tells it, one cause of a refusal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]
"""An API object as JSON has it."""


@dataclass(frozen=True)
class Resource:
    """One entry of discovery: where objects of a kind live."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    custom: bool = False

    @property
    def api_version(self) -> str:
        """``batch/v1``, or ``v1`` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True)
class Cause:
    """One entry of ``details.causes`` of a Status: reason, message, field."""

    reason: str
    message: str
    field: str


@dataclass
class ApiError(Exception):
    """An answer that is not what was asked for; becomes a Status body, or plain text where the real server does that.

    `details` are those of the Status (name, group, kind, causes, retryAfterSeconds) as the real server gives them.
    """

    code: int
    reason: str
    message: str
    details: Object | None = None
    metadata: Object = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    plain: bool = False

    def body(self) -> Object:
        """The Status object."""
        status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        return {**status, "code": self.code}
