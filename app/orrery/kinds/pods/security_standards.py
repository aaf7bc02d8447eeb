"""The Pod Security Standards: what the levels baseline and restricted forbid of a Pod, version by version. Pure.

Follows the checks of `pod-security-admission/policy`, in the order of their names, baseline before restricted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, annotations_of

NEWEST: Final = 35
"""The minor version that `latest` means."""


class Violation(NamedTuple):
    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


class _Subject(NamedTuple):
    """One Pod, or the template of one."""

    annotations: dict[str, str]
    spec: FrozenObject

    @property
    def containers(self) -> Iterator[FrozenObject]:
        for field in ("initContainers", "containers", "ephemeralContainers"):
            yield from self.spec.get(field) or ()

    @property
    def context(self) -> FrozenObject:
        return self.spec.get("securityContext") or {}

    @property
    def is_windows(self) -> bool:
        return bool((self.spec.get("os") or {}).get("name") == "windows")

    @property
    def has_own_users(self) -> bool:
        """In a user namespace of its own, root is nobody outside."""
        return self.spec.get("hostUsers") is False


_Check = Callable[[_Subject, int], Violation | None]
"""Looks at a Pod as a minor version of the standards does."""


def violations(level: str, version: int, metadata: FrozenObject, spec: FrozenObject) -> list[Violation]:
    """What of the Pod the level forbids in that minor version."""
    if level == "privileged":
        return []
    subject = _Subject(annotations_of({"metadata": metadata}), spec)
    checks = _checks(level, min(version, NEWEST))
    return [found for check in checks if (found := check(subject, version)) is not None]


@cache
def _checks(level: str, version: int) -> tuple[_Check, ...]:
    baseline = {name: check for name, (since, check) in _BASELINE.items() if version >= since}
    if level == "baseline":
        return tuple(baseline.values())
    restricted = {name: entry for name, entry in _RESTRICTED.items() if version >= entry.since}
    overridden = {entry.instead_of for entry in restricted.values()}
    return (*(check for name, check in baseline.items() if name not in overridden), *(entry.check for entry in restricted.values()))


# Words.


def _count(singular: str, items: Sequence[Any], plural: str = "") -> str:
    return singular if len(items) == 1 else plural or f"{singular}s"


def _quoted(items: Iterable[str]) -> str:
    return ", ".join(f'"{item}"' for item in items)


def _named(containers: Sequence[str]) -> str:
    return f"{_count('container', containers)} {_quoted(containers)}"


def _setters(*, pod: bool, containers: Sequence[str]) -> str:
    """Who set something: `pod and container "a"`."""
    return " and ".join([*(["pod"] if pod else []), *([_named(containers)] if containers else [])])


def _context(container: FrozenObject) -> FrozenObject:
    return container.get("securityContext") or {}


def _bad(subject: _Subject, is_bad: Callable[[FrozenObject], bool]) -> list[str]:
    return [container["name"] for container in subject.containers if is_bad(_context(container))]


# Baseline.


def _app_armor(subject: _Subject, version: int) -> Violation | None:
    def is_bad(context: FrozenObject) -> bool:
        profile = context.get("appArmorProfile")
        return profile is not None and profile.get("type") not in ("RuntimeDefault", "Localhost")

    containers, is_pod_bad = _bad(subject, is_bad), is_bad(subject.context)
    contexts = [subject.context, *map(_context, subject.containers)]
    values = sorted({context["appArmorProfile"].get("type", "") for context in contexts if is_bad(context)})
    annotations = sorted(
        f"{key}={go_quote(value)}"
        for key, value in subject.annotations.items()
        if key.startswith("container.apparmor.security.beta.kubernetes.io/")
        and value not in ("", "runtime/default")
        and not value.startswith("localhost/")
    )
    setters = [_setters(pod=is_pod_bad, containers=containers), _count("annotation", annotations) if annotations else ""]
    if not any(setters):
        return None
    values += annotations
    detail = f"{' and '.join(filter(None, setters))} must not set AppArmor profile type to {_quoted(values)}"
    return Violation(_count("forbidden AppArmor profile", values), detail)


_DEFAULT_CAPABILITIES: Final = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)


def _added(context: FrozenObject, allowed: frozenset[str]) -> set[str]:
    return {name for name in (context.get("capabilities") or {}).get("add") or () if name not in allowed}


def _capabilities_baseline(subject: _Subject, version: int) -> Violation | None:
    return _adding(subject, _DEFAULT_CAPABILITIES, "non-default capabilities")


def _adding(subject: _Subject, allowed: frozenset[str], reason: str) -> Violation | None:
    containers = _bad(subject, lambda context: bool(_added(context, allowed)))
    if not containers:
        return None
    names = sorted(set().union(*(_added(_context(container), allowed) for container in subject.containers)))
    return Violation(reason, f"{_named(containers)} must not include {_quoted(names)} in securityContext.capabilities.add")


def _host_namespaces(subject: _Subject, version: int) -> Violation | None:
    found = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if subject.spec.get(field)]
    return Violation("host namespaces", ", ".join(found)) if found else None


def _host_path_volumes(subject: _Subject, version: int) -> Violation | None:
    found = [volume["name"] for volume in subject.spec.get("volumes") or () if volume.get("hostPath") is not None]
    return Violation("hostPath volumes", f"{_count('volume', found)} {_quoted(found)}") if found else None


def _host_ports(subject: _Subject, version: int) -> Violation | None:
    by_container = {
        container["name"]: [str(port["hostPort"]) for port in container.get("ports") or () if port.get("hostPort")]
        for container in subject.containers
    }
    containers = [name for name, ports in by_container.items() if ports]
    if not containers:
        return None
    ports = sorted({port for each in by_container.values() for port in each})
    return Violation("hostPort", f"{_named(containers)} {_count('uses', containers, 'use')} {_count('hostPort', ports)} {', '.join(ports)}")


def _hosts_of(container: FrozenObject) -> Iterator[str]:
    lifecycle = container.get("lifecycle") or {}
    handlers = [container.get(field) for field in ("livenessProbe", "readinessProbe", "startupProbe")]
    for handler in (*handlers, lifecycle.get("postStart"), lifecycle.get("preStop")):
        for action in ("httpGet", "tcpSocket"):
            if host := ((handler or {}).get(action) or {}).get("host"):
                yield host


def _host_probes(subject: _Subject, version: int) -> Violation | None:
    by_container = {container["name"]: set(_hosts_of(container)) for container in subject.containers}
    containers = sorted(name for name, hosts in by_container.items() if hosts)
    if not containers:
        return None
    hosts = sorted(set().union(*by_container.values()))
    uses, what = _count("uses", containers, "use"), _count("probe or lifecycle host", hosts)
    return Violation("probe or lifecycle host", f"{_named(containers)} {uses} {what} {_quoted(hosts)}")


def _privileged(subject: _Subject, version: int) -> Violation | None:
    containers = _bad(subject, lambda context: bool(context.get("privileged")))
    return Violation("privileged", f"{_named(containers)} must not set securityContext.privileged=true") if containers else None


def _proc_mount(subject: _Subject, version: int) -> Violation | None:
    def is_bad(context: FrozenObject) -> bool:
        return context.get("procMount") not in (None, "Default")

    containers = _bad(subject, is_bad)
    if not containers:
        return None
    types = sorted({_context(one)["procMount"] for one in subject.containers if is_bad(_context(one))})
    return Violation("procMount", f"{_named(containers)} must not set securityContext.procMount to {_quoted(types)}")


def _proc_mount_baseline(subject: _Subject, version: int) -> Violation | None:
    return None if version >= 35 and subject.has_own_users else _proc_mount(subject, version)


def _se_linux(subject: _Subject, version: int) -> Violation | None:
    allowed = ("", "container_t", "container_init_t", "container_kvm_t", *(("container_engine_t",) if version >= 31 else ()))

    def is_bad(context: FrozenObject) -> bool:
        options = context.get("seLinuxOptions") or {}
        return options.get("type", "") not in allowed or bool(options.get("user") or options.get("role"))

    containers, is_pod_bad = _bad(subject, is_bad), is_bad(subject.context)
    if not containers and not is_pod_bad:
        return None
    every = [context.get("seLinuxOptions") or {} for context in (subject.context, *map(_context, subject.containers))]
    types = sorted({options.get("type", "") for options in every} - set(allowed))
    data = [f"{_count('type', types)} {_quoted(types)}"] if types else []
    data += [f"{field} may not be set" for field in ("user", "role") if any(options.get(field) for options in every)]
    setters = _setters(pod=is_pod_bad, containers=containers)
    return Violation("seLinuxOptions", f"{setters} set forbidden securityContext.seLinuxOptions: {'; '.join(data)}")


_SECCOMP: Final = ("RuntimeDefault", "Localhost")


def _seccomp_annotations(subject: _Subject) -> Violation | None:
    """Before profiles had fields."""
    keys = ["seccomp.security.alpha.kubernetes.io/pod"]
    keys += [f"container.seccomp.security.alpha.kubernetes.io/{container['name']}" for container in subject.containers]
    found = sorted(
        f"{key}={go_quote(value)}"
        for key in keys
        if (value := subject.annotations.get(key)) is not None
        and value not in ("runtime/default", "docker/default")
        and not value.startswith("localhost/")
    )
    return Violation("seccompProfile", f"forbidden {_count('annotation', found)} {', '.join(found)}") if found else None


def _is_seccomp_bad(context: FrozenObject) -> bool:
    profile = context.get("seccompProfile")
    return profile is not None and profile.get("type") not in _SECCOMP


def _seccomp_baseline(subject: _Subject, version: int) -> Violation | None:
    if version < 19:
        return _seccomp_annotations(subject)
    containers, is_pod_bad = _bad(subject, _is_seccomp_bad), _is_seccomp_bad(subject.context)
    if not containers and not is_pod_bad:
        return None
    contexts = [subject.context, *map(_context, subject.containers)]
    types = sorted({context["seccompProfile"].get("type", "") for context in contexts if _is_seccomp_bad(context)})
    setters = _setters(pod=is_pod_bad, containers=containers)
    return Violation("seccompProfile", f"{setters} must not set securityContext.seccompProfile.type to {_quoted(types)}")


_SYSCTLS: Final[dict[str, int]] = {
    **dict.fromkeys(
        (
            "kernel.shm_rmid_forced",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.tcp_syncookies",
            "net.ipv4.ping_group_range",
            "net.ipv4.ip_unprivileged_port_start",
        ),
        0,
    ),
    "net.ipv4.ip_local_reserved_ports": 27,
    **dict.fromkeys(
        ("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"), 29
    ),
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
}
"""By name: the minor version since which it is allowed."""


def _sysctls(subject: _Subject, version: int) -> Violation | None:
    names = [one.get("name", "") for one in subject.context.get("sysctls") or ()]
    found = [name for name in names if _SYSCTLS.get(name, version + 1) > version]
    return Violation("forbidden sysctls", ", ".join(found)) if found else None


def _windows_host_process(subject: _Subject, version: int) -> Violation | None:
    def is_bad(context: FrozenObject) -> bool:
        return bool((context.get("windowsOptions") or {}).get("hostProcess"))

    setters = _setters(pod=is_bad(subject.context), containers=_bad(subject, is_bad))
    return Violation("hostProcess", f"{setters} must not set securityContext.windowsOptions.hostProcess=true") if setters else None


# Restricted.


def _privilege_escalation(subject: _Subject, version: int) -> Violation | None:
    if version >= 25 and subject.is_windows:
        return None
    containers = _bad(subject, lambda context: context.get("allowPrivilegeEscalation") is not False)
    detail = f"{_named(containers)} must set securityContext.allowPrivilegeEscalation=false"
    return Violation("allowPrivilegeEscalation != false", detail) if containers else None


def _capabilities_restricted(subject: _Subject, version: int) -> Violation | None:
    if version >= 25 and subject.is_windows:
        return None
    missing = _bad(subject, lambda context: "ALL" not in ((context.get("capabilities") or {}).get("drop") or ()))
    details = [f'{_named(missing)} must set securityContext.capabilities.drop=["ALL"]'] if missing else []
    adding = _adding(subject, frozenset({"NET_BIND_SERVICE"}), "")
    details += [adding.detail] if adding is not None else []
    return Violation("unrestricted capabilities", "; ".join(details)) if details else None


_UNRESTRICTED: Final = ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret")


def _restricted_volumes(subject: _Subject, version: int) -> Violation | None:
    found = [one for one in subject.spec.get("volumes") or () if not any(one.get(kind) is not None for kind in _UNRESTRICTED)]
    if not found:
        return None
    names = [volume["name"] for volume in found]
    kinds = sorted({next((kind for kind in volume if kind != "name"), "unknown") for volume in found})
    uses, what = _count("uses", names, "use"), _count("restricted volume type", kinds)
    return Violation("restricted volume types", f"{_count('volume', names)} {_quoted(names)} {uses} {what} {_quoted(kinds)}")


def _run_as_non_root(subject: _Subject, version: int) -> Violation | None:
    if version >= 35 and subject.has_own_users:
        return None
    pod = subject.context.get("runAsNonRoot")
    setters = _setters(pod=pod is False, containers=_bad(subject, lambda context: context.get("runAsNonRoot") is False))
    if setters:
        return Violation("runAsNonRoot != true", f"{setters} must not set securityContext.runAsNonRoot=false")
    silent = [] if pod else _bad(subject, lambda context: context.get("runAsNonRoot") is None)
    detail = f"pod or {_named(silent)} must set securityContext.runAsNonRoot=true"
    return Violation("runAsNonRoot != true", detail) if silent else None


def _run_as_user(subject: _Subject, version: int) -> Violation | None:
    if version >= 35 and subject.has_own_users:
        return None
    containers = _bad(subject, lambda context: context.get("runAsUser") == 0)
    setters = _setters(pod=subject.context.get("runAsUser") == 0, containers=containers)
    return Violation("runAsUser=0", f"{setters} must not set runAsUser=0") if setters else None


def _seccomp_restricted(subject: _Subject, version: int) -> Violation | None:
    if version >= 25 and subject.is_windows:
        return None
    if (explicit := _seccomp_baseline(subject, version)) is not None:
        return explicit
    if subject.context.get("seccompProfile") is not None:
        return None
    silent = _bad(subject, lambda context: context.get("seccompProfile") is None)
    detail = f'pod or {_named(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return Violation("seccompProfile", detail) if silent else None


class _Restricted(NamedTuple):
    since: int
    check: _Check
    instead_of: str = ""
    """The baseline check that says the same."""


_BASELINE: Final[dict[str, tuple[int, _Check]]] = {
    "appArmorProfile": (0, _app_armor),
    "capabilities_baseline": (0, _capabilities_baseline),
    "hostNamespaces": (0, _host_namespaces),
    "hostPathVolumes": (0, _host_path_volumes),
    "hostPorts": (0, _host_ports),
    "hostProbesAndHostLifecycle": (34, _host_probes),
    "privileged": (0, _privileged),
    "procMount": (0, _proc_mount_baseline),
    "seLinuxOptions": (0, _se_linux),
    "seccompProfile_baseline": (0, _seccomp_baseline),
    "sysctls": (0, _sysctls),
    "windowsHostProcess": (0, _windows_host_process),
}
"""By name: the minor version since which it is there, and the check."""
_RESTRICTED: Final[dict[str, _Restricted]] = {
    "allowPrivilegeEscalation": _Restricted(8, _privilege_escalation),
    "capabilities_restricted": _Restricted(22, _capabilities_restricted, "capabilities_baseline"),
    "procMount_restricted": _Restricted(35, _proc_mount, "procMount"),
    "restrictedVolumes": _Restricted(0, _restricted_volumes, "hostPathVolumes"),
    "runAsNonRoot": _Restricted(0, _run_as_non_root),
    "runAsUser": _Restricted(23, _run_as_user),
    "seccompProfile_restricted": _Restricted(19, _seccomp_restricted, "seccompProfile_baseline"),
}
