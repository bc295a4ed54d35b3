"""What the containers of a job printed: from the pods while they are there, and from Cloud Logging afterwards."""

from cajajejo.logs.lines import Block, Gap, Line, Source
from cajajejo.logs.reading import Reading, read
from cajajejo.logs.speakers import Wanted

__all__ = ["Block", "Gap", "Line", "Reading", "Source", "Wanted", "read"]
