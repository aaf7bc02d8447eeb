"""ReplicaSet. Follows pkg/apis/apps/v1/defaults.go, ValidateReplicaSet and the registry's strategy."""

from collections.abc import Sequence
from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.defaults import default_pod_template
from orrery.kinds.pods.pod import hostname_warnings
from orrery.kinds.pods.template import (
    POD_NAMES,
    SCALE,
    drop_disabled_template_fields,
    generation_changed,
    immutable,
    non_negative,
    not_above,
    template_warnings,
    validate_replica_template,
    validate_selector,
)
from orrery.machinery.objects import FrozenObject, Object

REPLICA_COUNTS: Final = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas")


def _default(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    default_pod_template(spec.setdefault("template", {}))
    spec.setdefault("replicas", 1)


def _validate(obj: Object) -> Errors:
    spec = obj["spec"]
    errors = non_negative(spec, "spec", "replicas", "minReadySeconds")
    # Upstream says "deployment" here.
    errors += validate_selector(spec, "spec.selector", "empty selector is invalid for deployment")
    return errors + validate_replica_template(spec, "spec.template", "ReplicaSet")


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return _validate(obj) + immutable(obj["spec"], old["spec"], "selector")


def validate_replica_status(obj: Object, old: FrozenObject) -> Errors:
    """The counts of a ReplicaSet; a ReplicationController has the same."""
    status = obj.get("status") or {}
    errors = non_negative(status, "status", "replicas", *REPLICA_COUNTS, "observedGeneration", "terminatingReplicas")
    errors += not_above(status, "status", REPLICA_COUNTS)
    return errors + not_above(status, "status", ("availableReplicas",), most="readyReplicas", told="readyReplicas")


def _warnings(obj: Object, old: FrozenObject | None) -> Sequence[str]:
    if old is None:
        return hostname_warnings(obj["metadata"].get("name", ""), POD_NAMES) + template_warnings(obj)
    return template_warnings(obj) if generation_changed(obj, old) else ()


def selectable_replicas(obj: FrozenObject) -> dict[str, str]:
    return {"status.replicas": str((obj.get("status") or {}).get("replicas", 0))}


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=drop_disabled_template_fields,
    prepare_update=drop_disabled_template_fields,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=validate_replica_status,
    warnings=_warnings,
    has_generation=True,
    selectable=selectable_replicas,
    scale=SCALE,
)
