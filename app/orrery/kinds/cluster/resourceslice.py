"""ResourceSlice: what a driver offers, where, and as part of which pool. Follows `pkg/apis/resource/validation`.

Checks the driver, the pool, the place and the names of devices; what devices are made of is the driver's own business here.
"""

from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.pods.scheduling import validate_node_selector
from orrery.kinds.pods.volume_sources import validate_csi_driver_name
from orrery.kinds.rules.field_rules import IMMUTABLE, subdomain
from orrery.machinery.field_errors import duplicate, invalid, required
from orrery.machinery.names import is_dns1123_label
from orrery.machinery.objects import FrozenObject, Object

_PLACES: Final = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")
_ONE_PLACE: Final = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"

Part = Mapping[str, Any]


def _driver_errors(driver: str) -> Errors:
    return validate_csi_driver_name(driver, "spec.driver") if driver else [required("spec.driver")]


def _pool_errors(pool: Part) -> Errors:
    path, name = "spec.pool", pool.get("name", "")
    errors: Errors = [] if name else [required(f"{path}.name")]
    for part in name.split("/") if name else ():
        errors += subdomain(f"{path}.name", part)
    if (count := pool.get("resourceSliceCount", 0)) <= 0:
        errors.append(invalid(f"{path}.resourceSliceCount", count, "must be greater than zero"))
    if (generation := pool.get("generation", 0)) < 0:
        errors.append(invalid(f"{path}.generation", generation, "must be greater than or equal to zero"))
    return errors


def _place_errors(spec: Part) -> Errors:
    errors: Errors = []
    chosen = [place for place in _PLACES if spec.get(place)]
    if (name := spec.get("nodeName")) is not None:
        unset = "must be either unset or set to a non-empty string"
        errors += subdomain("spec.nodeName", name) if name else [invalid("spec.nodeName", name, unset)]
    if (selector := spec.get("nodeSelector")) is not None:
        errors += validate_node_selector(selector, "spec.nodeSelector")
        terms = selector.get("nodeSelectorTerms") or []
        if len(terms) != 1:
            errors.append(invalid("spec.nodeSelector.nodeSelectorTerms", terms, "must have exactly one node selector term"))
    for place in _PLACES[2:]:
        if spec.get(place) is False:
            errors.append(invalid(f"spec.{place}", False, "must be either unset or set to true"))
    if not chosen:
        errors.append(required("spec", _ONE_PLACE))
    elif len(chosen) > 1:
        told = "{" + ", ".join(f"`{place}`" for place in chosen) + "}"
        errors.append(invalid("spec", told, f"{_ONE_PLACE}, but multiple fields are set"))
    return errors


def _device_errors(devices: list[dict[str, Any]]) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    for index, device in enumerate(devices):
        path, name = f"spec.devices[{index}]", device.get("name", "")
        errors += [invalid(f"{path}.name", name, message) for message in is_dns1123_label(name)] if name else [required(f"{path}.name")]
        if name in seen:
            errors.append(duplicate(path, name))
        seen.add(name)
    return errors


def _change_errors(spec: Part, before: Part) -> Errors:
    errors: Errors = []
    for path, *steps in (("pool.name", "pool", "name"), ("driver", "driver"), ("nodeName", "nodeName")):
        empty = None if path == "nodeName" else ""
        now, then = (_at(each, steps, empty) for each in (spec, before))
        if now != then:
            errors.append(invalid(f"spec.{path}", now, IMMUTABLE))
    return errors


def _at(part: Part, steps: list[str], empty: str | None) -> Any:
    for step in steps[:-1]:
        part = part.get(step) or {}
    return part.get(steps[-1], empty)


def validate_slice(obj: Object, old: FrozenObject | None = None) -> Errors:
    spec = obj.get("spec") or {}
    errors = _driver_errors(spec.get("driver", "")) + _pool_errors(spec.get("pool") or {})
    if old is not None:
        errors += _change_errors(spec, old.get("spec") or {})
    errors += _place_errors(spec)
    if spec.get("sharedCounters") is not None and spec.get("devices") is not None:
        errors.append(invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed"))
    return errors + _device_errors(spec.get("devices") or [])


def validate_slice_update(obj: Object, old: FrozenObject) -> Errors:
    return validate_slice(obj, old)
