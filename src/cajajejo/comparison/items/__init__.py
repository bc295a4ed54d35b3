"""From the lines of two files to the pairs of every metric."""
