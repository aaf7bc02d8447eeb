"""What Kubernetes' kinds are: the schema table, and per kind its defaults, validation, strategy and columns. Never touches storage."""
