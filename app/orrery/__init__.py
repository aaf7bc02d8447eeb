"""Orrery: a clockwork Kubernetes. See ARCHITECTURE.md for the rooms and their arrows."""

__version__ = "0.1.0"

KUBERNETES_VERSION = "1.35.4"
"""The release whose observable behaviour is emulated; discovery, validation texts and defaults follow it."""
