"""``cajajejo schema``: calls one function of the library, and prints."""

from pathlib import Path

from cajajejo.cli import screen
from cajajejo.cli.options import AllSchemas, AsJson, SchemaDirectory, SchemaName
from cajajejo.errors import UsageError


def schema(
    name: SchemaName = None, every: AllSchemas = False, output: SchemaDirectory = None, as_json: AsJson = False
) -> None:
    """Print the JSON Schema of a file or an output.

    Example: cajajejo schema evaluation
    """
    from cajajejo import schemas

    if every != (output is not None) or (every and name is not None):
        raise UsageError("--all and -o DIR belong together, without NAME", run="cajajejo schema --all -o schemas")
    if output is not None:
        _write(output, as_json=as_json)
    elif name is not None:
        screen.result(schemas.text(name).rstrip("\n"))
    elif as_json:
        screen.result_json(schemas.listing())
    else:
        screen.result(*schemas.lines(screen.out_style()))


def _write(directory: Path, *, as_json: bool) -> None:
    from cajajejo import schemas

    paths = schemas.write(directory)
    if as_json:
        screen.result_json({"files": [str(path) for path in paths]})
    screen.say(*(f"wrote {path}" for path in paths))
