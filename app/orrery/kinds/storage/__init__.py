"""Volumes, claims, classes and what drivers say of themselves."""
