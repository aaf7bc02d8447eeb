"""NetworkPolicy: default protocols and policy types; ports, peers and blocks. Follows networking's `ValidateNetworkPolicy`."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import bad
from orrery.kinds.rules.ip_syntax import Network, cidr_warnings, legacy_cidr_errors, parse_cidr
from orrery.kinds.rules.label_selectors import has_invalid_value, validate_label_selector
from orrery.machinery.field_errors import forbidden, invalid, not_supported, required
from orrery.machinery.names import is_port_name, is_port_number
from orrery.machinery.objects import FrozenObject, Object

_PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
_TYPES: Final = ("Ingress", "Egress")
_SIDES: Final = (("ingress", "from"), ("egress", "to"))

Part = Mapping[str, Any]


def _default(obj: Object) -> None:
    spec = obj.get("spec")
    if spec is None:
        spec = obj["spec"] = {}
    spec.setdefault("podSelector", {})
    for side, _ in _SIDES:
        for rule in spec.get(side) or ():
            for port in rule.get("ports") or ():
                port.setdefault("protocol", "TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _blocks(spec: Part) -> Iterator[tuple[str, Part]]:
    """Every ipBlock with its path."""
    for side, peers in _SIDES:
        for index, rule in enumerate(spec.get(side) or ()):
            for at, peer in enumerate(rule.get(peers) or ()):
                if peer.get("ipBlock") is not None:
                    yield f"spec.{side}[{index}].{peers}[{at}].ipBlock", peer["ipBlock"]


def _spec_errors(spec: Part, *, any_value: bool, still_valid: Collection[str]) -> Errors:
    errors = validate_label_selector(spec.get("podSelector"), "spec.podSelector", any_value=any_value)
    for side, peers in _SIDES:
        for index, rule in enumerate(spec.get(side) or ()):
            path = f"spec.{side}[{index}]"
            for at, port in enumerate(rule.get("ports") or ()):
                errors += _port_errors(port, f"{path}.ports[{at}]")
            for at, peer in enumerate(rule.get(peers) or ()):
                errors += _peer_errors(peer, f"{path}.{peers}[{at}]", any_value=any_value, still_valid=still_valid)
    types = spec.get("policyTypes") or []
    if len(types) > len(_TYPES):
        return [*errors, invalid("spec.policyTypes", types, "may not specify more than two policyTypes")]
    return errors + [not_supported(f"spec.policyTypes[{at}]", name, _TYPES) for at, name in enumerate(types) if name not in _TYPES]


def _port_errors(port: Part, path: str) -> Errors:
    errors: Errors = []
    protocol, number, end = port.get("protocol"), port.get("port"), port.get("endPort")
    if protocol is not None and protocol not in _PROTOCOLS:
        errors.append(not_supported(f"{path}.protocol", protocol, _PROTOCOLS))
    if number is None:
        if end is not None:
            errors.append(invalid(f"{path}.endPort", end, "may not be specified when `port` is not specified"))
    elif isinstance(number, str):
        if end is not None:
            errors.append(invalid(f"{path}.endPort", end, "may not be specified when `port` is non-numeric"))
        errors += bad(f"{path}.port", number, is_port_name(number))
    else:
        errors += bad(f"{path}.port", number, is_port_number(number))
        if end is not None:
            if end < number:
                errors.append(invalid(f"{path}.endPort", number, "must be greater than or equal to `port`"))
            errors += bad(f"{path}.endPort", end, is_port_number(end))
    return errors


def _peer_errors(peer: Part, path: str, *, any_value: bool, still_valid: Collection[str]) -> Errors:
    errors: Errors = []
    selectors = [field for field in ("podSelector", "namespaceSelector") if peer.get(field) is not None]
    for field in selectors:
        errors += validate_label_selector(peer[field], f"{path}.{field}", any_value=any_value)
    block = peer.get("ipBlock")
    if block is not None:
        errors += _block_errors(block, f"{path}.ipBlock", still_valid)
        if selectors:
            errors.append(forbidden(path, "may not specify both ipBlock and another peer"))
    elif not selectors:
        errors.append(required(path, "must specify a peer"))
    return errors


def _block_errors(block: Part, path: str, still_valid: Collection[str]) -> Errors:
    cidr = block.get("cidr", "")
    if not cidr:
        return [required(f"{path}.cidr")]
    errors = legacy_cidr_errors(f"{path}.cidr", cidr, still_valid)
    parsed = parse_cidr(cidr)
    if parsed is None:
        return errors
    for index, text in enumerate(block.get("except") or ()):
        errors += legacy_cidr_errors(f"{path}.except[{index}]", text, still_valid)
        inner = parse_cidr(text)
        if inner is not None and not _is_inside(inner[1], parsed[1]):
            errors.append(invalid(f"{path}.except[{index}]", text, "must be a strict subset of `cidr`"))
    return errors


def _is_inside(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and outer.prefixlen < inner.prefixlen and inner.network_address in outer


def _validate(obj: Object) -> Errors:
    return _spec_errors(obj.get("spec") or {}, any_value=False, still_valid=())


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    before = old.get("spec") or {}
    known = [text for _, block in _blocks(before) for text in (block.get("cidr", ""), *(block.get("except") or ()))]
    return _spec_errors(obj.get("spec") or {}, any_value=has_invalid_value(before.get("podSelector")), still_valid=known)


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    warnings: list[str] = []
    for path, block in _blocks(obj.get("spec") or {}):
        warnings += cidr_warnings(f"{path}.cidr", block.get("cidr", ""))
        for index, text in enumerate(block.get("except") or ()):
            warnings += cidr_warnings(f"{path}.except[{index}]", text)
    return warnings


BEHAVIOUR: Final = Behaviour(
    default=_default,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    has_generation=True,
)
