"""Scaling workloads by what their Pods use."""

from orrery.controllers.autoscaling.controller import HorizontalController

__all__ = ["HorizontalController"]
