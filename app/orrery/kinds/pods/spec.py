"""Validation of a PodSpec, in a Pod or in a template: calls the checks of each subject in upstream's order, and does the small ones.

Follows ValidatePodSpec of core. Feature gates are as Kubernetes 1.35 ships them.
"""

from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.pods.containers import (
    Surroundings,
    containers_with_path,
    validate_containers,
    validate_ephemeral_containers,
    validate_init_containers,
)
from orrery.kinds.pods.resources import validate_pod_level_resources, validate_resources
from orrery.kinds.pods.scheduling import validate_affinity, validate_scheduling_gates, validate_tolerations, validate_topology_spread
from orrery.kinds.pods.security import validate_annotations_match_fields, validate_pod_security, validate_security_annotations
from orrery.kinds.pods.volumes import validate_volumes
from orrery.kinds.pods.windows import validate_for_os, validate_host_process
from orrery.kinds.rules.annotations import validate_annotations
from orrery.kinds.rules.ip_syntax import legacy_ip_errors
from orrery.kinds.rules.label_selectors import validate_labels
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.field_errors import duplicate, forbidden, invalid, not_found, not_supported, required, too_long
from orrery.machinery.names import (
    bytes_len,
    is_dns1123_label,
    is_dns1123_subdomain,
    is_dns1123_subdomain_with_underscore,
    is_qualified_name,
    range_message,
)
from orrery.machinery.objects import FrozenObject

MIRROR: Final = "kubernetes.io/config.mirror"
_DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
_RESTART_POLICIES: Final = ("Always", "OnFailure", "Never")
_DNS_POLICIES: Final = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_INT32_MAX: Final = 2**31 - 1
_NAMESERVERS_MAX: Final = 3
_SEARCHES_MAX: Final = 32
_SEARCHES_BYTES_MAX: Final = 2048
_HOSTNAME_BYTES_MAX: Final = 64


def validate_pod_template(template: FrozenObject, path: str) -> Errors:
    """ValidatePodTemplateSpec."""
    meta = template.get("metadata") or {}
    spec = template.get("spec") or {}
    errors: Errors = []
    if labels := meta.get("labels"):
        errors += validate_labels(labels, f"{path}.labels")
    annotations = meta.get("annotations")
    if annotations:
        errors += validate_annotations(annotations, f"{path}.annotations")
        errors += validate_pod_annotations(annotations, spec, f"{path}.annotations")
    errors += validate_pod_spec(spec, f"{path}.spec")
    if annotations:
        errors += validate_annotations_match_fields(annotations, spec, f"{path}.spec")
    if spec.get("ephemeralContainers"):
        errors.append(forbidden(f"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template"))
    return errors


def validate_pod_annotations(annotations: dict[str, str], spec: FrozenObject, path: str) -> Errors:
    """ValidatePodSpecificAnnotations."""
    errors: Errors = []
    if MIRROR in annotations and not spec.get("nodeName"):
        text = "must set spec.nodeName if mirror pod annotation is set"
        errors.append(invalid(f"{path}[{MIRROR}]", annotations[MIRROR], text))
    cost = annotations.get(_DELETION_COST)
    if cost is not None and not _is_int32(cost):
        errors.append(invalid(f"{path}[{_DELETION_COST}]", cost, "must be a 32bit integer"))
    return errors + validate_security_annotations(annotations, spec, path)


def _is_int32(text: str) -> bool:
    digits = text[1:] if text.startswith("-") else text
    if not digits.isascii() or not digits.isdigit() or (text[0] == "0" and text != "0"):
        return False
    return -(2**31) <= int(text) <= _INT32_MAX


def validate_pod_spec(spec: FrozenObject, path: str, *, meta: FrozenObject | None = None) -> Errors:
    """`meta` is the Pod's own; None for a template."""
    errors: Errors = []
    grace_s = spec.get("terminationGracePeriodSeconds")
    if grace_s is None:
        errors.append(required(f"{path}.terminationGracePeriodSeconds"))
    volumes: dict[str, FrozenObject] = {}
    if "volumes" in spec:
        pod_name = meta.get("name", "") if meta is not None else ""
        volumes, found = validate_volumes(spec["volumes"], f"{path}.volumes", pod_name=pod_name, is_pod=meta is not None)
        errors += found
    claims: frozenset[str] = frozenset()
    if "resourceClaims" in spec:
        claims = frozenset(claim["name"] for claim in spec["resourceClaims"] if claim.get("name"))
        errors += _resource_claims(spec["resourceClaims"], f"{path}.resourceClaims", meta)
    pod = Surroundings(
        volumes=volumes,
        claims=claims,
        restart_policy=spec.get("restartPolicy", ""),
        grace_s=grace_s,
        os=spec.get("os"),
        host_users=spec.get("hostUsers") is not False,
    )
    containers = spec.get("containers") or []
    errors += validate_containers(containers, f"{path}.containers", pod)
    if "initContainers" in spec:
        errors += validate_init_containers(spec["initContainers"], containers, f"{path}.initContainers", pod=pod)
    if "ephemeralContainers" in spec:
        errors += validate_ephemeral_containers(spec["ephemeralContainers"], spec, f"{path}.ephemeralContainers", pod=pod)
    if "resources" in spec:
        errors += validate_pod_level_resources(spec, f"{path}.resources", claims)
    errors += _policies(spec, path, is_pod=meta is not None)
    if spec.get("securityContext") or spec.get("hostPID"):
        errors += validate_pod_security(spec, f"{path}.securityContext")
    errors += _placement(spec, path)
    errors += _identity(spec, path)
    return errors + _rest(spec, path)


