"""Service: defaults, what an update keeps or drops, warnings. What is wrong with one is in `service_rules`, changes in `service_changes`.

Follows core's `SetDefaults_Service` and the registry's strategy and storage. Allocation of cluster IPs and node ports belongs to
the verbs, between `prepare_*` and validation.
"""

from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.network.service_changes import (
    drop_unneeded,
    keep_allocated,
    keep_in_step,
    validate_change,
)
from orrery.kinds.network.service_families import settle_families
from orrery.kinds.network.service_rules import (
    HINTS_ANNOTATION,
    MODE_ANNOTATION,
    is_externally_accessible,
    validate_load_balancer_status,
    validate_service,
)
from orrery.kinds.rules.ip_syntax import cidr_warnings, ip_warnings
from orrery.machinery.field_errors import go_quote
from orrery.machinery.names import name_is_dns1035_label
from orrery.machinery.objects import FrozenObject, Object, annotations_of

_AFFINITY_S: Final = 10800


def _default(obj: Object) -> None:
    spec = obj.get("spec")
    if spec is None:
        spec = obj["spec"] = {}
    _default_affinity(spec)
    kind = spec.get("type")
    if not kind:
        kind = spec["type"] = "ClusterIP"
    for port in spec.get("ports") or ():
        if not port.get("protocol"):
            port["protocol"] = "TCP"
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port", 0)
    if not spec.get("externalTrafficPolicy") and is_externally_accessible(spec):
        spec["externalTrafficPolicy"] = "Cluster"
    if spec.get("internalTrafficPolicy") is None and kind in ("ClusterIP", "NodePort", "LoadBalancer"):
        spec["internalTrafficPolicy"] = "Cluster"
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
        _default_ip_mode(obj)


def _default_affinity(spec: Object) -> None:
    affinity = spec.get("sessionAffinity")
    if not affinity:
        affinity = spec["sessionAffinity"] = "None"
    if affinity == "None":
        spec.pop("sessionAffinityConfig", None)
    elif affinity == "ClientIP":
        client: dict[str, Any] = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
        if client.get("timeoutSeconds") is None:
            spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": _AFFINITY_S}}


def _default_ip_mode(obj: Object) -> None:
    status = (obj.get("status") or {}).get("loadBalancer") or {}
    for ingress in status.get("ingress") or ():
        if ingress.get("ip"):
            ingress.setdefault("ipMode", "VIP")


def _prepare_create(obj: Object) -> None:
    obj["status"] = {"loadBalancer": {}}
    keep_in_step(obj, None)
    settle_families(obj, None)


def _prepare_update(obj: Object, old: FrozenObject) -> None:
    keep_allocated(obj, old)
    keep_in_step(obj, old)
    settle_families(obj, old)
    drop_unneeded(obj, old)
    if obj["spec"].get("type") == "ExternalName":
        obj["spec"].pop("internalTrafficPolicy", None)  # Upstream drops it whenever it reads one.


def _validate(obj: Object) -> Errors:
    return validate_service(obj, None)


def _validate_update(obj: Object, old: FrozenObject) -> Errors:
    return validate_change(obj, old) + validate_service(obj, old)


def _warnings(obj: Object, old: FrozenObject | None) -> list[str]:
    spec = obj["spec"]
    warnings: list[str] = []
    if HINTS_ANNOTATION in annotations_of(obj):
        warnings.append(f"annotation {HINTS_ANNOTATION} is deprecated, please use {MODE_ANNOTATION} instead")
    cluster_ip = spec.get("clusterIP", "")
    if cluster_ip not in ("", "None"):
        for index, ip in enumerate(spec.get("clusterIPs") or ()):
            warnings += ip_warnings(f"spec.clusterIPs[{index}]", ip)
    if spec.get("type") == "ClusterIP" and cluster_ip == "None":
        warnings += _headless_warnings(spec)
    for index, ip in enumerate(spec.get("externalIPs") or ()):
        warnings += ip_warnings(f"spec.externalIPs[{index}]", ip)
    if address := spec.get("loadBalancerIP"):
        warnings += ip_warnings("spec.loadBalancerIP", address)
    for index, cidr in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        warnings += cidr_warnings(f"spec.loadBalancerSourceRanges[{index}]", cidr)
    return warnings + _type_warnings(spec)


def _headless_warnings(spec: Object) -> list[str]:
    warnings = []
    if spec.get("loadBalancerIP"):
        warnings.append("spec.loadBalancerIP is ignored for headless services")
    if spec.get("externalIPs"):
        warnings.append("spec.externalIPs is ignored for headless services")
    if spec.get("sessionAffinity") != "None":
        warnings.append("spec.SessionAffinity is ignored for headless services")
    return warnings


def _type_warnings(spec: Object) -> list[str]:
    warnings = []
    is_external_name = spec.get("type") == "ExternalName"
    if is_external_name and spec.get("externalIPs"):
        warnings.append('spec.externalIPs is ignored when spec.type is "ExternalName"')
    if not is_external_name and spec.get("externalName"):
        warnings.append('spec.externalName is ignored when spec.type is not "ExternalName"')
    if spec.get("trafficDistribution") == "PreferClose":
        warnings.append(f"spec.trafficDistribution: {go_quote('PreferClose')} is deprecated; use {go_quote('PreferSameZone')}")
    return warnings


BEHAVIOUR: Final = Behaviour(
    default=_default,
    prepare_create=_prepare_create,
    prepare_update=_prepare_update,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=validate_load_balancer_status,
    warnings=_warnings,
    name_rule=name_is_dns1035_label,
    allow_create_on_update=True,
    selectable=lambda obj: {"spec.clusterIP": obj["spec"].get("clusterIP", ""), "spec.type": obj["spec"].get("type", "")},
)
