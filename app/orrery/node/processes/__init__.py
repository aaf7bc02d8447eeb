"""Process trees of simulated programs: what a container runs. Nothing of the host is reachable from inside."""
