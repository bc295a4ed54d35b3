"""What is known about a job, kept on its MLflow run, so that it can be told when the job is gone."""

from cajajejo.records.record import Record, Teller
from cajajejo.records.runs import ensure, find, write
from cajajejo.records.tags import UID
from cajajejo.tracking.patience import within

__all__ = ["UID", "Record", "Teller", "ensure", "find", "within", "write"]
