"""DaemonSet. Follows pkg/apis/apps/v1/defaults.go, ValidateDaemonSet and the registry's strategy.

The generation of the template, which v1 keeps in an annotation, is written here too.
"""

from collections.abc import Sequence
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.defaults import default_pod_template
from orrery.kinds.pods.spec import validate_pod_template
from orrery.kinds.pods.template import (
    NO_MATCH,
    drop_disabled_template_fields,
    immutable,
    int_or_percent,
    non_negative,
    not_decremented,
    parsed_selector,
    printed_selector,
    template_warnings,
    validate_at_most_all,
    validate_int_or_percent,
    validate_long_running,
)
from orrery.kinds.rules.label_selectors import has_invalid_value, validate_label_selector
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.field_errors import invalid, not_supported, required
from orrery.machinery.objects import FrozenObject, Object

TEMPLATE_GENERATION: Final = "deprecated.daemonset.template.generation"
_COUNTS: Final = (
    "currentNumberScheduled",
    "numberMisscheduled",
    "desiredNumberScheduled",
    "numberReady",
    "observedGeneration",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
    "collisionCount",
)


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    default_pod_template(spec.setdefault("template", {}))
    strategy = spec.setdefault("updateStrategy", {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    spec.setdefault("revisionHistoryLimit", 10)


def _template_generation(obj: FrozenObject) -> int:
    text = str((obj["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "0"))
    return int(text) if text.isascii() and text.removeprefix("-").isdigit() else 0


def _set_template_generation(obj: Object, generation: int) -> None:
    if obj["metadata"].get("annotations") is None:
        obj["metadata"]["annotations"] = {}
    obj["metadata"]["annotations"][TEMPLATE_GENERATION] = str(generation)


def _prepare_create(obj: Object) -> None:
    _set_template_generation(obj, max(_template_generation(obj), 1))
    drop_disabled_template_fields(obj)


def _prepare_update(obj: Object, old: FrozenObject) -> None:
    drop_disabled_template_fields(obj, old)
    changed = obj["spec"].get("template") != old["spec"].get("template")
    _set_template_generation(obj, _template_generation(old) + changed)


def _prepare_status(obj: Object, old: FrozenObject) -> None:
    _set_template_generation(obj, _template_generation(old))


def _validate(obj: Object) -> Errors:
    return _validate_spec(obj["spec"])


def _validate_spec(spec: FrozenObject, *, any_value: bool = False) -> Errors:
    selector = spec.get("selector")
    template = spec.get("template") or {}
    errors = validate_label_selector(selector, "spec.selector", any_value=any_value)
    parsed = parsed_selector(selector)
    labels = (template.get("metadata") or {}).get("labels") or {}
    if parsed is not None and not parsed.matches(labels):
        errors.append(invalid("spec.template.metadata.labels", labels or None, NO_MATCH))
    if selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions"):
        errors.append(invalid("spec.selector", printed_selector(selector), "empty selector is invalid for daemonset"))
    errors += validate_pod_template(template, "spec.template")
    errors += validate_long_running(template.get("spec") or {}, "spec.template.spec", "DaemonSet")
    errors += non_negative(spec, "spec", "minReadySeconds")
    errors += _update_strategy(spec.get("updateStrategy") or {}, "spec.updateStrategy")
    return errors + non_negative(spec, "spec", "revisionHistoryLimit")


def _update_strategy(strategy: FrozenObject, path: str) -> Errors:
    kind = strategy.get("type", "")
    rolling = strategy.get("rollingUpdate")
    if kind == "OnDelete":
        return []
    if kind != "RollingUpdate":
        return [not_supported(path, _as_go(kind, rolling), ("RollingUpdate", "OnDelete"))]
    if rolling is None:
        return [required(f"{path}.rollingUpdate")]
    at = f"{path}.rollingUpdate"
    errors: Errors = []
    for check in (validate_int_or_percent, validate_at_most_all):
        for field in ("maxUnavailable", "maxSurge"):
            errors += check(rolling.get(field, 0), f"{at}.{field}")
    has_unavailable, has_surge = (int_or_percent(rolling.get(field, 0)) != 0 for field in ("maxUnavailable", "maxSurge"))
    if has_unavailable and has_surge:
        errors.append(invalid(f"{at}.maxSurge", rolling["maxSurge"], "may not be set when maxUnavailable is non-zero"))
    elif not has_unavailable and not has_surge:
        errors.append(required(f"{at}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    return errors


def _as_go(kind: str, rolling: FrozenObject | None) -> Any:
    inner = None
    if rolling is not None:
        inner = go_struct((("MaxUnavailable", rolling.get("maxUnavailable", 0)), ("MaxSurge", rolling.get("maxSurge", 0))))
    return go_struct((("Type", kind), ("RollingUpdate", inner)))


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    errors = immutable(obj["spec"], old["spec"], "selector")
    return errors + _validate_spec(obj["spec"], any_value=has_invalid_value(old["spec"].get("selector")))


def _validate_status(obj: Object, old: FrozenObject) -> Errors:
    status = obj.get("status") or {}
    return non_negative(status, "status", *_COUNTS) + not_decremented(status, old.get("status") or {})


def _warnings(obj: Object, old: FrozenObject | None) -> Sequence[str]:
    if old is None or _template_generation(obj) != _template_generation(old):
        return template_warnings(obj)
    return ()


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    prepare_status=_prepare_status,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    warnings=_warnings,
    has_generation=True,
)
