"""Warnings about Pods and pod templates: what is accepted and yet probably a mistake. Follows pkg/api/pod/warnings.go."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orrery.kinds.pods.containers import containers_with_path
from orrery.kinds.pods.features import app_armor_profile
from orrery.kinds.pods.security import APP_ARMOR, SECCOMP_CONTAINER, SECCOMP_POD
from orrery.kinds.pods.volume_warnings import overlap_warnings, volume_warnings
from orrery.kinds.rules.ip_syntax import ip_warnings
from orrery.kinds.rules.node_labels import node_label_warning, node_label_warnings, node_selector_term_warnings
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject
from orrery.machinery.quantities import parse

_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_DEPRECATED_ANNOTATIONS: Final = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_NO_SELECTOR: Final = "a null labelSelector results in matching no pod"
_SECCOMP: Final = 'non-functional in v1.27+; use the "seccompProfile" field instead'
_APP_ARMOR_FIELD: Final = 'deprecated since v1.30; use the "appArmorProfile" field instead'


def pod_warnings(spec: FrozenObject, meta: FrozenObject, prefix: str = "") -> list[str]:
    """`prefix` is the template's path with a trailing dot (`spec.template.`), empty for a Pod."""
    at = f"{prefix}spec"
    annotations: Mapping[str, str] = meta.get("annotations") or {}
    containers = list(containers_with_path(spec, at))
    # Upstream warns of a Pod's AppArmor annotations before all else, of a template's with the container.
    warnings = (
        [text for container, _ in containers for text in _app_armor(container, spec, annotations)] if annotations and not prefix else []
    )
    if "nodeSelector" in spec:
        for key in spec["nodeSelector"]:
            warnings += node_label_warnings(f"{at}.nodeSelector[{key}]", key)
    if "affinity" in spec:
        warnings += _node_affinity(spec["affinity"], f"{at}.affinity")
    for index, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        warnings += _spread(constraint, f"{at}.topologySpreadConstraints[{index}]")
    for key, text in _DEPRECATED_ANNOTATIONS.items():
        if key in annotations:
            warnings.append(f"{prefix}metadata.annotations[{key}]: {text}")
    if volumes := spec.get("volumes"):
        warnings += volume_warnings(volumes, at)
        warnings += overlap_warnings(volumes)
    warnings += _repeated(spec, at)
    for name in ("memory", "ephemeral-storage"):
        warnings += _fraction(spec.get("overhead"), name, f"{at}.overhead")
    if SECCOMP_POD in annotations and "seccompProfile" not in (spec.get("securityContext") or ()):
        warnings.append(f"{prefix}metadata.annotations[{SECCOMP_POD}]: {_SECCOMP}")
    for container, path in containers:
        if annotations:
            warnings += _profile_annotations(container, spec, annotations, prefix=prefix)
        warnings += _container(container, path)
    warnings += _ports([entry for entry in containers if entry[0].get("ports")])
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        text = "must be >= 0; negative values are invalid and will be treated as 1"
        warnings.append(f"{at}.terminationGracePeriodSeconds: {text}")
    return warnings + _last(spec, at)


