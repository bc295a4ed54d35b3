"""Work that talks to a server is waited for as long as it shows that it goes on."""

from __future__ import annotations

import threading

import pytest

from cajajejo.errors import TrackingAwayError
from cajajejo.tracking.patience import Limit, before


def test_a_limit_that_becomes_shorter_while_it_is_waited_for_counts() -> None:
    limit, over, waited_for = Limit(3600), threading.Event(), threading.Event()

    def work() -> None:
        waited_for.wait(0.3)  # until the waiting has begun
        limit.extend(0.01)
        over.wait(120)

    with pytest.raises(TrackingAwayError, match=r"does not answer within 0\.01 s"):
        before(limit, "http://mlflow", work)
    assert not over.is_set()
    over.set()
