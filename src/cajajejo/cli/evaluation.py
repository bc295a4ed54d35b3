"""``cajajejo jobs evaluation``: each command loads, calls one function of the library, and prints."""

from __future__ import annotations

from cajajejo.cli.options import group

app = group("Evaluate a model: from a job config to results in MLflow.", "Example: cajajejo jobs evaluation parse-job --help")
