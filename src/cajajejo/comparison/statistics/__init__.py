"""What pairs say: differences, their errors and intervals, tests, what could be seen; and the level of one run."""