def _resource_claims(claims: list[Any], path: str, meta: FrozenObject | None) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    mirror = meta is not None and MIRROR in (meta.get("annotations") or ())
    for index, claim in enumerate(claims):
        if mirror:
            errors.append(forbidden("", "static pods do not support resource claims"))
            continue
        at = f"{path}[{index}]"
        name = claim.get("name", "")
        if not name:
            errors.append(required(f"{at}.name"))
        elif name in seen:
            errors.append(duplicate(f"{at}.name", name))
        else:
            errors += [invalid(f"{at}.name", name, message) for message in is_dns1123_label(name)]
            seen.add(name)
        sources = [field for field in ("resourceClaimName", "resourceClaimTemplateName") if claim.get(field) is not None]
        if len(sources) != 1:
            text = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            if not sources:
                text = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            told = [("Name", name)]
            told += [(field[0].upper() + field[1:], claim.get(field)) for field in ("resourceClaimName", "resourceClaimTemplateName")]
            errors.append(invalid(at, go_struct(told), text))
        for field in sources:
            errors += [invalid(f"{at}.{field}", claim[field], message) for message in is_dns1123_subdomain(claim[field])]
    return errors


def _policies(spec: FrozenObject, path: str, *, is_pod: bool) -> Errors:
    errors: Errors = []
    if spec.get("hostNetwork"):
        errors += _host_network_ports(spec, path, is_pod=is_pod)
    policy = spec.get("restartPolicy", "")
    if policy not in _RESTART_POLICIES:
        at = f"{path}.restartPolicy"
        errors.append(not_supported(at, policy, _RESTART_POLICIES) if policy else required(at))
    dns = spec.get("dnsPolicy", "")
    if dns not in _DNS_POLICIES:
        errors.append(not_supported(f"{path}.dnsPolicy", dns, _DNS_POLICIES) if dns else required(f"{path}.dnsPolicy"))
    if "nodeSelector" in spec:
        errors += validate_labels(spec["nodeSelector"], f"{path}.nodeSelector")
    return errors


def _host_network_ports(spec: FrozenObject, path: str, *, is_pod: bool) -> Errors:
    text = "must match `containerPort` when `hostNetwork` is true"
    return [
        invalid(f"{path}.containers[{index}].ports[{number}].hostPort", port.get("hostPort", 0), text)
        for index, container in enumerate(spec.get("containers") or ())
        for number, port in enumerate(container.get("ports") or ())
        if (is_pod or port.get("hostPort", 0)) and port.get("hostPort", 0) != port.get("containerPort", 0)
    ]


