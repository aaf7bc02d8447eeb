"""How one Service becomes another: what an update keeps for its client, what it drops, and what may not change.

Follows the registry's `patchAllocatedValues`, `normalizeClusterIPs` and `dropTypeDependentFields`, and core's `ValidateServiceUpdate`.
"""

from collections.abc import Mapping
from typing import Any

from orrery.kinds.kind import Errors
from orrery.kinds.network.service_rules import is_externally_accessible, is_headless, load_balancer_class_errors, needs_health_check
from orrery.machinery.field_errors import forbidden, invalid
from orrery.machinery.objects import FrozenObject, Object

_ONCE = "may not change once set"

Spec = Mapping[str, Any]


def _needs_cluster_ip(spec: Spec) -> bool:
    return spec.get("type") != "ExternalName"


def _needs_node_port(spec: Spec) -> bool:
    return spec.get("type") in ("NodePort", "LoadBalancer")


def _node_ports(spec: Spec) -> set[int]:
    return {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}


def _is_same(spec: Spec, old: Spec, *fields: str) -> bool:
    return all((spec.get(field) or None) == (old.get(field) or None) for field in fields)


def keep_allocated(obj: Object, old_obj: FrozenObject) -> None:
    """Values that were allocated for the client and that it left out come back, so that the same file can be sent again."""
    spec, old = obj["spec"], old_obj["spec"]
    if _needs_cluster_ip(old) and _needs_cluster_ip(spec):
        if not spec.get("clusterIP") and old.get("clusterIP"):
            spec["clusterIP"] = old["clusterIP"]
        if not spec.get("clusterIPs") and old.get("clusterIPs"):
            spec["clusterIPs"] = list(old["clusterIPs"])
    if _needs_node_port(old) and _needs_node_port(spec):
        taken = _node_ports(old) & _node_ports(spec)
        by_name = {port.get("name", ""): port.get("nodePort", 0) for port in old.get("ports") or ()}
        for port in spec.get("ports") or ():
            number = by_name.get(port.get("name", ""), 0)
            if not port.get("nodePort") and number and number not in taken:
                port["nodePort"] = number
    if needs_health_check(old) and needs_health_check(spec) and not spec.get("healthCheckNodePort") and old.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = old["healthCheckNodePort"]


def keep_in_step(obj: Object, old_obj: FrozenObject | None) -> None:
    """clusterIP and clusterIPs follow each other where a client wrote only one of them."""
    spec = obj["spec"]
    ip, ips = spec.get("clusterIP", ""), spec.get("clusterIPs")
    if old_obj is None:
        if ip and not ips:
            spec["clusterIPs"] = [ip]
        return
    old = old_obj["spec"]
    before = old.get("clusterIP", "")
    if old.get("clusterIPs") and not ips and ip == before:
        spec["clusterIPs"] = list(old["clusterIPs"])
    # A client that knows the singular only: the plural follows it.
    if ip != before and (ips or []) == (old.get("clusterIPs") or []):
        if before and not ip:
            spec.pop("clusterIPs", None)
        else:
            spec["clusterIPs"] = [ip]


def drop_unneeded(obj: Object, old_obj: FrozenObject) -> None:
    """Fields that the new type has no use for go, if the client did not try to change them as well."""
    spec, old = obj["spec"], old_obj["spec"]
    if _needs_cluster_ip(old) and not _needs_cluster_ip(spec):
        if _is_same(spec, old, "clusterIP", "clusterIPs"):
            _drop(spec, "clusterIP", "clusterIPs")
        for field in ("ipFamilies", "ipFamilyPolicy"):
            if _is_same(spec, old, field):
                _drop(spec, field)
    if _needs_node_port(old) and not _needs_node_port(spec) and _node_ports(old) >= _node_ports(spec):
        for port in spec.get("ports") or ():
            port.pop("nodePort", None)
    if needs_health_check(old) and not needs_health_check(spec) and _is_same(spec, old, "healthCheckNodePort"):
        _drop(spec, "healthCheckNodePort")
    if old.get("type") == "LoadBalancer" and spec.get("type") != "LoadBalancer":
        if spec.get("allocateLoadBalancerNodePorts") == old.get("allocateLoadBalancerNodePorts"):
            _drop(spec, "allocateLoadBalancerNodePorts")
        if _is_same(spec, old, "loadBalancerClass"):
            _drop(spec, "loadBalancerClass")
    if is_externally_accessible(old) and not is_externally_accessible(spec) and _is_same(spec, old, "externalTrafficPolicy"):
        _drop(spec, "externalTrafficPolicy")
    if spec.get("type") != "LoadBalancer" and "status" in obj:
        obj["status"] = {**obj["status"], "loadBalancer": {}}


