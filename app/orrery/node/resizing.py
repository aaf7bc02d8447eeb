"""One Pod's resizes on its node: granting them when there is room, giving containers what was granted, telling both.

The rules are in `resize.py`; here they meet the node's ledger, the containers and the events.
"""

from collections.abc import Callable, Sequence
from typing import Final

from orrery.machinery.objects import FrozenObject, uid_of
from orrery.node.host import Host
from orrery.node.ledger import Refusal
from orrery.node.pod_state import PodState, Run, RunState
from orrery.node.resize import (
    IN_PROGRESS,
    PENDING,
    cpu_limit,
    cpu_request,
    grants_of,
    is_resized,
    memory_limit,
    pod_memory_limit,
    resize_condition,
    resize_message,
    why_memory_cannot_shrink,
    why_not_granted,
    with_grants,
)

_NO_REASON: Final = Refusal("", "")


class PodResizing:
    """`pod` gives the newest version of the Pod, `wake` looks at it again."""

    __slots__ = ("_host", "_pod", "_seen_generation", "_state", "_wake")

    def __init__(self, host: Host, state: PodState, *, pod: Callable[[], FrozenObject], wake: Callable[[], None]) -> None:
        self._host = host
        self._state = state
        self._pod = pod
        self._wake = wake
        self._seen_generation = 0

    def grant(self) -> None:
        """Grant what the Pod asks for now, if there is room for it."""
        pod, state = self._pod(), self._state
        if state.grants is None:
            state.grants = grants_of(pod["spec"])
        generation = int(pod["metadata"].get("generation") or 0)
        if generation == self._seen_generation and state.resize_pending is None:
            return
        self._seen_generation = generation
        wanted = grants_of(pod["spec"])
        if wanted == state.grants:
            state.resize_pending = None
            return
        refusal = why_not_granted(pod, self._host.ledger)
        if refusal is not None:
            self._hold(pod, refusal, generation)
            return
        state.grants, state.resize_pending = wanted, None
        self._host.ledger.enter(uid_of(pod), pod["spec"])
        self._host.ledger.tell_room()
        now_s = self._host.clock.now_s()
        state.resize_progress = resize_condition(IN_PROGRESS, None, _NO_REASON, generation=generation, now_s=now_s)
        self._tell("Normal", "ResizeStarted", "Pod resize started", generation)

    def _hold(self, pod: FrozenObject, refusal: Refusal, generation: int) -> None:
        old, now_s = self._state.resize_pending, self._host.clock.now_s()
        if refusal.reason == "Deferred":
            self._host.ledger.wait(uid_of(pod), self._wake)
        if old is not None and (old["reason"], old["message"], old["observedGeneration"]) == (*refusal, generation):
            return
        self._state.resize_pending = resize_condition(PENDING, old, refusal, generation=generation, now_s=now_s)
        if old is None or (old["reason"], old["observedGeneration"]) != (refusal.reason, generation):
            message = resize_message(f"Pod resize {refusal.reason}", pod["spec"], generation, refusal.message)
            self._host.recorder.event(pod, "Warning", f"Resize{refusal.reason}", message)

    def check_progress(self) -> None:
        """Tell the end of a resize when every running container has what was granted."""
        state, grants = self._state, self._state.grants or {}
        is_going_on = any(is_resized(grants.get(name, {}), run.resources) for name, run in self._running())
        if is_going_on or state.resize_progress is None:
            return
        generation = int(state.resize_progress["observedGeneration"])
        state.resize_progress = None
        self._tell("Normal", "ResizeCompleted", "Pod resize completed", generation)

    def apply(self, containers: Sequence[FrozenObject]) -> bool:
        """Give running containers what they were granted; False when a limit cannot be lowered now."""
        runs = [(one, run) for one in containers if (run := self._state.find(one["name"])) is not None and run.handle is not None]
        if not runs:
            return True
        problem = self._problem(runs)
        if problem:
            self._tell_error(problem)
            return False
        for container, run in runs:
            run.resources = container.get("resources") or {}
            if run.handle is not None:
                run.handle.limit_memory(memory_limit(run.resources))
                run.handle.limit_cpu(cpu_limit(run.resources), cpu_request(run.resources))
        return True

    def _problem(self, runs: Sequence[tuple[FrozenObject, Run]]) -> str:
        used = {name: run.handle.memory_bytes for name, run in self._state.running() if run.handle is not None}
        changes = [(one, run.resources, used.get(one["name"], 0)) for one, run in runs]
        granted = self._state.grants or {}
        now = pod_memory_limit([run.resources for _, run in self._running()])
        then = pod_memory_limit([granted.get(name, {}) for name, _ in self._running()])
        return why_memory_cannot_shrink(changes, pod_used=sum(used.values()), pod_limits=(now, then))

    def _tell_error(self, problem: str) -> None:
        pod, old = self._pod(), self._state.resize_progress
        if old is not None and old.get("message") == problem:
            return
        generation = int((old or {}).get("observedGeneration") or pod["metadata"].get("generation") or 0)
        now_s = self._host.clock.now_s()
        self._state.resize_progress = resize_condition(IN_PROGRESS, old, Refusal("Error", problem), generation=generation, now_s=now_s)
        self._tell("Warning", "ResizeError", "Pod resize error", generation, problem)

    def _running(self) -> list[tuple[str, Run]]:
        """The running containers that can be resized."""
        spec = self._pod()["spec"]
        fixed = {one["name"] for one in spec.get("ephemeralContainers") or ()}
        fixed |= {one["name"] for one in spec.get("initContainers") or () if not one.get("restartPolicy")}
        return [(name, run) for name, run in self._state.current.items() if run.state is RunState.RUNNING and name not in fixed]

    def _tell(self, type_: str, reason: str, head: str, generation: int, error: str = "") -> None:
        pod = self._pod()
        spec = with_grants(pod, self._state.grants)["spec"]
        self._host.recorder.event(pod, type_, reason, resize_message(head, spec, generation, error))
