"""A Kubernetes API server for tests: it speaks the protocol over HTTP, and is held against what a real 1.36 answered."""
