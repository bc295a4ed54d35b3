"""What can go wrong with Cloud Logging, as errors that say what happened and what to do.

::

    CloudLogsError                1    reading Cloud Logging failed
    ├── CloudProjectError         1    no project is known, or there is no such project
    ├── CloudLoginError           1    there is no login to Google Cloud, or it has expired
    ├── CloudNotAllowedError      1    the login may not read the logs of the project
    └── CloudAwayError            1    Cloud Logging is away or busy, and did not recover in time

Texts of Google Cloud reach a message only through `exchange.plain`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo.cluster.exchange import pasted, plain
from cajajejo.cluster.retries import Failure, Trouble
from cajajejo.errors import CajajejoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.logs.cloud_place import Place

LOG_IN: Final = "gcloud auth application-default login"
_PASSES: Final[Mapping[str, str]] = {
    "RESOURCE_EXHAUSTED": "is busy (a quota is used up for now)",
    "UNAVAILABLE": "does not answer",
    "DEADLINE_EXCEEDED": "takes too long to answer",
    "INTERNAL": "failed (INTERNAL)",
    "UNKNOWN": "failed (UNKNOWN)",
    "DATA_LOSS": "failed (DATA_LOSS)",
    "ABORTED": "broke off (ABORTED)",
    "CANCELLED": "broke off (CANCELLED)",
    "OUT_OF_RANGE": "broke off (OUT_OF_RANGE)",
}
"""What passes by itself, by the code of gRPC."""
_LOGIN_SIGNS: Final = ("invalid_grant", "invalid_client", "refresherror", "reauth")
"""What a login that cannot be renewed looks like inside of an answer that claims to pass."""


class CloudLogsError(CajajejoError):
    """Reading Cloud Logging failed."""


class CloudProjectError(CloudLogsError):
    """No project is known, or there is no such project."""


class CloudLoginError(CloudLogsError):
    """There is no login to Google Cloud, or it has expired."""


class CloudNotAllowedError(CloudLogsError):
    """The login may not read the logs of the project."""


class CloudAwayError(CloudLogsError):
    """Cloud Logging is away or busy, and did not recover in time."""


def code_of(error: Exception) -> str:
    """The code of gRPC that `error` carries: ``UNAVAILABLE``; empty where it has none."""
    return getattr(getattr(error, "grpc_status_code", None), "name", "")


def trouble_of(error: Exception) -> Trouble | None:
    """The failure that `error` stands for, where it may pass; None where it is final."""
    words = _PASSES.get(code_of(error))
    return None if words is None or _is_about_login(error) else Trouble(Failure.PERHAPS_DONE, words)


def no_login(error: Exception) -> CloudLoginError:
    """The error of ours for a login that is missing."""
    return CloudLoginError("there is no login to Google Cloud here", facts={"says": plain(error)}, run=LOG_IN)


def failed(error: Exception, place: Place) -> CloudLogsError:
    """The error of ours for `error`, which Google's client raised while reading the logs of `place`."""
    code, says = code_of(error), {"says": plain(getattr(error, "message", None) or error)}
    named_by = {"named by": plain(place.named_by)} if place.named_by else {}
    project = plain(place.project)
    if code == "UNAUTHENTICATED" or _is_about_login(error):
        return CloudLoginError("the login to Google Cloud is not valid, or has expired", facts=says, run=LOG_IN)
    if code == "PERMISSION_DENIED":
        return _not_allowed(error, place, says)
    if code == "NOT_FOUND":
        message = f"there is no Google Cloud project {project}, or its logs are hidden from you"
        return CloudProjectError(message, facts={**says, **named_by}, run="gcloud projects list")
    if trouble := trouble_of(error):
        message = f"Cloud Logging {trouble.text}, and did not recover in time"
        return CloudAwayError(message, facts={**says, "project": project})
    return CloudLogsError(f"Cloud Logging refused to read the logs of project {project}", facts={**says, **named_by})


def _not_allowed(error: Exception, place: Place, says: Mapping[str, str]) -> CloudLogsError:
    project, text = pasted(place.project), says["says"].lower()
    if getattr(error, "reason", None) == "SERVICE_DISABLED":
        message = f"Cloud Logging is not enabled in project {plain(place.project)}"
        return CloudProjectError(
            message, facts=says, run=f"gcloud services enable logging.googleapis.com --project {project}"
        )
    if "quota project" in text:
        message = "the login to Google Cloud names no project that pays for its requests"
        command = f"gcloud auth application-default set-quota-project {project}"
        return CloudLoginError(message, facts=says, run=command)
    grant = f"gcloud projects add-iam-policy-binding {project} --role roles/logging.viewer"
    return CloudNotAllowedError(
        f"not allowed to read the logs of project {plain(place.project)}",
        facts={**says, "needed": "the role roles/logging.viewer"},
        run=[
            f"{LOG_IN}     if you are logged in as somebody else; else ask an owner for",
            f'{grant} --member "user:$(gcloud config get-value account)"',
        ],
    )


def _is_about_login(error: Exception) -> bool:
    """Whether `error` is a login that failed; gRPC says UNAVAILABLE to that too."""
    return code_of(error) == "UNAVAILABLE" and any(sign in str(error).lower() for sign in _LOGIN_SIGNS)
