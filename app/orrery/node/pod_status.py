"""A Pod's status, made from its object and what the node knows about it. Pure.

Follows `generateAPIPodStatus` and `convertToAPIContainerStatuses` of upstream's kubelet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object, is_deleting
from orrery.node.conditions import EVICTED, plan_conditions
from orrery.node.phase import TERMINAL, phase_of
from orrery.node.pod_state import PodState, Run, RunState, terminated_of
from orrery.node.resize import shown_resources, with_grants
from orrery.node.restart import is_sidecar, should_restart

_KEPT: Final = ("qosClass", "nominatedNodeName", "resourceClaimStatuses", "extendedResourceClaimStatus", "resize")
_LOST: Final = "The container could not be located when the pod was terminated"

_DISRUPTED: Final = "DisruptionTarget"


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What a status says about the node: its own address."""

    ip: str


def plan_status(pod: FrozenObject, state: PodState, host: HostFacts, *, now_s: float, is_over: bool = False) -> Object:
    """The whole status. `is_over`: the Pod's containers have been stopped for good, so a terminal phase may be told."""
    spec, old = pod["spec"], pod.get("status") or {}
    pod = with_grants(pod, state.grants)
    init_statuses = _init_statuses(pod, state)
    statuses = [_status(container, pod, state) for container in pod["spec"]["containers"]]
    statuses.sort(key=lambda status: str(status["name"]))
    if is_over:
        _mark_lost(spec, init_statuses, statuses)
    by_name = {status["name"]: status for status in [*init_statuses, *statuses]}
    has_initialized = any(state.find(container["name"]) for container in spec["containers"])
    phase = _settled_phase(state, old) or phase_of(spec, by_name, is_terminal=is_over, has_initialized=has_initialized)
    if is_over and phase not in TERMINAL:
        phase = "Failed"
    told = phase if is_over or phase not in TERMINAL else _standing_phase(old)
    status: Object = {key: old[key] for key in _KEPT if key in old}
    status["phase"] = told
    _tell_reason(status, state, old, phase=told)
    status["conditions"] = plan_conditions(
        pod,
        by_name,
        phase=phase,
        has_sandbox=state.has_sandbox,
        old=_with_eviction(old.get("conditions") or (), pod, state, timestamp(now_s)),
        now=timestamp(now_s),
        resize=[] if is_over else [one for one in (state.resize_pending, state.resize_progress) if one is not None],
    )
    status["startTime"] = old.get("startTime") or timestamp(now_s)
    if generation := pod["metadata"].get("generation"):
        status["observedGeneration"] = generation
    status["hostIP"], status["hostIPs"] = host.ip, [{"ip": host.ip}]
    if address := (host.ip if spec.get("hostNetwork") else state.pod_ip):
        status["podIP"], status["podIPs"] = address, [{"ip": address}]
    if init_statuses:
        status["initContainerStatuses"] = init_statuses
    status["containerStatuses"] = statuses
    if spec.get("ephemeralContainers"):
        status["ephemeralContainerStatuses"] = _ephemeral_statuses(pod, state)
    return status


def _with_eviction(conditions: Sequence[FrozenObject], pod: FrozenObject, state: PodState, now: str) -> Sequence[FrozenObject]:
    """Whoever is put out by the node is told so by a condition, too."""
    if state.phase_reason != EVICTED or any(one["type"] == _DISRUPTED for one in conditions):
        return conditions
    condition = {"type": _DISRUPTED, "status": "True", "reason": "TerminationByKubelet", "message": state.phase_message}
    generation = pod["metadata"].get("generation")
    marks = {"lastProbeTime": None, "lastTransitionTime": now, **({"observedGeneration": generation} if generation else {})}
    return [*conditions, {**condition, **marks}]


def is_finished(status: FrozenObject, pod: FrozenObject, state: PodState) -> bool:
    """Whether nothing of the Pod will be started again, told or not."""
    spec = pod["spec"]
    by_name = {entry["name"]: entry for entry in [*status.get("initContainerStatuses", ()), *status["containerStatuses"]]}
    has_initialized = any(state.find(container["name"]) for container in spec["containers"])
    phase = _settled_phase(state, status) or phase_of(spec, by_name, is_terminal=False, has_initialized=has_initialized)
    return phase in TERMINAL


def _settled_phase(state: PodState, told: FrozenObject) -> str:
    """A terminal phase that was decided here, or that the API shows already: it never changes again."""
    return state.phase or (str(told["phase"]) if told.get("phase") in TERMINAL else "")


def _standing_phase(old: FrozenObject) -> str:
    """Until everything is stopped, the API keeps the phase it had."""
    return str(old.get("phase") or "Pending")


def _tell_reason(status: Object, state: PodState, old: FrozenObject, *, phase: str) -> None:
    if phase == state.phase:
        status.update({key: text for key, text in (("reason", state.phase_reason), ("message", state.phase_message)) if text})
    elif phase == old.get("phase"):
        status.update({key: old[key] for key in ("reason", "message") if old.get(key)})


