"""What is to be tracked, described on the scratch directory before the first attempt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from cajajejo import files, results
from cajajejo.errors import HarnessError, SpoolError
from cajajejo.spool import description
from cajajejo.tracking.finished import OUTPUT

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.tracking.finished import Finished

DESCRIPTION: Final = "finished.json"


def write(finished: Finished) -> None:
    """Writes what `read` needs beside the results.

    Raises:
        OSError: the directory cannot be written.
    """
    text = json.dumps(description.describe(finished), indent=1) + "\n"
    files.replace(finished.directory / DESCRIPTION, text.encode())


def read(directory: Path) -> Finished:
    """The evaluation that finished in `directory`.

    Raises:
        SpoolError: its results or its description are damaged, or there are none.
    """
    try:
        found = description.parse((directory / DESCRIPTION).read_bytes())
        return description.read(found, directory, results.read(directory / OUTPUT))
    except HarnessError as error:
        raise SpoolError(error.message, facts=error.facts) from error
    except OSError as error:
        raise SpoolError(f"no finished evaluation in {directory}", facts={"says": str(error)}) from error
