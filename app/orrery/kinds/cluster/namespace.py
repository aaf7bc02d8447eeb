"""Namespace: the name label, the `kubernetes` finalizer in the spec, and the phase. Follows core's strategy and validation."""

from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.machinery.field_errors import invalid
from orrery.machinery.names import is_qualified_name, name_is_dns_label
from orrery.machinery.objects import FrozenObject, Object

NAME_LABEL: Final = "kubernetes.io/metadata.name"
FINALIZER: Final = "kubernetes"
_STANDARD_FINALIZERS: Final = frozenset({FINALIZER, "orphan", "foregroundDeletion"})


def _label(obj: Object) -> None:
    """The label follows the name; a name that is still to be generated gets it after validation."""
    metadata = obj["metadata"]
    if name := metadata.get("name"):
        labels = metadata.get("labels")
        if labels is None:
            labels = metadata["labels"] = {}
        labels[NAME_LABEL] = name


def _default(obj: Object) -> None:
    _label(obj)
    status = obj.get("status")
    if status is None:
        status = obj["status"] = {}
    status.setdefault("phase", "Active")


def _prepare_create(obj: Object) -> None:
    obj["status"] = {"phase": "Active"}
    finalizers = obj.setdefault("spec", {}).setdefault("finalizers", [])
    if FINALIZER not in finalizers:
        finalizers.append(FINALIZER)


def _prepare_update(obj: Object, old: FrozenObject) -> None:
    spec = obj.setdefault("spec", {})
    spec.pop("finalizers", None)
    if finalizers := (old.get("spec") or {}).get("finalizers"):
        spec["finalizers"] = list(finalizers)


def _finalizer_errors(name: str, path: str) -> Errors:
    errors = [invalid(path, name, message) for message in is_qualified_name(name)]
    if "/" not in name and name not in _STANDARD_FINALIZERS:
        errors.append(invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified"))
    return errors


def _validate(obj: Object) -> Errors:
    errors: Errors = []
    for name in (obj.get("spec") or {}).get("finalizers") or ():
        errors += _finalizer_errors(name, "spec.finalizers")
    return errors


def validate_finalize(obj: Object) -> Errors:
    """For the `finalize` subresource: the finalizers a client writes there, each under its own index."""
    errors: Errors = []
    for index, name in enumerate((obj.get("spec") or {}).get("finalizers") or ()):
        errors += _finalizer_errors(name, f"spec.finalizers[{index}]")
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return _validate(obj)


def _validate_status(obj: Object, old: FrozenObject) -> Errors:
    phase = (obj.get("status") or {}).get("phase", "")
    deleting = bool(obj["metadata"].get("deletionTimestamp"))
    wanted = "Terminating" if deleting else "Active"
    if phase == wanted:
        return []
    state = "not empty" if deleting else "empty"
    return [invalid("status.Phase", phase, f"may only be '{wanted}' if `deletionTimestamp` is {state}")]


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    canonicalize=_label,
    name_rule=name_is_dns_label,
    selectable=lambda obj: {"status.phase": (obj.get("status") or {}).get("phase", "")},
)
