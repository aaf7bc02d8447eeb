"""Deletes finished Jobs when their time to live is over."""

from orrery.controllers.ttl_after_finished.controller import TtlAfterFinishedController

__all__ = ["TtlAfterFinishedController"]
