"""What is to be evaluated, where; and who is told what happens."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003  # callers ask for the types of the fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.adapter import Adapter
    from cajajejo.harness.checks import Check
    from cajajejo.harness.progress import Listener, Watcher


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be evaluated, where.

    Attributes:
        config: file of the evaluation job config.
        run_specs: file of HELM's run specs; None for another harness.
        settings: ``PATH=VALUE`` overrides of the config.
        local: on this machine: the four variables may be absent, and the model is fetched here.
        mounted: in the image: run specs are there for HELM alone, and the scratch directory goes with the container.
        scratch: directory to work in; None: one named after the inputs.
        resume: continue what an earlier run left.
        max_instances: at most so many questions a scenario; None: as the config says.
        environ: the environment of the process.
    """

    config: Path
    run_specs: Path | None = None
    settings: Sequence[str] = ()
    local: bool = True
    mounted: bool = False
    scratch: Path | None = None
    resume: bool = True
    max_instances: int | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who is told what happens.

    Attributes:
        checks: is told every check at once, before anything is begun.
        step: a step, or what goes wrong without being an error, in a line.
        harness: which harness begins now.
        said: a line that it prints.
        progress: how far it is, again and again.
        tracked: the MLflow run, once it is known.
    """

    checks: Callable[[Sequence[Check]], None] = lambda _: None
    step: Callable[[str], None] = lambda _: None
    harness: Callable[[Adapter], None] = lambda _: None
    said: Listener = lambda _: None
    progress: Watcher = lambda _: None
    tracked: Callable[[EvaluationJobConfig, str], None] = lambda _, __: None
