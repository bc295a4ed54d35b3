"""Tracking the metrics of an evaluation: ours, in one batch, against a call for each of them.

    .venv/bin/python benchmarks/track.py [--metrics N] [--rounds N]

Both log the same metrics to the same real MLflow server, over HTTP on this machine, each round on new runs. The rounds
take turns, so that a machine that slows down slows both; medians and their ratio are printed. Then an evaluation is
tracked whole, with what ours logs beside metrics: tags, data sets, a logged model, a table and files.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.fakes import mlflow_server

from cajajejo import tracking
from cajajejo.results import Results, Score
from cajajejo.tracking import metrics
from cajajejo.tracking.evaluations import Log
from tests import finished as evaluations

if TYPE_CHECKING:
    from collections.abc import Callable

    from cajajejo.tracking.finished import Finished


def one_batch(store: Any, run_id: str, given: Finished) -> None:
    """As ours does."""
    for batch in metrics.batches(given, None, (), {}):
        store.log_batch(run_id, metrics=batch)


def call_for_each(store: Any, run_id: str, given: Finished) -> None:
    """As examples show."""
    for name, (_, value) in metrics.values(given.results).items():
        store.log_metric(run_id, name, value, timestamp=given.milliseconds)


def seconds(log: Callable[[Any, str, Finished], None], store: Any, given: Finished) -> float:
    """How long it takes on a new run."""
    run_id = evaluations.begun(given.new.uri)
    began = time.perf_counter()
    log(store, run_id, given)
    return time.perf_counter() - began


def whole(directory: Path, uri: str) -> float:
    """How long an evaluation takes, with everything."""
    given = evaluations.finished(directory, uri, run_id=evaluations.begun(uri))
    began = time.perf_counter()
    Log(given)()
    return time.perf_counter() - began


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Tracking: one batch against a call for each metric.")
    parser.add_argument("--metrics", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    ways = {"cajajejo, one batch": one_batch, "a call for each": call_for_each}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    scores = tuple(Score(f"scenario_{n}", "exact_match", n / 100, None, 20) for n in range(arguments.metrics))
    with tempfile.TemporaryDirectory() as folder, mlflow_server.running(Path(folder)) as server:
        given = evaluations.finished(Path(folder, "work"), server.uri, Results("v1", "helm", scores, ()), facts={})
        with tracking.client(server.uri) as store:
            for log in ways.values():
                seconds(log, store, given)  # warms up
            for _ in range(arguments.rounds):
                for name, log in ways.items():
                    taken[name].append(seconds(log, store, given))
        all_of_it = statistics.median(whole(Path(folder, str(n)), server.uri) for n in range(arguments.rounds))
    medians = {name: statistics.median(rounds) for name, rounds in taken.items()}
    for name, median in medians.items():
        print(f"{name:<22}{median:8.3f} s   {arguments.metrics} metrics")
    print(f"{medians['a call for each'] / medians['cajajejo, one batch']:.1f} times ours: a call for each")
    print(f"{'all of an evaluation':<22}{all_of_it:8.3f} s   2 metrics, 40 instances, 8 files, 2 data sets, 1 model")


if __name__ == "__main__":
    main()
