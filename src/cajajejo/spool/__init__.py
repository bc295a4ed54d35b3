"""Results of finished evaluations: tracked, or kept until they are. A finished one is never lost, or logged twice.

What is to be tracked is described on the scratch directory before the first attempt. At the first failure it is copied
to the spool, where one is configured. `upload` finishes the work later, from either place, as often as one likes.
"""

from cajajejo.spool.attempts import PATIENCE_SECONDS, Tracked, keep, patience, track
from cajajejo.spool.kept import Kept
from cajajejo.spool.uploads import Upload, Uploaded, upload
from cajajejo.tracking.finished import Finished

__all__ = [
    "PATIENCE_SECONDS",
    "Finished",
    "Kept",
    "Tracked",
    "Upload",
    "Uploaded",
    "keep",
    "patience",
    "track",
    "upload",
]
