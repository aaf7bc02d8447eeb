"""ReplicationController: a ReplicaSet with a map for a selector. Follows core's defaults, validation and strategy."""

from collections.abc import Sequence
from typing import Final

from orrery.kinds.kind import Behaviour, Errors, Scale
from orrery.kinds.pods.defaults import default_pod_template
from orrery.kinds.pods.pod import hostname_warnings
from orrery.kinds.pods.spec import validate_pod_template
from orrery.kinds.pods.template import (
    NO_MATCH,
    POD_NAMES,
    SCALE,
    drop_disabled_template_fields,
    generation_changed,
    non_negative,
    template_warnings,
    validate_long_running,
)
from orrery.kinds.workloads.replicaset import selectable_replicas, validate_replica_status
from orrery.machinery.field_errors import invalid, required
from orrery.machinery.objects import FrozenObject, Object


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    template = spec.get("template")
    if template is not None:
        default_pod_template(template)
        if labels := template["metadata"].get("labels"):
            if not spec.get("selector"):
                spec["selector"] = dict(labels)
            if not obj["metadata"].get("labels"):
                obj["metadata"]["labels"] = dict(labels)
    if spec.get("replicas") is None:
        spec["replicas"] = 1


def _validate(obj: Object) -> Errors:
    spec = obj["spec"]
    errors = non_negative(spec, "spec", "minReadySeconds")
    selector = spec.get("selector") or {}
    if not selector:
        errors.append(required("spec.selector"))
    errors += non_negative(spec, "spec", "replicas")
    template = spec.get("template")
    if template is None:
        errors.append(required("spec.template"))
        return errors
    labels = template["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        errors.append(invalid("spec.template.metadata.labels", labels or None, NO_MATCH))
    errors += validate_pod_template(template, "spec.template")
    return errors + validate_long_running(template["spec"], "spec.template.spec", "ReplicationController")


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return _validate(obj)


def _warnings(obj: Object, old: FrozenObject | None) -> Sequence[str]:
    if old is None:
        return hostname_warnings(obj["metadata"].get("name", ""), POD_NAMES) + template_warnings(obj)
    return template_warnings(old) if generation_changed(obj, old) else ()


def _selector(obj: FrozenObject) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((obj["spec"].get("selector") or {}).items()))


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=drop_disabled_template_fields,
    prepare_update=drop_disabled_template_fields,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=validate_replica_status,
    warnings=_warnings,
    has_generation=True,
    default_orphans=True,
    selectable=selectable_replicas,
    scale=Scale(SCALE.replicas, SCALE.set_replicas, SCALE.status_replicas, _selector),
)
