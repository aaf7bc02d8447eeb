"""One Pod's life on its node: from the moment it is bound until the API object may go.

A worker has no thread and no standing task. `wake` starts a run of `_sync`, which tells the API what is, decides by `plan.py` what
to do, does it, and goes on until nothing changes; then only timers and containers can wake it again. Upstream: `pod_workers.go`,
`SyncPod`, `SyncTerminatingPod`, `SyncTerminatedPod`.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from orrery.machinery.clock import Timer, parse_timestamp
from orrery.machinery.errors import NotFound, NotStored
from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of, namespace_of, uid_of
from orrery.node.admission import admit, rejected_status
from orrery.node.conditions import EVICTED
from orrery.node.grace import grace_s_of
from orrery.node.host import Host
from orrery.node.naming import restart_key
from orrery.node.phase import TERMINAL
from orrery.node.plan import plan_actions
from orrery.node.pod_probes import PodProbes
from orrery.node.pod_start import RETRY_S, PodStart
from orrery.node.pod_state import PodState, Run, RunState, every_container
from orrery.node.pod_status import is_finished, plan_status
from orrery.node.resize import with_grants
from orrery.node.resizing import PodResizing
from orrery.node.runtime import Exit
from orrery.node.termination import Stop
from orrery.node.volumes.pod_volumes import PodVolumes

_EVICTED_GRACE_S: Final = 1.0
_TOO_LATE: Final = "Pod was active on the node longer than the specified deadline"

log = logging.getLogger(__name__)


class PodWorker:
    """Lives as long as its Pod can still change."""

    __slots__ = (
        "_deadline",
        "_host",
        "_is_admitted",
        "_is_closed",
        "_is_dirty",
        "_is_gone",
        "_is_over",
        "_is_untold",
        "_name",
        "_namespace",
        "_on_over",
        "_pod",
        "_probes",
        "_resizing",
        "_retry",
        "_seen",
        "_start",
        "_state",
        "_stop",
        "_task",
        "uid",
    )

    def __init__(self, pod: FrozenObject, host: Host, *, state: PodState, on_over: Callable[["PodWorker"], None]) -> None:
        self.uid = uid_of(pod)
        self._name = name_of(pod)
        self._namespace = namespace_of(pod)
        self._pod: FrozenObject | None = pod
        self._seen = _marks(pod)
        self._host = host
        self._state = state
        self._on_over = on_over
        self._task: asyncio.Task[None] | None = None
        self._retry: Timer | None = None
        self._deadline: Timer | None = None
        self._probes = PodProbes(host, state, pod=lambda: self.pod, wake=self.wake)
        self._stop: Stop | None = None
        self._resizing = PodResizing(host, state, pod=lambda: self.pod, wake=self.wake)
        self._start = PodStart(
            host,
            state,
            pod=lambda: self._granted,
            is_unwanted=lambda: self._is_gone or is_deleting(self.pod),
            on_start=self._started,
            wake=self.wake,
        )
        self._is_dirty = self._is_gone = self._is_over = self._is_closed = self._is_admitted = self._is_untold = False

    @property
    def host(self) -> Host:
        return self._host

    @property
    def pod(self) -> FrozenObject:
        """The newest version. An idle worker keeps none: ten thousand parsed Pods would be most of the memory of a node."""
        if self._pod is None:
            self._pod = self._host.client.get("pods", self._namespace, self._name)
            assert self._pod is not None and uid_of(self._pod) == self.uid, "a Pod that is gone is told by `vanish` first"
        return self._pod

    @property
    def _granted(self) -> FrozenObject:
        """The Pod with the resources that the node has granted."""
        return with_grants(self.pod, self._state.grants)

    # What the outside says.

    def update(self, pod: FrozenObject) -> None:
        """The API holds a newer version of the Pod. Its own status writes come back here too, and wake nobody."""
        seen, self._seen = self._seen, _marks(pod)
        self._pod = pod if self._task is not None else None
        if self._seen == seen:
            return
        if self._stop is None:
            self.wake()
            return
        if self._seen.grace_s < seen.grace_s:
            self._stop.shorten(self._seen.grace_s)
        if self._is_over and is_deleting(pod):
            self.wake()

    def vanish(self, pod: FrozenObject) -> None:
        """The API object is gone, this was its last version: stop what still runs, tell nobody."""
        self._pod = pod
        self._is_gone = True
        self._host.ledger.leave(self.uid)  # Its containers may still be ending, but the node admits others in its place at once.
        self.wake()

    def wake(self) -> None:
        """Look at the Pod again, soon."""
        self._is_dirty = True
        if self._task is None and not self._is_closed and not self._host.is_stopped:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def cancel(self) -> None:
        """The node goes down with its process."""
        self._drop_timers()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def freeze(self) -> None:
        """The kubelet has stopped: nobody probes, nobody looks. A step that has begun is ended, but nobody hears of it."""
        self._drop_timers()

    def thaw(self) -> None:
        """The kubelet is back."""
        for _, run in self._state.running():
            run.is_reported = False  # Its probes begin anew.
        self.wake()

    def leave_volumes(self) -> PodVolumes | None:
        """The machine has crashed: what is on its disk of the Pod's volumes."""
        volumes, self._state.volumes = self._state.volumes, None
        if volumes is not None:
            volumes.reboot()
        return volumes

    # The loop.

    async def _run(self) -> None:
        try:
            while self._is_dirty and not self._is_closed and not self._host.is_stopped:
                self._is_dirty = False
                await self._sync()
        except NotStored:
            self._retry_in(RETRY_S)  # The log has said why, once for everybody.
        except Exception:
            log.exception("The node failed to look after Pod %s/%s", self._namespace, self._name)
            self._retry_in(RETRY_S)
        finally:
            self._task = None
        if self._is_dirty:
            self.wake()
        elif not self._is_gone:
            self._pod = None

    async def _sync(self) -> None:
        if self._is_over or self._is_gone:
            if self._is_untold and not self._is_gone:
                await self._report(is_over=True)
            await self._finish()
            return
        if is_deleting(self.pod):
            await self._terminate()
            return
        if not self._is_admitted and not await self._admit():
            return
        self._resizing.grant()
        self._resizing.check_progress()
        self._check_deadline()
        self._check_disk()
        await self._report()
        if self._is_gone or is_deleting(self.pod):
            self._is_dirty = True
            return
        self._arm_deadline()
        if is_finished(self.pod["status"], self.pod, self._state):
            await self._terminate()
            return
        self._probes.watch()
        await self._go_on()

    async def _admit(self) -> bool:
        """Ask the node for room; without it, the Pod has failed."""
        self._is_admitted = True
        refusal = admit(self.pod, self._host)
        if refusal is None:
            return True
        self._host.recorder.event(self.pod, "Warning", refusal.reason, refusal.message)
        status = rejected_status(self.pod, refusal, self._host.clock.now_s())

        await self._host.client.renew_status("pods", self._namespace, self._name, lambda pod: status if uid_of(pod) == self.uid else None)
        self._is_over = True
        await self._finish()
        return False

    async def _report(self, *, is_over: bool = False) -> None:
        """Write the status, if there is anything new in it."""
        self._is_untold = self._host.is_stopped
        if self._is_untold:
            return  # The kubelet was stopped in the middle of it.
        uid, host, state = self.uid, self._host, self._state

        def plan(pod: FrozenObject) -> Object | None:
            if uid_of(pod) != uid:
                self._is_gone = True
                return None
            status = plan_status(pod, state, host.facts, now_s=host.clock.now_s(), is_over=is_over)
            return status if status != pod.get("status") else None

        written = await host.client.renew_status("pods", self._namespace, self._name, plan)
        if written is None:
            self._is_gone = True
        elif not self._is_gone:
            self._pod = written
            self._seen = _marks(written)

    # Getting it to run.

    async def _go_on(self) -> None:
        """The next step of a Pod that is to run."""
        outcome = self._start.mount()
        if outcome.retry_s is None:
            actions = plan_actions(self._granted["spec"], self._state)
            if actions.stops_pod:
                await self._stop_sidecars()
                return
            if actions.resize:
                await self._resize(actions.resize)
            outcome = await self._start.act(actions)
        if outcome.retry_s is not None:
            self._retry_in(outcome.retry_s)
        if outcome.is_backing_off:
            # DIFFERS: upstream tells CrashLoopBackOff at the next look at the Pod; we tell it when the back-off begins.
            await self._report()
        if outcome.has_changed:
            self._is_dirty = True

    async def _resize(self, containers: Sequence[FrozenObject]) -> None:
        if self._resizing.apply(containers):
            self._is_dirty = True
        else:
            await self._report()
            self._retry_in(RETRY_S)

    async def _stop_sidecars(self) -> None:
        """Only sidecars are left: they end with the others."""
        if self._state.has_sandbox:
            await self._stop_all()
            self._stop, self._is_dirty = None, True

    def _started(self, name: str, run: Run) -> None:
        if run.handle is not None:
            run.handle.exited.add_done_callback(lambda done: self._exited(name, run, done))

    def _exited(self, name: str, run: Run, done: "asyncio.Future[Exit]") -> None:
        if done.cancelled() or run.state is RunState.EXITED:
            return
        run.finish(done.result(), self._host.clock.now_s())
        self._probes.drop(name)
        if self._stop is None:
            self._host.clock.call_later(self._host.pace.notice_s(), self.wake)

    # Timers.

    def _retry_in(self, delay_s: float) -> None:
        if self._retry is not None:
            self._retry.cancel()
        self._retry = self._host.clock.call_later(delay_s, self.wake, background=True)

    def _arm_deadline(self) -> None:
        due_s = self._deadline_s()
        if self._deadline is None and due_s is not None:
            self._deadline = self._host.clock.call_later(due_s - self._host.clock.now_s(), self._at_deadline, background=True)

    def _at_deadline(self) -> None:
        self._deadline = None
        self.wake()

    def _check_deadline(self) -> None:
        due_s = self._deadline_s()
        if due_s is not None and self._host.clock.now_s() >= due_s and not self._state.phase:
            self._state.phase, self._state.phase_reason, self._state.phase_message = "Failed", "DeadlineExceeded", _TOO_LATE
            self._host.recorder.event(self.pod, "Normal", "DeadlineExceeded", _TOO_LATE)

    def _check_disk(self) -> None:
        """A Pod that takes more of the node's disk than it may has to go."""
        volumes = self._state.volumes
        if volumes is not None and not self._state.phase and (why := volumes.complaint(self.pod)):
            self._state.phase, self._state.phase_reason, self._state.phase_message = "Failed", EVICTED, why
            self._host.recorder.event(self.pod, "Warning", "Evicted", why)

    def _deadline_s(self) -> float | None:
        allowed_s = self.pod["spec"].get("activeDeadlineSeconds")
        started = (self.pod.get("status") or {}).get("startTime")
        return parse_timestamp(started) + float(allowed_s) if allowed_s is not None and started else None

    def _drop_timers(self) -> None:
        for timer in (self._retry, self._deadline):
            if timer is not None:
                timer.cancel()
        self._retry = self._deadline = None
        self._probes.cancel()

    # The end.

    async def _terminate(self) -> None:
        """Stop everything, tell the last state, and let the API object go if it is being deleted."""
        await self._report()
        await self._stop_all()
        self._host.ledger.leave(self.uid)
        if not self._is_gone:
            await self._report(is_over=True)
        self._is_over = True
        await self._finish()

    async def _stop_all(self) -> None:
        self._drop_timers()
        self._stop = Stop(self._host, self.pod, self._state)
        await self._stop.run(_EVICTED_GRACE_S if self._state.phase_reason == EVICTED else grace_s_of(self.pod))
        self._release_sandbox()

    def _release_sandbox(self) -> None:
        if self._state.has_sandbox and not self.pod["spec"].get("hostNetwork"):
            self._host.addresses.release(self._state.pod_ip)
        self._host.runtime.drop_sandbox(self.uid)
        self._state.has_sandbox = False

    async def _finish(self) -> None:
        """What is left when nothing runs any more."""
        if self._host.is_stopped:
            return
        if self._is_gone:
            await self._stop_all()
        elif is_deleting(self.pod):
            try:
                await self._host.client.delete("pods", self._namespace, self._name, grace_period_s=0, uid=self.uid)
            except NotFound:
                self._is_gone = True
        if self._is_gone or not is_deleting(self.pod):
            self._forget()

    def _forget(self) -> None:
        self._is_closed = True
        self._drop_timers()
        self._host.ledger.leave(self.uid)
        if self._is_gone:  # The logs of a Pod that has merely ended can still be read.
            self._host.runtime.forget(self.uid)
        if self._state.volumes is not None:
            self._state.volumes.release()
        for container in every_container(self.pod["spec"]):
            self._host.restarts.forget(restart_key(self.pod, container))
            self._host.images.forget(self.uid, container["image"])
        self._on_over(self)


class _Marks(NamedTuple):
    """What of a Pod concerns the node beyond the status it writes itself: when one changes, the worker looks again."""

    generation: int
    is_deleting: bool
    grace_s: float
    has_ended: bool
    gates: str
    """The states of readiness gates."""


def _marks(pod: FrozenObject) -> _Marks:
    status, gates = pod.get("status") or {}, ""
    if wanted := pod["spec"].get("readinessGates"):
        states = {one["type"]: one["status"] for one in status.get("conditions") or ()}
        gates = ",".join(states.get(gate["conditionType"], "") for gate in wanted)
    has_ended = status.get("phase") in TERMINAL
    return _Marks(pod["metadata"].get("generation", 0), is_deleting(pod), grace_s_of(pod), has_ended, gates)
