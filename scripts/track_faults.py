"""Tracks evaluations on a real MLflow server while everything goes wrong; fails where anything is lost, or doubled.

    .venv/bin/python scripts/track_faults.py [--seed N] [--runs N]

Each run tracks one evaluation through a proxy that loses, cuts and refuses answers at random; the server is killed and
started again, or paused; the tracking process is killed with SIGKILL at random moments, and begun again. Where it gives
up, `upload` finishes the work from the spool, and is killed as well. In the end the evaluation must be on one run, with
every number, file, data set and model, once.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.fakes import faults, mlflow_server
from tests.fakes.faulty_proxy import FaultyProxy

from cajajejo import spool
from cajajejo.errors import CajajejoError
from tests import finished as evaluations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fakes.mlflow_server import MlflowServer

_FAULTS: Final[Sequence[faults.Fault]] = (
    faults.Answer(503),
    faults.Answer(500),
    faults.Answer(429, headers={"Retry-After": "1"}),
    faults.LoseAnswer(),
    faults.LoseAnswer(),
    faults.Cut(3, reset=True),
    faults.CutUpload(2),
    faults.Delay(0.5),
)
_LONGEST: Final = 600.0
_MOST_KILLS: Final = 3


def track(directory: Path, uri: str, experiment: str, run_id: str | None, patience: float) -> None:
    """What is killed: tracking, as at the end of an evaluation."""
    given = evaluations.finished(
        directory / "evaluation", uri, experiment=experiment, run_id=run_id, spool_uri=str(directory / "spool")
    )
    spool.track(given, say=lambda _: None, patience_seconds=patience)


def upload(directory: Path) -> None:
    """What is killed as well: finishing it later."""
    for place in (directory / "spool", directory):
        try:
            spool.upload(str(place), say=lambda _: None, patience_seconds=120)
        except CajajejoError:
            continue  # nothing was kept there, or not completely


def killed_at_times(chance: random.Random, work: Callable[..., None], *given: Any) -> int:
    """Does `work` in a process of its own until it is not killed; how often it was."""
    context = multiprocessing.get_context("forkserver")
    for kills in range(_MOST_KILLS + 1):
        process = context.Process(target=work, args=given)
        process.start()
        process.join(chance.uniform(0.2, 6.0) if kills < _MOST_KILLS and chance.random() < 0.6 else _LONGEST)  # noqa: PLR2004
        if process.exitcode is not None:
            _demand(process.exitcode == 0, f"it ended with {process.exitcode}")
            return kills
        process.kill()
        process.join()
        _demand(process.exitcode in {0, -signal.SIGKILL}, f"it ended with {process.exitcode}")
    raise SystemExit("it does not end")


def _demand(holds: bool, otherwise: str) -> None:  # noqa: FBT001
    if not holds:
        raise SystemExit(otherwise)


def accident(chance: random.Random, server: MlflowServer) -> tuple[str, threading.Thread]:
    """Something that happens to the server after a while."""
    after, lasts = chance.uniform(0.5, 5.0), chance.uniform(0.5, 8.0)
    what = chance.choice(("nothing", "killed", "paused"))
    acts = {"killed": (server.kill, server.start), "paused": (server.pause, server.resume)}.get(what, ())

    def happen() -> None:
        time.sleep(after)
        for act in acts:
            act()
            time.sleep(lasts)

    thread = threading.Thread(target=happen)
    thread.start()
    return what, thread


def one(seed: int, server: MlflowServer, proxy: FaultyProxy, folder: Path) -> collections.Counter[str]:
    """One evaluation, tracked in the end; what happened on the way."""
    chance, experiment = random.Random(seed), f"run {seed}"  # noqa: S311  # to be repeatable
    run_id = None if chance.random() < 0.3 else evaluations.begun(server.uri, experiment)  # noqa: PLR2004
    for _ in range(chance.randrange(6)):
        proxy.will(chance.choice(_FAULTS), skip=chance.randrange(30), times=chance.randrange(1, 4))
    before = len([seen for seen in proxy.seen() if seen.fault])
    what, thread = accident(chance, server)
    patience = chance.choice((0.0, 60.0, 300.0))
    kills = killed_at_times(chance, track, folder, proxy.url, experiment, run_id, patience)
    proxy_faults = len([seen for seen in proxy.seen() if seen.fault]) - before
    thread.join()
    proxy.heal()
    server.wait()
    kept = len(list((folder / "spool").glob("*/kept.json")))
    kills += killed_at_times(chance, upload, folder)
    given = evaluations.finished(folder / "evaluation", proxy.url, experiment=experiment)
    found = evaluations.everything(server.uri, given)
    _demand(run_id in {None, found}, f"seed {seed}: another run than the one that was begun")
    return collections.Counter({"runs": 1, what: 1, "processes killed": kills, "faults": proxy_faults, "kept": kept})


def main() -> None:
    """Runs, and prints what happened."""
    parser = argparse.ArgumentParser(description="Tracking while everything goes wrong.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    multiprocessing.get_context("forkserver").set_forkserver_preload(["mlflow", "cajajejo.spool", "tests.finished"])
    total: collections.Counter[str] = collections.Counter()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, mlflow_server.running(Path(folder)) as server:
        for seed in range(arguments.seed, arguments.seed + arguments.runs):
            with FaultyProxy(server.uri) as proxy:
                happened = one(seed, server, proxy, Path(folder, str(seed)))
            total += happened
            print(f"seed {seed}: {dict(happened)}", flush=True)
    print(f"{dict(total)} in {time.monotonic() - began:.0f} s: each evaluation is on one run, with everything, once")


if __name__ == "__main__":
    main()
