"""What a policy says of a candidate, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from cajajejo.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.comparison.values import GateVerdict

VERBS: Final[Mapping[GateVerdict, tuple[str, str]]] = {
    "fail": ("fails", "fail"),
    "inconclusive": ("is inconclusive", "are inconclusive"),
    "pass": ("passes", "pass"),
}
"""What one rule or metric does, and what several do; worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """What one rule of a policy says of a candidate.

    Attributes:
        name: of the rule; ``default`` for what no rule matched.
        tier: whether it decides.
        verdict: fail where a metric fails, else inconclusive where one is, or none matched; else pass.
        reason: why, in a sentence.
        metrics: what it says of each metric that it matched: name, verdict and reason.
    """

    name: str
    tier: Literal["blocking", "advisory"]
    verdict: GateVerdict
    reason: str
    metrics: tuple[tuple[str, GateVerdict, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOutcome:
    """What a policy says of a candidate.

    Attributes:
        policy: its file.
        verdict: of the blocking rules together.
        rules: every rule, in the order of the file.
        reason: the sentence of the verdict; names the rule that decides.
        unchanged_passes: probability that a model that did not change would pass, if metrics were independent;
            None where no blocking rule allows a drop, and where one fits no metric, which stops every model.
    """

    policy: str
    verdict: GateVerdict
    rules: tuple[RuleOutcome, ...]
    reason: str
    unchanged_passes: float | None = None

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        codes: dict[GateVerdict, ExitCode] = {"fail": ExitCode.REGRESSION, "inconclusive": ExitCode.INCONCLUSIVE}
        return codes.get(self.verdict, ExitCode.DONE)
