"""Role: policy rules of one namespace."""

from typing import Final

from orrery.kinds.access.rbac_rules import rule_errors
from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import name_is_path_segment
from orrery.machinery.objects import Object


def _validate(obj: Object) -> Errors:
    return rule_errors(obj, is_namespaced=True)


BEHAVIOUR: Final = Behaviour(
    validate=_validate,
    validate_update=lambda obj, old: _validate(obj),
    name_rule=name_is_path_segment,
    allow_create_on_update=True,
)
