"""Validation of security contexts, of Pods and of containers, with the annotations that came before their fields.

Follows ValidateSecurityContext, validatePodSpecSecurityContext, and the seccomp and AppArmor rules of core.
Windows options are in `pod_windows`.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.pods.windows import validate_windows_options
from orrery.kinds.rules.path_rules import validate_descending_path
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.field_errors import duplicate, forbidden, go_quote, invalid, not_supported, required, too_long
from orrery.machinery.names import bytes_len, is_user_id
from orrery.machinery.objects import FrozenObject

SECCOMP_POD: Final = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER: Final = "container.seccomp.security.alpha.kubernetes.io/"
APP_ARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
PROFILE_TYPES: Final = ("Localhost", "RuntimeDefault", "Unconfined")
_PROFILE_BYTES_MAX: Final = 4095
_SYSCTL_SEGMENT: Final = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL: Final = rf"({_SYSCTL_SEGMENT}[\./])*{_SYSCTL_SEGMENT}"
_is_sysctl: Final = re.compile(_SYSCTL).fullmatch
_SYSCTL_BYTES_MAX: Final = 253
_IPC_SYSCTLS: Final = ("kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced", "kernel.msgmax", "kernel.msgmnb")
_IPC_PREFIXES: Final = ("kernel.shm.", "kernel.msg.", "fs.mqueue.", "kernel.sem.", "kernel.msgmni.")


def validate_container_security(security: FrozenObject, path: str, *, host_users: bool) -> Errors:
    errors: Errors = []
    for field in ("runAsUser", "runAsGroup"):
        if field in security and (messages := is_user_id(security[field])):
            errors += [invalid(f"{path}.{field}", security[field], message) for message in messages]
    mount = security.get("procMount")
    if mount is not None:
        if mount not in ("Default", "Unmasked"):
            errors.append(not_supported(f"{path}.procMount", mount, ("Default", "Unmasked")))
        if host_users and mount == "Unmasked":
            errors.append(invalid(f"{path}.procMount", mount, "`hostUsers` must be false to use `Unmasked`"))
    if "seccompProfile" in security:
        errors += _seccomp(security["seccompProfile"], f"{path}.seccompProfile")
    if security.get("allowPrivilegeEscalation") is False:
        errors += _escalation(security, path)
    if "windowsOptions" in security:
        errors += validate_windows_options(security["windowsOptions"], f"{path}.windowsOptions")
    if "appArmorProfile" in security:
        errors += _app_armor(security["appArmorProfile"], f"{path}.appArmorProfile")
    return errors


def _escalation(security: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    if security.get("privileged"):
        text = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        errors.append(invalid(path, _as_go(security), text))
    for capability in (security.get("capabilities") or {}).get("add") or ():
        if capability == "CAP_SYS_ADMIN":
            text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            errors.append(invalid(path, _as_go(security), text))
    return errors


def _as_go(security: FrozenObject) -> Any:
    """The context as upstream's own struct prints it."""

    def part(field: str, *names: tuple[str, str], absent: Any = None) -> Any:
        value = security.get(field)
        return None if value is None else go_struct((go, value.get(name, absent)) for go, name in names)

    profile = (("Type", "type"), ("LocalhostProfile", "localhostProfile"))
    selinux = (("User", "user"), ("Role", "role"), ("Type", "type"), ("Level", "level"))
    windows = (
        ("GMSACredentialSpecName", "gmsaCredentialSpecName"),
        ("GMSACredentialSpec", "gmsaCredentialSpec"),
        ("RunAsUserName", "runAsUserName"),
        ("HostProcess", "hostProcess"),
    )
    plain = ("runAsUser", "runAsGroup", "runAsNonRoot", "readOnlyRootFilesystem", "allowPrivilegeEscalation", "procMount")
    return go_struct(
        (
            ("Capabilities", part("capabilities", ("Add", "add"), ("Drop", "drop"))),
            ("Privileged", security.get("privileged")),
            ("SELinuxOptions", part("seLinuxOptions", *selinux, absent="")),
            ("WindowsOptions", part("windowsOptions", *windows)),
            *((name[0].upper() + name[1:], security.get(name)) for name in plain),
            ("SeccompProfile", part("seccompProfile", *profile)),
            ("AppArmorProfile", part("appArmorProfile", *profile)),
        )
    )


