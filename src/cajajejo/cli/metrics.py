"""``cajajejo metrics``: each command loads, calls one function of the library, and prints."""

from __future__ import annotations

from cajajejo.cli.options import group

app = group("Metrics: collect them from event files, judge them against their history.", "Example: cajajejo metrics check --help")
