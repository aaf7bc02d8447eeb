"""StatefulSet. Follows pkg/apis/apps/v1/defaults.go, ValidateStatefulSet and the registry's strategy."""

from collections.abc import Sequence
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.defaults import default_pod_template, default_resources
from orrery.kinds.pods.spec import validate_pod_annotations, validate_pod_template
from orrery.kinds.pods.template import (
    NO_MATCH,
    SCALE,
    drop_disabled_template_fields,
    generation_changed,
    non_negative,
    not_above,
    not_decremented,
    parsed_selector,
    printed_selector,
    template_warnings,
    validate_at_most_all,
    validate_int_or_percent,
    validate_long_running,
    validate_selector,
)
from orrery.kinds.pods.volume_warnings import claim_spec_warnings
from orrery.kinds.rules.annotations import validate_annotations
from orrery.kinds.rules.claim_spec import validate_claim_spec
from orrery.kinds.rules.label_selectors import validate_labels
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.field_errors import forbidden, invalid, not_supported, required
from orrery.machinery.names import is_dns1123_label, name_is_dns_label
from orrery.machinery.objects import FrozenObject, Object

_RETENTION: Final = ("Retain", "Delete")
_CHANGEABLE: Final = (
    "replicas",
    "template",
    "updateStrategy",
    "minReadySeconds",
    "ordinals",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
)
_FORBIDDEN: Final = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_KEEPS_ALL: Final = "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    default_pod_template(spec.setdefault("template", {}))
    if not spec.get("podManagementPolicy"):
        spec["podManagementPolicy"] = "OrderedReady"
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        strategy.setdefault("rollingUpdate", {})
    if strategy["type"] == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        strategy["rollingUpdate"].setdefault("partition", 0)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    for field in ("whenDeleted", "whenScaled"):
        if not retention.get(field):
            retention[field] = "Retain"
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    for claim in spec.get("volumeClaimTemplates") or ():
        _default_claim(claim)


def _default_claim(claim: Object) -> None:
    claim["apiVersion"], claim["kind"] = "v1", "PersistentVolumeClaim"
    claim_spec = claim.setdefault("spec", {})
    claim_spec.setdefault("volumeMode", "Filesystem")
    default_resources(claim_spec.setdefault("resources", {}))
    claim["status"] = {**(claim.get("status") or {}), "phase": (claim.get("status") or {}).get("phase") or "Pending"}


