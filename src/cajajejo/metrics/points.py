"""A metric of an earlier run, as it is judged against."""

from __future__ import annotations

from typing import NamedTuple


class Point(NamedTuple):
    """A metric of a successful run: a finite value, and what is known of the run.

    `outside` tells whether the value was out of the bounds it was judged by, `start_time` is the start of the run in
    seconds since the epoch, and `commit` what its configuration came from; None: not known.
    """

    run_id: str
    value: float
    outside: bool = False
    start_time: float = 0.0
    commit: str | None = None