def _init_statuses(pod: FrozenObject, state: PodState) -> list[Object]:
    containers = pod["spec"].get("initContainers") or ()
    statuses = [_status(container, pod, state) for container in containers]
    for container, status in zip(containers, statuses, strict=True):
        ended = status["state"].get("terminated")
        if not is_sidecar(container):
            status["ready"] = ended is not None and ended["exitCode"] == 0
    return statuses


def _ephemeral_statuses(pod: FrozenObject, state: PodState) -> list[Object]:
    """Nobody asks whether they have started or are ready."""
    statuses = [_status(container, pod, state) for container in pod["spec"]["ephemeralContainers"]]
    for status in statuses:
        del status["started"]
        status["ready"] = False
    return sorted(statuses, key=lambda status: str(status["name"]))


def _status(container: FrozenObject, pod: FrozenObject, state: PodState) -> Object:
    """The status of one container."""
    run = state.current.get(container["name"])
    before = state.previous.get(container["name"])
    status = _waiting_status(container, pod["spec"]) if run is None else _run_status(container, run, before)
    _tell_why_not_started(status, container, pod, state)
    return status


def _waiting_status(container: FrozenObject, spec: FrozenObject) -> Object:
    status: Object = {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "started": False,
        "state": {"waiting": {"reason": "PodInitializing" if spec.get("initContainers") else "ContainerCreating"}},
    }
    if mounts := _mount_statuses(container):
        status["volumeMounts"] = mounts
    return status


def _run_status(container: FrozenObject, run: Run, previous: Run | None) -> Object:
    is_running, granted = run.state is RunState.RUNNING, container.get("resources") or {}
    status: Object = {
        "name": container["name"],
        "image": run.image,
        "imageID": run.image_id,
        "containerID": f"containerd://{run.id}",
        "lastState": {"terminated": terminated_of(previous)} if previous is not None else {},
        "ready": run.is_ready,
        "restartCount": run.attempt,
        "started": run.is_started,
        "state": {"running": {"startedAt": timestamp(run.started_s)}} if is_running else {"terminated": terminated_of(run)},
        "resources": shown_resources(granted, run.resources) if is_running else granted,
    }
    if requests := granted.get("requests"):
        status["allocatedResources"] = requests
    if (who := run.identity) is not None:
        status["user"] = {"linux": {"gid": who.gid, "supplementalGroups": list(who.groups), "uid": who.uid}}
    if mounts := _mount_statuses(container):
        status["volumeMounts"] = mounts
    return status


def _tell_why_not_started(status: Object, container: FrozenObject, pod: FrozenObject, state: PodState) -> None:
    """A container that is to be started and could not be is waiting, for the reason of the last try."""
    reason = state.reasons.get(container["name"])
    run = state.find(container["name"])
    if reason is None or is_deleting(pod) or "running" in status["state"]:
        return
    if run is not None and not should_restart(container, pod["spec"], run.exit_code):
        return
    if "terminated" in status["state"]:
        status["lastState"] = status["state"]
    waiting: Object = {"reason": reason.reason}
    if reason.message:
        waiting["message"] = reason.message
    status["state"] = {"waiting": waiting}


def _mount_statuses(container: FrozenObject) -> list[Object]:
    """Of every mount, how it is mounted."""
    mounts = []
    for mount in container.get("volumeMounts") or ():
        entry: Object = {"name": mount["name"], "mountPath": mount["mountPath"]}
        if mount.get("readOnly"):
            entry["readOnly"] = True
            entry["recursiveReadOnly"] = "Enabled" if mount.get("recursiveReadOnly") in ("Enabled", "IfPossible") else "Disabled"
        mounts.append(entry)
    return mounts


def _mark_lost(spec: FrozenObject, init_statuses: Sequence[Object], statuses: Sequence[Object]) -> None:
    """Give every container an end, so that no one takes the Pod for successful; upstream's TerminatePod."""
    if _has_initialized(spec, init_statuses, statuses):
        _mark_lost_containers(statuses)
    started = [index for index, status in enumerate(init_statuses) if "waiting" not in status["state"] or status["lastState"]]
    _mark_lost_containers(init_statuses[: started[-1] + 1 if started else 1])


def _mark_lost_containers(statuses: Sequence[Object]) -> None:
    for status in statuses:
        if "terminated" not in status["state"]:
            lost: dict[str, Any] = {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": _LOST}
            status["state"] = {"terminated": {**lost, "startedAt": None, "finishedAt": None}}
            status["started"] = False


def _has_initialized(spec: FrozenObject, init_statuses: Sequence[FrozenObject], statuses: Sequence[FrozenObject]) -> bool:
    if not init_statuses or any("waiting" not in status["state"] or status["lastState"] for status in statuses):
        return True
    last, container = init_statuses[-1], spec["initContainers"][-1]
    if is_sidecar(container):
        return "running" in last["state"] and bool(last.get("started"))
    ends = (last["state"].get("terminated"), last["lastState"].get("terminated"))
    return any(end is not None and end["exitCode"] == 0 for end in ends)