def _placement(spec: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    if "affinity" in spec:
        errors += validate_affinity(spec["affinity"], f"{path}.affinity")
    if "dnsConfig" in spec or spec.get("dnsPolicy") == "None":
        errors += _dns_config(spec.get("dnsConfig"), spec.get("dnsPolicy", ""), f"{path}.dnsConfig")
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        kind = gate.get("conditionType", "")
        at = f"{path}.readinessGates[{index}].conditionType"
        errors += [invalid(at, kind, message) for message in is_qualified_name(kind)]
    if "schedulingGates" in spec:
        errors += validate_scheduling_gates(spec["schedulingGates"], f"{path}.schedulingGates")
    if "topologySpreadConstraints" in spec:
        errors += validate_topology_spread(spec["topologySpreadConstraints"], f"{path}.topologySpreadConstraints")
    return errors


def _dns_config(config: FrozenObject | None, policy: str, path: str) -> Errors:
    if policy == "None" and config is None:
        return [required(path, "must provide `dnsConfig` when `dnsPolicy` is None")]
    if config is None:
        return []
    servers = config.get("nameservers") or []
    if policy == "None" and not servers:
        return [required(f"{path}.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None")]
    errors: Errors = []
    if len(servers) > _NAMESERVERS_MAX:
        errors.append(invalid(f"{path}.nameservers", servers, f"must not have more than {_NAMESERVERS_MAX} nameservers"))
    for index, server in enumerate(servers):
        errors += legacy_ip_errors(f"{path}.nameservers[{index}]", server)
    searches = config.get("searches") or []
    if len(searches) > _SEARCHES_MAX:
        errors.append(invalid(f"{path}.searches", searches, f"must not have more than {_SEARCHES_MAX} search paths"))
    if bytes_len(" ".join(searches)) > _SEARCHES_BYTES_MAX:
        text = f"must not have more than {_SEARCHES_BYTES_MAX} characters (including spaces) in the search list"
        errors.append(invalid(f"{path}.searches", searches, text))
    for index, search in enumerate(searches):
        name = search.removesuffix(".") if search != "." else ""
        if name or search != ".":
            errors += [invalid(f"{path}.searches[{index}]", name, text) for text in is_dns1123_subdomain_with_underscore(name)]
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            errors.append(required(f"{path}.options[{index}]", "must not be empty"))
    return errors


def _identity(spec: FrozenObject, path: str) -> Errors:
    """Who the Pod is and with whom it shares: users, host names, its account, its node."""
    errors: Errors = []
    security = "securityContext" in spec or "os" in spec
    containers = list(containers_with_path(spec, path)) if security else []
    if security:
        errors += validate_host_process(spec, path, containers)
    if spec.get("hostUsers") is False:
        errors += _host_users(spec, path)
    if "hostnameOverride" in spec:
        errors += _hostname_override(spec, f"{path}.hostnameOverride")
    for field in ("serviceAccountName", "nodeName"):
        if (name := spec.get(field)) and (messages := is_dns1123_subdomain(name)):
            errors += [invalid(f"{path}.{field}", name, message) for message in messages]
    seconds = spec.get("activeDeadlineSeconds")
    if seconds is not None and not 1 <= seconds <= _INT32_MAX:
        errors.append(invalid(f"{path}.activeDeadlineSeconds", seconds, range_message(1, _INT32_MAX)))
    for field in ("hostname", "subdomain"):
        if name := spec.get(field):
            errors += [invalid(f"{path}.{field}", name, message) for message in is_dns1123_label(name)]
    return errors


def _host_users(spec: FrozenObject, path: str) -> Errors:
    text = "when `hostUsers` is false"
    fields = (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC"))
    errors = [forbidden(f"{path}.{told}", text) for field, told in fields if spec.get(field)]
    for container, at in containers_with_path(spec, path):
        if container.get("volumeDevices"):
            errors.append(forbidden(f"{at}.volumeDevices", text))
    return errors


def _hostname_override(spec: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    name = spec["hostnameOverride"]
    if spec.get("setHostnameAsFQDN"):
        errors.append(forbidden(path, "may not be specified when setHostnameAsFQDN is true"))
    if spec.get("hostNetwork"):
        errors.append(forbidden(path, "may not be specified when hostNetwork is true"))
    if bytes_len(name) > _HOSTNAME_BYTES_MAX:
        errors.append(too_long(path, _HOSTNAME_BYTES_MAX))
    return errors + [invalid(path, name, message) for message in is_dns1123_subdomain(name)]


def _rest(spec: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    if tolerations := spec.get("tolerations"):
        errors += validate_tolerations(tolerations, f"{path}.tolerations")
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        at = f"{path}.hostAliases[{index}]"
        errors += legacy_ip_errors(f"{at}.ip", alias.get("ip", ""))
        for number, name in enumerate(alias.get("hostnames") or ()):
            errors += [invalid(f"{at}.hostnames[{number}]", name, message) for message in is_dns1123_subdomain(name)]
    if name := spec.get("priorityClassName"):
        errors += [invalid(f"{path}.priorityClassName", name, message) for message in is_dns1123_subdomain(name)]
    if (name := spec.get("runtimeClassName")) is not None:
        errors += [invalid(f"{path}.runtimeClassName", name, message) for message in is_dns1123_subdomain(name)]
    policy = spec.get("preemptionPolicy")
    if policy is not None and policy not in ("PreemptLowerPriority", "Never"):
        at = f"{path}.preemptionPolicy"
        errors.append(not_supported(at, policy, ("PreemptLowerPriority", "Never")) if policy else required(at))
    if "overhead" in spec:
        errors += validate_resources({"limits": spec["overhead"]}, f"{path}.overhead")
    if "os" in spec:
        errors += _os(spec, path)
    return errors + _file_keys(spec, path)


def _os(spec: FrozenObject, path: str) -> Errors:
    name = spec["os"].get("name", "")
    if not name:
        return [required(f"{path}.os.name")]
    if name not in ("linux", "windows"):
        return [not_supported(f"{path}.os", name, ("linux", "windows"))]
    return validate_for_os(spec, path, list(containers_with_path(spec, path)))


def _file_keys(spec: FrozenObject, path: str) -> Errors:
    """validateFileKeyRefVolumes."""
    errors: Errors = []
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            for number, variable in enumerate(container.get("env") or ()):
                if not (reference := (variable.get("valueFrom") or {}).get("fileKeyRef")):
                    continue
                name = reference.get("volumeName", "")
                at = f"{path}.{field}[{index}].env[{number}].valueFrom.fileKeyRef.volumeName"
                volume = {volume.get("name", ""): volume for volume in spec.get("volumes") or ()}.get(name)
                if volume is None:
                    errors.append(not_found(at, name))
                elif "emptyDir" not in volume:
                    errors.append(invalid(at, name, "referenced volume must be of type emptyDir"))
    return errors
