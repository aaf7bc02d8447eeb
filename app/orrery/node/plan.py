"""What to do about a Pod next: a sandbox, which init containers, which containers. Pure.

Follows `computePodActions` and `computeInitContainerActions` of upstream's runtime manager.
"""

from dataclasses import dataclass, field

from orrery.machinery.objects import FrozenObject
from orrery.node.pod_state import PodState, Run, RunState
from orrery.node.resize import is_resized, needs_restart
from orrery.node.restart import is_sidecar, should_restart


@dataclass(slots=True)
class Actions:
    """`start` names the containers to start, in order; `stops_pod` means that nothing is left to run."""

    creates_sandbox: bool = False
    stops_pod: bool = False
    start_init: list[FrozenObject] = field(default_factory=list)
    start: list[FrozenObject] = field(default_factory=list)
    start_ephemeral: list[FrozenObject] = field(default_factory=list)
    replace: list[tuple[FrozenObject, str]] = field(default_factory=list)
    """Running containers that are to be stopped first, and why: another image, or resources that take a new start."""
    resize: list[FrozenObject] = field(default_factory=list)
    """Running containers that get other resources as they run."""


def plan_actions(spec: FrozenObject, state: PodState) -> Actions:
    """The next step of a Pod that is not being deleted. `spec` names the resources that the node has granted."""
    if not state.has_sandbox:
        return _plan_sandbox(spec, state)
    actions = Actions()
    actions.start_ephemeral = [one for one in spec.get("ephemeralContainers") or () if one["name"] not in state.current]
    if not _plan_init(spec, state, actions):
        return actions
    is_kept = False
    for container in spec["containers"]:
        run = state.find(container["name"])
        if run is not None and run.state is RunState.RUNNING:
            is_kept = True
            if (why := _why_replaced(container, run)) or not is_resized(container.get("resources") or {}, run.resources):
                _replace(container, why, actions.replace, actions.start)
            else:
                actions.resize.append(container)
        elif run is None or should_restart(container, spec, run.exit_code):
            actions.start.append(container)
    if not is_kept and not actions.start:
        actions.stops_pod = True
        actions.start_init = []
    return actions


def _why_replaced(container: FrozenObject, run: Run) -> str:
    """Why a running container must be started anew; empty when it may go on."""
    if run.wanted_image and run.wanted_image != container["image"]:
        if is_sidecar(container):
            return f"Init container {container['name']} definition changed"
        return f"Container {container['name']} definition changed, will be restarted"
    if needs_restart(container, run.resources):
        return f"Container {container['name']} resize requires restart"
    return ""


def _replace(container: FrozenObject, why: str, replaced: list[tuple[FrozenObject, str]], started: list[FrozenObject]) -> None:
    if why:
        replaced.append((container, why))
        started.append(container)


def _plan_sidecar_change(container: FrozenObject, run: Run, actions: Actions) -> None:
    why = _why_replaced(container, run)
    _replace(container, why, actions.replace, actions.start_init)
    if not why and is_resized(container.get("resources") or {}, run.resources):
        actions.resize.append(container)


def _plan_sandbox(spec: FrozenObject, state: PodState) -> Actions:
    """Everything begins anew, but what has succeeded and must not run twice."""
    if spec.get("restartPolicy") == "Never" and state.sandboxes and state.current:
        return Actions(stops_pod=True)
    wanted = []
    for container in spec["containers"]:
        run = state.current.get(container["name"])
        policy = container.get("restartPolicy") or spec.get("restartPolicy")
        if not (policy == "OnFailure" and run is not None and run.state is RunState.EXITED and run.exit_code == 0):
            wanted.append(container)
    if not wanted and any(container["name"] in state.current for container in spec["containers"]):
        return Actions(stops_pod=True)
    initializers = spec.get("initContainers") or ()
    if initializers:
        return Actions(creates_sandbox=True, start_init=[initializers[0]])
    return Actions(creates_sandbox=True, start=wanted)


def _plan_init(spec: FrozenObject, state: PodState, actions: Actions) -> bool:
    """Choose init containers to start; whether regular containers may run."""
    containers: list[FrozenObject] = spec.get("initContainers") or []
    runs = (state.find(container["name"]) for container in spec["containers"])
    is_past = is_ready = not containers or any(run is not None and run.state is RunState.RUNNING for run in runs)
    # From the last to the first: the newest that ran tells how far initialization has come.
    for index in range(len(containers) - 1, -1, -1):
        container = containers[index]
        run = state.find(container["name"])
        if run is None:
            if is_past and is_sidecar(container):
                actions.start_init.append(container)
            continue
        if is_past and not is_sidecar(container):
            continue
        if run.state is RunState.RUNNING and run.is_started and is_sidecar(container):
            _plan_sidecar_change(container, run, actions)
        if run.state is RunState.EXITED and (is_sidecar(container) or run.exit_code != 0):
            if not is_sidecar(container) and not should_restart(container, spec, run.exit_code):
                actions.stops_pod, actions.start_init = True, []
                return False
            actions.start_init.append(container)
        elif run.state is RunState.EXITED or (is_sidecar(container) and run.is_started):
            if index == len(containers) - 1:
                is_ready = True
            elif not is_past:
                actions.start_init.append(containers[index + 1])
        is_past = True
    if not is_past:
        actions.start_init.append(containers[0])
    actions.start_init.reverse()
    return is_ready
