"""When probes are made. Pure; follows upstream's probe worker, whose ticks come every period from the moment it begins."""

from math import ceil, floor

from orrery.machinery.objects import FrozenObject, Object
from orrery.node.environment import expand_variables


def period_s(probe: FrozenObject) -> int:
    return max(int(probe.get("periodSeconds") or 10), 1)


def next_tick_s(probe: FrozenObject, *, began_s: float, started_s: float, now_s: float) -> float:
    """The next moment from `now_s` on at which the probe is made: on a tick, after the initial delay."""
    period = period_s(probe)
    tick = max(ceil((now_s - began_s) / period), 0)
    while floor(began_s + tick * period - started_s) < int(probe.get("initialDelaySeconds") or 0):
        tick += 1
    return began_s + tick * period


def runs_wanted(probe: FrozenObject) -> int:
    """How many successes in a row it takes."""
    return max(int(probe.get("successThreshold") or 1), 1)


def with_port_numbers(handler: FrozenObject, container: FrozenObject) -> Object:
    """A probe or hook with a named port replaced by its number."""
    for kind in ("httpGet", "tcpSocket", "grpc"):
        target = handler.get(kind)
        if target and isinstance(port := target.get("port"), str):
            named = next((one["containerPort"] for one in container.get("ports") or () if one.get("name") == port), port)
            return {**handler, kind: {**target, "port": int(named) if str(named).isdigit() else named}}
    return dict(handler)


def with_variables(handler: Object, container: FrozenObject) -> Object:
    """A probe's command with the variables replaced that the container's `env` gives plain values."""
    command = (handler.get("exec") or {}).get("command")
    if not command or not container.get("env"):
        return handler
    known = {one["name"]: one.get("value", "") for one in container["env"] if "valueFrom" not in one}
    return {**handler, "exec": {"command": [expand_variables(word, known) for word in command]}}


def named_ports(container: FrozenObject) -> tuple[int, ...]:
    """The TCP ports that a container's ports and probes name."""
    ports = [one.get("containerPort") for one in container.get("ports") or () if one.get("protocol", "TCP") == "TCP"]
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = with_port_numbers(container.get(kind) or {}, container)
        ports += [(probe.get(target) or {}).get("port") for target in ("httpGet", "tcpSocket", "grpc")]
    return tuple(dict.fromkeys(port for port in ports if isinstance(port, int)))
