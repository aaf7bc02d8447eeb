"""Jobs: `JobController` runs and counts Pods, `JobFinalizerController` lets go of Pods that no Job counts any more."""

from orrery.controllers.job.controller import JobController
from orrery.controllers.job.finalizers import JobFinalizerController

__all__ = ["JobController", "JobFinalizerController"]
