"""Validation of probes and lifecycle handlers. Follows validateProbe, validateHandler and validateLifecycle of core."""

import re
from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.machinery.field_errors import forbidden, invalid, not_supported, required
from orrery.machinery.names import is_http_header_name, is_port_name, is_port_number
from orrery.machinery.objects import FrozenObject

_PROBE_NUMBERS: Final = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_PLAIN_SIGNALS: Final = (
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU "
    "URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX"
)
_LINUX_SIGNALS: Final = tuple(
    sorted(
        f"SIG{name}"
        for name in (
            *re.findall(r"\w+", _PLAIN_SIGNALS),
            *(f"RTMIN+{number}" for number in range(1, 16)),
            *(f"RTMAX-{number}" for number in range(1, 15)),
        )
    )
)
_WINDOWS_SIGNALS: Final = ("SIGKILL", "SIGTERM")


def validate_liveness(probe: FrozenObject, path: str, *, grace_s: int | None) -> Errors:
    """A liveness or startup probe: one success is enough."""
    errors = _probe(probe, path, grace_s=grace_s)
    success = probe.get("successThreshold", 0)
    if success != 1:
        errors.append(invalid(f"{path}.successThreshold", success, "must be 1"))
    return errors


def validate_readiness(probe: FrozenObject, path: str, *, grace_s: int | None) -> Errors:
    errors = _probe(probe, path, grace_s=grace_s)
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None:
        errors.append(invalid(f"{path}.terminationGracePeriodSeconds", grace, "must not be set for readinessProbes"))
    return errors


def _probe(probe: FrozenObject, path: str, *, grace_s: int | None) -> Errors:
    errors = _handler(probe, path, grace_s=grace_s, kinds=("exec", "httpGet", "tcpSocket", "grpc"))
    for field in _PROBE_NUMBERS:
        if probe.get(field, 0) < 0:
            errors.append(invalid(f"{path}.{field}", probe[field], "must be greater than or equal to 0"))
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None and grace <= 0:
        errors.append(invalid(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0"))
    return errors


def validate_lifecycle(lifecycle: FrozenObject, path: str, *, grace_s: int | None, os: FrozenObject | None) -> Errors:
    errors: Errors = []
    for field in ("postStart", "preStop"):
        if field in lifecycle:
            errors += _handler(lifecycle[field], f"{path}.{field}", grace_s=grace_s, kinds=("exec", "httpGet", "tcpSocket", "sleep"))
    signal = lifecycle.get("stopSignal")
    if signal is not None:
        errors += _stop_signal(signal, f"{path}.stopSignal", os)
    return errors


def _handler(handler: FrozenObject, path: str, *, grace_s: int | None, kinds: tuple[str, ...]) -> Errors:
    errors: Errors = []
    found = False
    for kind in kinds:
        if kind not in handler:
            continue
        if found:
            errors.append(forbidden(f"{path}.{kind}", "may not specify more than 1 handler type"))
            continue
        found = True
        action = handler[kind]
        if kind == "exec":
            if not action.get("command"):
                errors.append(required(f"{path}.exec.command"))
        elif kind == "httpGet":
            errors += _http_get(action, f"{path}.httpGet")
        elif kind == "sleep":
            errors += _sleep(action, f"{path}.sleep", grace_s)
        else:
            errors += validate_port(action.get("port", 0), f"{path}.{kind}.port")
    if not found:
        errors.append(required(path, "must specify a handler type"))
    return errors


def _http_get(action: FrozenObject, path: str) -> Errors:
    errors: Errors = []
    if not action.get("path"):
        errors.append(required(f"{path}.path"))
    errors += validate_port(action.get("port", 0), f"{path}.port")
    scheme = action.get("scheme", "")
    if scheme not in ("HTTP", "HTTPS"):
        errors.append(not_supported(f"{path}.scheme", scheme, ("HTTP", "HTTPS")))
    for header in action.get("httpHeaders") or ():
        name = header.get("name", "")
        errors += [invalid(f"{path}.httpHeaders", name, message) for message in is_http_header_name(name)]
    return errors


def validate_port(port: Any, path: str) -> Errors:
    """A port number, or the name of a container's port."""
    messages = is_port_name(port) if isinstance(port, str) else is_port_number(port)
    return [invalid(path, port, message) for message in messages]


def _sleep(action: FrozenObject, path: str, grace_s: int | None) -> Errors:
    seconds = action.get("seconds", 0)
    if grace_s is None or 0 <= seconds <= grace_s:
        return []
    return [invalid(path, seconds, f"must be non-negative and less than terminationGracePeriodSeconds ({grace_s})")]


def _stop_signal(signal: str, path: str, os: FrozenObject | None) -> Errors:
    if os is None:
        return [forbidden(path, "may not be set for containers with empty `spec.os.name`")]
    supported = {"windows": _WINDOWS_SIGNALS, "linux": _LINUX_SIGNALS}.get(os.get("name", ""))
    return [] if supported is None or signal in supported else [not_supported(path, signal, supported)]
