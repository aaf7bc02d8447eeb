"""What is wrong with a change of a Job's status: counters that shrink, an end that is taken back. Follows ValidateJobUpdateStatus.

Most rules only look at fields that the change touches, as upstream's options say.
"""

from typing import Final

from orrery.kinds.kind import Errors
from orrery.kinds.pods.template import non_negative
from orrery.kinds.workloads.job_rules import IndexesError, count_indexes, parse_interval
from orrery.machinery.field_errors import OMITTED, duplicate, invalid, required
from orrery.machinery.objects import FrozenObject, Object

_CONDITIONS: Final = "status.conditions"


def _is_true(status: FrozenObject, kind: str) -> bool:
    return any(one.get("type") == kind and one.get("status") == "True" for one in status.get("conditions") or ())


def _is_finished(status: FrozenObject) -> bool:
    return _is_true(status, "Complete") or _is_true(status, "Failed")


def validate_job_status(obj: Object, old: FrozenObject) -> Errors:
    status, before, spec = obj.get("status") or {}, old.get("status") or {}, obj["spec"]
    errors = non_negative(status, "status", "active", "succeeded", "failed", "ready", "terminating")
    errors += _uncounted(status)
    errors += _end(status, before)
    errors += _finished(status, before, spec)
    errors += _indexes(status, before, spec)
    if status.get("ready", 0) > status.get("active", 0) and _changed(status, before, "ready", "active"):
        errors.append(invalid("status.ready", status["ready"], "cannot set more ready pods than active"))
    errors += _success_criteria(status, spec)
    return errors + _against_old(status, before, spec)


def _changed(status: FrozenObject, before: FrozenObject, *fields: str) -> bool:
    return any(status.get(field) != before.get(field) for field in fields)


def _turned(status: FrozenObject, before: FrozenObject, *kinds: str) -> bool:
    return any(_is_true(status, kind) != _is_true(before, kind) for kind in kinds)


def _uncounted(status: FrozenObject) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    for field in ("succeeded", "failed"):
        for index, uid in enumerate((status.get("uncountedTerminatedPods") or {}).get(field) or ()):
            path = f"status.uncountedTerminatedPods.{field}[{index}]"
            if not uid:
                errors.append(invalid(path, uid, "must not be empty"))
            elif uid in seen:
                errors.append(duplicate(path, uid))
            seen.add(uid)
    return errors


def _end(status: FrozenObject, before: FrozenObject) -> Errors:
    errors: Errors = []
    complete, failed = _is_true(status, "Complete"), _is_true(status, "Failed")
    if complete and failed and _turned(status, before, "Complete", "Failed"):
        errors.append(invalid(_CONDITIONS, OMITTED, "cannot set Complete=True and Failed=true conditions"))
    if complete and _is_true(status, "FailureTarget") and _turned(status, before, "Complete", "FailureTarget"):
        errors.append(invalid(_CONDITIONS, OMITTED, "cannot set Complete=True and FailureTarget=true conditions"))
    end, start = status.get("completionTime"), status.get("startTime")
    if _turned(status, before, "Complete") or _changed(status, before, "completionTime"):
        if end is not None and not complete:
            text = "cannot set completionTime when there is no Complete=True condition"
            errors.append(invalid("status.completionTime", end, text))
        if end is None and complete:
            errors.append(required("status.completionTime", "completionTime is required for Complete jobs"))
    if start is not None and end is not None and end < start and _changed(status, before, "startTime", "completionTime"):
        errors.append(invalid("status.completionTime", end, "must be equal to or after `startTime`"))
    touched = _turned(status, before, "Failed") or _changed(status, before, "failedIndexes")
    if failed and not _is_true(status, "FailureTarget") and touched:
        text = "cannot set Failed=True condition without the FailureTarget=true condition"
        errors.append(invalid(_CONDITIONS, OMITTED, text))
    if complete and not _is_true(status, "SuccessCriteriaMet") and _turned(status, before, "Complete", "SuccessCriteriaMet"):
        text = "cannot set Complete=True condition without the SuccessCriteriaMet=true condition"
        errors.append(invalid(_CONDITIONS, OMITTED, text))
    return errors


def _finished(status: FrozenObject, before: FrozenObject, spec: FrozenObject) -> Errors:
    if not _is_finished(status):
        return []
    errors: Errors = []
    turned = not _is_finished(before)
    if status.get("active", 0) > 0 and (turned or _changed(status, before, "active")):
        errors.append(invalid("status.active", status["active"], "active>0 is invalid for finished job"))
    never_ran = spec.get("suspend") and spec.get("completions") == 0
    if status.get("startTime") is None and (turned or _changed(status, before, "startTime")) and not never_ran:
        errors.append(required("status.startTime", "startTime is required for finished job"))
    uncounted = status.get("uncountedTerminatedPods") or {}
    if any(uncounted.values()) and (turned or _changed(status, before, "uncountedTerminatedPods")):
        told = {"Succeeded": uncounted.get("succeeded"), "Failed": uncounted.get("failed")}
        errors.append(invalid("status.uncountedTerminatedPods", told, "must be empty for finished job"))
    if (status.get("terminating") or 0) > 0 and (turned or _changed(status, before, "terminating")):
        errors.append(invalid("status.terminating", status["terminating"], "terminating>0 is invalid for finished job"))
    return errors


