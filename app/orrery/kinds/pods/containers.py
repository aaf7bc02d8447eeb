"""Validation of containers, init containers and ephemeral containers: names, images, ports, policies, and the order of it all.

Follows `validateContainers`, `validateInitContainers` and `validateEphemeralContainers` of core. What hangs on a container is
checked elsewhere: environment, mounts, probes and handlers, resources, security context.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.pods.env import validate_env, validate_env_from
from orrery.kinds.pods.handlers import validate_lifecycle, validate_liveness, validate_readiness
from orrery.kinds.pods.mounts import validate_devices, validate_mounts
from orrery.kinds.pods.resources import validate_resources
from orrery.kinds.pods.security import validate_container_security
from orrery.machinery.field_errors import duplicate, forbidden, invalid, not_found, not_supported, required, too_long
from orrery.machinery.names import is_dns1123_label, is_port_name, is_port_number
from orrery.machinery.objects import FrozenObject

PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")
PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_EXIT_CODES_MAX: Final = 255
_RULES_MAX: Final = 20
_ONLY_SIDECARS: Final = "may not be set for init containers without restartPolicy=Always"
_NOT_EPHEMERAL: Final = "cannot be set for an Ephemeral Container"
_EPHEMERAL_FORBIDDEN: Final = (
    "ports",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the checks of a container need to know of its Pod."""

    volumes: Mapping[str, FrozenObject]
    """The valid volumes by name."""
    claims: Collection[str]
    restart_policy: str
    grace_s: int | None
    os: FrozenObject | None
    host_users: bool


