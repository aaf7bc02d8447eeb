"""The API without HTTP: create, get, list, update, patch, delete, watch, admission, subresources, and the in-process client."""