def _indexes(status: FrozenObject, before: FrozenObject, spec: FrozenObject) -> Errors:
    errors: Errors = []
    completions = spec.get("completions")
    completed, failed = status.get("completedIndexes", ""), status.get("failedIndexes")
    per_index = spec.get("backoffLimitPerIndex") is not None
    for field, text, checked in (("completedIndexes", completed, True), ("failedIndexes", failed, per_index)):
        if text is None or completions is None or not checked or not _changed(status, before, field):
            continue
        try:
            count_indexes(text, completions)
        except IndexesError as error:
            errors.append(invalid(f"status.{field}", text, f"error parsing {field}: {error}"))
    if completed and spec.get("completionMode") != "Indexed" and _changed(status, before, "completedIndexes"):
        text = "cannot set non-empty completedIndexes when non-indexed completion mode"
        errors.append(invalid("status.completedIndexes", completed, text))
    if failed is not None and not per_index and _changed(status, before, "failedIndexes"):
        text = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
        errors.append(invalid("status.failedIndexes", failed, text))
    if completed and failed and completions is not None and _changed(status, before, "failedIndexes", "completedIndexes"):
        overlap = _overlap(completed, failed, completions)
        if overlap is not None:
            text = f"failedIndexes and completedIndexes overlap at index: {overlap}"
            errors.append(invalid("status.failedIndexes", failed, text))
    return errors


def _overlap(completed: str, failed: str, completions: int) -> int | None:
    intervals: list[list[tuple[int, int]]] = []
    for text in (completed, failed):
        found: list[tuple[int, int]] = []
        for part in text.split(","):
            try:
                found.append(parse_interval(part, completions))
            except IndexesError:
                continue
        intervals.append(found)
    common = [max(low, other_low) for low, high in intervals[0] for other_low, other in intervals[1] if low <= other and other_low <= high]
    return min(common, default=None)


def _success_criteria(status: FrozenObject, spec: FrozenObject) -> Errors:
    met = _is_true(status, "SuccessCriteriaMet")
    errors: Errors = []
    if met and _is_true(status, "Failed"):
        errors.append(invalid(_CONDITIONS, OMITTED, "cannot set SuccessCriteriaMet=True and Failed=true conditions"))
    if met and _is_true(status, "FailureTarget"):
        errors.append(invalid(_CONDITIONS, OMITTED, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"))
    if "successPolicy" in spec and not met and _is_true(status, "Complete"):
        text = "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True"
        errors.append(invalid(_CONDITIONS, OMITTED, text))
    return errors


def _against_old(status: FrozenObject, before: FrozenObject, spec: FrozenObject) -> Errors:
    errors: Errors = []
    for kind in ("Failed", "Complete", "FailureTarget"):
        if _is_true(before, kind) and not _is_true(status, kind):
            errors.append(invalid(_CONDITIONS, OMITTED, f"cannot disable the terminal {kind}=True condition"))
    resizable = spec.get("completionMode") == "Indexed" and spec.get("completions") == spec.get("parallelism")
    for field in ("failed", "succeeded"):
        if status.get(field, 0) < before.get(field, 0) and not (field == "succeeded" and resizable):
            errors.append(invalid(f"status.{field}", status.get(field, 0), f"cannot decrease the {field} counter"))
    end = status.get("completionTime")
    if end is not None and before.get("completionTime") not in (None, end):
        errors.append(invalid("status.completionTime", end, "field is immutable"))
    start = before.get("startTime")
    resuming = _is_true(before, "Suspended") and any(
        one.get("type") == "Suspended" and one.get("status") == "False" for one in status.get("conditions") or ()
    )
    if start is not None and status.get("startTime") != start and not spec.get("suspend") and not resuming:
        errors.append(required("status.startTime", "startTime cannot be removed for unsuspended job"))
    if _is_true(before, "SuccessCriteriaMet") and not _is_true(status, "SuccessCriteriaMet"):
        errors.append(invalid(_CONDITIONS, OMITTED, "cannot disable the SuccessCriteriaMet=True condition"))
    if _is_true(before, "Complete") and not _is_true(before, "SuccessCriteriaMet") and _is_true(status, "SuccessCriteriaMet"):
        text = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions"
        errors.append(invalid(_CONDITIONS, OMITTED, text))
    return errors
