"""IPAddress: its name is the address, its parent may not change. Follows networking's `ValidateIPAddress`."""

from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import bad, path_segment_messages, segment_reference, subdomain, unchanged
from orrery.kinds.rules.ip_syntax import strict_ip_errors
from orrery.machinery.field_errors import required
from orrery.machinery.names import NameRule
from orrery.machinery.objects import FrozenObject, Object


def _name_rule() -> NameRule:
    return lambda name, _: [error.detail for error in strict_ip_errors("", name)]


def _validate(obj: Object) -> Errors:
    parent = (obj.get("spec") or {}).get("parentRef")
    path = "spec.parentRef"
    if parent is None:
        return [required(path)]
    errors = subdomain(f"{path}.group", parent["group"]) if parent.get("group") else []
    errors += segment_reference(path, parent, "resource", "name")
    if namespace := parent.get("namespace"):
        errors += bad(f"{path}.namespace", namespace, path_segment_messages(namespace))
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return _validate(obj) + unchanged("spec.parentRef", (obj.get("spec") or {}).get("parentRef"), (old.get("spec") or {}).get("parentRef"))


BEHAVIOUR: Final = Behaviour(
    validate=_validate,
    validate_update=_validate_update,
    name_rule=_name_rule(),
)
