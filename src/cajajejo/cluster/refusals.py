"""An answer that is not what was asked for, as the error it means; one function for each family of answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from cajajejo.cluster import denials, errors
from cajajejo.cluster.denials import details_of, facts_of
from cajajejo.cluster.errors import LOG_IN, ClusterError
from cajajejo.cluster.exchange import pasted, plain
from cajajejo.cluster.refusal_wording import explained_field, problems_of, shorten
from cajajejo.cluster.retries import Failure, Trouble, failure_of_status, parse_retry_after

if TYPE_CHECKING:
    from cajajejo.cluster.exchange import Answer, Asked, JsonObject, Target

_FINAL_500: Final = ("failed to create typed patch object", "resourceVersion: Invalid value")
_REDIRECTS: Final = range(300, 400)


def answer_trouble(answer: Answer, now: float) -> Trouble | None:
    """The failure that `answer` stands for, if the request may be sent again; None where the answer is final."""
    failure = failure_of_status(answer.status)
    if failure is None or (answer.status == HTTPStatus.INTERNAL_SERVER_ERROR and _is_final(answer)):
        return None
    busy = failure is Failure.NOT_DONE
    text = f"is busy ({answer.status})" if busy else f"failed ({_status_words(answer.status)})"
    return Trouble(failure, text, parse_retry_after(answer.headers.get("retry-after"), now))


def _is_final(answer: Answer) -> bool:
    """Some mistakes in an object are told as an internal error; they do not pass by waiting."""
    return str((answer.status_object() or {}).get("message", "")).startswith(_FINAL_500)


def refused(answer: Answer, asked: Asked, target: Target) -> ClusterError:
    """The error that an answer outside of 2xx means."""
    status = answer.status_object()
    if status is None:
        return _without_status(answer, asked, target)
    code, reason = answer.status, str(status.get("reason") or "")
    denial = denials.denied(status, asked, target)
    if denial is not None:
        return denial
    if code == HTTPStatus.UNAUTHORIZED:
        return _unauthorized(answer, target)
    if code == HTTPStatus.FORBIDDEN:
        return denials.forbidden(status, asked, target)
    if code == HTTPStatus.NOT_FOUND:
        return _not_found(status, asked, target)
    if code == HTTPStatus.CONFLICT:
        return _conflict(status, reason, asked, target)
    if code == HTTPStatus.GONE:
        return errors.ExpiredError(f"too old to be continued: {asked.thing}", facts=facts_of(status, target))
    if code in {400, 413, 422} or _is_final(answer):
        return _invalid(status, asked, target)
    if failure_of_status(code) is not None:
        return _busy(answer, target)
    facts = {**facts_of(status, target), "answer": _status_words(code)}
    return errors.UnexpectedAnswerError(f"the cluster does not do that: {asked}", facts=facts)


def unreadable(answer: Answer, asked: Asked, target: Target) -> ClusterError:
    """The error for an answer that claims success and holds no object."""
    if answer.page_title() is not None:
        return _foreign_page(answer, target)
    kind = plain(answer.content_type, 60) or "without a content type"
    facts = {"asked": str(asked), "got": f"{len(answer.body)} bytes, {kind}", "context": plain(target.context)}
    if answer.content_type == "application/json":
        facts["note"] = "the text is JSON only in part; was it cut on the way?"
    message = f"the answer of the cluster is not a Kubernetes object: {target.server}"
    return errors.UnexpectedAnswerError(message, facts=facts, run=f"{target.kubectl} cluster-info")


def _without_status(answer: Answer, asked: Asked, target: Target) -> ClusterError:
    if answer.page_title() is not None:
        return _foreign_page(answer, target)
    text = answer.text()
    if "HTTP request to an HTTPS server" in text:
        message = f"the kubeconfig says http, but the cluster wants https: {target.server}"
        run = "kubectl config view --minify     shows the address; kubectl config set-cluster NAME --server=https://…"
        return errors.KubeconfigError(message, facts={"says": text, "context": plain(target.context)}, run=run)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return _unauthorized(answer, target)
    if answer.status == HTTPStatus.NOT_FOUND and text == "404 page not found":
        return _not_served(asked, target)
    if failure_of_status(answer.status) is not None:
        return _busy(answer, target)
    facts = {"answer": _status_words(answer.status), "context": plain(target.context)}
    if answer.status in _REDIRECTS:
        facts["sends to"] = plain(answer.headers.get("location", "(nowhere)"))
    elif text:
        facts["says"] = text
    message = f"what answers is not a Kubernetes API, or something stands in between: {target.server}"
    return errors.UnexpectedAnswerError(message, facts=facts, run=f"{target.kubectl} cluster-info")


def _foreign_page(answer: Answer, target: Target) -> ClusterError:
    facts = {
        "page": answer.page_title() or "",
        "answer": _status_words(answer.status),
        "context": plain(target.context),
        "note": "a proxy, a login page or a load balancer stands in between",
    }
    message = f"a web page answers in place of the cluster: {target.server}"
    return errors.UnexpectedAnswerError(message, facts=facts, run="env | grep -i _proxy     shows which proxy is set")


def _unauthorized(answer: Answer, target: Target) -> ClusterError:
    says = plain((answer.status_object() or {}).get("message") or answer.text() or "Unauthorized")
    message = f"the cluster does not take the login; it has expired or is missing: {plain(target.context)}"
    return errors.CredentialsError(message, facts={"says": says, "server": target.server}, run=LOG_IN)


def _not_found(status: JsonObject, asked: Asked, target: Target) -> ClusterError:
    details = details_of(status)
    if _is_about_namespace(details, asked):
        name = plain(details["name"])
        message = f"there is no namespace {name}: {plain(target.context)}"
        return errors.MissingNamespaceError(message, run=f"{target.kubectl} create namespace {pasted(details['name'])}")
    if not details.get("name"):
        return _not_served(asked, target)
    inside = f" -n {pasted(asked.namespace)}" if asked.namespace else ""
    run = f"{target.kubectl} get {asked.kind.resource}{inside}" if asked.kind else ()
    return errors.MissingObjectError(f"not found: {asked.thing}", facts=facts_of(status, target), run=run)


def _is_about_namespace(details: JsonObject, asked: Asked) -> bool:
    """Whether a 404 is about the namespace that the object is in."""
    is_object = asked.kind is not None and asked.kind.name == "Namespace"
    return details.get("kind") == "namespaces" and bool(details.get("name")) and not is_object


def is_missing(answer: Answer, asked: Asked) -> bool:
    """Whether the answer is that there is no such object, and not that its namespace or kind is missing."""
    if answer.status != HTTPStatus.NOT_FOUND:
        return False
    details = details_of(answer.status_object() or {})
    return bool(details.get("name")) and not _is_about_namespace(details, asked)


def reason_of(answer: Answer) -> str:
    """The reason that Kubernetes gives for a refusal: ``AlreadyExists``, ``Conflict``; empty where it gives none."""
    return "" if answer.is_good else str((answer.status_object() or {}).get("reason") or "")


def _not_served(asked: Asked, target: Target) -> ClusterError:
    if asked.kind is None:
        message = f"the cluster does not know {plain(asked.path)}: {plain(target.context)}"
        return errors.NotServedError(message, run=f"{target.kubectl} api-resources")
    kind, facts = asked.kind, {"context": plain(target.context)}
    if "." in kind.group and not kind.group.endswith(".k8s.io"):
        facts["note"] = f"the software that brings {kind.name} is not installed, or in another version"
    message = f"the cluster does not know {kind.name} in {kind.api_version}"
    run = f"{target.kubectl} api-resources --api-group={kind.group}"
    return errors.NotServedError(message, facts=facts, run=run)


def _conflict(status: JsonObject, reason: str, asked: Asked, target: Target) -> ClusterError:
    inside = f" -n {pasted(asked.namespace)}" if asked.namespace else ""
    look = (
        f"{target.kubectl} get {asked.kind.resource} {pasted(asked.name)}{inside}" if asked.kind and asked.name else ()
    )
    if reason == "AlreadyExists":
        facts = {"context": plain(target.context)}
        return errors.AlreadyExistsError(f"{asked.thing} already exists", facts=facts, run=look)
    lines = "\n".join(problems_of(status))
    facts = {"says": lines, "context": plain(target.context)}
    what = "another object has this name now" if "precondition" in lines else "somebody else changed it"
    return errors.ConflictError(f"{what}: {asked.thing}", facts=facts, run=look)


def _invalid(status: JsonObject, asked: Asked, target: Target) -> ClusterError:
    lines = problems_of(status)
    facts = {"says": "\n".join(lines), "context": plain(target.context)}
    if any("immutable" in line for line in lines):
        facts["note"] = "this cannot be changed once it is there; make an object of another name"
    is_document = asked.verb in {"create", "patch"}
    field = explained_field(status) if is_document else None
    name = asked.kind.name.lower() if asked.kind else ""
    run = f"{target.kubectl} explain {name}.{field}".rstrip(".") if field is not None and name else ()
    return errors.InvalidObjectError(
        f"the cluster refused to {asked}{': not valid' * is_document}", facts=facts, run=run
    )


def _busy(answer: Answer, target: Target) -> ClusterError:
    status = answer.status_object()
    says = shorten(str(status.get("message", ""))) if status else answer.text()
    facts = {"says": says, "context": plain(target.context)} if says else {"context": plain(target.context)}
    what = "is too busy" if answer.status == HTTPStatus.TOO_MANY_REQUESTS else "failed"
    message = f"the cluster {what} ({_status_words(answer.status)}): {target.server}"
    return errors.ClusterBusyError(message, facts=facts, run=f"{target.kubectl} get --raw /readyz?verbose")


def _status_words(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)
