"""Subresources: what a path behind an object's name does. One file per family; `table.py` says which handler serves which."""
