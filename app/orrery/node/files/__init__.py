"""File systems of simulated containers: inodes in memory, shared image layers, mounts, and the view one process has of them."""
