"""Two evaluations compared pair by pair: is B better than A?

Both answered the same questions, so each question is its own control: what is judged is the difference of its two
scores, not two means. The formulas and where they come from stand with the functions.
"""

from cajajejo import errors

errors.require("scipy", extra="evaluation", purpose="comparing two evaluations")
errors.require("msgspec", extra="evaluation", purpose="comparing two evaluations")
