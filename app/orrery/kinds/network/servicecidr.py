"""ServiceCIDR: one network of each family, which may only be added to. Follows networking's `ValidateServiceCIDR`."""

from typing import Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import IMMUTABLE
from orrery.kinds.rules.ip_syntax import parse_cidr, strict_cidr_errors
from orrery.machinery.field_errors import invalid, required
from orrery.machinery.objects import FrozenObject, Object

_PATH: Final = "spec.cidrs"
_ONE_EACH: Final = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"


def _cidrs(obj: FrozenObject) -> list[str]:
    return (obj.get("spec") or {}).get("cidrs") or []


def _validate(obj: Object) -> Errors:
    cidrs = _cidrs(obj)
    if not cidrs:
        return [required(_PATH, "at least one CIDR required")]
    if len(cidrs) > 2:
        return [invalid(_PATH, {"CIDRs": cidrs}, "may only hold up to 2 values")]
    errors: Errors = []
    for index, cidr in enumerate(cidrs):
        errors += strict_cidr_errors(f"{_PATH}[{index}]", cidr)
    parsed = [parse_cidr(cidr) for cidr in cidrs]
    versions = [found[1].version for found in parsed if found is not None]
    if len(versions) == 2 and versions[0] == versions[1]:
        errors.append(invalid(_PATH, cidrs, _ONE_EACH))
    return errors


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    cidrs, before = _cidrs(obj), _cidrs(old)
    if len(cidrs) == len(before):
        return [
            invalid(f"{_PATH}[{index}]", now, IMMUTABLE) for index, (now, then) in enumerate(zip(cidrs, before, strict=True)) if now != then
        ]
    if len(before) == 1 and len(cidrs) == 2:
        errors = [invalid(f"{_PATH}[0]", cidrs[0], IMMUTABLE)] if cidrs[0] != before[0] else []
        return errors + _validate(obj)
    return [invalid(_PATH, cidrs or None, IMMUTABLE)]


BEHAVIOUR: Final = Behaviour(validate=_validate, validate_update=_validate_update)
