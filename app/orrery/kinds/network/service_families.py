"""Which IP families a Service gets: the policy and the list a client left out, and refusals of what the cluster has not.

Follows `initIPFamilyFields` of the registry's allocator for a cluster whose only family is IPv4.
"""

from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.network.service_rules import cluster_ip_errors
from orrery.kinds.rules.ip_syntax import is_ipv6
from orrery.machinery.errors import Invalid
from orrery.machinery.field_errors import invalid
from orrery.machinery.objects import FrozenObject, Object

CONFIGURED: Final = "IPv4"
"""The family of `service_cidr`."""


def settle_families(obj: Object, old_obj: FrozenObject | None) -> None:
    """Fill in `ipFamilyPolicy` and `ipFamilies`; Invalid, before any other validation, when they cannot be had."""
    spec = obj["spec"]
    old: dict[str, Any] = old_obj["spec"] if old_obj is not None else {}
    if spec.get("type") == "ExternalName" or (old and _is_settled_dual(spec, old)):
        return
    is_selectorless = spec.get("clusterIP") == "None" and not spec.get("selector")
    if spec.get("ipFamilyPolicy") is None:
        spec["ipFamilyPolicy"] = old.get("ipFamilyPolicy") or ("RequireDualStack" if is_selectorless else "SingleStack")
    _refuse(obj, cluster_ip_errors(spec, old.get("clusterIPs") or ()))
    _refuse(obj, _policy_errors(spec, old) + _infer_families(spec))
    if is_selectorless:
        _fill_selectorless(spec)
        return
    _refuse(obj, _unconfigured_errors(spec))
    if not spec.get("ipFamilies"):
        spec["ipFamilies"] = [CONFIGURED]


def _refuse(obj: Object, errors: Errors) -> None:
    if errors:
        raise Invalid("Service", obj["metadata"].get("name", ""), errors)


def _is_settled_dual(spec: Object, old: dict[str, Any]) -> bool:
    """Both prefer dual stack and nothing about it changed: leave it as it was."""
    return (
        spec.get("ipFamilyPolicy") == "PreferDualStack"
        and old.get("ipFamilyPolicy") in (None, "PreferDualStack")
        and all((spec.get(field) or None) == (old.get(field) or None) for field in ("type", "clusterIPs", "ipFamilies"))
    )


def _policy_errors(spec: Object, old: dict[str, Any]) -> Errors:
    """Whether the policy suits the number of addresses and families; shrinks both where a change to SingleStack says so."""
    errors: Errors = []
    path, policy = "spec.ipFamilyPolicy", spec["ipFamilyPolicy"]
    many = "must be 'RequireDualStack' or 'PreferDualStack' when multiple {} are specified"
    for field, one, several in (("clusterIPs", "cluster IP", "cluster IPs"), ("ipFamilies", "IP family", "IP families")):
        now, before = spec.get(field) or [], old.get(field) or []
        if old and policy == "SingleStack" and now == before and len(now) > 1:
            now = spec[field] = now[:1]
        elif old and policy != "SingleStack" and 0 < len(now) < len(before):
            errors.append(invalid(path, policy, f"must be 'SingleStack' to release the secondary {one}"))
        if policy == "SingleStack" and len(now) == 2:
            errors.append(invalid(path, policy, many.format(several)))
    return errors


def _infer_families(spec: Object) -> Errors:
    """Addresses that a client chose say which families it wants."""
    errors: Errors = []
    ips = spec.get("clusterIPs") or []
    for index, ip in enumerate(ips):
        if ip == "None":
            break
        family = "IPv6" if is_ipv6(ip) else "IPv4"
        if index < len(spec.get("ipFamilies") or ()):
            continue
        if family != CONFIGURED:
            errors.append(invalid(f"spec.clusterIPs[{index}]", ips, f"{family} is not configured on this cluster"))
        else:
            spec.setdefault("ipFamilies", []).append(family)
    return errors


def _fill_selectorless(spec: Object) -> None:
    """Headless without a selector: any families may be served, configured or not."""
    families = spec.get("ipFamilies") or [CONFIGURED]
    if len(families) < 2 and spec["ipFamilyPolicy"] != "SingleStack":
        families = [families[0], "IPv6" if families[0] == "IPv4" else "IPv4"]
    spec["ipFamilies"] = families


def _unconfigured_errors(spec: Object) -> Errors:
    errors: Errors = []
    if spec["ipFamilyPolicy"] == "RequireDualStack":
        errors.append(invalid("spec.ipFamilyPolicy", "RequireDualStack", "this cluster is not configured for dual-stack services"))
    errors += [
        invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster")
        for index, family in enumerate(spec.get("ipFamilies") or ())
        if family != CONFIGURED
    ]
    return errors
