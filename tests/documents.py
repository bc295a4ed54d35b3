"""Documents of ``--json`` held against their schemas."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from cajajejo import schemas


def fits(name: str, document: Any) -> list[str]:
    """What the schema `name` says against `document`."""
    return [error.message for error in jsonschema_rs.validator_for(schemas.document(name)).iter_errors(document)]
