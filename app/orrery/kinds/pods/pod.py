"""Pod: how it is defaulted, created, changed, deleted and selected. Follows `pkg/registry/core/pod/strategy.go`.

The checks live by subject in the `pod_…` modules beside this one.
"""

from collections.abc import Sequence
from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.containers import validate_image_spaces
from orrery.kinds.pods.defaults import default_pod
from orrery.kinds.pods.features import apply_app_armor_annotations, drop_disabled_fields, gated_condition, merge_label_keys
from orrery.kinds.pods.resources import quality_of_service
from orrery.kinds.pods.security import validate_annotations_match_fields
from orrery.kinds.pods.spec import validate_pod_annotations, validate_pod_spec
from orrery.kinds.pods.status import pod_status_warnings, prepare_pod_status, validate_pod_status
from orrery.kinds.pods.update import validate_pod_change
from orrery.kinds.pods.warnings import pod_warnings
from orrery.machinery.field_errors import forbidden
from orrery.machinery.names import is_dns1123_label
from orrery.machinery.objects import FrozenObject, Object

_HOSTNAME: Final = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended"


def _prepare_create(obj: Object) -> None:
    spec = obj["spec"]
    status: Object = {"phase": "Pending", "qosClass": quality_of_service(spec)}
    obj["status"] = status
    drop_disabled_fields(spec)
    if spec.get("schedulingGates"):
        status["conditions"] = [gated_condition(obj["metadata"].get("creationTimestamp"))]
    if "affinity" in spec or "topologySpreadConstraints" in spec:
        merge_label_keys(spec, obj["metadata"].get("labels") or {})
    apply_app_armor_annotations(obj)


def _prepare_update(obj: Object, old: FrozenObject) -> None:
    drop_disabled_fields(obj["spec"], old["spec"])


def validate_pod_parts(obj: Object) -> Errors:
    """validatePodMetadataAndSpec, without metadata's own checks."""
    spec, meta = obj["spec"], obj["metadata"]
    errors: Errors = []
    if annotations := meta.get("annotations"):
        errors += validate_pod_annotations(annotations, spec, "metadata.annotations")
    errors += validate_pod_spec(spec, "spec", meta=meta)
    if not spec.get("serviceAccountName"):
        errors += _token_errors(spec)
    for field in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            errors += validate_image_spaces(container, f"spec.{field}[{index}]")
    return errors


def _token_errors(spec: FrozenObject) -> Errors:
    text = "must not be specified when serviceAccountName is not set"
    return [
        forbidden(f"spec.volumes[{index}].projected.sources[{number}].serviceAccountToken", text)
        for index, volume in enumerate(spec.get("volumes") or ())
        for number, source in enumerate((volume.get("projected") or {}).get("sources") or ())
        if "serviceAccountToken" in source
    ]


def _validate(obj: Object) -> Errors:
    spec = obj["spec"]
    errors = validate_pod_parts(obj)
    if spec.get("ephemeralContainers"):
        errors.append(forbidden("spec.ephemeralContainers", "cannot be set on create"))
    if spec.get("nodeName") and spec.get("schedulingGates"):
        errors.append(forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared"))
    if annotations := obj["metadata"].get("annotations"):
        errors += validate_annotations_match_fields(annotations, spec, "spec")
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return validate_pod_parts(obj) + validate_pod_change(obj, old)


def _warnings(obj: Object, old: FrozenObject | None) -> Sequence[str]:
    if old is not None:
        return ()
    warnings = hostname_warnings(obj["metadata"].get("name", ""), _HOSTNAME)
    return warnings + pod_warnings(obj["spec"], obj["metadata"])


def hostname_warnings(name: str, text: str) -> list[str]:
    messages = is_dns1123_label(name)
    return [f"metadata.name: {text}: [{' '.join(messages)}]"] if messages else []


def _grace_s(obj: FrozenObject, requested_s: int | None) -> int:
    """CheckGracefulDelete: nothing to wait for without a node or after the end; never negative."""
    phase = (obj.get("status") or {}).get("phase")
    spec = obj["spec"]
    if not spec.get("nodeName") or phase in ("Failed", "Succeeded"):
        return 0
    period = requested_s if requested_s is not None else spec.get("terminationGracePeriodSeconds") or 0
    return 1 if period < 0 else period


def _selectable(obj: FrozenObject) -> dict[str, str]:
    spec = obj["spec"]
    status = obj.get("status") or {}
    addresses = status.get("podIPs")
    return {
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.restartPolicy": spec.get("restartPolicy", ""),
        "spec.schedulerName": spec.get("schedulerName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", ""),
        "spec.hostNetwork": "true" if spec.get("hostNetwork") else "false",
        "status.phase": status.get("phase", ""),
        "status.podIP": addresses[0].get("ip", "") if addresses else "",
        "status.nominatedNodeName": status.get("nominatedNodeName", ""),
    }


BEHAVIOUR: Final = Behaviour(
    default=default_pod,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    prepare_status=prepare_pod_status,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=validate_pod_status,
    status_warnings=pod_status_warnings,
    warnings=_warnings,
    has_generation=True,
    graceful=_grace_s,
    selectable=_selectable,
)
