"""What the clouds' packages raise, as errors that say what to do."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, NoReturn

from cajajejo.errors import StorageAwayError, StorageError, StorageMissingError, printable, require
from cajajejo.phrases import without_logins

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAID: Final = 300
_CHANGED: Final = frozenset({412, 416})
_FORBIDDEN: Final = frozenset({401, 403})
_AWAY: Final = frozenset({408, 425, 429})
_NOT_FOUND: Final = 404
_SERVER_ERROR: Final = 500
_ALL: Final = 200
_LOGIN: Final = {
    "gs": ("gcloud auth application-default login", "or export GOOGLE_APPLICATION_CREDENTIALS=FILE"),
    "s3": ("aws sts get-caller-identity", "or export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…"),
}
_LOOK: Final = {"gs": "gcloud storage ls {}", "s3": "aws s3 ls {}"}
_FAULTS: Final = {  # S3's words, where its status says too little
    **dict.fromkeys(("SlowDown", "Throttling", "RequestTimeout", "InternalError", "ServiceUnavailable"), 503),
    **dict.fromkeys(("ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId"), 403),
    **dict.fromkeys(("NoSuchKey", "NoSuchBucket"), 404),
}


def of_status(status: int, said: str, address: str) -> StorageError:
    """The error behind an HTTP status."""
    facts = {"says": f"HTTP {status}" + (f", {_text(said)}" if said.strip() else "")}
    scheme = address.partition(":")[0]
    if status == _NOT_FOUND:
        return StorageMissingError(f"there is nothing at {address}", run=_LOOK[scheme].format(address))
    if status in _FORBIDDEN:
        return StorageError(f"we may not use {address}", facts=facts, run=_LOGIN[scheme])
    if status in _CHANGED:
        return StorageError(f"gone, or changed since it was listed: {address}", facts=facts)
    if status in _AWAY or status >= _SERVER_ERROR:
        return StorageAwayError(f"the storage does not answer as it should: {address}", facts=facts)
    return StorageError(f"the storage refused: {address}", facts=facts)


def refuse(status: int, said: str, address: str, *, version: str | None) -> NoReturn:
    """Raises the error behind an HTTP status, where this version of a file was asked for."""
    raise of_status(412 if status == _NOT_FOUND and version is not None else status, said, address)


def check_part(status: int, start: int, address: str) -> None:
    """Returns where an answer of this status begins at `start`.

    Raises:
        StorageError: the server does not know parts, and sent all.
    """
    if start and status == _ALL:
        raise StorageError(f"the storage sent all in place of a part: {address}")


@functools.cache
def kinds(scheme: str) -> tuple[type[Exception], ...]:
    """What the package for this scheme raises."""
    aiohttp = require("aiohttp", extra="evaluation", purpose="buckets")
    if scheme == "s3":
        botocore = require("botocore.exceptions", extra="evaluation", purpose="S3")
        parsers = require("botocore.parsers", extra="evaluation", purpose="S3")
        own: tuple[type[Exception], ...] = (botocore.BotoCoreError, botocore.ClientError, parsers.ResponseParserError)
    else:
        retry = require("gcsfs.retry", extra="evaluation", purpose="Google Cloud Storage")
        auth = require("google.auth.exceptions", extra="evaluation", purpose="Google Cloud Storage")
        own = (auth.GoogleAuthError, retry.HttpError, retry.NonRetryableError, retry.ChecksumError)
    return (OSError, ValueError, aiohttp.ClientError, *own)


def of_gcs(error: Exception, address: str) -> StorageError:
    """The error behind what gcsfs raised."""
    auth = require("google.auth.exceptions", extra="evaluation", purpose="Google Cloud Storage")
    if isinstance(error, FileNotFoundError):
        return of_status(_NOT_FOUND, "", address)
    if type(error) is OSError and str(error).startswith("Forbidden"):
        return of_status(403, str(error).partition("\n")[2], address)
    if isinstance(error, ValueError):
        return of_status(400, str(error), address)
    code = str(getattr(error, "code", None) or "")
    if code.isdigit():
        return of_status(int(code), str(getattr(error, "message", "")), address)
    if isinstance(error, auth.GoogleAuthError) and not isinstance(error, auth.TransportError):
        return _no_login(error, address)
    return _away(error, address)


def of_s3(error: Exception, address: str) -> StorageError:
    """The error behind what s3fs or botocore raised."""
    botocore = require("botocore.exceptions", extra="evaluation", purpose="S3")
    told = next((one for one in (error, error.__cause__) if isinstance(one, botocore.ClientError)), None)
    if told is not None:
        return of_status(_status(told.response), told.response.get("Error", {}).get("Message", ""), address)
    if isinstance(error, FileNotFoundError):
        return of_status(_NOT_FOUND, "", address)
    if isinstance(error, botocore.BotoCoreError) and not isinstance(
        error, botocore.HTTPClientError | botocore.ConnectionError
    ):
        broken = isinstance(error, botocore.ParamValidationError | botocore.InvalidRegionError)
        return of_status(400, str(error), address) if broken else _no_login(error, address)
    return _away(error, address)


def _status(response: Mapping[str, Any]) -> int:
    code = str(response.get("Error", {}).get("Code", ""))
    return _FAULTS.get(code) or int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))


def _no_login(error: Exception, address: str) -> StorageError:
    message = f"no login to the cloud for {address}"
    return StorageError(message, facts={"says": _text(str(error))}, run=_LOGIN[address.partition(":")[0]])


def _away(error: Exception, address: str) -> StorageError:
    says = _text(str(error)) or type(error).__name__
    return StorageAwayError(f"the storage does not answer, or broke off: {address}", facts={"says": says})


def _text(said: str) -> str:
    return printable(without_logins(" ".join(said.split())))[:_SAID]
