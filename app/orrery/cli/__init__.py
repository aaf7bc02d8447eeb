"""The command `orrery`."""
