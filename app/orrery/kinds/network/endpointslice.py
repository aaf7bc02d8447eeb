"""EndpointSlice: port defaults, addresses by type, hints, sizes. Follows discovery's `ValidateEndpointSlice` and strategy."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import bad, label, qualified, subdomain, unchanged
from orrery.kinds.rules.ip_syntax import endpoint_ip_errors, ip_warnings, is_ipv6, legacy_ip_errors, strict_ip_errors
from orrery.machinery.field_errors import duplicate, invalid, not_supported, required, too_many
from orrery.machinery.names import is_dns1123_label, is_dns1123_subdomain, is_label_value
from orrery.machinery.objects import FrozenObject, Object, labels_of

_TYPES: Final = ("FQDN", "IPv4", "IPv6")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_ADDRESSES_MAX: Final = 100
_PORTS_MAX: Final = 20_000
_ENDPOINTS_MAX: Final = 1_000
_HINTS_MAX: Final = 8
_MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
_CONTROLLERS: Final = ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")

Part = Mapping[str, Any]


def _default(obj: Object) -> None:
    for port in obj.get("ports") or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def _drop_topology(obj: Object) -> None:
    for endpoint in obj.get("endpoints") or ():
        endpoint.pop("deprecatedTopology", None)


def _prepare_update(obj: Object, old: FrozenObject) -> None:
    """Upstream counts a change of labels as a new generation, too."""
    if obj.get("endpoints") != old.get("endpoints"):
        _drop_topology(obj)
    if labels_of(obj) != labels_of(old):
        obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def _validate(obj: Object) -> Errors:
    return _type_errors(obj) + _port_errors(obj.get("ports") or ()) + _endpoints_errors(obj)


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    errors = _type_errors(obj) + _port_errors(obj.get("ports") or ())
    if obj.get("endpoints") != old.get("endpoints"):
        errors += _endpoints_errors(obj)
    return errors + unchanged("addressType", obj.get("addressType", ""), old.get("addressType", ""))


def _type_errors(obj: FrozenObject) -> Errors:
    kind = obj.get("addressType", "")
    if not kind:
        return [required("addressType")]
    return [] if kind in _TYPES else [not_supported("addressType", kind, _TYPES)]


def _port_errors(ports: Sequence[Part]) -> Errors:
    if len(ports) > _PORTS_MAX:
        return [too_many("ports", len(ports), _PORTS_MAX)]
    errors: Errors = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        path, name, protocol = f"ports[{index}]", port.get("name", ""), port.get("protocol", "TCP")
        if name:
            errors += label(f"{path}.name", name)
        if name in names:
            errors.append(duplicate(f"{path}.name", name))
        names.add(name)
        if protocol not in _PROTOCOLS:
            errors.append(not_supported(f"{path}.protocol", protocol, _PROTOCOLS))
        if (app := port.get("appProtocol")) is not None:
            errors += qualified(f"{path}.appProtocol", app)
    return errors


def _endpoints_errors(obj: FrozenObject) -> Errors:
    endpoints = obj.get("endpoints") or ()
    if len(endpoints) > _ENDPOINTS_MAX:
        return [too_many("endpoints", len(endpoints), _ENDPOINTS_MAX)]
    errors: Errors = []
    for index, endpoint in enumerate(endpoints):
        errors += _endpoint_errors(endpoint, f"endpoints[{index}]", obj.get("addressType", ""))
    return errors


def _endpoint_errors(endpoint: Part, path: str, kind: str) -> Errors:
    addresses = endpoint.get("addresses") or ()
    errors: Errors = []
    if not addresses:
        errors.append(required(f"{path}.addresses", "must contain at least 1 address"))
    elif len(addresses) > _ADDRESSES_MAX:
        errors.append(too_many(f"{path}.addresses", len(addresses), _ADDRESSES_MAX))
    for at, address in enumerate(addresses):
        errors += _address_errors(address, f"{path}.addresses", at, kind=kind)
    if (node := endpoint.get("nodeName")) is not None:
        errors += subdomain(f"{path}.nodeName", node)
    if (host := endpoint.get("hostname")) is not None:
        errors += label(f"{path}.hostname", host)
    hints = endpoint.get("hints") or {}
    errors += _hint_errors(hints.get("forZones") or [], f"{path}.hints.forZones", is_label_value)
    return errors + _hint_errors(hints.get("forNodes") or [], f"{path}.hints.forNodes", is_dns1123_subdomain)


def _address_errors(address: str, path: str, at: int, *, kind: str) -> Errors:
    here = f"{path}[{at}]"
    if kind == "FQDN":
        return _domain_errors(address, here)
    if kind not in ("IPv4", "IPv6"):
        return []
    errors = legacy_ip_errors(here, address) if kind == "IPv4" else strict_ip_errors(here, address)
    if errors:
        return errors
    if is_ipv6(address) != (kind == "IPv6"):
        errors.append(invalid(path, address, f"must be an {kind} address"))
    return errors + endpoint_ip_errors(here, address)


def _domain_errors(name: str, path: str) -> Errors:
    if not name:
        return [required(path)]
    name = name.removesuffix(".")
    if messages := is_dns1123_subdomain(name):
        return [invalid(path, name, ",".join(messages))]
    if "." not in name:
        return [invalid(path, name, "should be a domain with at least two segments separated by dots")]
    for part in name.split("."):
        if messages := is_dns1123_label(part):
            return [invalid(path, part, ",".join(messages))]
    return []


def _hint_errors(hints: list[dict[str, str]], path: str, check: Any) -> Errors:
    if len(hints) > _HINTS_MAX:
        return [too_many(path, len(hints), _HINTS_MAX)]
    errors: Errors = []
    names: set[str] = set()
    for index, hint in enumerate(hints):
        here, name = f"{path}[{index}].name", hint.get("name", "")
        if name in names:
            errors.append(duplicate(here, name))
        names.add(name)
        errors += bad(here, name, check(name))
    return errors


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    warnings = ["spec.addressType: FQDN endpoints are deprecated"] if old is None and obj.get("addressType") == "FQDN" else []
    if labels_of(obj).get(_MANAGED_BY) in _CONTROLLERS:
        return warnings
    for index, endpoint in enumerate(obj.get("endpoints") or ()):
        for at, address in enumerate(endpoint.get("addresses") or ()):
            warnings += ip_warnings(f"endpoints[{index}].addresses[{at}]", address)
    return warnings


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=_drop_topology,
    prepare_update=_prepare_update,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    has_generation=True,
)
