"""HTTP: routes, discovery, content negotiation, watch streams, errors, OpenAPI. Translates; decides nothing about objects."""
