"""What becomes of volumes: a new one is Available."""

from orrery.controllers.volumes.phase import VolumePhaseController

__all__ = ["VolumePhaseController"]
