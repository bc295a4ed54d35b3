"""What the commands do, on arrays and data frames in memory: event files read, runs judged, shifts found."""

from cajajejo.errors import require

require("numpy", extra="evaluation", purpose="judging numbers in memory")
