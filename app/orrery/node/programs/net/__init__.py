"""Programs that speak over the simulated network."""
