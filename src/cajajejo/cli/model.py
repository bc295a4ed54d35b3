"""``cajajejo model …``: each command calls one function of the library, and prints."""

import os
from pathlib import Path

from cajajejo.cli import screen
from cajajejo.cli.groups import group
from cajajejo.cli.options import (
    AsJson,
    CacheDir,
    FetchTo,
    ModelUri,
    OptionalConfigPath,
    Parallel,
    Verify,
)
from cajajejo.errors import UsageError

app = group("The models that are evaluated.", "Example: cajajejo model fetch job_config.yml --output /scratch")


@app.callback()
def model() -> None:
    """The models that are evaluated.

    Example: cajajejo model fetch job_config.yml --output /scratch
    """


@app.command("fetch")
def fetch(
    config: OptionalConfigPath = None,
    uri: ModelUri = None,
    output: FetchTo = Path(),
    cache: CacheDir = None,
    verify: Verify = True,
    parallel: Parallel = 8,
    as_json: AsJson = False,
) -> None:
    """Fetch the model of a config, whole and checked.

    Example: cajajejo model fetch jobs/evaluation/debug.job_config.yml
    --output /scratch

    This is what the init container of a job runs. Started again after a cut or a
    kill it goes on where it ended; where the model is there, nothing is done.
    The directory of the model is printed.
    """
    from cajajejo.cli.fetch_progress import FetchProgress
    from cajajejo.harness.breaking_off import interruptible
    from cajajejo.models import fetching
    from cajajejo.models.fetched_model import FetchedModel
    from cajajejo.models.landing import Manner

    if (config is None) == (uri is None):
        raise UsageError("either CONFIG or --uri URI")
    with interruptible() as interruption, FetchProgress() as progress:
        interruption.place = output.absolute()
        manner = Manner(parallel, verify, say=progress.say, watch=progress)
        found = fetching.at(config, uri, output, manner, environ=os.environ, cache=cache)
    document = FetchedModel.of(found, progress.seconds)
    screen.say(document.sentence)
    if as_json:
        screen.result_json(document.as_json())
    else:
        screen.result(document.directory)
