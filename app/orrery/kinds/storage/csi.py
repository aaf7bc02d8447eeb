"""CSIDriver, CSINode and CSIStorageCapacity: what storage drivers say of themselves. Follows `pkg/apis/storage/validation`."""

from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.pods.volume_sources import validate_csi_driver_name
from orrery.kinds.rules.field_rules import IMMUTABLE, qualified, subdomain, unchanged
from orrery.kinds.rules.label_selectors import validate_label_selector
from orrery.kinds.rules.node_labels import node_selector_warnings
from orrery.machinery.field_errors import duplicate, invalid, not_supported, required
from orrery.machinery.names import bytes_len
from orrery.machinery.objects import FrozenObject, Object
from orrery.machinery.quantities import parse

_FS_GROUP: Final = ("File", "None", "ReadWriteOnceWithFSType")
_LIFECYCLE: Final = ("Persistent", "Ephemeral")
_NODE_ID_BYTES_MAX: Final = 256
_TOKEN_S_MIN: Final = 600
_TOKEN_S_MAX: Final = 1 << 32


def _default_driver(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("attachRequired", True)
    for field in ("podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount"):
        spec.setdefault(field, False)
    spec.setdefault("fsGroupPolicy", "ReadWriteOnceWithFSType")
    if not spec.get("volumeLifecycleModes"):
        spec["volumeLifecycleModes"] = ["Persistent"]


def _validate_driver(obj: Object) -> Errors:
    spec = obj.get("spec") or {}
    errors: Errors = []
    policy = spec.get("fsGroupPolicy")
    if policy is not None and policy not in _FS_GROUP:
        errors.append(not_supported("spec.fsGroupPolicy", policy, _FS_GROUP))
    requests = spec.get("tokenRequests") or []
    errors += _token_errors(requests)
    for mode in spec.get("volumeLifecycleModes") or ():
        if mode not in _LIFECYCLE:
            errors.append(not_supported("spec.volumeLifecycleModes", mode, _LIFECYCLE))
    period = spec.get("nodeAllocatableUpdatePeriodSeconds")
    if period is not None and period < 10:
        errors.append(invalid("spec.nodeAllocatableUpdatePeriodSeconds", period, "must be greater than or equal to 10 seconds"))
    in_secrets = spec.get("serviceAccountTokenInSecrets")
    if in_secrets is not None and not requests:
        why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        errors.append(invalid("spec.serviceAccountTokenInSecrets", in_secrets, why))
    return errors


def _token_errors(requests: list[dict[str, Any]]) -> Errors:
    errors: Errors = []
    audiences: set[str] = set()
    for index, request in enumerate(requests):
        path, audience = f"spec.tokenRequests[{index}]", request.get("audience", "")
        if audience in audiences:
            errors.append(duplicate(f"{path}.audience", audience))
            continue
        audiences.add(audience)
        seconds = request.get("expirationSeconds")
        if seconds is not None and seconds < _TOKEN_S_MIN:
            errors.append(invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"))
        if seconds is not None and seconds > _TOKEN_S_MAX:
            errors.append(invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds"))
    return errors


def _validate_driver_update(obj: Object, old: FrozenObject) -> Errors:
    spec, before = obj.get("spec") or {}, old.get("spec") or {}
    errors = _validate_driver(obj)
    if spec.get("attachRequired") != before.get("attachRequired"):
        errors.append(invalid("spec.attachedRequired", spec.get("attachRequired"), IMMUTABLE))
    return errors + unchanged("spec.volumeLifecycleModes", spec.get("volumeLifecycleModes"), before.get("volumeLifecycleModes"))


DRIVER: Final = Behaviour(
    default=_default_driver,
    prepare_create=lambda obj: obj["metadata"].pop("generation", None),
    validate=_validate_driver,
    validate_update=_validate_driver_update,
    has_generation=True,
    allow_unconditional_update=False,
)


def _node_driver_errors(driver: Mapping[str, Any], path: str, names: set[str]) -> Errors:
    name, node_id = driver.get("name", ""), driver.get("nodeID", "")
    errors = validate_csi_driver_name(name, f"{path}.name")
    if not node_id:
        errors.append(required(f"{path}.nodeID"))
    if bytes_len(node_id) > _NODE_ID_BYTES_MAX:
        errors.append(invalid(f"{path}.nodeID", node_id, f"must be {_NODE_ID_BYTES_MAX} characters or less"))
    count = (driver.get("allocatable") or {}).get("count")
    if count is not None and count < 0:
        errors.append(invalid(f"{path}.allocatable.count", count, "must be greater than or equal to 0"))
    if name in names:
        errors.append(duplicate(f"{path}.name", name))
    names.add(name)
    keys = driver.get("topologyKeys") or []
    for index, key in enumerate(keys):
        if not key:
            errors.append(required(path))
        if key in keys[:index]:
            errors.append(duplicate(path, key))
        errors += qualified(path, key)
    return errors


def _drivers(obj: FrozenObject) -> list[dict[str, Any]]:
    return (obj.get("spec") or {}).get("drivers") or []


def _validate_node(obj: Object) -> Errors:
    errors: Errors = []
    names: set[str] = set()
    for index, driver in enumerate(_drivers(obj)):
        errors += _node_driver_errors(driver, f"spec.drivers[{index}]", names)
    return errors


def _validate_node_update(obj: Object, old: FrozenObject) -> Errors:
    errors = _validate_node(obj)
    before = {driver.get("name"): driver for driver in _drivers(old)}
    for driver in _drivers(obj):
        known = before.get(driver.get("name"))
        if known is not None and {**driver, "allocatable": None} != {**known, "allocatable": None}:
            errors.append(invalid("spec.drivers", driver, IMMUTABLE))
    return errors


NODE: Final = Behaviour(validate=_validate_node, validate_update=_validate_node_update, allow_unconditional_update=False)


def _validate_capacity(obj: Object) -> Errors:
    errors = validate_label_selector(obj.get("nodeTopology"), "nodeTopology")
    errors += subdomain("storageClassName", obj.get("storageClassName", ""))
    amount = obj.get("capacity")
    if amount is not None and parse(amount).nano < 0:
        errors.append(invalid("capacity", amount, "must be greater than or equal to 0"))
    return errors


def _validate_capacity_update(obj: Object, old: FrozenObject) -> Errors:
    errors = unchanged("nodeTopology", obj.get("nodeTopology"), old.get("nodeTopology"))
    return errors + unchanged("storageClassName", obj.get("storageClassName", ""), old.get("storageClassName", ""))


CAPACITY: Final = Behaviour(
    validate=_validate_capacity,
    validate_update=_validate_capacity_update,
    warnings=lambda obj, old: node_selector_warnings("nodeTopology", obj.get("nodeTopology")),
    allow_unconditional_update=False,
)
