"""Whether a Job has come to its end: read by the Job's own controller, by CronJobs and by TTL-after-finished."""

from typing import Final

from orrery.machinery.objects import FrozenObject
from orrery.store.log import Record

BUCKET: Final = "jobs.batch"
API_VERSION: Final = "batch/v1"
KIND: Final = "Job"
OWN_MANAGER: Final = "kubernetes.io/job-controller"
_ENDS: Final = ("Complete", "Failed")
_END_MARKS: Final = tuple(f'"type":"{end}","status":"True"'.encode() for end in _ENDS)
_POLICY: Final = b'"podFailurePolicy"'


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


def has_finished(record: Record) -> bool:
    """The same of a stored Job; one that was ended by its controller is known by its bytes, and not parsed.

    Only a pod failure policy could hold the same bytes elsewhere: quotes of a string are escaped.
    """
    body = record.body
    if _POLICY not in body and any(mark in body for mark in _END_MARKS):
        return True
    return is_finished(record.object)


def is_managed_elsewhere(job: FrozenObject) -> bool:
    """Whether spec.managedBy gives the Job to somebody else's controller."""
    manager = job["spec"].get("managedBy")
    return manager is not None and manager != OWN_MANAGER
