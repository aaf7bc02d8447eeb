"""What every kind with a pod template shares: the template's defaults, fields switched off, warnings, and how a selector fits it.

Owns also the checks of counts and percentages that the apps kinds have in common. Follows pkg/apis/apps/validation.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orrery.kinds.kind import Errors, Scale
from orrery.kinds.pods.features import drop_disabled_fields
from orrery.kinds.pods.spec import validate_pod_template
from orrery.kinds.pods.warnings import pod_warnings
from orrery.kinds.rules.label_selectors import validate_label_selector
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.field_errors import forbidden, invalid, not_supported, required
from orrery.machinery.names import is_percent
from orrery.machinery.objects import FrozenObject, Object
from orrery.machinery.selectors import LabelSelector

NOT_NEGATIVE: Final = "must be greater than or equal to 0"
IMMUTABLE: Final = "field is immutable"
POD_NAMES: Final = "this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended"
NO_MATCH: Final = "`selector` does not match template `labels`"


def non_negative(owner: FrozenObject, path: str, *fields: str) -> Errors:
    """ValidateNonnegativeField of each field that is there."""
    return [invalid(f"{path}.{field}", value, NOT_NEGATIVE) for field in fields if (value := owner.get(field)) is not None and value < 0]


def not_above(status: FrozenObject, path: str, fields: Sequence[str], *, most: str = "replicas", told: str = "status.replicas") -> Errors:
    """Counts that are part of another count."""
    limit = status.get(most, 0)
    return [
        invalid(f"{path}.{field}", status.get(field, 0), f"cannot be greater than {told}")
        for field in fields
        if status.get(field, 0) > limit
    ]


def not_decremented(status: FrozenObject, old: FrozenObject) -> Errors:
    """The collision count only grows."""
    before, now = old.get("collisionCount"), status.get("collisionCount")
    if before is None or (now is not None and now >= before):
        return []
    return [invalid("status.collisionCount", now or 0, "cannot be decremented")]


def immutable(spec: FrozenObject, old: FrozenObject, field: str, *, path: str = "spec") -> Errors:
    if spec.get(field) == old.get(field):
        return []
    value = spec.get(field)
    return [invalid(f"{path}.{field}", printed_selector(value) if field == "selector" else value, IMMUTABLE)]


def printed_selector(selector: FrozenObject | None) -> Any:
    """A LabelSelector in the order of its struct."""
    if selector is None:
        return None
    return go_struct((field, selector[field]) for field in ("matchLabels", "matchExpressions") if selector.get(field))


def drop_disabled_template_fields(obj: Object, old: FrozenObject | None = None) -> None:
    spec = (obj["spec"].get("template") or {}).get("spec")
    if spec:
        drop_disabled_fields(spec, ((old["spec"].get("template") or {}).get("spec")) if old is not None else None)


def template_warnings(obj: FrozenObject, path: str = "spec.template") -> list[str]:
    template = obj["spec"].get("template") or {}
    return pod_warnings(template.get("spec") or {}, template.get("metadata") or {}, f"{path}.")


def generation_changed(obj: FrozenObject, old: FrozenObject) -> bool:
    """Whether an update is one that upstream warns about."""
    return bool(obj["metadata"].get("generation") != old["metadata"].get("generation"))


def validate_selector(spec: FrozenObject, path: str, empty: str) -> Errors:
    """A selector that must be there and ask for something; `empty` is what to say when it does not."""
    selector = spec.get("selector")
    if selector is None:
        return [required(path)]
    errors = validate_label_selector(selector, path)
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        errors.append(invalid(path, printed_selector(selector), empty))
    return errors


def parsed_selector(selector: FrozenObject | None) -> LabelSelector | None:
    """None when it cannot be understood. An absent selector selects nothing."""
    return None if validate_label_selector(selector, "") else LabelSelector.of(selector)


def validate_replica_template(spec: FrozenObject, path: str, kind: str) -> Errors:
    """ValidatePodTemplateSpecForReplicaSet, for Deployments too; `kind` is named in a message."""
    selector = parsed_selector(spec.get("selector"))
    if selector is None:
        return [invalid("spec.selector", printed_selector(spec.get("selector")), "invalid label selector")]
    template = spec.get("template") or {}
    errors: Errors = []
    labels: Mapping[str, str] = (template.get("metadata") or {}).get("labels") or {}
    if not selector.is_everything and not selector.matches(labels):
        errors.append(invalid(f"{path}.metadata.labels", labels or None, NO_MATCH))
    errors += validate_pod_template(template, path)
    return errors + validate_long_running(template.get("spec") or {}, f"{path}.spec", kind)


def validate_long_running(spec: FrozenObject, path: str, kind: str) -> Errors:
    """Pods that are replaced for ever restart always and know no deadline."""
    errors: Errors = []
    policy = spec.get("restartPolicy", "")
    if policy != "Always":
        errors.append(not_supported(f"{path}.restartPolicy", policy, ("Always",)))
    if spec.get("activeDeadlineSeconds") is not None:
        errors.append(forbidden(f"{path}.activeDeadlineSeconds", f"activeDeadlineSeconds in {kind} is not Supported"))
    return errors


def validate_int_or_percent(value: Any, path: str) -> Errors:
    """ValidatePositiveIntOrPercent."""
    if isinstance(value, str):
        return [invalid(path, value, message) for message in is_percent(value)]
    return [invalid(path, value, NOT_NEGATIVE)] if value < 0 else []


def int_or_percent(value: Any) -> int:
    """The number, of percent or not; 0 for text that is neither."""
    if isinstance(value, int):
        return value
    text = value.removesuffix("%") if not is_percent(value) else value
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() else 0


def validate_at_most_all(value: Any, path: str) -> Errors:
    """IsNotMoreThan100Percent."""
    if isinstance(value, str) and not is_percent(value) and int(value[:-1]) > 100:
        return [invalid(path, value, "must not be greater than 100%")]
    return []


def _set_replicas(obj: Object, replicas: int) -> None:
    obj["spec"]["replicas"] = replicas


SCALE: Final = Scale(
    replicas=lambda obj: int(obj["spec"].get("replicas", 0)),
    set_replicas=_set_replicas,
    status_replicas=lambda obj: int((obj.get("status") or {}).get("replicas", 0)),
    selector=lambda obj: str(LabelSelector.of(obj["spec"].get("selector"))),
)
"""The scale subresource of Deployment, ReplicaSet and StatefulSet."""
