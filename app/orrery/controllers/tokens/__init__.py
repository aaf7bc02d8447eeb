"""Tokens of service accounts that lie in Secrets, as they were made before Pods got theirs mounted."""

from orrery.controllers.tokens.controller import TokenSecretController

__all__ = ["TokenSecretController"]
