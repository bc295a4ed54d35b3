"""What BigQuery and Google's libraries refuse with, as sentences that say what to do."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from cajajejo.errors import HistoryError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.history.bigquery.connection import Address

MEANWHILE: Final = "cajajejo: somebody else told something of this test meanwhile"
"""What a statement of ours fails with where its condition no longer holds."""
LOG_IN: Final = "gcloud auth application-default login"
_CONFLICTS: Final = ("concurrent update", "could not serialize access")
_PASSING: Final = frozenset({"jobBackendError", "jobInternalError", "jobRateLimitExceeded"})
_LARGEST: Final = ("request payload size", "too large", "exceeds the limit", "entity too large")


class MeanwhileError(HistoryError):
    """Somebody else told something of the test meanwhile: it is to be decided again."""


def is_conflict(error: Exception) -> bool:
    """Whether a statement was given up because another one wrote to the same table; nothing of it was done."""
    return any(sign in str(error).lower() for sign in _CONFLICTS)


def passes(error: Exception) -> bool:
    """Whether what a statement failed with passes by itself; nothing of it was done."""
    reasons = {one.get("reason") for one in getattr(error, "errors", None) or () if isinstance(one, dict)}
    return is_conflict(error) or not _PASSING.isdisjoint(reasons)


def is_about_project(error: Exception) -> bool:
    """Whether it is the project, rather than a table or data set, that is not found."""
    says = str(error).lower()
    return "project" in says and "not found: dataset" not in says and "not found: table" not in says


def refused(error: Exception, address: Address) -> HistoryError:
    """The error of ours for an answer that says no."""
    code, text = int(getattr(error, "code", 0) or 0), _plain(error)
    says, low = {"says": text}, text.lower()
    if MEANWHILE in str(error):
        return MeanwhileError(f"the history is written by others all the time: {address.url}", facts=says)
    if is_conflict(error):
        message = f"the metric history is written by too many programs at once: {address.url}"
        return HistoryError(message, facts={**says, "do": "try again in a moment"})
    if "streaming buffer" in low:
        message = (
            f"rows of this run were streamed in a moment ago, and BigQuery lets nobody change them yet: {address.url}"
        )
        return HistoryError(message, facts={**says, "do": "try again in 90 minutes"})
    if any(sign in low for sign in _LARGEST) or code == _TOO_LARGE:
        message = f"these runs are too large for one request to BigQuery: {address.url}"
        return HistoryError(message, facts={**says, "do": "record fewer runs at a time"})
    sentence, run = _sentence(code, low, address)
    return HistoryError(f"{sentence}: {address.url}", facts=says, run=run)


def away(error: Exception, address: Address) -> HistoryError:
    """The error of ours for a login that is missing, and for a BigQuery that does not answer."""
    says, low = {"says": _plain(error)}, f"{type(error).__name__} {error}".lower()
    if "defaultcredentials" in low:
        return HistoryError(f"there is no login to Google Cloud here: {address.url}", facts=says, run=LOG_IN)
    if "refresherror" in low or "invalid_grant" in low or "reauth" in low:
        message = f"the login to Google Cloud is not valid, or has expired: {address.url}"
        return HistoryError(message, facts=says, run=LOG_IN)
    cause = getattr(error, "cause", None)
    if isinstance(cause, Exception) and getattr(cause, "code", None):
        return refused(cause, address)
    return HistoryError(f"BigQuery does not answer: {address.url}", facts={**says, "do": "try again in a moment"})


def slow(address: Address, seconds: float) -> HistoryError:
    """The error of ours for a statement that takes too long."""
    message = f"BigQuery did not answer within {seconds:g} s: {address.url}"
    return HistoryError(message, facts={"do": "try again in a moment; what was asked may still be done"})


def unwritable(name: str, address: Address) -> HistoryError:
    """The error of ours for a text that BigQuery cannot hold."""
    message = f"no metric history in BigQuery holds such a text: {printable(name[:80])}: {address.url}"
    return HistoryError(message, facts={"do": "write it in UTF-8, without NUL characters"})


_TOO_LARGE: Final = 413
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_MISSING: Final = 404
_BUSY: Final = 429
_FAILED: Final = 500


def _sentence(code: int, says: str, address: Address) -> tuple[str, Sequence[str]]:
    """What happened, and the commands that mend it."""
    project = shlex.quote(address.project)
    if code == _UNAUTHORIZED:
        return "the login to Google Cloud is not valid, or has expired", (LOG_IN,)
    if code == _FORBIDDEN and ("has not been used" in says or "is disabled" in says):
        return (
            f"BigQuery is not enabled in project {address.project}",
            (f"gcloud services enable bigquery.googleapis.com --project {project}",),
        )
    if code == _BUSY or "quota" in says or "rate limit" in says:
        return "BigQuery is busy (a quota is used up for now), and did not recover in time", ()
    if code == _FORBIDDEN:
        grant = f"gcloud projects add-iam-policy-binding {project} --role"
        sentence = (
            "not allowed to use the metric history in BigQuery; needed are roles/bigquery.dataEditor"
            " (to read: roles/bigquery.dataViewer) and roles/bigquery.jobUser"
        )
        roles = ("roles/bigquery.dataEditor", "roles/bigquery.jobUser")
        return sentence, tuple(f"{grant} {role} --member ACCOUNT" for role in roles)
    if code == _MISSING:
        return f"BigQuery does not find what was asked for in project {address.project}", ("gcloud projects list",)
    if code >= _FAILED:
        return "BigQuery failed, and did not recover in time", ()
    return "BigQuery refused", ()


def _plain(error: Exception) -> str:
    """The first line of what is said."""
    lines = str(getattr(error, "message", None) or error).strip().splitlines()
    return printable(lines[0])[:500] if lines else type(error).__name__
