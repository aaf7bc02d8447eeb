"""SPDY/3.1 as a server, as much of it as Kubernetes' streams use: see `connection`."""
