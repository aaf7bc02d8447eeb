"""Services, endpoints, Ingresses, addresses."""
