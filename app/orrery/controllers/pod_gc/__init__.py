"""Removes Pods that nobody else will: too many ended ones, those of vanished or dead nodes, those that wait for no node."""

from orrery.controllers.pod_gc.controller import PodGcController

__all__ = ["PodGcController"]
