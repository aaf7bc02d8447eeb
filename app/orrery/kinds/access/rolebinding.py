"""RoleBinding: subjects who have a Role or ClusterRole in one namespace; which role it is never changes."""

from typing import Final

from orrery.kinds.access.rbac_rules import binding_errors, default_binding, role_change_errors
from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import name_is_path_segment
from orrery.machinery.objects import FrozenObject, Object


def _validate(obj: Object) -> Errors:
    return binding_errors(obj, ("Role", "ClusterRole"), is_namespaced=True)


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return _validate(obj) + role_change_errors(obj, old)


BEHAVIOUR: Final = Behaviour(
    default=default_binding,
    validate=_validate,
    validate_update=_validate_update,
    name_rule=name_is_path_segment,
    allow_create_on_update=True,
)
