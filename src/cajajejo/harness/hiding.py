"""The values of secret variables, taken out of what is printed and kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cajajejo.config import EvaluationJobConfig

_SHORTEST: Final = 6
"""A shorter value is no secret that could be kept, and may be a word of any line."""


def hiding(config: EvaluationJobConfig, environ: Mapping[str, str]) -> Callable[[str], str]:
    """What takes the values that the config's ``secret_env`` has in `environ` out of a line; of long ones each line."""
    values = (line.strip() for name in config.secret_env for line in environ.get(name, "").splitlines())
    told = sorted({value for value in values if len(value) >= _SHORTEST}, key=len, reverse=True)
    if not told:
        return str
    pattern = re.compile("|".join(map(re.escape, told)))
    return lambda text: pattern.sub("(hidden)", text)
