"""How long a tracking server is waited for; MLflow itself tries for minutes, and waits for ever for a slow answer."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from cajajejo.errors import CajajejoError, TrackingAwayError
from cajajejo.tracking.connection import package, without_login

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")
_LOOK_SECONDS: Final = 1.0
"""How often a limit is looked at; the work may have made it shorter."""


@dataclass
class Limit:
    """Until when some work must have shown that it goes on."""

    seconds: float
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        self.extend(self.seconds)

    def extend(self, seconds: float) -> None:
        """Gives the work so many seconds from now."""
        self.seconds = seconds
        self._until = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds; none where the time is over."""
        return max(0.0, self._until - time.monotonic())


def within(seconds: float, uri: str, work: Callable[[], T]) -> T:
    """What `work` gives, which talks to the store at `uri`, if it is there in time.

    Raises:
        TrackingError: the time is over; the answers are no MLflow's.
        CajajejoError: what `work` raises.
    """
    with requests_of(seconds, retries=2):
        return before(Limit(seconds), uri, work)


def before(limit: Limit, uri: str, work: Callable[[], T]) -> T:
    """What `work` gives, unless its `limit`, which it may extend, passes first.

    It goes on unseen then, so it must be something that can be repeated, and that may come too late.

    Raises:
        TrackingAwayError: the time is over; the answers are no MLflow's.
        CajajejoError: what `work` raises.
    """
    package()  # its import takes seconds, and is not the server's fault
    results: list[T] = []
    errors: list[CajajejoError] = []

    def run() -> None:
        try:
            results.append(work())
        except CajajejoError as error:
            errors.append(error)
        except Exception as error:  # noqa: BLE001  # an answer that is no MLflow's fails anywhere inside of it
            says = f"{type(error).__name__}: {error}"[:300]
            message = f"the tracking server is not understood: {without_login(uri)}"
            errors.append(TrackingAwayError(message, facts={"says": says}, reason="its answers are no MLflow's"))

    limit.extend(limit.seconds)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive() and limit.left:
        thread.join(min(limit.left, _LOOK_SECONDS))
    if errors:
        raise errors[0]
    if not results:
        message = f"the tracking server does not answer within {limit.seconds:g} s: {without_login(uri)}"
        raise TrackingAwayError(message, reason="it does not answer in time")
    return results[0]


@contextmanager
def requests_of(seconds: float, *, retries: int, respect: bool = False) -> Iterator[None]:
    """Makes each of MLflow's requests that short, and repeats it so often; with `respect` unless the user said else."""
    ours = {"TIMEOUT": str(max(1, round(seconds))), "MAX_RETRIES": str(retries), "BACKOFF_FACTOR": "1"}
    names = {f"MLFLOW_HTTP_REQUEST_{name}": value for name, value in ours.items()}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update({name: value for name, value in names.items() if not (respect and before[name])})
    try:
        yield
    finally:
        _restore(before)


def request_seconds() -> float:
    """How long one call of MLflow may take: what its settings allow, twice, since they do not bound all of it."""
    timeout, retries = _number("TIMEOUT", 120.0), _number("MAX_RETRIES", 7.0)
    pauses = _number("BACKOFF_FACTOR", 2.0) * 2 ** min(retries, 10.0)
    return 2 * (retries + 1) * timeout + pauses


def _number(name: str, usual: float) -> float:
    try:
        return max(0.0, float(os.environ.get(f"MLFLOW_HTTP_REQUEST_{name}", "")))
    except ValueError:
        return usual


def _restore(before: Mapping[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
