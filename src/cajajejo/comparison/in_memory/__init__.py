"""Scores that are in memory already, as the columns that files are read into: lists, arrays, data frames."""
