"""Any program as a harness: what it is told of the evaluation, and what it must leave."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.errors import SanityError
from cajajejo.harness import command_output, process, result_lines
from cajajejo.harness.adapter import DEFAULTS, Ended, Program, Task
from cajajejo.harness.hiding import hiding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.checks import Looker
    from cajajejo.harness.scratch import Scratch
    from cajajejo.harness_config import CommandConfig
    from cajajejo.results import Results

VARIABLES: Final[Mapping[str, str]] = {
    "MODEL_DIR": "the model's directory",
    "TOKENIZER_DIR": "the tokenizer's directory, or its repository on the hub",
    "OUTPUT_DIR": "where the program writes; the same when it is started again",
    "MAX_INSTANCES": "at most so many instances of each scenario; empty: all",
    "CONFIG": "the job config as it was checked, with its overrides",
    "CAJAJEJO_PROGRESS": "a file to which it may add progress events",
}
"""What a program is told, as variables of its environment and as ``$(NAME)`` in its arguments."""
_REFERENCE: Final = re.compile(r"\$(?:\$|\(([^)]*)\))")
_INTERPRETER: Final = re.compile(r"(?:python|bash|sh|dash|zsh|perl|ruby|node|Rscript)[\d.]*")


class Command:
    """A program that somebody else wrote."""

    name = "command"
    title = "the command"
    unit = "instance"

    def checks(
        self,
        config: EvaluationJobConfig,
        run_specs: str,  # noqa: ARG002  # every adapter takes the same
        environ: Mapping[str, str],
    ) -> list[tuple[str, Looker]]:
        """Everything that its arguments name is known, and it is there."""
        return [
            ("command arguments", lambda: check_arguments(config, environ)),
            ("command program", lambda: check_program(config, environ)),
        ]

    def inputs(self, config: EvaluationJobConfig) -> Iterable[bytes]:
        """A hash of each file that the arguments name: another program gives other answers."""
        for argument in asked(config).args:
            path = Path(filled_in(argument, {}))
            if path.is_file():
                with path.open("rb") as file:
                    yield hashlib.file_digest(file, "sha256").digest()

    def versions(self, environ: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG002  # as above
        """Nothing: what it uses is not known."""
        return {}

    def program(self, task: Task) -> Program:
        """The program, its arguments filled in; a line of results that a kill has torn is put aside.

        Raises:
            SanityError: an argument names what is not known.
        """
        command = asked(task.config)
        values = variables(task)
        environ = {**DEFAULTS, **task.environ, **task.config.env, **values}
        check_arguments(task.config, environ)
        output_of(task.place).mkdir(parents=True, exist_ok=True)
        if command.results is not None:
            result_lines.put_torn_line_aside(output_of(task.place) / command.results)
        return Program(
            command=[filled_in(argument, environ) for argument in command.args],
            environ=environ,
            events=task.place.progress,
            timeout_seconds=command.timeout_seconds,
        )

    def results(self, task: Task, ended: Ended) -> Results:
        """What it left; partial where it did not end well, or says that a scenario failed, or a line is wrong.

        Raises:
            HarnessError: it left nothing that counts.
        """
        command = asked(task.config)
        directory = output_of(task.place)
        if command.results is not None:
            left = command_output.read_lines(directory / command.results)
        else:
            left = command_output.read_events(directory / str(command.event_files))
        found = command_output.results_of(left, ended, hiding(task.config, task.environ))
        if not found.scores:
            error = process.failure(self.title, ended, task.place.log, found.failed)
            error.facts["expected"] = f"results in {left.path}"
            raise error
        return found


def asked(config: EvaluationJobConfig) -> CommandConfig:
    """What a command is asked to do by a config that asks one."""
    if config.command is None:
        raise ValueError("the config asks another harness")
    return config.command


def output_of(place: Scratch) -> Path:
    """Where the program writes; kept and tracked with everything else."""
    return (place.output / "command").absolute()


def variables(task: Task) -> dict[str, str]:
    """What the program is told of the evaluation, by the names of `VARIABLES`."""
    return {
        "MODEL_DIR": str(task.model.directory),
        "TOKENIZER_DIR": task.model.tokenizer,
        "OUTPUT_DIR": str(output_of(task.place)),
        "MAX_INSTANCES": "" if task.max_instances is None else str(task.max_instances),
        "CONFIG": str(task.place.config.absolute()),
        "CAJAJEJO_PROGRESS": str(task.place.progress.absolute()),
    }


def filled_in(argument: str, values: Mapping[str, str]) -> str:
    """`argument` with each ``$(NAME)`` of `values` replaced and ``$$`` as ``$``, as Kubernetes does it."""

    def value(found: re.Match[str]) -> str:
        return "$" if found[1] is None else values.get(found[1], found[0])

    return _REFERENCE.sub(value, argument)


def _references(argument: str) -> list[str]:
    return [found[1] for found in _REFERENCE.finditer(argument) if found[1] is not None]


def check_arguments(config: EvaluationJobConfig, environ: Mapping[str, str]) -> None:
    """Every ``$(NAME)`` of the arguments is known, and the config leaves to us what is ours.

    Raises:
        SanityError: some are not; all are named, with their fields.
    """
    check_variables(config)
    known = {*VARIABLES, *environ, *config.env}
    unknown = {
        f"command.args.{number}": name
        for number, argument in enumerate(asked(config).args)
        for name in _references(argument)
        if name not in known
    }
    if unknown:
        told = ", ".join(f"$({name}) in {field}" for field, name in unknown.items())
        note = "$$(NAME) stands for $(NAME) itself; variables of the environment are taken as well"
        facts = {"known": ", ".join(f"$({name})" for name in VARIABLES), "note": note}
        raise SanityError(f"no such variable: {told}", facts=facts)


def check_variables(config: EvaluationJobConfig) -> None:
    """Returns where the config leaves to us what is ours.

    Raises:
        SanityError: it sets one of `VARIABLES`.
    """
    taken = [name for name in VARIABLES if name in config.env or name in config.secret_env]
    if taken:
        raise SanityError(f"env: {', '.join(taken)} is set for the command by cajajejo itself")


def check_program(config: EvaluationJobConfig, environ: Mapping[str, str]) -> None:
    """The program is there, and so is the script that an interpreter is given; what lies with the model is not asked.

    Raises:
        SanityError: it is not, or cannot be executed.
    """
    values = {**environ, **config.env}
    first, *rest = asked(config).args
    program = _known(first, values)
    if program is not None and shutil.which(program, path=values.get("PATH")) is None:
        facts = {"seen from": str(Path.cwd()), "PATH": values.get("PATH", "")}
        raise SanityError(f"command.args.0: no such program: {program}", facts=facts)
    if not rest or not _INTERPRETER.fullmatch(Path(first).name) or rest[0].startswith("-"):
        return
    script = _known(rest[0], values)
    if script is not None and not Path(script).is_file():
        raise SanityError(f"command.args.1: no such file: {script}", facts={"seen from": str(Path.cwd())})


def _known(argument: str, values: Mapping[str, str]) -> str | None:
    """`argument` filled in; None where it needs what is known only when the model is there."""
    return None if set(_references(argument)) - values.keys() else filled_in(argument, values)
