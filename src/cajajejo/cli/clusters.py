"""The cluster that a command talks to, and where on it jobs are looked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cajajejo.cluster import Cluster


def connect(context: str | None) -> Cluster:
    """The cluster of `context`; what it waits for is said on stderr."""
    from cajajejo import cluster
    from cajajejo.cli.progress import RetryNotes

    return cluster.connect(context, options=cluster.Options(on_retry=RetryNotes()))


def place(cluster: Cluster, namespace: str | None, default_namespace: str | None) -> str:
    """Where jobs are: the namespace that is given, that of the project file, that of the context, ``default``."""
    return namespace or default_namespace or cluster.target.namespace or "default"


def options(cluster: Cluster, namespace: str, context: str | None) -> list[str]:
    """The options that a further command needs to find a job there."""
    settings = (os.environ.get(f"CAJAJEJO_{name}") for name in ("NAMESPACE", "DEFAULT_NAMESPACE"))
    usual = next(filter(None, (*settings, cluster.target.namespace)), "default")
    return [*(["-n", namespace] if namespace != usual else []), *(["--context", context] if context else [])]
