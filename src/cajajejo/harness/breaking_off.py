"""An evaluation that ends before its time: what MLflow and the user are told."""

from __future__ import annotations

import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from cajajejo import records, tracking
from cajajejo.errors import CajajejoError, InterruptedRunError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.scratch import Scratch

_SECONDS: Final = 5.0
"""How long the tracking server is waited for."""


@contextmanager
def ending(config: EvaluationJobConfig, run_id: str) -> Iterator[None]:
    """Marks the MLflow run as failed or killed when the steps inside do not end well."""
    try:
        yield
    except BaseException as error:
        status: tracking.RunStatus = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
        with suppress(CajajejoError):  # what happened first is what the user must hear
            uri = config.mlflow_config.tracking_uri
            records.within(_SECONDS, uri, lambda: tracking.end_run(config, run_id, status))
        raise


@contextmanager
def interruptible(place: Scratch) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the harness first, and say what is kept."""
    ended_by: list[int] = []

    def interrupt(sign: int, _frame: object) -> None:
        ended_by.append(sign)
        if len(ended_by) == 1:  # what ends now must not be broken off as well
            raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt as error:
        raise InterruptedRunError(
            f"Stopped. What is finished is kept in {place.root}.",
            run="the same command again; it continues there",
            terminated=bool(ended_by),
        ) from error
    finally:
        signal.signal(signal.SIGTERM, previous)
