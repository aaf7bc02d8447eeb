"""Job: the labels and selector the server generates, and what may change. Follows ValidateJob and the registry's strategy."""

from collections.abc import Sequence
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.defaults import default_pod_template
from orrery.kinds.pods.pod import hostname_warnings
from orrery.kinds.pods.template import (
    IMMUTABLE,
    NO_MATCH,
    POD_NAMES,
    drop_disabled_template_fields,
    generation_changed,
    immutable,
    parsed_selector,
    printed_selector,
    template_warnings,
)
from orrery.kinds.rules.label_selectors import has_invalid_value, validate_label_selector
from orrery.kinds.structs.internal_structs import pod_template_as_internal, printed_internal
from orrery.kinds.workloads.job_rules import failure_policy_as_go, success_policy_as_go, validate_job_spec
from orrery.kinds.workloads.job_status import validate_job_status
from orrery.machinery.field_errors import invalid, required
from orrery.machinery.names import is_dns1123_label
from orrery.machinery.objects import FrozenObject, Object

CONTROLLER_UID: Final = "batch.kubernetes.io/controller-uid"
JOB_NAME: Final = "batch.kubernetes.io/job-name"
_LEGACY_CONTROLLER_UID: Final = "controller-uid"
_LEGACY_JOB_NAME: Final = "job-name"
_INT32_MAX: Final = 2**31 - 1
_TEMPLATE: Final = "spec.template.metadata.labels"
_MANY_INDEXES: Final = (
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able "
    "to track completedIndexes when a big number of indexes fail"
)


