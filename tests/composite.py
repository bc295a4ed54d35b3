"""Runs the steps of a composite action as GitHub's runner does: expressions, variables, outputs, the shell."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_EXPRESSION: Final = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_SHELL: Final = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")


@dataclass
class Done:
    """What came of an action: the exit code of the step that failed, its outputs, all that was printed, the summary."""

    code: int = 0
    outputs: dict[str, str] = field(default_factory=dict)
    printed: str = ""
    summary: str = ""
    steps: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """A composite action in a directory."""

    directory: Path

    @property
    def document(self) -> dict[str, Any]:
        """What stands in its file."""
        found: dict[str, Any] = yaml.safe_load((self.directory / "action.yml").read_text("utf-8"))
        return found

    def run(self, place: Path, given: Mapping[str, str], github: Mapping[str, Any], environ: Mapping[str, str]) -> Done:
        """Runs its steps in the directory `place`, with these inputs, this context and these variables beside."""
        document, done = self.document, Done()
        contexts: dict[str, Any] = {
            "inputs": {},
            "github": {**github, "action_path": str(self.directory)},
            "steps": {},
        }
        for name, described in document["inputs"].items():
            default = _filled(str(described.get("default", "")), contexts)
            contexts["inputs"][name] = given.get(name, default)
        for step in document["runs"]["steps"]:
            if done.code or not _holds(step.get("if", "true"), contexts):
                continue
            done.steps[step["id"]] = self._step(step, contexts, place, environ, done)
            contexts["steps"][step["id"]] = {"outputs": done.steps[step["id"]]}
        done.outputs = {name: _filled(one["value"], contexts) for name, one in document["outputs"].items()}
        return done

    def _step(
        self, step: dict[str, Any], contexts: Mapping[str, Any], place: Path, environ: Mapping[str, str], done: Done
    ) -> dict[str, str]:
        temporary = place / "_temp"
        temporary.mkdir(exist_ok=True)
        files = {name: temporary / f"{name}_{step['id']}" for name in ("output", "step_summary")}
        for path in files.values():
            path.touch()
        script = temporary / f"{step['id']}.sh"
        script.write_text(step["run"], "utf-8")
        variables = {
            **{name: os.environ[name] for name in ("PATH", "HOME")},
            **{f"GITHUB_{name.upper()}": str(path) for name, path in files.items()},
            "RUNNER_TEMP": str(temporary),
            "GITHUB_REPOSITORY": contexts["github"]["repository"],
            "GITHUB_API_URL": contexts["github"]["api_url"],
            "GITHUB_EVENT_PATH": contexts["github"]["event_path"],
            "CI": "true",
            **environ,
            **{name: _filled(str(value), contexts) for name, value in step.get("env", {}).items()},
        }
        ran = subprocess.run(
            [*_SHELL, str(script)],
            cwd=place,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        done.printed += ran.stdout.decode()
        done.code = ran.returncode
        done.summary += files["step_summary"].read_text("utf-8")
        lines = files["output"].read_text("utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)


def _filled(text: str, contexts: Mapping[str, Any]) -> str:
    return _EXPRESSION.sub(lambda found: str(_value(found[1], contexts)), text)


def _value(expression: str, contexts: Mapping[str, Any]) -> Any:
    """A path into the contexts, or the first of several that is there."""
    for path in expression.split("||"):
        found: Any = contexts
        for part in path.strip().split("."):
            found = found.get(part, "") if isinstance(found, dict) else ""
        if found:
            return found
    return ""


def _holds(condition: str, contexts: Mapping[str, Any]) -> bool:
    """Whether every comparison with a text holds."""
    for part in condition.split("&&"):
        compared = re.fullmatch(r"\s*([\w.-]+) (==|!=) '([^']*)'\s*", part)
        if compared is None:
            return part.strip() == "true"
        path, sign, text = compared.groups()
        if (str(_value(path, contexts)) == text) != (sign == "=="):
            return False
    return True
