"""Level shifts: from values to levels, to shifts, to episodes, and to the change points of a whole history; pure."""

from cajajejo.errors import require

require("numpy", extra="evaluation", purpose="looking for level shifts")
