"""Node: taints, pod CIDRs, amounts, and what may not change. Follows core's `ValidateNode`, `ValidateNodeUpdate` and strategy."""

from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.ip_syntax import cidr_warnings, legacy_cidr_errors
from orrery.kinds.rules.label_selectors import validate_label_name
from orrery.kinds.rules.printed import go_struct
from orrery.kinds.rules.resource_rules import amounts_errors
from orrery.machinery.field_errors import FieldError, duplicate, forbidden, invalid, not_supported, required
from orrery.machinery.names import is_label_value
from orrery.machinery.objects import FrozenObject, Object

_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_ONCE: Final = 'node updates may not change {} except from "" to valid'

Spec = Mapping[str, Any]


def _spec(obj: FrozenObject) -> dict[str, Any]:
    return obj.get("spec") or {}


def _status(obj: FrozenObject) -> dict[str, Any]:
    return obj.get("status") or {}


def _default(obj: Object) -> None:
    status = _status(obj)
    if status.get("capacity") is not None and status.get("allocatable") is None:
        status["allocatable"] = dict(status["capacity"])
    spec = obj.get("spec")
    if spec:
        _follow_cidr(spec)


def _follow_cidr(spec: Object) -> None:
    """podCIDR and podCIDRs agree; upstream's conversion lets the singular win."""
    single, several = spec.get("podCIDR", ""), spec.get("podCIDRs")
    if single and (not several or several[0] != single):
        spec["podCIDRs"] = [single]
    elif several:
        spec["podCIDR"] = several[0]


def _prepare_create(obj: Object) -> None:
    """A node may be born with a status, but the config source is gone from Kubernetes."""
    _spec(obj).pop("configSource", None)
    status = _status(obj)
    status.pop("config", None)
    status.pop("declaredFeatures", None)


def _prepare_update(obj: Object, old: FrozenObject) -> None:
    if not _spec(old).get("configSource"):
        _spec(obj).pop("configSource", None)


def _prepare_status(obj: Object, old: FrozenObject) -> None:
    if not _status(old).get("config"):
        _status(obj).pop("config", None)
    if not _status(old).get("declaredFeatures"):
        _status(obj).pop("declaredFeatures", None)


def _taint_errors(obj: FrozenObject) -> Errors:
    errors: Errors = []
    seen: set[tuple[str, str]] = set()
    for index, taint in enumerate(_spec(obj).get("taints") or ()):
        path = f"metadata.taints[{index}]"  # Upstream's path.
        key, value, effect = taint.get("key", ""), taint.get("value", ""), taint.get("effect", "")
        errors += validate_label_name(key, f"{path}.key")
        if messages := is_label_value(value):
            errors.append(invalid(f"{path}.value", value, ";".join(messages)))
        if not effect:
            errors.append(required(f"{path}.effect"))
        elif effect not in _EFFECTS:
            errors.append(not_supported(f"{path}.effect", effect, _EFFECTS))
        if (key, effect) in seen:
            shown = {"Key": key, "Value": value, "Effect": effect, "TimeAdded": taint.get("timeAdded")}
            why = "taints must be unique by key and effect pair"
            errors.append(FieldError("FieldValueDuplicate", path, go_struct(shown.items()), why))
        seen.add((key, effect))
    return errors


def _cidr_errors(obj: FrozenObject) -> Errors:
    cidrs = _spec(obj).get("podCIDRs") or []
    errors: Errors = []
    for index, cidr in enumerate(cidrs):
        errors += legacy_cidr_errors(f"spec.podCIDRs[{index}]", cidr)
    if len(cidrs) > 1 and not errors and (len(cidrs) > 2 or len({":" in cidr for cidr in cidrs}) != 2):
        errors.append(invalid("spec.podCIDRs", cidrs, "may specify no more than one CIDR for each IP family"))
    return errors


def _amount_errors(obj: FrozenObject) -> Errors:
    status = _status(obj)
    return amounts_errors(status.get("capacity"), "status.capacity") + amounts_errors(status.get("allocatable"), "status.allocatable")


def _validate(obj: Object) -> Errors:
    errors = _taint_errors(obj) + _amount_errors(obj)
    swap = ((_status(obj).get("nodeInfo") or {}).get("swap") or {}).get("capacity")
    if swap is not None and swap <= 0:
        errors.append(invalid("metadata.nodeSwapStatus.capacity", swap, "must be greater than zero"))
    return errors + _cidr_errors(obj)


def _validate_change(obj: Object, old: FrozenObject) -> Errors:
    errors = _amount_errors(obj)
    seen: set[tuple[str, str]] = set()
    for index, address in enumerate(_status(obj).get("addresses") or ()):
        if (key := (address.get("type", ""), address.get("address", ""))) in seen:
            errors.append(duplicate(f"status.addresses[{index}]", go_struct({"Type": key[0], "Address": key[1]}.items())))
        seen.add(key)
    spec, before = _spec(obj), _spec(old)
    cidrs, had = spec.get("podCIDRs") or [], before.get("podCIDRs") or []
    if had and len(cidrs) != len(had):
        errors.append(forbidden("spec.podCIDRs", _ONCE.format("podCIDR")))
    elif had:
        errors += [forbidden("spec.podCIDRs", _ONCE.format("podCIDR")) for now, then in zip(cidrs, had, strict=True) if now != then]
    if before.get("providerID") and before["providerID"] != spec.get("providerID"):
        errors.append(forbidden("spec.providerID", _ONCE.format("providerID")))
    errors += _taint_errors(obj)
    if (spec.get("externalID") or "") != (before.get("externalID") or ""):
        errors.append(forbidden("spec.externalID", "may not be updated"))
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return _validate(obj) + _validate_change(obj, old)


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    spec = _spec(obj)
    warnings = []
    if spec.get("configSource"):
        warnings.append("spec.configSource: the feature is removed")
    if spec.get("externalID"):
        warnings.append("spec.externalID: this field is deprecated, and is unused by Kubernetes")
    for index, cidr in enumerate(spec.get("podCIDRs") or ()):
        warnings += cidr_warnings(f"spec.podCIDRs[{index}]", cidr)
    return warnings


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    prepare_status=_prepare_status,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_change,
    warnings=_warnings,
    selectable=lambda obj: {"spec.unschedulable": "true" if _spec(obj).get("unschedulable") else "false"},
)
