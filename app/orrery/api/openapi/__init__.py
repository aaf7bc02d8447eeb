"""The OpenAPI documents of the Kubernetes API: what clients read to explain, validate and merge objects."""
