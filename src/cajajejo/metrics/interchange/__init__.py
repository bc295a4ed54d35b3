"""The metric history in and out: as flat rows in a file, and from the experiments of a tracking server.

Out: stored runs → rows → CSV, JSON lines or Parquet. In: files and experiments → checked rows → a temporary file, in
which the rows of a run come together → the history. Neither way holds more than some thousand rows in memory.
"""
