"""Orrery's own API under /orrery/v1, for people with curl or httpx."""
