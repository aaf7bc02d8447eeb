"""The phase of a Pod, from its container statuses. Pure; follows `getPhase` of upstream's kubelet."""

from collections import Counter
from collections.abc import Mapping

from orrery.machinery.objects import FrozenObject
from orrery.node.restart import is_sidecar, should_restart

TERMINAL = frozenset({"Succeeded", "Failed"})


def phase_of(spec: FrozenObject, statuses: Mapping[str, FrozenObject], *, is_terminal: bool, has_initialized: bool) -> str:
    """The phase, from the statuses of all containers by name.

    `is_terminal`: nothing will be started again. `has_initialized`: a regular container has been started in this sandbox.
    """
    counts: Counter[str] = Counter()
    for container in spec.get("initContainers") or ():
        status = statuses.get(container["name"])
        counts[_sidecar(status) if is_sidecar(container) else _initializer(container, spec, status)] += 1
    for container in spec["containers"]:
        for kind in _regular(container, spec, statuses.get(container["name"])):
            counts[kind] += 1
    running = counts["running"] + counts["sidecar running"] + counts["sidecar starting"]
    unknown = counts["unknown"] + counts["sidecar unknown"]
    if counts["init failed for good"]:
        return "Failed"
    is_initializing = counts["init pending"] or (
        not has_initialized and (counts["sidecar starting"] or counts["sidecar waiting"] or counts["sidecar unknown"])
    )
    if is_initializing or counts["waiting"] or counts["sidecar waiting"] or unknown:
        return "Pending"
    if running:
        return "Running"
    if not counts["stopped"]:
        return "Pending"
    if not is_terminal and counts["stopped"] != counts["stopped for good"]:
        return "Running"  # Something is being restarted.
    return "Succeeded" if counts["stopped"] == counts["succeeded"] else "Failed"


def _initializer(container: FrozenObject, spec: FrozenObject, status: FrozenObject | None) -> str:
    state = status["state"] if status else {}
    ended = state.get("terminated")
    if ended is None and "waiting" in state and status is not None:
        ended = status.get("lastState", {}).get("terminated")
    if ended is None:
        return "init pending"
    if ended["exitCode"] == 0:
        return "init done"
    return "init failed" if should_restart(container, spec, ended["exitCode"]) else "init failed for good"


def _sidecar(status: FrozenObject | None) -> str:
    if status is None:
        return "unknown"
    state = status["state"]
    if "running" in state:
        return "sidecar running" if status.get("started") else "sidecar starting"
    if "terminated" in state or ("waiting" in state and "terminated" in status.get("lastState", {})):
        return "sidecar ended"
    return "sidecar waiting" if "waiting" in state else "sidecar unknown"


def _regular(container: FrozenObject, spec: FrozenObject, status: FrozenObject | None) -> list[str]:
    state = status["state"] if status else {}
    if "running" in state:
        return ["running"]
    ended = state.get("terminated")
    if ended is not None:
        kinds = ["stopped"]
        if ended["exitCode"] == 0:
            kinds.append("succeeded")
    elif "waiting" in state and status is not None:
        ended = status.get("lastState", {}).get("terminated")
        if ended is None:
            return ["waiting"]
        kinds = ["stopped"]
    else:
        return ["unknown"]
    if not should_restart(container, spec, ended["exitCode"]):
        kinds.append("stopped for good")
    return kinds
