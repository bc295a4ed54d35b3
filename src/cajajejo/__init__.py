"""Evaluate language models on Kubernetes, track every run in MLflow, and judge whether a metric regressed."""

__version__ = "0.1.0"
