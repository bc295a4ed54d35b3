"""The harness that a config asks, as an adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.adapter import Adapter


def of(config: EvaluationJobConfig) -> Adapter:
    """The adapter of the harness that `config` asks."""
    if config.helm is not None:
        from cajajejo.harness.helm import Helm

        return Helm()
    if config.lm_eval is not None:
        from cajajejo.harness.lm_eval import LmEval

        return LmEval()
    from cajajejo.harness.command import Command

    return Command()
