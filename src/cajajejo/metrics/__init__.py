"""Metrics of a run: read from event files, aggregated, judged against their history, stored, reported."""
