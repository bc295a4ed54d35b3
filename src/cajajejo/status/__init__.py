"""How a job stands, told from what is on the cluster: one state, one reason, one sentence, one thing to do. Pure."""

from cajajejo.status.evidence import Evidence
from cajajejo.status.explain import Entry, entries
from cajajejo.status.model import Advice, Attempt, LastLines, Progress, Quote, Reason, State, Status
from cajajejo.status.telling import of

__all__ = [
    "Advice",
    "Attempt",
    "Entry",
    "Evidence",
    "LastLines",
    "Progress",
    "Quote",
    "Reason",
    "State",
    "Status",
    "entries",
    "of",
]
