"""What a real Kubernetes 1.36 API server answered, and how a server is held against it."""
