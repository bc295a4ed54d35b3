"""The program of a harness that has a Python environment of its own, and what is installed beside it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.errors import HarnessMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ENVIRONMENT_IN_CLONE: Final = Path(".cajajejo/envs/helm")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A program that is looked for.

    Attributes:
        title: how messages call it.
        names: of the program; the first that is there is taken.
        variable: names its path in the environment of our own process; nothing else is looked at then.
    """

    title: str
    names: Sequence[str]
    variable: str

    def find(self, environ: Mapping[str, str]) -> Path:
        """Where it is: where its variable says, beside this Python, in the clone's own environment, or on the path.

        Raises:
            HarnessMissingError: it is in none of these places.
        """
        program = self.found(environ)
        if program is None:
            named = environ.get(self.variable)
            looked_at = named or ", ".join(map(str, self._places())) + " and PATH"
            note = f"it needs an environment of its own: a clone makes one, {self.variable} names another"
            raise HarnessMissingError(
                f"the harness is not installed: {self.title}",
                facts={"looked at": looked_at, "note": note},
                run="python3 scripts/environments.py helm",
            )
        return program

    def found(self, environ: Mapping[str, str]) -> Path | None:
        """The same, or None where it is not installed."""
        named = environ.get(self.variable)
        on_path = [shutil.which(name, path=environ.get("PATH")) for name in self.names]
        candidates = [Path(named)] if named else [*self._places(), *(Path(path) for path in on_path if path)]
        program = next((place for place in candidates if place.is_file() and os.access(place, os.X_OK)), None)
        return None if program is None else program.absolute()

    def _places(self) -> list[Path]:
        directories = [Path(sys.executable).parent, ENVIRONMENT_IN_CLONE / "bin"]
        return [directory / name for directory in directories for name in self.names]


def versions(program: Path, packages: Iterable[str]) -> dict[str, str]:
    """The versions of those of `packages` that the environment of `program` holds, which is not started for it.

    Args:
        program: in the ``bin`` directory of its environment.
        packages: by the names that pip knows them by.
    """
    environment = program.parent.parent
    places = [str(path) for path in sorted(environment.glob("lib*/python3*/*-packages")) if path.is_dir()]
    found = {}
    for name in packages:
        one = next(iter(metadata.distributions(name=name, path=places)), None) if places else None
        if one is not None:
            found[name] = one.version
    return found