def _drop(spec: Object, *fields: str) -> None:
    for field in fields:
        spec.pop(field, None)


def validate_change(obj: FrozenObject, old_obj: FrozenObject) -> Errors:
    """What may not change, before the Service as it stands is looked at."""
    spec, old = obj["spec"], old_obj["spec"]
    errors: Errors = []
    if spec.get("type") != "ExternalName" and old.get("type") != "ExternalName":
        errors += _cluster_ip_changes(spec, old)
        errors += _family_changes(spec, old)
    if spec.get("type") == old.get("type") == "LoadBalancer" and spec.get("loadBalancerClass") != old.get("loadBalancerClass"):
        errors.append(invalid("spec.loadBalancerClass", spec.get("loadBalancerClass"), _ONCE))
    errors += load_balancer_class_errors(spec)
    if needs_health_check(old) and needs_health_check(spec) and spec.get("healthCheckNodePort") != old.get("healthCheckNodePort"):
        errors.append(forbidden("spec.healthCheckNodePort", "field is immutable"))
    return errors


def _cluster_ip_changes(spec: Spec, old: Spec) -> Errors:
    if is_headless(spec) and is_headless(old):
        return []
    ips, before = spec.get("clusterIPs") or [], old.get("clusterIPs") or []
    printed = ips or None  # An absent list prints as null.
    if len(ips) == len(before):
        return [
            invalid(f"spec.clusterIPs[{index}]", printed, _ONCE)
            for index, (now, then) in enumerate(zip(ips, before, strict=True))
            if now != then
        ]
    errors: Errors = []
    if not ips:
        errors.append(invalid("spec.clusterIPs[0]", printed, "primary clusterIP can not be unset"))
    elif before and ips[0] != before[0]:
        errors.append(invalid("spec.clusterIPs[0]", printed, _ONCE))
    if len(before) > len(ips) == 1 and spec.get("ipFamilyPolicy") != "SingleStack":
        why = "must be set to 'SingleStack' when releasing the secondary clusterIP"
        errors.append(invalid("spec.ipFamilyPolicy", spec.get("ipFamilyPolicy"), why))
    return errors


def _family_changes(spec: Spec, old: Spec) -> Errors:
    if is_headless(spec) or is_headless(old):
        return []
    families, before = spec.get("ipFamilies") or [], old.get("ipFamilies") or []
    ips = spec.get("clusterIPs") or None
    if len(families) == len(before):
        return [invalid("spec.ipFamilies[0]", families, _ONCE) for now, then in zip(families, before, strict=True) if now != then]
    errors: Errors = []
    if len(before) > len(families) and not ips:
        errors.append(invalid("spec.ipFamilies[0]", families or None, "primary ipFamily can not be unset"))
    if families and before and families[0] != before[0]:
        errors.append(invalid("spec.ipFamilies[0]", ips, _ONCE))
    if len(before) > len(families) == 1 and spec.get("ipFamilyPolicy") != "SingleStack":
        why = "must be set to 'SingleStack' when releasing the secondary ipFamily"
        errors.append(invalid("spec.ipFamilyPolicy", spec.get("ipFamilyPolicy"), why))
    return errors
