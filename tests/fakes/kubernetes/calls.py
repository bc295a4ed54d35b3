"""One request on its way through the server: who asks, for what, and with which objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.kubernetes.access import Access, User
    from tests.fakes.kubernetes.garbage import Collector
    from tests.fakes.kubernetes.messages import Request
    from tests.fakes.kubernetes.model import Object, Resource
    from tests.fakes.kubernetes.routes import Target
    from tests.fakes.kubernetes.store import Store


@dataclass(frozen=True)
class Call:
    """A request whose user and resource are known."""

    request: Request
    target: Target
    resource: Resource
    user: User
    store: Store
    access: Access
    collector: Collector
    admission: list[Callable[[Attempt], Object | None]]
    warnings: list[str] = field(default_factory=list)

    def live(self) -> Object | None:
        """The object that the path names, as it is now."""
        return self.store.get(self.resource, self.target.namespace, self.target.name)


@dataclass(frozen=True)
class Attempt:
    """What an admission hook is asked about: it raises an ApiError, returns another object, or returns nothing."""

    operation: str
    resource: Resource
    namespace: str | None
    name: str
    object: Object
    old: Object | None
    user: str
    dry_run: bool
    warnings: list[str]
    """What is added here is sent in Warning headers."""
