"""Who asks, and whether they may: bearer tokens, users with rules, and the 401 and 403 of the server."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.kubernetes.model import ApiError

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object
    from tests.fakes.kubernetes.routes import Target

_AUTHENTICATED = (
    (("create",), ("authorization.k8s.io",), ("selfsubjectaccessreviews", "selfsubjectrulesreviews")),
    (("create",), ("authentication.k8s.io",), ("selfsubjectreviews",)),
)


@dataclass(frozen=True)
class Rule:
    """Verbs on resources of groups (``*`` is all), in one namespace or in all."""

    verbs: tuple[str, ...] = ("*",)
    groups: tuple[str, ...] = ("*",)
    resources: tuple[str, ...] = ("*",)
    names: tuple[str, ...] = ()
    namespace: str | None = None

    def covers(self, verb: str, target: Target) -> bool:
        """Whether the rule speaks of this access."""
        return (
            _within(verb, self.verbs)
            and _within(target.group, self.groups)
            and _within(target.permission, self.resources)
            and (not self.names or target.name in self.names)
            and self.namespace in (None, target.namespace)
        )


@dataclass(frozen=True)
class User:
    """Somebody with a name, groups and rules."""

    name: str
    groups: tuple[str, ...] = ("system:authenticated",)
    rules: tuple[Rule, ...] = ()
    uid: str = field(default_factory=lambda: str(uuid.uuid4()))
    extra: dict[str, list[str]] = field(default_factory=dict)

    def known(self) -> bool:
        """Whether the user has given credentials."""
        return "system:authenticated" in self.groups


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",), uid="")


def admin(name: str = "tester") -> User:
    """A user who may do everything."""
    return User(name, ("system:masters", "system:authenticated"), (Rule(),))


def service_account(namespace: str, name: str, *rules: Rule) -> User:
    """The user that a ServiceAccount is."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    extra = {"authentication.kubernetes.io/credential-id": [f"JTI={uuid.uuid4()}"]}
    return User(f"system:serviceaccount:{namespace}:{name}", groups, rules, extra=extra)


class Access:
    """The tokens of the cluster, and what was denied to everybody."""

    def __init__(self) -> None:
        self.tokens: dict[str, User] = {}
        self.denials: list[Rule] = []

    def user(self, authorization: str | None) -> User:
        """Who comes with this Authorization header.

        Raises:
            ApiError: 401, the token is not known.
        """
        if not authorization:
            return ANONYMOUS
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or token not in self.tokens:
            raise ApiError(401, "Unauthorized", "Unauthorized")
        return self.tokens[token]

    def allows(self, user: User, verb: str, target: Target) -> bool:
        """Whether `user` may do `verb`."""
        if any(rule.covers(verb, target) for rule in self.denials):
            return False
        if any(rule.covers(verb, target) for rule in user.rules):
            return True
        basic = (Rule(*each) for each in _AUTHENTICATED)
        return user.known() and any(rule.covers(verb, target) for rule in basic)

    def require(self, user: User, verb: str, target: Target) -> None:
        """Nothing, where the user may.

        Raises:
            ApiError: 403 in the words of the authorizer.
        """
        if not self.allows(user, verb, target):
            raise _refused(user, verb, target)


def page_allowed(user: User, path: str) -> bool:
    """Whether a path that is no resource may be read: discovery only by somebody known."""
    return user.known() or path.startswith(("/version", "/healthz", "/livez", "/readyz"))


def page_refused(user: User, path: str) -> ApiError:
    """403 for a path that is no resource."""
    message = f'forbidden: User "{user.name}" cannot get path "{path}"'
    return ApiError(403, "Forbidden", message, {}, headers={"X-Content-Type-Options": "nosniff"})


def _refused(user: User, verb: str, target: Target) -> ApiError:
    title = f"{target.plural}.{target.group}" if target.group else target.plural
    about = f'{title} "{target.name}"' if target.name else title
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    message = (
        f'{about} is forbidden: User "{user.name}" cannot {verb} resource "{target.permission}" '
        f'in API group "{target.group}" {where}'
    )
    details: Object = {"name": target.name, "group": target.group, "kind": target.plural}
    present = {name: value for name, value in details.items() if value}
    return ApiError(403, "Forbidden", message, present, headers={"X-Content-Type-Options": "nosniff"})


def _within(value: str, allowed: tuple[str, ...]) -> bool:
    return "*" in allowed or value in allowed
