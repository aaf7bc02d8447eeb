"""What a node remembers of a Pod from a previous life of the process: as after a reboot.

containerd marks containers whose task is gone as exited with code 255 and reason `Unknown`; the kubelet finds no sandbox and makes a
new one, and starts again what its restart policy allows.
"""

from typing import Final

from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject
from orrery.node.pod_state import PodState, Run, RunState
from orrery.node.resize import PENDING, grants_of
from orrery.node.runtime import Exit, Identity

_STATUSES: Final = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
REBOOT: Exit = Exit(255, "Unknown")


def recovered_state(pod: FrozenObject, now_s: float) -> PodState:
    """The state behind a status that a previous life wrote."""
    state = PodState()
    status = pod.get("status") or {}
    for entry in (entry for key in _STATUSES for entry in status.get(key) or ()):
        name, attempt = entry["name"], int(entry.get("restartCount") or 0)
        now, last = entry.get("state") or {}, (entry.get("lastState") or {}).get("terminated")
        if "running" in now:
            state.current[name] = run = _run(entry, attempt, started=now["running"].get("startedAt"))
            run.finish(REBOOT, now_s)
        elif "terminated" in now:
            state.current[name] = _ended(entry, attempt, now["terminated"])
        elif last is not None:
            state.current[name] = _ended(entry, attempt, last)
            continue
        else:
            continue
        if last is not None and attempt > 0:
            state.previous[name] = _ended(entry, attempt - 1, last)
    for run in state.current.values():
        run.of_old_sandbox = True
    _recover_resize(pod, state)
    state.sandboxes = 1 if status.get("podIP") or state.current else 0
    return state


def _recover_resize(pod: FrozenObject, state: PodState) -> None:
    """A resize that waits for room: until then, what the status shows is what was granted."""
    status = pod.get("status") or {}
    state.resize_pending = next((dict(one) for one in status.get("conditions") or () if one["type"] == PENDING), None)
    if state.resize_pending is None:
        return
    shown = {entry["name"]: entry["resources"] for key in _STATUSES for entry in status.get(key) or () if "resources" in entry}
    state.grants = {name: granted for name in [*grants_of(pod["spec"]), *shown] if (granted := shown.get(name))}


def _run(entry: FrozenObject, attempt: int, *, started: str | None) -> Run:
    user = (entry.get("user") or {}).get("linux")
    return Run(
        id=str(entry.get("containerID", "")).removeprefix("containerd://"),
        attempt=attempt,
        image=entry.get("image", ""),
        image_id=entry.get("imageID", ""),
        started_s=parse_timestamp(started) if started else 0.0,
        resources=entry.get("resources") or {},
        identity=Identity(user["uid"], user["gid"], tuple(user.get("supplementalGroups") or ())) if user else None,
    )


def _ended(entry: FrozenObject, attempt: int, ended: FrozenObject) -> Run:
    run = _run(entry, attempt, started=ended.get("startedAt"))
    run.id = str(ended.get("containerID", "")).removeprefix("containerd://")
    run.state = RunState.EXITED
    run.end = Exit(int(ended.get("exitCode", 0)), ended.get("reason", ""), ended.get("message", ""))
    run.finished_s = parse_timestamp(ended["finishedAt"]) if ended.get("finishedAt") else 0.0
    return run
