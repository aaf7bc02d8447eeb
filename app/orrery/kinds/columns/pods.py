"""The columns of Pods. Ready, Status and Restarts come from one walk over the container statuses, kept for the row's next cells."""

from typing import NamedTuple

from orrery.kinds.columns.cells import AGE, NAME, containers_of, format_labels, has_condition, joined, since, spec, status, wide
from orrery.kinds.kind import Column
from orrery.machinery.objects import FrozenObject


class PodSummary(NamedTuple):
    """What `kubectl get pods` says of a Pod."""

    ready: int
    total: int
    reason: str
    restarts: int
    last_restart: str
    """RFC 3339, empty when nothing restarted: such times compare as text."""


class _Restarts:
    """Counts restarts and remembers the latest end of a container."""

    __slots__ = ("count", "last")

    def __init__(self) -> None:
        self.count = 0
        self.last = ""

    def add(self, container: FrozenObject) -> None:
        self.count += container.get("restartCount", 0)
        ended = (container.get("lastState") or {}).get("terminated") or {}
        self.last = max(self.last, ended.get("finishedAt") or "")


def pod_summary(pod: FrozenObject) -> PodSummary:
    """Upstream's printPod: the words of the STATUS column come from the phase, then from containers, then from deletion."""
    state = status(pod)
    init_containers = {container["name"]: container for container in spec(pod).get("initContainers") or ()}
    sidecars = {name for name, container in init_containers.items() if container.get("restartPolicy") == "Always"}
    reason = _reason_of_pod(state)
    ready = 0
    restarts, sidecar_restarts = _Restarts(), _Restarts()
    initializing = False

    for index, container in enumerate(state.get("initContainerStatuses") or ()):
        is_sidecar = container["name"] in sidecars
        restarts.add(container)
        if is_sidecar:
            sidecar_restarts.add(container)
        ended = (container.get("state") or {}).get("terminated")
        if ended is not None and not ended.get("exitCode"):
            continue
        if is_sidecar and container.get("started"):
            ready += bool(container.get("ready"))
            continue
        reason = _init_reason(container, f"Init:{index}/{len(init_containers)}")
        initializing = True
        break

    if not initializing or has_condition(pod, "Initialized"):
        restarts = sidecar_restarts
        reason, running = _walk_containers(pod, reason, restarts)
        ready += running

    if pod["metadata"].get("deletionTimestamp") is not None:
        if state.get("reason") == "NodeLost":
            reason = "Unknown"
        elif state.get("phase") not in ("Succeeded", "Failed"):
            reason = "Terminating"
    total = len(spec(pod).get("containers") or ()) + len(sidecars)
    return PodSummary(ready, total, reason, restarts.count, restarts.last)


def _reason_of_pod(state: FrozenObject) -> str:
    gated = any(
        condition["type"] == "PodScheduled" and condition.get("reason") == "SchedulingGated" for condition in state.get("conditions") or ()
    )
    return "SchedulingGated" if gated else state.get("reason") or state.get("phase") or ""


def _ending(ended: FrozenObject) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _init_reason(container: FrozenObject, otherwise: str) -> str:
    state = container.get("state") or {}
    if state.get("terminated") is not None:
        return "Init:" + _ending(state["terminated"])
    waiting = (state.get("waiting") or {}).get("reason")
    return f"Init:{waiting}" if waiting and waiting != "PodInitializing" else otherwise


def _walk_containers(pod: FrozenObject, reason: str, restarts: _Restarts) -> tuple[str, int]:
    """The reason after the app containers had their say (the first one last, so it wins), and how many are ready."""
    ready, error = 0, ""
    for container in reversed(status(pod).get("containerStatuses") or ()):
        restarts.add(container)
        state = container.get("state") or {}
        if (state.get("waiting") or {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif state.get("terminated") is not None:
            reason = _ending(state["terminated"])
            error = reason if state["terminated"].get("exitCode") else error
        elif container.get("ready") and state.get("running") is not None:
            ready += 1
    if reason == "Completed":
        if ready and has_condition(pod, "Ready"):
            return "Running", ready
        return error or ("NotReady" if ready else reason), ready
    return reason, ready


_latest: tuple[FrozenObject, PodSummary] | None = None


def _summary(pod: FrozenObject) -> PodSummary:
    """The summary of the row being printed; three of its cells ask in a row."""
    global _latest
    if _latest is None or _latest[0] is not pod:
        _latest = (pod, pod_summary(pod))
    return _latest[1]


def _ready(pod: FrozenObject, now_s: float) -> str:
    summary = _summary(pod)
    return f"{summary.ready}/{summary.total}"


def _restarts(pod: FrozenObject, now_s: float) -> str:
    summary = _summary(pod)
    if summary.restarts and summary.last_restart:
        return f"{summary.restarts} ({since(summary.last_restart, now_s)} ago)"
    return str(summary.restarts)


def _readiness_gates(pod: FrozenObject, now_s: float) -> str:
    gates = spec(pod).get("readinessGates") or ()
    if not gates:
        return "<none>"
    return f"{sum(has_condition(pod, gate['conditionType']) for gate in gates)}/{len(gates)}"


def _ip(pod: FrozenObject, now_s: float) -> str:
    addresses = status(pod).get("podIPs") or ()
    return (addresses[0].get("ip") if addresses else "") or "<none>"


PODS = (
    NAME,
    Column("Ready", _ready),
    Column("Status", lambda pod, now_s: _summary(pod).reason),
    Column("Restarts", _restarts),
    AGE,
    wide("IP", _ip),
    wide("Node", lambda pod, now_s: spec(pod).get("nodeName") or "<none>"),
    wide("Nominated Node", lambda pod, now_s: status(pod).get("nominatedNodeName") or "<none>"),
    wide("Readiness Gates", _readiness_gates),
)

POD_TEMPLATES = (
    NAME,
    Column("Containers", lambda obj, now_s: joined(containers_of(obj.get("template")), "name")),
    Column("Images", lambda obj, now_s: joined(containers_of(obj.get("template")), "image")),
    Column("Pod Labels", lambda obj, now_s: format_labels(((obj.get("template") or {}).get("metadata") or {}).get("labels"))),
)
