"""One evaluation, wherever it runs: in the pod, in docker, or on this machine."""
