"""How many Pods may be disrupted at once, and disruptions that never came."""

from orrery.controllers.disruption.controller import DisruptionController
from orrery.controllers.disruption.stale import StaleDisruptionController

__all__ = ["DisruptionController", "StaleDisruptionController"]