def default_job(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    default_job_spec(spec)
    labels = spec["template"]["metadata"].get("labels")
    if labels and not obj["metadata"].get("labels"):
        # The same map, as upstream's: the labels that are generated for the template appear in both.
        obj["metadata"]["labels"] = labels
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", _INT32_MAX if spec.get("backoffLimitPerIndex") is not None else 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("podReplacementPolicy", "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed")
    spec.setdefault("manualSelector", False)


def default_job_spec(spec: Object) -> None:
    """What a CronJob's template is given, too."""
    default_pod_template(spec.setdefault("template", {}))
    for rule in (spec.get("podFailurePolicy") or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            if not pattern.get("status"):
                pattern["status"] = "True"


def _prepare_create(obj: Object) -> None:
    if not obj["spec"].get("manualSelector"):
        _generate_selector(obj)
    drop_disabled_template_fields(obj)


def _canonicalize(obj: Object) -> None:
    """Upstream defaults again when it reads the stored object, which by then has the generated labels."""
    if not obj["metadata"].get("labels") and (labels := obj["spec"]["template"]["metadata"].get("labels")):
        obj["metadata"]["labels"] = dict(labels)


def _generate_selector(obj: Object) -> None:
    meta, spec = obj["metadata"], obj["spec"]
    labels = spec["template"]["metadata"].get("labels")
    if labels is None:
        labels = spec["template"]["metadata"]["labels"] = {}
    for key in (_LEGACY_JOB_NAME, JOB_NAME):
        labels.setdefault(key, meta.get("name", ""))
    for key in (_LEGACY_CONTROLLER_UID, CONTROLLER_UID):
        labels.setdefault(key, meta.get("uid", ""))
    selector = spec.get("selector")
    if selector is None:
        selector = spec["selector"] = {}
    if selector.get("matchLabels") is None:
        selector["matchLabels"] = {}
    selector["matchLabels"].setdefault(CONTROLLER_UID, meta.get("uid", ""))


def _validate(obj: Object) -> Errors:
    return _validate_job(obj, prefixed=True)


def _validate_job(obj: FrozenObject, *, prefixed: bool, any_value: bool = False) -> Errors:
    spec = obj["spec"]
    errors = _generated_selector(obj, prefixed=prefixed)
    errors += _spec(spec, any_value=any_value)
    completions = spec.get("completions") or 0
    if spec.get("completionMode") == "Indexed" and completions > 0:
        name = obj["metadata"].get("name", "")
        if is_dns1123_label(f"{name}-{completions - 1}"):
            text = f"will not able to create pod with invalid DNS label: {name}-{completions - 1}"
            errors.append(invalid("metadata.name", name, text))
    return errors


def _generated_selector(obj: FrozenObject, *, prefixed: bool) -> Errors:
    spec, meta = obj["spec"], obj["metadata"]
    if spec.get("manualSelector") or spec.get("selector") is None:
        return []
    errors: Errors = []
    uid, name = meta.get("uid", ""), meta.get("name", "")
    if not uid:
        errors.append(required("metadata.uid"))
    expected = {_LEGACY_CONTROLLER_UID: uid, _LEGACY_JOB_NAME: name}
    if prefixed:
        expected |= {CONTROLLER_UID: uid, JOB_NAME: name}
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    for key, value in expected.items():
        if key not in labels:
            errors.append(required(f"{_TEMPLATE}[{key}]", f"must be '{value}'"))
        elif labels[key] != value:
            errors.append(invalid(f"{_TEMPLATE}[{key}]", labels, f"must be '{value}'"))
    selector = parsed_selector(spec["selector"])
    if selector is not None and not selector.matches(expected):
        errors.append(invalid("spec.selector", printed_selector(spec["selector"]), "`selector` not auto-generated"))
    return errors


def _spec(spec: FrozenObject, *, any_value: bool = False) -> Errors:
    """ValidateJobSpec."""
    errors = validate_job_spec(spec, "spec")
    if spec.get("selector") is None:
        errors.append(required("spec.selector"))
    else:
        errors += validate_label_selector(spec["selector"], "spec.selector", any_value=any_value)
    selector = parsed_selector(spec.get("selector"))
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if selector is not None and not selector.matches(labels):
        errors.append(invalid(_TEMPLATE, labels or None, NO_MATCH))
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    spec, before = obj["spec"], old["spec"]
    any_value = has_invalid_value(before.get("selector"))
    had = ((before.get("template") or {}).get("metadata") or {}).get("labels") or {}
    errors = _validate_job(obj, prefixed=JOB_NAME in had and CONTROLLER_UID in had, any_value=any_value)
    errors += _spec(spec, any_value=any_value)  # Upstream checks the spec a second time.
    errors += _completions(spec, before)
    errors += immutable(spec, before, "selector")
    errors += _template(spec, old)
    errors += immutable(spec, before, "completionMode")
    errors += _immutable_struct(spec, before, "podFailurePolicy", failure_policy_as_go)
    errors += immutable(spec, before, "backoffLimitPerIndex")
    errors += immutable(spec, before, "managedBy")
    return errors + _immutable_struct(spec, before, "successPolicy", success_policy_as_go)


def _immutable_struct(spec: FrozenObject, before: FrozenObject, field: str, printed: Any) -> Errors:
    if spec.get(field) == before.get(field):
        return []
    return [invalid(f"spec.{field}", printed(spec[field]) if field in spec else None, IMMUTABLE)]


def _completions(spec: FrozenObject, before: FrozenObject) -> Errors:
    completions = spec.get("completions")
    if spec.get("completionMode") != "Indexed":
        return immutable(spec, before, "completions")
    if completions is None or completions == before.get("completions") or completions == spec.get("parallelism"):
        return []
    return [invalid("spec.completions", completions, "can only be modified in tandem with spec.parallelism")]


def _template(spec: FrozenObject, old: FrozenObject) -> Errors:
    """The template stands, but for where the Pods of a Job that never ran may run."""
    template, before = spec["template"], old["spec"]["template"]
    if template == before:
        return []
    if old["spec"].get("suspend") and (old.get("status") or {}).get("startTime") is None:
        template_kept, before_kept = (_without_directives(one) for one in (template, before))
        if template_kept == before_kept:
            return []
    return [invalid("spec.template", printed_internal(pod_template_as_internal(template)), IMMUTABLE)]


def _without_directives(template: FrozenObject) -> Object:
    meta = {key: value for key, value in (template.get("metadata") or {}).items() if key not in ("labels", "annotations")}
    spec = {
        key: value for key, value in (template.get("spec") or {}).items() if key not in ("nodeSelector", "tolerations", "schedulingGates")
    }
    affinity = {key: value for key, value in (spec.pop("affinity", None) or {}).items() if key != "nodeAffinity"}
    return {"metadata": meta, "spec": {**spec, **({"affinity": affinity} if affinity else {})}}


def job_spec_warnings(spec: FrozenObject, path: str) -> list[str]:
    many = (spec.get("completions") or 0) > 100_000 and (spec.get("parallelism") or 0) > 10_000
    warnings = [f"{path}: {_MANY_INDEXES}"] if spec.get("completionMode") == "Indexed" and many else []
    return warnings + template_warnings({"spec": spec}, f"{path}.template")


def _warnings(obj: Object, old: FrozenObject | None) -> Sequence[str]:
    if old is None:
        return hostname_warnings(obj["metadata"].get("name", ""), POD_NAMES) + job_spec_warnings(obj["spec"], "spec")
    return job_spec_warnings(obj["spec"], "spec") if generation_changed(obj, old) else ()


BEHAVIOUR: Final = Behaviour(
    default=default_job,
    prepare_create=_prepare_create,
    prepare_update=drop_disabled_template_fields,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=validate_job_status,
    canonicalize=_canonicalize,
    warnings=_warnings,
    has_generation=True,
    default_orphans=True,
    selectable=lambda obj: {"status.successful": str((obj.get("status") or {}).get("succeeded", 0))},
)
