"""The kinds of dynamic resource allocation: how many devices a request means when it does not say, and specs that stay.

Follows `pkg/apis/resource/v1` defaults and validation. Orrery stores these kinds; no driver serves them.
"""

from collections.abc import Iterator
from typing import Any, Final

from orrery.kinds.cluster.resourceslice import validate_slice, validate_slice_update
from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import IMMUTABLE
from orrery.kinds.structs.internal_structs import printed_internal, schema_as_internal
from orrery.kinds.structs.schema import struct
from orrery.machinery.field_errors import duplicate, invalid, required
from orrery.machinery.names import is_dns1123_label
from orrery.machinery.objects import FrozenObject, Object

Part = dict[str, Any]


def _requests(spec: Part) -> Iterator[Part]:
    """Every request for devices of one class, alone or as one of several alternatives."""
    for request in (spec.get("devices") or {}).get("requests") or ():
        if (exact := request.get("exactly")) is not None:
            yield exact
        yield from request.get("firstAvailable") or ()


def _default_spec(spec: Part) -> None:
    for request in _requests(spec):
        mode = request.setdefault("allocationMode", "ExactCount")
        if mode == "ExactCount" and not request.get("count"):
            request["count"] = 1


def _spec_errors(spec: Part, path: str) -> Errors:
    errors: Errors = []
    names: set[str] = set()
    for index, request in enumerate((spec.get("devices") or {}).get("requests") or ()):
        here, name = f"{path}.devices.requests[{index}]", request.get("name", "")
        errors += [invalid(f"{here}.name", name, message) for message in is_dns1123_label(name)] if name else [required(f"{here}.name")]
        if name and name in names:
            errors.append(duplicate(here, name))
        names.add(name)
        exact, several = request.get("exactly"), request.get("firstAvailable")
        if exact is None and not several:
            errors.append(required(here, "exactly one of `exactly` or `firstAvailable` is required"))
        if exact is not None and several:
            errors.append(invalid(here, "", "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set"))
        if exact is not None and not exact.get("deviceClassName"):
            errors.append(required(f"{here}.exactly.deviceClassName"))
    return errors


def _validate_claim(obj: Object) -> Errors:
    return _spec_errors(obj.get("spec") or {}, "spec")


def _fixed(obj: Object, old: FrozenObject) -> Errors:
    if obj.get("spec") == old.get("spec"):
        return []
    spec = struct(f"io.k8s.api.resource.v1.{obj.get('kind', 'ResourceClaim')}Spec")
    return [invalid("spec", printed_internal(schema_as_internal(spec, obj.get("spec") or {})), IMMUTABLE)]


CLAIM: Final = Behaviour(
    default=lambda obj: _default_spec(obj.get("spec") or {}),
    validate=_validate_claim,
    validate_update=_fixed,
)

TEMPLATE: Final = Behaviour(
    default=lambda obj: _default_spec((obj.get("spec") or {}).get("spec") or {}),
    validate=lambda obj: _spec_errors((obj.get("spec") or {}).get("spec") or {}, "spec.spec"),
    validate_update=_fixed,
)

DEVICE_CLASS: Final = Behaviour(has_generation=True)

SLICE: Final = Behaviour(
    validate=validate_slice,
    validate_update=validate_slice_update,
    has_generation=True,
    selectable=lambda obj: {
        "spec.nodeName": (obj.get("spec") or {}).get("nodeName") or "",
        "spec.driver": (obj.get("spec") or {}).get("driver", ""),
    },
)
