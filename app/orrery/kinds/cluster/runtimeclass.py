"""RuntimeClass: the handler is for good; overhead and scheduling are checked as a Pod's. Follows node's `ValidateRuntimeClass`."""

from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.resources import validate_resources
from orrery.kinds.pods.scheduling import validate_tolerations
from orrery.kinds.rules.field_rules import label, unchanged
from orrery.kinds.rules.label_selectors import validate_labels
from orrery.kinds.rules.node_labels import node_label_warnings
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.field_errors import duplicate
from orrery.machinery.objects import FrozenObject, Object

_PRINTED: Final = (("Key", "key"), ("Operator", "operator"), ("Value", "value"), ("Effect", "effect"))


def _toleration_errors(tolerations: list[dict[str, Any]]) -> Errors:
    path = "scheduling.tolerations"
    errors = validate_tolerations(tolerations, path)
    seen = set()
    for index, toleration in enumerate(tolerations):
        key = tuple(toleration.get(field, "") for field in ("key", "operator", "value", "effect"))
        if key in seen:
            shown = [(name, toleration.get(field, "")) for name, field in _PRINTED]
            shown.append(("TolerationSeconds", toleration.get("tolerationSeconds")))
            errors.append(duplicate(f"{path}[{index}]", go_struct(shown)))
        seen.add(key)
    return errors


def _validate(obj: Object) -> Errors:
    errors = label("handler", obj.get("handler", ""))
    if (overhead := obj.get("overhead")) is not None:
        errors += validate_resources({"limits": overhead.get("podFixed") or {}}, "overhead")
    scheduling = obj.get("scheduling") or {}
    errors += validate_labels(scheduling.get("nodeSelector"), "scheduling.nodeSelector")
    return errors + _toleration_errors(scheduling.get("tolerations") or [])


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return unchanged("handler", obj.get("handler", ""), old.get("handler", ""))


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    selector = (obj.get("scheduling") or {}).get("nodeSelector") or ()
    return [text for key in selector for text in node_label_warnings("scheduling.nodeSelector", key)]


BEHAVIOUR: Final = Behaviour(
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    allow_create_on_update=True,
    allow_unconditional_update=False,
)