def _drop(obj: Object, old: FrozenObject | None = None) -> None:
    rolling = (obj["spec"].get("updateStrategy") or {}).get("rollingUpdate")
    before = ((old or {"spec": {}})["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    if rolling and "maxUnavailable" in rolling and "maxUnavailable" not in before:
        del rolling["maxUnavailable"]  # Behind a feature gate that is closed in 1.35.
    drop_disabled_template_fields(obj, old)


def _validate(obj: Object) -> Errors:
    return _validate_spec(obj["spec"])


def _validate_spec(spec: FrozenObject, *, is_update: bool = False) -> Errors:
    errors: Errors = []
    policy = spec.get("podManagementPolicy", "")
    if policy not in ("OrderedReady", "Parallel"):
        errors.append(invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"))
    errors += _update_strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy")
    retention = spec.get("persistentVolumeClaimRetentionPolicy") or {}
    for field in ("whenDeleted", "whenScaled"):
        if retention and retention.get(field) not in _RETENTION:
            at = f"spec.persistentVolumeClaimRetentionPolicy.{field}"
            errors.append(not_supported(at, retention.get(field, ""), _RETENTION))
    if not is_update:
        for index, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
            errors += validate_claim_spec(claim.get("spec") or {}, f"spec.volumeClaimTemplates[{index}].spec")
    errors += non_negative(spec, "spec", "replicas", "minReadySeconds")
    if (start := (spec.get("ordinals") or {}).get("start", 0)) < 0:
        errors.append(invalid("spec.ordinals.start", start, "must be greater than or equal to 0"))
    service = spec.get("serviceName")
    if service and not is_update:
        errors += [invalid("spec.serviceName", service, message) for message in is_dns1123_label(service)]
    errors += validate_selector(spec, "spec.selector", "empty selector is invalid for statefulset")
    errors += _template(spec)
    template = spec.get("template") or {}
    return errors + validate_long_running(template.get("spec") or {}, "spec.template.spec", "StatefulSet")


def _update_strategy(strategy: FrozenObject, path: str) -> Errors:
    kind = strategy.get("type", "")
    rolling = strategy.get("rollingUpdate")
    if not kind:
        return [required(path)]
    if kind == "OnDelete":
        text = "only allowed for updateStrategy 'RollingUpdate'"
        return [] if rolling is None else [invalid(f"{path}.rollingUpdate", _rolling_as_go(rolling), text)]
    if kind != "RollingUpdate":
        told = go_struct((("Type", kind), ("RollingUpdate", None if rolling is None else _rolling_as_go(rolling))))
        return [invalid(path, told, "must be 'RollingUpdate' or 'OnDelete'")]
    if rolling is None:
        return []
    errors = non_negative(rolling, f"{path}.rollingUpdate", "partition")
    unavailable = rolling.get("maxUnavailable")
    if unavailable is not None:
        at = f"{path}.rollingUpdate.maxUnavailable"
        errors += validate_int_or_percent(unavailable, at)
        if unavailable in (0, "0%"):
            errors.append(invalid(at, unavailable, "cannot be 0"))
        errors += validate_at_most_all(unavailable, at)
    return errors


def _rolling_as_go(rolling: FrozenObject) -> Any:
    return go_struct((("Partition", rolling.get("partition", 0)), ("MaxUnavailable", rolling.get("maxUnavailable"))))


def _template(spec: FrozenObject) -> Errors:
    """The template as its Pods will have it: with the volumes of its claims, without the names the controller gives."""
    selector = parsed_selector(spec.get("selector"))
    if selector is None:
        return [invalid("spec.selector", printed_selector(spec.get("selector")), "")]
    template = spec.get("template") or {}
    meta = template.get("metadata") or {}
    labels = meta.get("labels") or {}
    errors: Errors = []
    if not selector.is_everything and not selector.matches(labels):
        errors.append(invalid("spec.template.metadata.labels", labels or None, NO_MATCH))
    pod = {key: value for key, value in (template.get("spec") or {}).items() if key not in ("hostname", "subdomain")}
    if claims := {claim["metadata"].get("name", "") for claim in spec.get("volumeClaimTemplates") or ()}:
        made = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
        pod["volumes"] = made + [volume for volume in pod.get("volumes") or () if volume.get("name", "") not in claims]
    errors += validate_pod_template({"metadata": meta, "spec": pod}, "spec.template")
    # Upstream checks these a second time.
    errors += validate_labels(labels, "spec.template.labels")
    if annotations := meta.get("annotations"):
        errors += validate_annotations(annotations, "spec.template.annotations")
        errors += validate_pod_annotations(annotations, pod, "spec.template.annotations")
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    errors = _validate_spec(obj["spec"], is_update=True)
    fields = (obj["spec"].keys() | old["spec"].keys()) - set(_CHANGEABLE)
    if any(obj["spec"].get(field) != old["spec"].get(field) for field in fields):
        errors.append(forbidden("spec", _FORBIDDEN))
    return errors


def _validate_status(obj: Object, old: FrozenObject) -> Errors:
    status = obj.get("status") or {}
    parts = ("readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
    errors = non_negative(status, "status", "replicas", *parts, "observedGeneration", "collisionCount")
    errors += not_above(status, "status", parts)
    errors += not_above(status, "status", ("availableReplicas",), most="readyReplicas", told="status.readyReplicas")
    return errors + not_decremented(status, old.get("status") or {})


def _warnings(obj: Object, old: FrozenObject | None) -> Sequence[str]:
    spec = obj["spec"]
    warnings = template_warnings(obj) if old is None or generation_changed(obj, old) else []
    for index, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        at = f"spec.volumeClaimTemplates[{index}]" + (".Spec" if old is not None else "")
        warnings += claim_spec_warnings(claim.get("spec") or {}, at)
    if (spec.get("revisionHistoryLimit") or 0) < 0:
        warnings.append(_KEEPS_ALL)
    return warnings


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=_drop,
    prepare_update=_drop,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    warnings=_warnings,
    name_rule=name_is_dns_label,
    has_generation=True,
    scale=SCALE,
)