def _node_affinity(affinity: FrozenObject, path: str) -> list[str]:
    node = affinity.get("nodeAffinity") or {}
    warnings: list[str] = []
    for index, term in enumerate((node.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ()):
        at = f"{path}.nodeAffinity.{_REQUIRED}.nodeSelectorTerms[{index}]"
        warnings += node_selector_term_warnings(term, at, check_values=False)
    for index, preferred in enumerate(node.get(_PREFERRED) or ()):
        at = f"{path}.nodeAffinity.{_PREFERRED}[{index}].preference"
        warnings += node_selector_term_warnings(preferred.get("preference") or {}, at, check_values=True)
    return warnings


def _spread(constraint: FrozenObject, path: str) -> list[str]:
    key = constraint.get("topologyKey", "")
    text = node_label_warning(key)
    warnings = [f"{path}.topologyKey: {key} is {text}"] if text else []
    if "labelSelector" not in constraint:
        warnings.append(f"{path}.labelSelector: {_NO_SELECTOR}")
    return warnings


def _repeated(spec: FrozenObject, path: str) -> list[str]:
    warnings = _duplicates(spec.get("hostAliases") or (), "ip", f"{path}.hostAliases")
    secrets = spec.get("imagePullSecrets") or ()
    warnings += _duplicates(secrets, "name", f"{path}.imagePullSecrets")
    for index, secret in enumerate(secrets):
        if not secret.get("name"):
            warnings.append(f'{path}.imagePullSecrets[{index}].name: invalid empty name ""')
    return warnings


def _duplicates(items: Sequence[FrozenObject], field: str, path: str) -> list[str]:
    warnings: list[str] = []
    seen: set[str] = set()
    for index, item in enumerate(items):
        value = item.get(field, "")
        if value in seen:
            warnings.append(f"{path}[{index}].{field}: duplicate {field} {go_quote(value)}")
        seen.add(value)
    return warnings


def _fraction(amounts: Mapping[str, str] | None, name: str, path: str) -> list[str]:
    if not amounts or name not in amounts:
        return []
    amount = parse(amounts[name])
    return [f'{path}[{name}]: fractional byte value "{amount.text}" is invalid, must be an integer'] if amount.milli % 1000 else []


def _profile_annotations(container: FrozenObject, spec: FrozenObject, annotations: Mapping[str, str], *, prefix: str) -> list[str]:
    warnings: list[str] = []
    security = container.get("securityContext") or {}
    key = SECCOMP_CONTAINER + container.get("name", "")
    if key in annotations and "seccompProfile" not in security:
        warnings.append(f"{prefix}metadata.annotations[{key}]: {_SECCOMP}")
    return warnings + _app_armor(container, spec, annotations, prefix=prefix) if prefix else warnings


def _app_armor(container: FrozenObject, spec: FrozenObject, annotations: Mapping[str, str], *, prefix: str = "") -> list[str]:
    key = APP_ARMOR + container.get("name", "")
    if key not in annotations:
        return []
    profile = app_armor_profile(annotations[key])
    own = (container.get("securityContext") or {}).get("appArmorProfile")
    pod = (spec.get("securityContext") or {}).get("appArmorProfile")
    # DIFFERS: upstream does not warn about a Pod whose container gives the same profile as field and annotation; we do.
    unread = own is None and (pod is None or pod != profile) if prefix else own in (None, profile) and profile != pod
    return [f"{prefix}metadata.annotations[{key}]: {_APP_ARMOR_FIELD}"] if unread else []


def _container(container: FrozenObject, path: str) -> list[str]:
    warnings: list[str] = []
    if resources := container.get("resources"):
        for name in ("memory", "ephemeral-storage"):
            for field in ("limits", "requests"):
                warnings += _fraction(resources.get(field), name, f"{path}.resources.{field}")
    variables = container.get("env") or ()
    if len(variables) > 1:
        seen: set[str] = set()
        for index, variable in enumerate(variables):
            name = variable.get("name", "")
            if name in seen and _hides(variable, name):
                text = f"hides previous definition of {go_quote(name)}, which may be dropped when using apply"
                warnings.append(f"{path}.env[{index}]: {text}")
            seen.add(name)
    return warnings


def _hides(variable: FrozenObject, name: str) -> bool:
    """Whether a second definition makes the first one useless: it does unless it builds on it."""
    reference = f"$({name})"
    value = variable.get("value", "")
    return "valueFrom" in variable or value == reference or reference not in value


def _ports(containers: Sequence[tuple[Any, str]]) -> list[str]:
    if not containers:
        return []
    ports = [(port, f"{path}.ports[{index}]") for container, path in containers for index, port in enumerate(container["ports"])]
    warnings: list[str] = []
    known: dict[tuple[int, str], list[tuple[Any, str]]] = {}
    for port, path in ports:
        if port.get("hostIP") and not port.get("hostPort"):
            warnings.append(f"{path}: hostIP set without hostPort: {_as_go(port)}")
        others = known.setdefault((port.get("containerPort", 0), port.get("protocol", "")), [])
        for other, where in others:
            if text := _overlap(port, other):
                warnings.append(f"{path}: {text} port definition with {where}")
        others.append((port, path))
    named: dict[str, str] = {}
    for port, path in ports:
        if not (name := port.get("name")):
            continue
        if other := named.get(name):
            text = f"services and probes that select ports by name will use {other}"
            warnings.append(f"{path}: duplicate port name {go_quote(name)} with {other}, {text}")
        else:
            named[name] = path
    return warnings


def _as_go(port: FrozenObject) -> str:
    fields = (("Name", "name", ""), ("HostPort", "hostPort", 0), ("ContainerPort", "containerPort", 0))
    rest = (("Protocol", "protocol", ""), ("HostIP", "hostIP", ""))
    return "{" + " ".join(f"{go}:{port.get(field, zero)}" for go, field, zero in (*fields, *rest)) + "}"


def _overlap(port: FrozenObject, other: FrozenObject) -> str:
    address, other_address = port.get("hostIP", ""), other.get("hostIP", "")
    number, other_number = port.get("hostPort", 0), other.get("hostPort", 0)
    if address == other_address and number == other_number:
        return "duplicate"
    if not number or not other_number:
        return "overlapping"
    return "dangerously ambiguous" if number == other_number and bool(address) != bool(other_address) else ""


def _last(spec: FrozenObject, path: str) -> list[str]:
    warnings: list[str] = []
    affinity = spec.get("affinity") or {}
    for field in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(field) or {}
        for index, term in enumerate(terms.get(_REQUIRED) or ()):
            if "labelSelector" not in term:
                warnings.append(f"{path}.affinity.{field}.{_REQUIRED}[{index}].labelSelector: {_NO_SELECTOR}")
        for index, weighted in enumerate(terms.get(_PREFERRED) or ()):
            if "labelSelector" not in (weighted.get("podAffinityTerm") or ()):
                at = f"{path}.affinity.{field}.{_PREFERRED}[{index}].podAffinityTerm.labelSelector"
                warnings.append(f"{at}: {_NO_SELECTOR}")
    for index, server in enumerate((spec.get("dnsConfig") or {}).get("nameservers") or ()):
        warnings += ip_warnings(f"{path}.dnsConfig.nameservers[{index}]", server)
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        warnings += ip_warnings(f"{path}.hostAliases[{index}].ip", alias.get("ip", ""))
    return warnings
