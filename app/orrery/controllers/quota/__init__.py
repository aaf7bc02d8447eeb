"""What resource quotas say of their use."""

from orrery.controllers.quota.controller import ResourceQuotaController

__all__ = ["ResourceQuotaController"]
