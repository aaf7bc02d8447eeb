"""Finalizers that hold what is in use: claims, volumes, attribute classes, service networks."""

from orrery.controllers.protection.in_use import ClaimProtection, ClassProtection, VolumeProtection
from orrery.controllers.protection.service_cidrs import ServiceCidrController

__all__ = ["ClaimProtection", "ClassProtection", "ServiceCidrController", "VolumeProtection"]
