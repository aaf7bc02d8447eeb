"""Deletes what has lost its owners, and carries out foreground deletion and orphaning. `plan.py` decides, `controller.py` acts."""

from orrery.controllers.garbage_collector.controller import GarbageCollector

__all__ = ["GarbageCollector"]
