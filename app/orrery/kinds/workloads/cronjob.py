"""CronJob: schedules, time zones and the template of its Jobs. Follows ValidateCronJobCreate and the registry's strategy."""

import re
from collections.abc import Sequence
from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.features import drop_disabled_fields
from orrery.kinds.pods.pod import hostname_warnings
from orrery.kinds.pods.template import POD_NAMES, generation_changed, non_negative, printed_selector
from orrery.kinds.workloads.job import default_job_spec, job_spec_warnings
from orrery.kinds.workloads.job_rules import validate_job_spec
from orrery.machinery.cron import ScheduleError, parse_schedule, time_zone_problem
from orrery.machinery.field_errors import invalid, not_supported, required
from orrery.machinery.names import bytes_len
from orrery.machinery.objects import FrozenObject, Object

_POLICIES: Final = ("Allow", "Forbid", "Replace")
_NAME_BYTES_MAX: Final = 52
_is_zone_part: Final = re.compile(r"[A-Za-z.\-_0-9+]{1,14}").fullmatch
_ZONE_IN_SCHEDULE: Final = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
_ZONE_TWICE: Final = "cannot use both timeZone field and TZ or CRON_TZ in schedule"
_ZONE_WARNING: Final = (
    "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, "
    "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
)


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    template = spec.setdefault("jobTemplate", {})
    template.setdefault("metadata", {})
    default_job_spec(template.setdefault("spec", {}))
    if not spec.get("concurrencyPolicy"):
        spec["concurrencyPolicy"] = "Allow"
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)


def _pod_spec(obj: FrozenObject) -> Object:
    spec: Object = obj["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


def _drop(obj: Object, old: FrozenObject | None = None) -> None:
    drop_disabled_fields(_pod_spec(obj), _pod_spec(old) if old is not None else None)


def _validate(obj: Object) -> Errors:
    errors = _validate_spec(obj["spec"], None)
    name = obj["metadata"].get("name", "")
    if bytes_len(name) > _NAME_BYTES_MAX:
        errors.append(invalid("metadata.name", name, f"must be no more than {_NAME_BYTES_MAX} characters"))
    return errors


def _validate_spec(spec: FrozenObject, before: FrozenObject | None) -> Errors:
    errors: Errors = []
    schedule, zone = spec.get("schedule", ""), spec.get("timeZone")
    if not schedule:
        errors.append(required("spec.schedule"))
    else:
        errors += _schedule(schedule, zone, had_zone=before is not None and "TZ" in before.get("schedule", ""))
    errors += non_negative(spec, "spec", "startingDeadlineSeconds")
    if zone is not None and (before is None or before.get("timeZone") != zone):
        errors += _time_zone(zone)
    policy = spec.get("concurrencyPolicy", "")
    if policy not in _POLICIES:
        errors.append(not_supported("spec.concurrencyPolicy", policy, _POLICIES) if policy else required("spec.concurrencyPolicy"))
    job = (spec.get("jobTemplate") or {}).get("spec") or {}
    errors += validate_job_spec(job, "spec.jobTemplate.spec")
    if job.get("selector") is not None:
        text = "`selector` will be auto-generated"
        errors.append(invalid("spec.jobTemplate.spec.selector", printed_selector(job["selector"]), text))
    if job.get("manualSelector"):
        errors.append(not_supported("spec.jobTemplate.spec.manualSelector", True, ("nil", "false")))
    return errors + non_negative(spec, "spec", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")


def _schedule(schedule: str, zone: str | None, *, had_zone: bool) -> Errors:
    errors: Errors = []
    try:
        parse_schedule(schedule)
    except ScheduleError as error:
        errors.append(invalid("spec.schedule", schedule, str(error)))
    if "TZ" in schedule:
        if not had_zone:
            errors.append(invalid("spec.schedule", schedule, _ZONE_IN_SCHEDULE))
        elif zone is not None:
            errors.append(invalid("spec.schedule", schedule, _ZONE_TWICE))
    return errors


def _time_zone(zone: str) -> Errors:
    path = "spec.timeZone"
    if not zone:
        return [invalid(path, zone, "timeZone must be nil or non-empty string")]
    for part in zone.split("/"):
        if part in (".", "..") or part.startswith("-") or not _is_zone_part(part):
            return [invalid(path, zone, f"unknown time zone {zone}")]
    errors: Errors = []
    if zone.lower() == "local":
        text = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        errors.append(invalid(path, zone, text))
    if problem := time_zone_problem(zone):
        errors.append(invalid(path, zone, problem))
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return _validate_spec(obj["spec"], old["spec"])


def _warnings(obj: Object, old: FrozenObject | None) -> Sequence[str]:
    job = obj["spec"]["jobTemplate"]["spec"]
    if old is None:
        return hostname_warnings(obj["metadata"].get("name", ""), POD_NAMES) + job_spec_warnings(job, "spec.jobTemplate.spec")
    warnings = job_spec_warnings(job, "spec.jobTemplate.spec") if generation_changed(obj, old) else []
    return [*warnings, _ZONE_WARNING] if "TZ" in obj["spec"].get("schedule", "") else warnings


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=_drop,
    prepare_update=_drop,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    has_generation=True,
)