def validate_pod_security(spec: FrozenObject, path: str) -> Errors:
    """validatePodSpecSecurityContext; `path` is the context's own."""
    security = spec.get("securityContext") or {}
    errors: Errors = []
    for field in ("fsGroup", "runAsUser", "runAsGroup"):
        if field in security and (messages := is_user_id(security[field])):
            errors += [invalid(f"{path}.{field}", security[field], message) for message in messages]
    for index, group in enumerate(security.get("supplementalGroups") or ()):
        errors += [invalid(f"{path}.supplementalGroups[{index}]", group, message) for message in is_user_id(group)]
    if spec.get("hostPID") and spec.get("shareProcessNamespace"):
        text = "ShareProcessNamespace and HostPID cannot both be enabled"
        errors.append(invalid(f"{path}.shareProcessNamespace", True, text))
    if sysctls := security.get("sysctls"):
        errors += _sysctls(sysctls, f"{path}.sysctls", spec)
    errors += _one_of(security, path, "fsGroupChangePolicy", ("Always", "OnRootMismatch"))
    if "seccompProfile" in security:
        errors += _seccomp(security["seccompProfile"], f"{path}.seccompProfile")
    if "windowsOptions" in security:
        errors += validate_windows_options(security["windowsOptions"], f"{path}.windowsOptions")
    if "appArmorProfile" in security:
        errors += _app_armor(security["appArmorProfile"], f"{path}.appArmorProfile")
    errors += _one_of(security, path, "supplementalGroupsPolicy", ("Merge", "Strict"))
    return errors + _one_of(security, path, "seLinuxChangePolicy", ("Recursive",))


def _one_of(value: FrozenObject, path: str, field: str, supported: tuple[str, ...]) -> Errors:
    found = value.get(field)
    return [] if found is None or found in supported else [not_supported(f"{path}.{field}", found, supported)]


def _sysctls(sysctls: list[Any], path: str, spec: FrozenObject) -> Errors:
    errors: Errors = []
    seen: set[str] = set()
    for index, sysctl in enumerate(sysctls):
        name = sysctl.get("name", "")
        at = f"{path}[{index}].name"
        if not name:
            errors.append(required(at))
        elif len(name) > _SYSCTL_BYTES_MAX or not _is_sysctl(name):
            errors.append(invalid(at, name, f"must have at most {_SYSCTL_BYTES_MAX} characters and match regex ^{_SYSCTL}$"))
        elif name in seen:
            errors.append(duplicate(at, name))
        space = _sysctl_namespace(name)
        if space == "Net" and spec.get("hostNetwork"):
            errors.append(invalid(at, name, "may not be specified when 'hostNetwork' is true"))
        elif space == "IPC" and spec.get("hostIPC"):
            errors.append(invalid(at, name, "may not be specified when 'hostIPC' is true"))
        seen.add(name)
    return errors


def _sysctl_namespace(name: str) -> str:
    separator = next((char for char in name if char in "./"), ".")
    if separator == "/":
        name = name.translate({ord("."): "/", ord("/"): "."})
    name = name.partition("*")[0]
    if name.startswith("net."):
        return "Net"
    return "IPC" if name in (*_IPC_SYSCTLS, "kernel.sem", "kernel.msgmni") or name.startswith(_IPC_PREFIXES) else ""


