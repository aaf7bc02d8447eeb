"""StorageClass: its policies have defaults; only its labels, mount options and topologies may change. Follows storage's validation."""

from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import unchanged
from orrery.kinds.rules.label_selectors import validate_label_name
from orrery.kinds.rules.node_labels import node_label_warnings
from orrery.kinds.storage.storage_rules import driver_errors, parameter_errors
from orrery.machinery.field_errors import duplicate, forbidden, not_supported, required
from orrery.machinery.objects import FrozenObject, Object

_RECLAIM: Final = ("Delete", "Retain")
_BINDING: Final = ("Immediate", "WaitForFirstConsumer")
_FIXED: Final = ("parameters", "provisioner", "reclaimPolicy")


def _default(obj: Object) -> None:
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def _topology_errors(terms: list[dict[str, Any]]) -> Errors:
    errors: Errors = []
    seen: list[dict[str, set[str]]] = []
    for index, term in enumerate(terms):
        path = f"allowedTopologies[{index}].matchLabelExpressions"
        values_of: dict[str, set[str]] = {}
        for at, requirement in enumerate(term.get("matchLabelExpressions") or ()):
            key, values = requirement.get("key", ""), requirement.get("values") or ()
            if not values:
                errors.append(required(f"{path}[{at}].values"))
            errors += [duplicate(f"{path}[{at}].values[{n}]", value) for n, value in enumerate(values) if value in values[:n]]
            errors += validate_label_name(key, f"{path}[{at}].key")
            if key in values_of:
                errors.append(duplicate(f"{path}[{at}].key", key))
            values_of[key] = set(values)
        errors += [duplicate(path, "") for other in [*seen, *([{}] * len(terms))] if other == values_of]
        seen.append(values_of)
    return errors


def _validate(obj: Object) -> Errors:
    errors = driver_errors(obj.get("provisioner", ""), "provisioner") + parameter_errors(obj.get("parameters"))
    policy, mode = obj.get("reclaimPolicy"), obj.get("volumeBindingMode")
    if policy and policy not in _RECLAIM:
        errors.append(not_supported("reclaimPolicy", policy, _RECLAIM))
    if mode not in _BINDING:
        errors.append(not_supported("volumeBindingMode", mode, _BINDING))
    return errors + _topology_errors(obj.get("allowedTopologies") or [])


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    errors: Errors = [
        forbidden(field, f"updates to {field} are forbidden.") for field in _FIXED if (obj.get(field) or None) != (old.get(field) or None)
    ]
    return _validate(obj) + errors + unchanged("volumeBindingMode", obj.get("volumeBindingMode"), old.get("volumeBindingMode"))


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    warnings: list[str] = []
    for index, term in enumerate(obj.get("allowedTopologies") or ()):
        for at, requirement in enumerate(term.get("matchLabelExpressions") or ()):
            path = f"allowedTopologies[{index}].matchLabelExpressions[{at}].key"
            warnings += node_label_warnings(path, requirement.get("key", ""))
    return warnings


BEHAVIOUR: Final = Behaviour(default=_default, validate=_validate, validate_update=_validate_update, warnings=_warnings)
