"""A run against its history: what bounds rest on, a verdict on each metric with its reason, one on the run, alerts."""
