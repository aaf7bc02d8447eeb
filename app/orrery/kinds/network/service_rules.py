"""What is wrong with a Service as it stands: core's `validateService` with everything it calls, and its load balancer status."""

from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.rules.ip_syntax import endpoint_ip_errors, is_ipv6, legacy_cidr_errors, legacy_ip_errors, parse_ip
from orrery.kinds.rules.label_selectors import validate_labels
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.field_errors import duplicate, forbidden, invalid, not_supported, required
from orrery.machinery.names import is_dns1123_label, is_dns1123_subdomain, is_port_name, is_port_number, is_qualified_name
from orrery.machinery.objects import FrozenObject, annotations_of

HINTS_ANNOTATION: Final = "service.kubernetes.io/topology-aware-hints"
MODE_ANNOTATION: Final = "service.kubernetes.io/topology-mode"
_RANGES_ANNOTATION: Final = "service.beta.kubernetes.io/load-balancer-source-ranges"
_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_FAMILIES: Final = ("IPv4", "IPv6")
_FAMILY_POLICIES: Final = ("PreferDualStack", "RequireDualStack", "SingleStack")
_TRAFFIC_POLICIES: Final = ("Cluster", "Local")
_DISTRIBUTIONS: Final = ("PreferClose", "PreferSameZone", "PreferSameNode")
_AFFINITY_S_MAX: Final = 86400

Spec = Mapping[str, Any]


def is_headless(spec: Spec) -> bool:
    return bool(spec.get("clusterIPs") == ["None"])


def is_externally_accessible(spec: Spec) -> bool:
    kind = spec.get("type")
    return kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def needs_health_check(spec: Spec) -> bool:
    return spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def validate_service(obj: FrozenObject, old: FrozenObject | None) -> Errors:
    """Everything about one Service but its metadata; `old` lends values that were once accepted."""
    spec = obj["spec"]
    old_spec: Spec = old["spec"] if old is not None else {}
    errors = _topology_errors(obj)
    if not spec.get("ports") and not is_headless(spec) and spec.get("type") != "ExternalName":
        errors.append(required("spec.ports"))
    errors += _type_errors(spec)
    names: set[str] = set()
    ports = spec.get("ports") or ()
    for index, port in enumerate(ports):
        errors += _port_errors(port, f"spec.ports[{index}]", names, needs_name=len(ports) > 1)
    errors += validate_labels(spec.get("selector"), "spec.selector")
    errors += _affinity_errors(spec)
    errors += cluster_ip_errors(spec, old_spec.get("clusterIPs") or ())
    errors += _external_ip_errors(spec, old_spec.get("externalIPs") or ())
    if spec.get("type") not in _TYPES:
        errors.append(not_supported("spec.type", spec.get("type", ""), _TYPES))
    errors += _port_set_errors(spec)
    errors += _source_range_errors(obj, old)
    errors += _load_balancer_errors(spec)
    errors += load_balancer_class_errors(spec)
    errors += _external_traffic_errors(spec)
    errors += _traffic_errors(spec)
    return errors


def _topology_errors(obj: FrozenObject) -> Errors:
    annotations = annotations_of(obj)
    hints, mode = annotations.get(HINTS_ANNOTATION), annotations.get(MODE_ANNOTATION)
    if hints is None or mode is None or hints == mode:
        return []
    why = f"must match annotations[{HINTS_ANNOTATION}] when both are specified"
    return [invalid(f"metadata.annotations[{MODE_ANNOTATION}]", mode, why)]


