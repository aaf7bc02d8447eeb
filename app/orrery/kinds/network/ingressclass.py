"""IngressClass: the controller's name and the reference to its parameters. Follows networking's `ValidateIngressClass`."""

from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import domain_prefixed_path, label, typed_reference, unchanged
from orrery.machinery.field_errors import forbidden, not_supported, required, too_long
from orrery.machinery.names import bytes_len
from orrery.machinery.objects import FrozenObject, Object

_CONTROLLER_BYTES_MAX: Final = 250


def _default(obj: Object) -> None:
    parameters = (obj.get("spec") or {}).get("parameters")
    if parameters is not None and parameters.get("scope") is None:
        parameters["scope"] = "Cluster"


def _validate(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    controller = spec.get("controller", "")
    errors: Errors = []
    if bytes_len(controller) > _CONTROLLER_BYTES_MAX:
        errors.append(too_long("spec.controller", _CONTROLLER_BYTES_MAX))
    errors += domain_prefixed_path("spec.controller", controller)
    parameters = spec.get("parameters")
    if parameters is None:
        return errors
    path = "spec.parameters"
    errors += typed_reference(path, parameters)
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    if scope not in ("Cluster", "Namespace"):
        errors.append(not_supported(f"{path}.scope", scope, ("Cluster", "Namespace")))
    elif scope == "Namespace" and namespace is None:
        errors.append(required(f"{path}.namespace", "`parameters.scope` is set to 'Namespace'"))
    elif scope == "Namespace":
        errors += label(f"{path}.namespace", namespace)
    elif namespace is not None:
        errors.append(forbidden(f"{path}.namespace", "`parameters.scope` is set to 'Cluster'"))
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    now, then = (obj.get("spec") or {}).get("controller", ""), (old.get("spec") or {}).get("controller", "")
    return unchanged("spec.controller", now, then) + _validate(obj)


BEHAVIOUR: Final = Behaviour(default=_default, validate=_validate, validate_update=_validate_update, has_generation=True)
