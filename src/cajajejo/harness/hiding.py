"""The values of secret variables, taken out of what is printed and kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cajajejo.config import EvaluationJobConfig

_SHORTEST: Final = 6
"""A shorter value is no secret that could be kept, and may be a word of any line."""
_SECRET_NAME: Final = re.compile(
    r"(?:^|_)(?:TOKEN|PASSWORD|PASSWD|SECRET|API_?KEY|ACCESS_KEY|PRIVATE_KEY)(?:_|$)", re.IGNORECASE
)
_NO_SECRET: Final = re.compile(r"(?:[./~].*|\d+|true|false|none|null)", re.IGNORECASE)
"""A path, a number or a switch, under a name such as ``AWS_WEB_IDENTITY_TOKEN_FILE``."""


def hiding(config: EvaluationJobConfig | None, environ: Mapping[str, str]) -> Callable[[str], str]:
    """What takes secret values out of a line; of long ones each line.

    These are the values that the config's ``secret_env`` has in `environ`, and those of variables whose names say that
    they are secret, such as ``MLFLOW_TRACKING_TOKEN``.
    """
    found = (line.strip() for value in _values(config, environ) for line in value.splitlines())
    told = sorted({value for value in found if len(value) >= _SHORTEST}, key=len, reverse=True)
    if not told:
        return str
    pattern = re.compile("|".join(map(re.escape, told)))
    return lambda text: pattern.sub("(hidden)", text)


def _values(config: EvaluationJobConfig | None, environ: Mapping[str, str]) -> Iterator[str]:
    ours = config.secret_env if config is not None else {}
    for name, value in environ.items():
        if name in ours or (_SECRET_NAME.search(name) and not _NO_SECRET.fullmatch(value)):
            yield value
