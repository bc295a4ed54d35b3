"""Jobs on a cluster: found by name, looked at, followed to the end, stopped, removed, remembered."""
