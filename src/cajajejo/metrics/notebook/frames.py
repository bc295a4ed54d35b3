"""Columns as a data frame: the one place that imports pandas, and only when somebody asks for a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cajajejo.errors import require

if TYPE_CHECKING:
    from collections.abc import Mapping


def frame(columns: Mapping[str, object]) -> Any:
    """A data frame of pandas with these `columns`.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    return require("pandas", extra="evaluation", purpose="data frames").DataFrame(dict(columns))
