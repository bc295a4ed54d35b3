"""A Kubernetes cluster: the only part that talks to one."""

from cajajejo.cluster.api_requests import APPLY, MANAGER, MERGE_PATCH, STRATEGIC_MERGE_PATCH
from cajajejo.cluster.client import ALL_NAMESPACES, Cluster, Created, Options, Target, connect
from cajajejo.cluster.watching import Change, Pace, Watch, What, watch

__all__ = [
    "ALL_NAMESPACES",
    "APPLY",
    "MANAGER",
    "MERGE_PATCH",
    "STRATEGIC_MERGE_PATCH",
    "Change",
    "Cluster",
    "Created",
    "Options",
    "Pace",
    "Target",
    "Watch",
    "What",
    "connect",
    "watch",
]
