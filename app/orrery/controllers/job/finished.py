"""Whether a Job has come to its end: read by the Job's own controller, by CronJobs and by TTL-after-finished."""

from typing import Final

from orrery.machinery.objects import FrozenObject

BUCKET: Final = "jobs.batch"
API_VERSION: Final = "batch/v1"
KIND: Final = "Job"
OWN_MANAGER: Final = "kubernetes.io/job-controller"
_ENDS: Final = ("Complete", "Failed")


def true_condition(job: FrozenObject, condition_type: str) -> FrozenObject | None:
    """The condition of that type whose status is True."""
    for condition in (job.get("status") or {}).get("conditions") or ():
        if condition["type"] == condition_type and condition["status"] == "True":
            found: FrozenObject = condition
            return found
    return None


def end_of(job: FrozenObject) -> FrozenObject | None:
    """Its Complete or Failed condition, once that is true."""
    for condition in (job.get("status") or {}).get("conditions") or ():
        if condition["type"] in _ENDS and condition["status"] == "True":
            found: FrozenObject = condition
            return found
    return None


def is_finished(job: FrozenObject) -> bool:
    return end_of(job) is not None


def is_managed_elsewhere(job: FrozenObject) -> bool:
    """Whether spec.managedBy gives the Job to somebody else's controller."""
    manager = job["spec"].get("managedBy")
    return manager is not None and manager != OWN_MANAGER
