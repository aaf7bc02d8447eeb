"""The Pods a Job makes: from its template, with the tracking finalizer and, for an indexed Job, everything that tells the index."""

from typing import Final

from orrery.controllers.engine.ownership import new_controller_reference
from orrery.controllers.job.finished import API_VERSION, KIND
from orrery.controllers.job.plan import Seen
from orrery.controllers.job.pods import COMPLETION_INDEX, FAILURE_COUNT, IGNORED_FAILURE_COUNT, TRACKING, failures_of, ignored_failures_of
from orrery.controllers.job.policies import judge_failure
from orrery.controllers.pods import new_pod
from orrery.machinery.objects import FrozenObject, Object, name_of

_INDEX_VARIABLE: Final = "JOB_COMPLETION_INDEX"
_PREFIX_MAX: Final = 58
"""The longest start of a generated name: 63 characters less the 5 that are added."""


def reference_to_job(job: FrozenObject) -> Object:
    return new_controller_reference(job, api_version=API_VERSION, kind=KIND)


def new_job_pod(job: FrozenObject, reference: Object) -> Object:
    """A Pod of a Job without indexes."""
    pod = new_pod(job["spec"]["template"], job, reference)
    finalizers = pod["metadata"].setdefault("finalizers", [])
    if TRACKING not in finalizers:
        finalizers.append(TRACKING)
    return pod


def new_indexed_pod(seen: Seen, reference: Object, index: int) -> Object:
    """The Pod of one index: named, labelled, annotated and given a host name after it."""
    job = seen.job
    pod = new_job_pod(job, reference)
    meta = pod["metadata"]
    meta["generateName"] = _prefix(name_of(job), index)
    meta.setdefault("labels", {})[COMPLETION_INDEX] = str(index)
    annotations = meta.setdefault("annotations", {})
    annotations[COMPLETION_INDEX] = str(index)
    if seen.failed_indexes is not None:
        _inherit_failures(job, seen.kept.get(index), annotations)
    spec = {**pod["spec"], "hostname": f"{name_of(job)}-{index}"}
    for field in ("initContainers", "containers"):
        if spec.get(field):
            spec[field] = [_with_index(container) for container in spec[field]]
    pod["spec"] = spec
    return pod


def _prefix(name: str, index: int) -> str:
    """`pi-3-`; a long name is cut, not the index."""
    end = f"-{index}-"
    return f"{name}{end}" if len(name) + len(end) <= _PREFIX_MAX else f"{name[: _PREFIX_MAX - len(end)]}{end}"


def _with_index(container: FrozenObject) -> FrozenObject:
    variables = container.get("env") or []
    if any(variable["name"] == _INDEX_VARIABLE for variable in variables):
        return container
    source = {"fieldRef": {"fieldPath": f"metadata.labels['{COMPLETION_INDEX}']"}}
    return {**container, "env": [*variables, {"name": _INDEX_VARIABLE, "valueFrom": source}]}


def _inherit_failures(job: FrozenObject, replaced: FrozenObject | None, annotations: Object) -> None:
    """With backoffLimitPerIndex a Pod tells how many Pods of its index failed before it."""
    counted = ignored = 0
    if replaced is not None:
        counted, ignored = failures_of(replaced), ignored_failures_of(replaced)
        if judge_failure(job["spec"].get("podFailurePolicy"), replaced).counts:
            counted += 1
        else:
            ignored += 1
    annotations[FAILURE_COUNT] = str(counted)
    if ignored:
        annotations[IGNORED_FAILURE_COUNT] = str(ignored)
