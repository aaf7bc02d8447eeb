"""Endpoints: addresses and ports of subsets. Follows core's `ValidateEndpoints`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import bad, label, qualified, subdomain
from orrery.kinds.rules.ip_syntax import endpoint_ip_errors, ip_warnings, legacy_ip_errors
from orrery.machinery.field_errors import not_supported, required
from orrery.machinery.names import is_port_number
from orrery.machinery.objects import FrozenObject, Object, labels_of

_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_LISTS: Final = ("addresses", "notReadyAddresses")
MANAGED_BY: Final = ("endpoints.kubernetes.io/managed-by", "endpoint-controller")


def _default(obj: Object) -> None:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            if not port.get("protocol"):
                port["protocol"] = "TCP"


def _addresses(subsets: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, subset in enumerate(subsets):
        for field in _LISTS:
            for at, address in enumerate(subset.get(field) or ()):
                yield f"subsets[{index}].{field}[{at}]", address


def _subset_errors(subset: Mapping[str, Any], path: str) -> Errors:
    errors: Errors = []
    if not any(subset.get(field) for field in _LISTS):
        errors.append(required(path, "must specify `addresses` or `notReadyAddresses`"))
    for field in _LISTS:
        for at, address in enumerate(subset.get(field) or ()):
            errors += _address_errors(address, f"{path}.{field}[{at}]")
    ports = subset.get("ports") or ()
    for at, port in enumerate(ports):
        errors += _port_errors(port, f"{path}.ports[{at}]", needs_name=len(ports) > 1)
    return errors


def _address_errors(address: Mapping[str, Any], path: str) -> Errors:
    ip = address.get("ip", "")
    errors = legacy_ip_errors(f"{path}.ip", ip)
    if host := address.get("hostname"):
        errors += label(f"{path}.hostname", host)
    if (node := address.get("nodeName")) is not None:
        errors += subdomain(f"{path}.nodeName", node)
    return errors + endpoint_ip_errors(f"{path}.ip", ip)


def _port_errors(port: Mapping[str, Any], path: str, *, needs_name: bool) -> Errors:
    errors: Errors = []
    name, number, protocol = port.get("name", ""), port.get("port", 0), port.get("protocol", "")
    if name:
        errors += label(f"{path}.name", name)
    elif needs_name:
        errors.append(required(f"{path}.name"))
    errors += bad(f"{path}.port", number, is_port_number(number))
    if protocol not in _PROTOCOLS:
        errors.append(not_supported(f"{path}.protocol", protocol, _PROTOCOLS))
    if (app := port.get("appProtocol")) is not None:
        errors += qualified(f"{path}.appProtocol", app)
    return errors


def _validate(obj: Object) -> Errors:
    errors: Errors = []
    for index, subset in enumerate(obj.get("subsets") or ()):
        errors += _subset_errors(subset, f"subsets[{index}]")
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    """Subsets that were once accepted may stay."""
    return [] if obj.get("subsets") == old.get("subsets") else _validate(obj)


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    if labels_of(obj).get(MANAGED_BY[0]) == MANAGED_BY[1]:
        return []
    return [text for path, address in _addresses(obj.get("subsets") or []) for text in ip_warnings(f"{path}.ip", address.get("ip", ""))]


BEHAVIOUR: Final = Behaviour(
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    allow_create_on_update=True,
)