def _type_errors(spec: Spec) -> Errors:
    kind = spec.get("type")
    if kind in ("LoadBalancer", "NodePort") and is_headless(spec):
        return [invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")]
    if kind != "ExternalName":
        return []
    errors = [
        forbidden(f"spec.{field}", "may not be set for ExternalName services")
        for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy")
        if spec.get(field)
    ]
    name = spec.get("externalName", "").removesuffix(".")
    if not name:
        return [*errors, required("spec.externalName")]
    return errors + [invalid("spec.externalName", name, message) for message in is_dns1123_subdomain(name)]


def _port_errors(port: Spec, path: str, names: set[str], *, needs_name: bool) -> Errors:
    errors: Errors = []
    name = port.get("name", "")
    if name:
        errors += [invalid(f"{path}.name", name, message) for message in is_dns1123_label(name)]
        if name in names:
            errors.append(duplicate(f"{path}.name", name))
        names.add(name)
    elif needs_name:
        errors.append(required(f"{path}.name"))
    number = port.get("port", 0)
    errors += [invalid(f"{path}.port", number, message) for message in is_port_number(number)]
    protocol = port.get("protocol", "")
    if protocol not in _PROTOCOLS:
        errors.append(not_supported(f"{path}.protocol", protocol, _PROTOCOLS))
    target = port.get("targetPort", 0)
    messages = is_port_name(target) if isinstance(target, str) else is_port_number(target)
    errors += [invalid(f"{path}.targetPort", target, message) for message in messages]
    if (app := port.get("appProtocol")) is not None:
        errors += [invalid(f"{path}.appProtocol", app, message) for message in is_qualified_name(app)]
    return errors


def _affinity_errors(spec: Spec) -> Errors:
    affinity, config = spec.get("sessionAffinity", ""), spec.get("sessionAffinityConfig")
    if affinity == "ClientIP":
        timeout = ((config or {}).get("clientIP") or {}).get("timeoutSeconds", 0)
        if not 0 < timeout <= _AFFINITY_S_MAX:
            path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
            return [invalid(path, timeout, f"must be greater than 0 and less than {_AFFINITY_S_MAX}")]
    elif affinity == "None":
        if config is not None:
            return [forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None")]
    else:
        return [not_supported("spec.sessionAffinity", affinity, ("ClientIP", "None"))]
    return []


def cluster_ip_errors(spec: Spec, still_valid: tuple[str, ...] | list[str] = ()) -> Errors:
    """Upstream's ValidateServiceClusterIPsRelatedFields: clusterIP(s), families and their policy agree."""
    if spec.get("type") == "ExternalName":
        return []
    errors: Errors = []
    ip, ips = spec.get("clusterIP", ""), spec.get("clusterIPs") or []
    families = spec.get("ipFamilies") or []
    if ip and not ips:
        errors.append(required("spec.clusterIPs"))
    elif ip and ips[0] != ip:
        errors.append(invalid("spec.clusterIPs", ips, "first value must match `clusterIP`"))
    elif not ip and ips:
        errors.append(invalid("spec.clusterIPs", ips, "must be empty when `clusterIP` is not specified"))
    for index, family in enumerate(families):
        if family not in _FAMILIES:
            errors.append(not_supported(f"spec.ipFamilies[{index}]", family, _FAMILIES))
        if family in families[:index]:
            errors.append(duplicate(f"spec.ipFamilies[{index}]", family))
    policy = spec.get("ipFamilyPolicy")
    if policy is not None and policy not in _FAMILY_POLICIES:
        errors.append(not_supported("spec.ipFamilyPolicy", policy, _FAMILY_POLICIES))
    malformed = _malformed_ips(ips, still_valid)
    errors += malformed
    if len(ips) > 2:
        errors.append(invalid("spec.clusterIPs", ips, "may only hold up to 2 values"))
    return errors if malformed else errors + _family_errors(ips, families)


def _malformed_ips(ips: list[str], still_valid: tuple[str, ...] | list[str]) -> Errors:
    errors: Errors = []
    for index, ip in enumerate(ips):
        if index == 0 and ip == "None":
            if len(ips) > 1:
                errors.append(invalid("spec.clusterIPs", ips, "'None' must be the first and only value"))
        else:
            errors += legacy_ip_errors(f"spec.clusterIPs[{index}]", ip, still_valid)
    return errors


def _family_errors(ips: list[str], families: list[str]) -> Errors:
    errors: Errors = []
    if len(ips) > 1 and len({is_ipv6(ip) for ip in ips}) != 2:
        errors.append(invalid("spec.clusterIPs", ips, "may specify no more than one IP for each IP family"))
    if ips == ["None"]:
        return errors
    for index, (ip, family) in enumerate(zip(ips, families, strict=False)):
        found = "IPv6" if is_ipv6(ip) else "IPv4"
        if family in _FAMILIES and family != found:
            errors.append(invalid(f"spec.clusterIPs[{index}]", ip, f"expected an {family} value as indicated by `ipFamilies[{index}]`"))
    return errors


def _external_ip_errors(spec: Spec, still_valid: tuple[str, ...] | list[str]) -> Errors:
    errors: Errors = []
    for index, ip in enumerate(spec.get("externalIPs") or ()):
        path = f"spec.externalIPs[{index}]"
        errors += legacy_ip_errors(path, ip, still_valid) or endpoint_ip_errors(path, ip)
    return errors


def _port_set_errors(spec: Spec) -> Errors:
    """Node ports where there may be none, and pairs of protocol and (node) port given twice."""
    ports = spec.get("ports") or ()
    errors: Errors = []
    if spec.get("type") == "ClusterIP":
        errors += [
            forbidden(f"spec.ports[{index}].nodePort", "may not be used when `type` is 'ClusterIP'")
            for index, port in enumerate(ports)
            if port.get("nodePort")
        ]
    node_ports: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        if number := port.get("nodePort"):
            if (key := (port.get("protocol", ""), number)) in node_ports:
                errors.append(duplicate(f"spec.ports[{index}].nodePort", number))
            node_ports.add(key)
    seen: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        if (key := (port.get("protocol", ""), port.get("port", 0))) in seen:
            printed = {"Name": "", "Protocol": key[0], "AppProtocol": None, "Port": key[1], "TargetPort": 0, "NodePort": 0}
            errors.append(duplicate(f"spec.ports[{index}]", go_struct(printed.items())))
        seen.add(key)
    return errors


def _source_range_errors(obj: FrozenObject, old: FrozenObject | None) -> Errors:
    spec = obj["spec"]
    only = "may only be used when `type` is 'LoadBalancer'"
    is_balanced = spec.get("type") == "LoadBalancer"
    if ranges := spec.get("loadBalancerSourceRanges"):
        path = "spec.LoadBalancerSourceRanges"
        errors = [] if is_balanced else [forbidden(path, only)]
        before = [value.strip() for value in (old["spec"].get("loadBalancerSourceRanges") or ())] if old is not None else ()
        for index, value in enumerate(ranges):
            errors += legacy_cidr_errors(f"{path}[{index}]", value.strip(), before)
        return errors
    written = annotations_of(obj).get(_RANGES_ANNOTATION)
    if written is None:
        return []
    path = f"metadata.annotations[{_RANGES_ANNOTATION}]"
    errors = [] if is_balanced else [forbidden(path, only)]
    if (old is None or annotations_of(old).get(_RANGES_ANNOTATION) != written) and written.strip():
        for value in written.strip().split(","):
            errors += legacy_cidr_errors(path, value.strip())
    return errors


def _load_balancer_errors(spec: Spec) -> Errors:
    is_set = spec.get("allocateLoadBalancerNodePorts") is not None
    is_balanced = spec.get("type") == "LoadBalancer"
    if is_set and not is_balanced:
        return [forbidden("spec.allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'")]
    return [required("allocateLoadBalancerNodePorts")] if is_balanced and not is_set else []


def load_balancer_class_errors(spec: Spec) -> Errors:
    name = spec.get("loadBalancerClass")
    if name is None:
        return []
    if spec.get("type") != "LoadBalancer":
        return [forbidden("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'")]
    return [invalid("spec.loadBalancerClass", name, message) for message in is_qualified_name(name)]


def _external_traffic_errors(spec: Spec) -> Errors:
    errors: Errors = []
    policy = spec.get("externalTrafficPolicy", "")
    if not is_externally_accessible(spec):
        if policy:
            errors.append(invalid("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services"))
    elif not policy:
        errors.append(required("spec.externalTrafficPolicy"))
    elif policy not in _TRAFFIC_POLICIES:
        errors.append(not_supported("spec.externalTrafficPolicy", policy, _TRAFFIC_POLICIES))
    port = spec.get("healthCheckNodePort", 0)
    if not needs_health_check(spec):
        if port:
            why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
            errors.append(invalid("spec.healthCheckNodePort", port, why))
    elif not port:
        errors.append(required("spec.healthCheckNodePort"))
    else:
        errors += [invalid("spec.healthCheckNodePort", port, message) for message in is_port_number(port)]
    return errors


def _traffic_errors(spec: Spec) -> Errors:
    errors: Errors = []
    internal = spec.get("internalTrafficPolicy")
    if internal is None:
        if spec.get("type") in ("ClusterIP", "NodePort", "LoadBalancer"):
            errors.append(required("spec.internalTrafficPolicy"))
    elif internal not in _TRAFFIC_POLICIES:
        errors.append(not_supported("spec.internalTrafficPolicy", internal, _TRAFFIC_POLICIES))
    distribution = spec.get("trafficDistribution")
    if distribution is not None and distribution not in _DISTRIBUTIONS:
        errors.append(not_supported("spec.trafficDistribution", distribution, _DISTRIBUTIONS))
    return errors


def validate_load_balancer_status(obj: FrozenObject, old: FrozenObject) -> Errors:
    """What is wrong with `status.loadBalancer` of a Service."""
    ingresses = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    path = "status.loadBalancer.ingress"
    if ingresses and (obj.get("spec") or {}).get("type") != "LoadBalancer":
        return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")]
    before = ((old.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    known = [ingress["ip"] for ingress in before if ingress.get("ip")]
    errors: Errors = []
    for index, ingress in enumerate(ingresses):
        errors += _balancer_ingress_errors(ingress, f"{path}[{index}]", known)
    return errors


def _balancer_ingress_errors(ingress: Spec, path: str, known: list[str]) -> Errors:
    errors: Errors = []
    ip, mode, host = ingress.get("ip", ""), ingress.get("ipMode"), ingress.get("hostname", "")
    if ip:
        errors += legacy_ip_errors(f"{path}.ip", ip, known)
    if mode is None:
        if ip:
            errors.append(required(f"{path}.ipMode", "must be specified when `ip` is set"))
    elif not ip:
        errors.append(forbidden(f"{path}.ipMode", "may not be specified when `ip` is not set"))
    elif mode not in ("Proxy", "VIP"):
        errors.append(not_supported(f"{path}.ipMode", mode, ("Proxy", "VIP")))
    if host:
        errors += [invalid(f"{path}.hostname", host, message) for message in is_dns1123_subdomain(host)]
        if parse_ip(host) is not None:
            errors.append(invalid(f"{path}.hostname", host, "must be a DNS name, not an IP address"))
    return errors
