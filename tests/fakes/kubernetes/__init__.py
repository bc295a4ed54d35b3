"""A Kubernetes API server for tests: it speaks HTTP, and is held against what a real 1.36 answered."""

from __future__ import annotations

from tests.fakes.kubernetes.server import FakeKubernetes

__all__ = ["FakeKubernetes"]
