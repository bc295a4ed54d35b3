"""Writes schemas/ from the models themselves.

.venv/bin/python scripts/schemas.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from cajajejo import schemas

DIRECTORY = Path(__file__).resolve().parent.parent / "schemas"


def outdated(directory: Path) -> list[str]:
    """The files in `directory` that are missing, out of date, or no schema of ours."""
    wanted = {schemas.file_name(name): schemas.text(name) for name in schemas.PUBLISHED}
    there = {path.name: path.read_text("utf-8") for path in directory.glob("*")}
    return sorted(name for name in wanted | there if wanted.get(name) != there.get(name))


def main() -> int:
    """Writes the schemas, or with ``--check`` says whether they are up to date."""
    if "--check" in sys.argv[1:]:
        wrong = outdated(DIRECTORY)
        for name in wrong:
            print(f"schemas/{name} is out of date. Run: .venv/bin/python scripts/schemas.py", file=sys.stderr)
        return 1 if wrong else 0
    for path in schemas.write(DIRECTORY):
        print(path.relative_to(DIRECTORY.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
