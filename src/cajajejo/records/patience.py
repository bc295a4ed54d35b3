"""How long a tracking server is waited for where the work must not suffer when it is away."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from cajajejo import tracking
from cajajejo.errors import CajajejoError, TrackingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


def within(seconds: float, uri: str, work: Callable[[], T]) -> T:
    """What `work` gives, which talks to the store at `uri`, if it is there in time.

    MLflow itself tries for minutes. Where the time is over, `work` goes on unseen, so it must be something that can be
    repeated, and that may come too late.

    Raises:
        TrackingError: the time is over; the answers are no MLflow's.
        CajajejoError: what `work` raises.
    """
    tracking.package()  # its import takes seconds, and is not the server's fault
    results: list[T] = []
    errors: list[CajajejoError] = []

    def run() -> None:
        try:
            results.append(work())
        except CajajejoError as error:
            errors.append(error)
        except Exception as error:  # noqa: BLE001  # an answer that is no MLflow's fails anywhere inside of it
            says = f"{type(error).__name__}: {error}"[:300]
            errors.append(TrackingError(f"the tracking server is not understood: {uri}", facts={"says": says}))

    with _impatient(seconds):
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TrackingError(f"the tracking server does not answer within {seconds:g} s: {uri}")
    return results[0]


@contextmanager
def _impatient(seconds: float) -> Iterator[None]:
    """Makes MLflow's requests short, and tries each again at most twice."""
    ours = {"TIMEOUT": str(max(1, round(seconds))), "MAX_RETRIES": "2", "BACKOFF_FACTOR": "1"}
    names = {f"MLFLOW_HTTP_REQUEST_{name}": value for name, value in ours.items()}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
