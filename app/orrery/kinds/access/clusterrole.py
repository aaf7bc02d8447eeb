"""ClusterRole: policy rules of the whole cluster, perhaps aggregated from other roles by label."""

from typing import Final

from orrery.kinds.access.rbac_rules import rule_errors
from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import name_is_path_segment
from orrery.kinds.rules.label_selectors import has_invalid_value, validate_label_selector
from orrery.machinery.field_errors import invalid, required
from orrery.machinery.objects import FrozenObject, Object

_PATH: Final = "aggregationRule.clusterRoleSelectors"


def _errors(obj: FrozenObject, *, any_value: bool) -> Errors:
    errors = rule_errors(obj, is_namespaced=False)
    aggregation = obj.get("aggregationRule")
    if aggregation is None:
        return errors
    selectors = aggregation.get("clusterRoleSelectors") or ()
    if not selectors:
        errors.append(required(_PATH, "at least one clusterRoleSelector required if aggregationRule is non-nil"))
    for index, selector in enumerate(selectors):
        found = validate_label_selector(selector, f"{_PATH}[{index}]", any_value=any_value)
        errors += found
        if found:
            errors.append(invalid(f"{_PATH}[{index}]", None, "invalid label selector."))
    return errors


def _validate(obj: Object) -> Errors:
    return _errors(obj, any_value=False)


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    before = (old.get("aggregationRule") or {}).get("clusterRoleSelectors") or ()
    return _errors(obj, any_value=any(has_invalid_value(selector) for selector in before))


BEHAVIOUR: Final = Behaviour(
    validate=_validate,
    validate_update=_validate_update,
    name_rule=name_is_path_segment,
    allow_create_on_update=True,
)
