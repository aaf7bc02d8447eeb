"""What Pods on Windows may and may not say, and the reverse. Follows validateWindows, validateLinux and the Windows options of core."""

import re
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.machinery.field_errors import forbidden, invalid
from orrery.machinery.names import bytes_len, is_dns1123_subdomain
from orrery.machinery.objects import FrozenObject

_SPEC_KIB_MAX: Final = 64
_DOMAIN_BYTES_MAX: Final = 256
_USER_BYTES_MAX: Final = 104
_has_control: Final = re.compile(r"[\x00-\x1f\x7f]").search
_is_net_bios: Final = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}', re.DOTALL).fullmatch
_DNS_LABEL: Final = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_is_dns_domain: Final = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*").fullmatch
_has_bad_letter: Final = re.compile(r'["/\\:;|=,+*?<>@\[\]]').search
_is_dots: Final = re.compile(r"[. ]+").fullmatch
_NOT_FOR_WINDOWS: Final = "cannot be set for a windows pod"
_POD_CONTEXT: Final = (
    "seccompProfile fsGroup fsGroupChangePolicy sysctls shareProcessNamespace runAsUser runAsGroup supplementalGroups "
    "supplementalGroupsPolicy seLinuxChangePolicy"
)
_CONTAINER_CONTEXT: Final = (
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
)


def validate_windows_options(options: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    if (name := options.get("gmsaCredentialSpecName")) is not None:
        errors += [invalid(f"{path}.gmsaCredentialSpecName", name, message) for message in is_dns1123_subdomain(name)]
    if (text := options.get("gmsaCredentialSpec")) is not None:
        if not text:
            errors.append(invalid(f"{path}.gmsaCredentialSpec", text, "gmsaCredentialSpec cannot be an empty string"))
        elif bytes_len(text) > _SPEC_KIB_MAX * 1024:
            errors.append(invalid(f"{path}.gmsaCredentialSpec", text, f"gmsaCredentialSpec size must be under {_SPEC_KIB_MAX} KiB"))
    if (user := options.get("runAsUserName")) is not None:
        errors += [invalid(f"{path}.runAsUserName", user, message) for message in _user_name_messages(user)]
    return errors


def _user_name_messages(name: str) -> list[str]:
    if not name:
        return ["runAsUserName cannot be an empty string"]
    if _has_control(name):
        return ["runAsUserName cannot contain control characters"]
    if name.count("\\") > 1:
        return ["runAsUserName cannot contain more than one backslash"]
    domain, backslash, user = name.rpartition("\\")
    messages = []
    if bytes_len(domain) >= _DOMAIN_BYTES_MAX:
        messages.append(f"runAsUserName's Domain length must be under {_DOMAIN_BYTES_MAX} characters")
    if backslash and not _is_net_bios(domain) and not _is_dns_domain(domain):
        messages.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    if not user:
        messages.append("runAsUserName's User cannot be empty")
    elif bytes_len(user) > _USER_BYTES_MAX:
        messages.append(f"runAsUserName's User length must not be longer than {_USER_BYTES_MAX} characters")
    if _is_dots(user):
        messages.append("runAsUserName's User cannot contain only periods or spaces")
    if _has_bad_letter(user):
        messages.append("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]")
    return messages


def validate_host_process(spec: FrozenObject, path: str, containers: list[tuple[Any, str]]) -> Errors:
    """validateWindowsHostProcessPod; costs nothing for Pods without Windows options."""
    pod = ((spec.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
    if pod is None and not any("windowsOptions" in (container.get("securityContext") or ()) for container, _ in containers):
        return []
    errors: Errors = []
    count = 0
    for container, at in containers:
        own = ((container.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
        if pod is not None and own is not None and pod != own:
            text = f"pod hostProcess value must be identical if both are specified, was {str(pod).lower()}"
            errors.append(invalid(f"{at}.securityContext.windowsOptions.hostProcess", own, text))
        count += bool(pod if own is None else own)
    if not count:
        return errors
    if count != len(containers):
        text = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        errors.append(invalid(path, "", text))
    if not spec.get("hostNetwork"):
        errors.append(invalid(f"{path}.hostNetwork", False, "hostNetwork must be true if pod contains any hostProcess containers"))
    return errors


def validate_for_os(spec: FrozenObject, path: str, containers: list[tuple[Any, str]]) -> Errors:
    """validateLinux and validateWindows."""
    if spec["os"]["name"] == "windows":
        return _for_windows(spec, path, containers)
    text = "windows options cannot be set for a linux pod"
    errors: Errors = []
    if "windowsOptions" in (spec.get("securityContext") or ()):
        errors.append(forbidden(f"{path}.securityContext.windowsOptions", text))
    for container, at in containers:
        if "windowsOptions" in (container.get("securityContext") or ()):
            errors.append(forbidden(f"{at}.securityContext.windowsOptions", text))
    return errors


def _for_windows(spec: FrozenObject, path: str, containers: list[tuple[Any, str]]) -> Errors:
    security = spec.get("securityContext") or {}
    found = [f"securityContext.{field}" for field in ("appArmorProfile", "seLinuxOptions") if field in security]
    found += ["hostUsers"] if "hostUsers" in spec else []
    found += [field for field in ("hostPID", "hostIPC") if spec.get(field)]
    for field in re.findall(r"\w+", _POD_CONTEXT):
        if field == "shareProcessNamespace":
            found += [field] if field in spec else []
        elif field in security:
            found.append(f"securityContext.{field}")
    errors = [forbidden(f"{path}.{field}", _NOT_FOR_WINDOWS) for field in found]
    for container, at in containers:
        own = container.get("securityContext") or {}
        errors += [forbidden(f"{at}.securityContext.{field}", _NOT_FOR_WINDOWS) for field in _CONTAINER_CONTEXT if field in own]
    return errors
