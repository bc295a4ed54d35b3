"""HELM as a harness: run it on a model directory, and read what it leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cajajejo.harness import helm_command, helm_data, helm_output, installed, process
from cajajejo.harness.adapter import Program
from cajajejo.results import FailedScenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.adapter import Ended, Task
    from cajajejo.harness.checks import Looker
    from cajajejo.results import Results

_PACKAGES: Final = ("crfm-helm", "torch", "transformers", "datasets")


class Helm:
    """HELM."""

    name = "helm"
    title = "HELM"
    unit = "instance"

    def checks(
        self,
        config: EvaluationJobConfig,
        run_specs: str,
        environ: Mapping[str, str],
    ) -> list[tuple[str, Looker]]:
        """HELM is there, its arguments leave to us what is ours, and its scenarios have their data."""
        together = {**environ, **config.env}
        return [
            ("harness", lambda: helm_command.PROGRAM.find(environ)),
            ("HELM arguments", lambda: helm_command.check_arguments(config)),
            ("HELM's data", lambda: helm_data.check(run_specs, together, helm_command.PROGRAM.found(environ))),
        ]

    def inputs(self, config: EvaluationJobConfig) -> Iterable[bytes]:  # noqa: ARG002  # every adapter takes the same
        """Our plugin, which asks the questions."""
        return [path.read_bytes() for path in sorted(helm_command.PLUGIN.parent.glob("*.py"))]

    def versions(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The versions of HELM and of what runs the model."""
        return installed.versions(helm_command.PROGRAM.find(environ), _PACKAGES)

    def program(self, task: Task) -> Program:
        """``helm-run``, which finds the model in files that are written now.

        Raises:
            HarnessMissingError: HELM is not installed.
        """
        found = helm_command.PROGRAM.find(task.environ)
        helm = helm_command.asked(task.config)
        arguments = helm_command.arguments(task.config, task.model, task.place, max_instances=task.max_instances)
        helm_command.write_registry(task.config, task.model, helm_command.registry_of(task.place))
        helm_data.provide(task.place.output)
        return Program(
            command=[str(found), *arguments],
            environ=helm_command.environment(task.config, task.environ, task.place.progress),
            events=task.place.progress,
            timeout_seconds=helm.timeout_seconds,
        )

    def results(self, task: Task, ended: Ended) -> Results:
        """The complete scenarios; those that failed and those that HELM did not come to are named.

        Raises:
            HarnessError: no scenario is complete, or two of them share a name.
        """
        suite = helm_command.asked(task.config).suite
        found = helm_output.read(task.place.output / "runs" / suite, suite, ended.progress.failed)
        if not found.scores:
            raise process.failure(self.title, ended, task.place.log, found.failed)
        return _with_missing(found, ended)


def _with_missing(found: Results, ended: Ended) -> Results:
    """`found`, partial where HELM ended before it came to every scenario: killed, it names none of them as failed."""
    why = f"HELM ended before it began ({ended.why})"
    names = ended.progress.names
    known = {item.scenario for item in found.items} | {failure.scenario for failure in found.failed}
    missing = [name for name in dict.fromkeys(map(helm_output.scenario_of, names)) if name not in known]
    if not ended.is_complete and not names and not found.failed:
        missing = ["others"]
    return replace(found, failed=(*found.failed, *(FailedScenario(name, why) for name in missing)))
