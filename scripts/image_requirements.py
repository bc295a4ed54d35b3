"""Print what an image installs: a line for each package, with its version in poetry.lock.

    python3 scripts/image_requirements.py DIRECTORY > requirements.txt            the extra evaluation, and pytest
    python3 scripts/image_requirements.py DIRECTORY PACKAGE… > requirements.txt   these, and what they need

The builds run it by themselves. The lines change only where a package of the image does, so that the layer with the
packages stays as it is when pyproject.toml or the rest of the lock file change. Python alone is needed, no poetry.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

TESTS: Final = "pytest"
"""Runs the image's own tests; the one package of the development group that is wanted."""
OURS: Final = 'extra == "evaluation"'
ALWAYS: Final = 'python_version >= "3"'
OTHERS: Final = re.compile(r'extra == "(?!evaluation")[^"]*"')
"""Extras that no image has."""
NEVER: Final = 'python_version < "3"'


def main() -> int:
    """Print the requirements and return the exit code."""
    if not sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    lock = tomllib.loads((Path(sys.argv[1]) / "poetry.lock").read_text("utf-8"))
    packages = {package["name"]: package for package in lock["package"]}
    names = needed(packages, sys.argv[2:]) if sys.argv[2:] else of_evaluation(packages)
    print("\n".join(line(packages[name]) for name in sorted(names)))
    return 0


def of_evaluation(packages: dict[str, dict[str, Any]]) -> set[str]:
    """Return the packages of the extra `evaluation`, and of what runs the tests."""
    return {name for name, package in packages.items() if "main" in package["groups"]} | needed(packages, [TESTS])


def needed(packages: dict[str, dict[str, Any]], names: list[str]) -> set[str]:
    """Return packages and everything that they need."""
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        found |= waiting
        waiting = {other for name in waiting for other in needed_by(packages[name])} - found
    return found


def needed_by(package: dict[str, Any]) -> list[str]:
    """Return what a package needs itself, by the names that packages have in the lock file."""
    wanted = package.get("dependencies", {}).items()
    return [
        re.sub(r"[-_.]+", "-", name).lower()
        for name, details in wanted
        if not (isinstance(details, dict) and details.get("optional"))
    ]


def line(package: dict[str, Any]) -> str:
    """Return the requirement for one package; pip knows no extras in a list of requirements, so they are decided."""
    markers = package.get("markers", "")
    marker = markers.get("main", "") if isinstance(markers, dict) else markers
    decided = OTHERS.sub(NEVER, marker.replace(OURS, ALWAYS))
    condition = f" ; {decided}" if marker not in {"", OURS} else ""
    return f"{package['name']}=={package['version']}{condition}"


if __name__ == "__main__":
    sys.exit(main())