def containers_with_path(spec: FrozenObject, path: str) -> Iterator[tuple[Any, str]]:
    """Every container and its path, in upstream's order of visits: init, plain, ephemeral."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            yield container, f"{path}.{field}[{index}]"


def validate_containers(containers: list[Any], path: str, pod: Surroundings) -> Errors:
    if not containers:
        return [required(path)]
    errors: Errors = []
    names: set[str] = set()
    host_ports = False
    for index, container in enumerate(containers):
        at = f"{path}[{index}]"
        errors += _common(container, at, pod)
        name = container.get("name", "")
        if name in names:
            errors.append(duplicate(f"{at}.name", name))
        names.add(name)
        if "lifecycle" in container:
            errors += validate_lifecycle(container["lifecycle"], f"{at}.lifecycle", grace_s=pod.grace_s, os=pod.os)
        errors += _probes(container, at, grace_s=pod.grace_s)
        if "restartPolicy" in container or "restartPolicyRules" in container:
            errors += _restart_policy(container, at)
        host_ports = host_ports or "ports" in container
    if host_ports:
        errors += _host_port_conflicts(containers, path)
    return errors


def validate_init_containers(containers: list[Any], regular: list[Any], path: str, *, pod: Surroundings) -> Errors:
    errors: Errors = []
    names = {container.get("name", "") for container in regular}
    for index, container in enumerate(containers):
        at = f"{path}[{index}]"
        errors += _common(container, at, pod)
        policy = container.get("restartPolicy")
        errors += _init_restart_policy(container, at)
        name = container.get("name", "")
        if name in names:
            errors.append(duplicate(f"{at}.name", name))
        elif name:
            names.add(name)
        if "ports" in container:
            errors += _host_port_conflicts([container], path)
        if policy == "Always":
            if "lifecycle" in container:
                errors += validate_lifecycle(container["lifecycle"], f"{at}.lifecycle", grace_s=pod.grace_s, os=pod.os)
            errors += _probes(container, at, grace_s=pod.grace_s)
        else:
            for field in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
                if field in container:
                    errors.append(forbidden(f"{at}.{field}", _ONLY_SIDECARS))
    return errors


def validate_ephemeral_containers(containers: list[Any], spec: FrozenObject, path: str, *, pod: Surroundings) -> Errors:
    errors: Errors = []
    others = {container.get("name", "") for field in ("containers", "initContainers") for container in spec.get(field) or ()}
    names = set(others)
    for index, container in enumerate(containers):
        at = f"{path}[{index}]"
        errors += _common(container, at, pod)
        errors += validate_image_spaces(container, at)
        name = container.get("name", "")
        if name in names:
            errors.append(duplicate(f"{at}.name", name))
        names.add(name)
        target = container.get("targetContainerName", "")
        if target and target not in others:
            errors.append(not_found(f"{at}.targetContainerName", target))
        errors += [forbidden(f"{at}.{field}", _NOT_EPHEMERAL) for field in _EPHEMERAL_FORBIDDEN if container.get(field)]
        for number, mount in enumerate(container.get("volumeMounts") or ()):
            errors += [
                forbidden(f"{at}.volumeMounts[{number}].{field}", _NOT_EPHEMERAL)
                for field in ("subPath", "subPathExpr")
                if mount.get(field)
            ]
    return errors


def validate_image_spaces(container: FrozenObject, path: str) -> Errors:
    """Only a Pod's own images are held to this, not a template's."""
    image = container.get("image", "")
    return [] if image == image.strip() else [invalid(f"{path}.image", image, "must not have leading or trailing whitespace")]


def validate_pull_policy(policy: str, path: str) -> Errors:
    if policy in PULL_POLICIES:
        return []
    return [not_supported(path, policy, PULL_POLICIES)] if policy else [required(path)]


def _common(container: FrozenObject, path: str, pod: Surroundings) -> Errors:
    errors = _identity(container, path)
    if "ports" in container:
        errors += _ports(container["ports"], f"{path}.ports")
    if "env" in container:
        errors += validate_env(container["env"], f"{path}.env")
    if "envFrom" in container:
        errors += validate_env_from(container["envFrom"], f"{path}.envFrom")
    if "volumeMounts" in container:
        errors += validate_mounts(container, f"{path}.volumeMounts", pod.volumes)
    if "volumeDevices" in container:
        errors += validate_devices(container, f"{path}.volumeDevices", pod.volumes)
    policy = container.get("imagePullPolicy", "")
    if policy not in PULL_POLICIES:
        errors += validate_pull_policy(policy, f"{path}.imagePullPolicy")
    if resources := container.get("resources"):
        errors += validate_resources(resources, f"{path}.resources", pod.claims)
    if "resizePolicy" in container:
        errors += _resize_policy(container["resizePolicy"], f"{path}.resizePolicy", pod.restart_policy)
    if security := container.get("securityContext"):
        errors += validate_container_security(security, f"{path}.securityContext", host_users=pod.host_users)
    return errors


def _identity(container: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    name = container.get("name")
    if not name:
        errors.append(required(f"{path}.name"))
    elif messages := is_dns1123_label(name):
        errors += [invalid(f"{path}.name", name, message) for message in messages]
    if not container.get("image"):
        errors.append(required(f"{path}.image"))
    policy = container.get("terminationMessagePolicy")
    if policy not in ("File", "FallbackToLogsOnError"):
        at = f"{path}.terminationMessagePolicy"
        errors.append(not_supported(at, policy, ("File", "FallbackToLogsOnError")) if policy else required(at))
    return errors


def _ports(ports: list[Any], path: str) -> Errors:
    errors: Errors = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        at = f"{path}[{index}]"
        if name := port.get("name"):
            if messages := is_port_name(name):
                errors += [invalid(f"{at}.name", name, message) for message in messages]
            elif name in names:
                errors.append(duplicate(f"{at}.name", name))
            else:
                names.add(name)
        number = port.get("containerPort", 0)
        if not number:
            errors.append(required(f"{at}.containerPort"))
        elif messages := is_port_number(number):
            errors += [invalid(f"{at}.containerPort", number, message) for message in messages]
        if (host := port.get("hostPort", 0)) and (messages := is_port_number(host)):
            errors += [invalid(f"{at}.hostPort", host, message) for message in messages]
        protocol = port.get("protocol", "")
        if protocol not in PROTOCOLS:
            errors.append(not_supported(f"{at}.protocol", protocol, PROTOCOLS) if protocol else required(f"{at}.protocol"))
    return errors


def _host_port_conflicts(containers: list[Any], path: str) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    for index, container in enumerate(containers):
        for number, port in enumerate(container.get("ports") or ()):
            if not (host_port := port.get("hostPort")):
                continue
            key = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{host_port}"
            if key in seen:
                errors.append(duplicate(f"{path}[{index}].ports[{number}].hostPort", key))
            seen.add(key)
    return errors


def _probes(container: FrozenObject, path: str, *, grace_s: int | None) -> Errors:
    errors: Errors = []
    if "livenessProbe" in container:
        errors += validate_liveness(container["livenessProbe"], f"{path}.livenessProbe", grace_s=grace_s)
    if "readinessProbe" in container:
        errors += validate_readiness(container["readinessProbe"], f"{path}.readinessProbe", grace_s=grace_s)
    if "startupProbe" in container:
        errors += validate_liveness(container["startupProbe"], f"{path}.startupProbe", grace_s=grace_s)
    return errors


def _resize_policy(policies: list[Any], path: str, restart_policy: str) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    for index, policy in enumerate(policies):
        resource = policy.get("resourceName", "")
        if resource in seen:
            errors.append(duplicate(f"{path}[{index}]", resource))
        seen.add(resource)
        errors += _one_of(resource, path, ("cpu", "memory"))
        restart = policy.get("restartPolicy", "")
        errors += _one_of(restart, path, ("NotRequired", "RestartContainer"))
        if restart_policy == "Never" and restart != "NotRequired":
            errors.append(invalid(path, restart, "must be 'NotRequired' when `restartPolicy` is 'Never'"))
    return errors


def _one_of(value: str, path: str, supported: tuple[str, ...]) -> Errors:
    if value in supported:
        return []
    return [not_supported(path, value, supported)] if value else [required(path)]


def _init_restart_policy(container: FrozenObject, path: str) -> Errors:
    rules = container.get("restartPolicyRules") or ()
    policy = container.get("restartPolicy")
    if policy is None:
        return [required(f"{path}.restartPolicy", "must specify restartPolicy when restart rules are used")] if rules else []
    if policy == "Always":
        text = "restartPolicyRules are not allowed for init containers with restart policy Always"
        return [forbidden(f"{path}.restartPolicyRules", text)] if rules else []
    return _restart_policy(container, path)


def _restart_policy(container: FrozenObject, path: str) -> Errors:
    """validateContainerRestartPolicy: a container's own policy and its rules about exit codes."""
    errors: Errors = []
    policy = container.get("restartPolicy")
    rules = container.get("restartPolicyRules") or ()
    if policy is None:
        if not rules:
            return errors
        errors.append(required(f"{path}.restartPolicy", "must specify restartPolicy when restart rules are used"))
    elif policy not in ("Always", "Never", "OnFailure"):
        errors.append(not_supported(f"{path}.restartPolicy", policy, ("Always", "Never", "OnFailure")))
    if len(rules) > _RULES_MAX:
        errors.append(too_long(f"{path}.restartPolicyRules", _RULES_MAX))
    for index, rule in enumerate(rules):
        at = f"{path}.restartPolicyRules[{index}]"
        if rule.get("action") != "Restart":
            errors.append(not_supported(f"{at}.action", rule.get("action", ""), ("Restart",)))
        codes = rule.get("exitCodes")
        if codes is None:
            errors.append(required(f"{at}.exitCodes", "must be specified"))
            continue
        if codes.get("operator") not in ("In", "NotIn"):
            errors.append(not_supported(f"{at}.exitCodes.operator", codes.get("operator", ""), ("In", "NotIn")))
        if len(codes.get("values") or ()) > _EXIT_CODES_MAX:
            errors.append(too_long(f"{at}.exitCodes.values", _EXIT_CODES_MAX))
    return errors