def _seccomp(profile: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    kind = profile.get("type", "")
    if not kind:
        errors.append(required(f"{path}.type", "type is required when seccompProfile is set"))
    elif kind not in PROFILE_TYPES:
        errors.append(not_supported(f"{path}.type", kind, PROFILE_TYPES))
    local = profile.get("localhostProfile")
    if kind == "Localhost":
        if local is None:
            errors.append(required(f"{path}.localhostProfile", "must be set when seccomp type is Localhost"))
        else:
            errors += validate_descending_path(local, f"{path}.localhostProfile")
    elif local is not None:
        told = go_struct((("Type", kind), ("LocalhostProfile", local)))
        errors.append(invalid(f"{path}.localhostProfile", told, "can only be set when seccomp type is Localhost"))
    return errors


def _app_armor(profile: FrozenObject, path: str) -> Errors:
    kind = profile.get("type", "")
    local = profile.get("localhostProfile")
    at = f"{path}.localhostProfile"
    if kind == "Localhost":
        if local is None:
            return [required(at, "must be set when AppArmor type is Localhost")]
        errors: Errors = []
        if local.strip() != local:
            errors.append(invalid(at, local, "must not be padded with whitespace"))
        elif not local:
            errors.append(required(at, "must be set when AppArmor type is Localhost"))
        if bytes_len(local) > _PROFILE_BYTES_MAX:
            errors.append(too_long(at, _PROFILE_BYTES_MAX))
        return errors
    if kind in ("RuntimeDefault", "Unconfined"):
        return [] if local is None else [invalid(at, local, "can only be set when AppArmor type is Localhost")]
    if not kind:
        return [required(f"{path}.type", "type is required when appArmorProfile is set")]
    return [not_supported(f"{path}.type", kind, PROFILE_TYPES)]


def validate_security_annotations(annotations: Mapping[str, str], spec: FrozenObject, path: str) -> Errors:
    """ValidateSeccompPodAnnotations and ValidateAppArmorPodAnnotations: the values of annotations that nothing reads any more."""
    errors: Errors = []
    if SECCOMP_POD in annotations:
        errors += _seccomp_annotation(annotations[SECCOMP_POD], f"{path}.{SECCOMP_POD}")
    for key, profile in annotations.items():
        if key.startswith(SECCOMP_CONTAINER):
            errors += _seccomp_annotation(profile, f"{path}.{key}")
    for key, profile in annotations.items():
        if key.startswith(APP_ARMOR):
            name = key.removeprefix(APP_ARMOR)
            if not any(container.get("name") == name for container in _containers(spec)):
                errors.append(invalid(f"{path}[{key}]", name, "container not found"))
            if profile not in ("", "runtime/default", "unconfined") and not profile.startswith("localhost/"):
                errors.append(invalid(f"{path}[{key}]", profile, f"invalid AppArmor profile name: {go_quote(profile)}"))
    return errors


def _containers(spec: FrozenObject) -> list[Any]:
    return [one for field in ("initContainers", "containers", "ephemeralContainers") for one in spec.get(field) or ()]


def _seccomp_annotation(profile: str, path: str) -> Errors:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return []
    if profile.startswith("localhost/"):
        return validate_descending_path(profile.removeprefix("localhost/"), path)
    return [invalid(path, profile, "must be a valid seccomp profile")]


def validate_annotations_match_fields(annotations: Mapping[str, str], spec: FrozenObject, path: str) -> Errors:
    """Where both the old annotation and the field are given, they must say the same."""
    errors: Errors = []
    pod = spec.get("securityContext") or {}
    if "seccompProfile" in pod and SECCOMP_POD in annotations:
        errors += _seccomp_match(annotations[SECCOMP_POD], pod["seccompProfile"], f"{path}.securityContext.seccompProfile")
    named = [
        (container, f"{path}.{field}[{index}].securityContext")
        for field in ("initContainers", "containers", "ephemeralContainers")
        for index, container in enumerate(spec.get(field) or ())
    ]
    for container, at in named:
        profile = (container.get("securityContext") or {}).get("seccompProfile")
        annotation = annotations.get(SECCOMP_CONTAINER + container.get("name", ""))
        if profile is not None and annotation is not None:
            errors += _seccomp_match(annotation, profile, f"{at}.seccompProfile")
    if (spec.get("os") or {}).get("name") == "windows":
        return errors
    for container, at in named:
        profile = (container.get("securityContext") or {}).get("appArmorProfile", pod.get("appArmorProfile"))
        annotation = annotations.get(APP_ARMOR + container.get("name", ""))
        if profile is not None and annotation is not None:
            errors += _match(annotation, profile, f"{at}.appArmorProfile", what="apparmor", default=("runtime/default",))
    return errors


def _seccomp_match(annotation: str, profile: FrozenObject, path: str) -> Errors:
    return _match(annotation, profile, path, what="seccomp", default=("runtime/default", "docker/default"))


def _match(annotation: str, profile: FrozenObject, path: str, *, what: str, default: tuple[str, ...]) -> Errors:
    kind = profile.get("type", "")
    if kind == "Localhost" and annotation.startswith("localhost/"):
        if profile.get("localhostProfile") == annotation.removeprefix("localhost/"):
            return []
        return [forbidden(f"{path}.localhostProfile", f"{what} profile in annotation and field must match")]
    accepted = {"Unconfined": ("unconfined",), "RuntimeDefault": default, "Localhost": ()}.get(kind)
    if accepted is None or annotation in accepted:
        return []
    return [forbidden(f"{path}.type", f"{what} type in annotation and field must match")]
