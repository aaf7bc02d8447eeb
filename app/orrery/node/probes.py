"""The probes of one running container: startup first, then readiness and liveness, each on its own ticks, as long as it runs.

Follows `doProbe` of upstream's probe worker. A probe costs a timer between its ticks and a task while it is made.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from orrery.machinery.clock import Clock, Timer
from orrery.machinery.objects import FrozenObject, Object
from orrery.node.pod_state import Run, RunState
from orrery.node.probing import next_tick_s, period_s, runs_wanted, with_port_numbers, with_variables
from orrery.node.runtime import Answer

_FAILURES_USUAL: Final = 3
_HOPEFUL_MAX: Final = 3
"""After so many failures in a row nobody waits for the next try (`VirtualClock.settle`)."""

Tell = Callable[[str, str, str], None]


class Prober:
    """Makes the probes of a container that has some, and keeps its run's `is_started` and `is_ready`."""

    __slots__ = ("_began_s", "_clock", "_container", "_counts", "_kill", "_misses", "_run", "_tasks", "_tell", "_timers", "_wake")

    def __init__(
        self,
        container: FrozenObject,
        run: Run,
        *,
        clock: Clock,
        began_s: float,
        tell: Tell,
        wake: Callable[[], None],
        kill: Callable[[str], None],
    ) -> None:
        self._container = container
        self._run = run
        self._clock = clock
        self._began_s = began_s
        self._tell = tell
        self._wake = wake
        self._kill = kill
        self._counts: dict[str, int] = {}
        """Successes in a row, or failures below zero."""
        self._misses: dict[str, int] = {}
        self._timers: dict[str, Timer] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self) -> None:
        """Begin with what comes first. Without a readiness probe, the container is ready as soon as it has started."""
        if self._container.get("startupProbe") and not self._run.is_started:
            self._schedule("startupProbe", self._clock.now_s())
            return
        if self._container.get("livenessProbe"):
            self._schedule("livenessProbe", self._clock.now_s())
        if self._container.get("readinessProbe"):
            self._began_s = self._clock.now_s()  # A change of status makes the readiness probe run, and its ticks begin anew.
            self._schedule("readinessProbe", self._began_s)
            return
        self._run.is_ready = True

    def cancel(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        for task in self._tasks.values():
            task.cancel()
        self._timers.clear()
        self._tasks.clear()

    def _schedule(self, kind: str, now_s: float) -> None:
        due_s = next_tick_s(self._container[kind], began_s=self._began_s, started_s=self._run.started_s, now_s=now_s)
        is_waited_for = kind != "livenessProbe" and not self._run.is_ready and self._misses.get(kind, 0) < _HOPEFUL_MAX
        delay_s = due_s - self._clock.now_s()
        self._timers[kind] = self._clock.call_later(delay_s, lambda: self._begin_probe(kind), background=not is_waited_for)

    def _begin_probe(self, kind: str) -> None:
        self._timers.pop(kind, None)
        if self._is_running:
            self._tasks[kind] = asyncio.get_running_loop().create_task(self._probe(kind))

    @property
    def _is_running(self) -> bool:
        return self._run.handle is not None and self._run.state is RunState.RUNNING

    async def _probe(self, kind: str) -> None:
        probe, handle = self._container[kind], self._run.handle
        assert handle is not None
        answer = await handle.probe(self._resolved(probe))
        self._tasks.pop(kind, None)
        if not self._is_running:
            return
        self._misses[kind] = 0 if answer.has_passed else self._misses.get(kind, 0) + 1
        if answer.is_error:
            title = kind.removesuffix("Probe")
            message = f"{title.capitalize()} probe errored and resulted in unknown state: {answer.message}"
            self._tell("Warning", "Unhealthy", message)
        else:
            if answer.warning:
                self._tell("Warning", "ProbeWarning", f"{kind.removesuffix('Probe').capitalize()} probe warning: {answer.warning}")
            self._count(kind, answer)
        if kind not in self._timers and self._goes_on(kind):
            self._schedule(kind, self._clock.now_s() + period_s(probe) / 2)

    def _count(self, kind: str, answer: Answer) -> None:
        probe, before = self._container[kind], self._counts.get(kind, 0)
        if answer.has_passed:
            self._counts[kind] = max(before, 0) + 1
            if self._counts[kind] == runs_wanted(probe):
                self._pass(kind)
            return
        self._counts[kind] = min(before, 0) - 1
        title = kind.removesuffix("Probe")
        self._tell("Warning", "Unhealthy", f"{title.capitalize()} probe failed: {answer.message}")
        if -self._counts[kind] >= int(probe.get("failureThreshold") or _FAILURES_USUAL):
            self._fail(kind, title)

    def _goes_on(self, kind: str) -> bool:
        """A startup probe ends when it has decided, a liveness probe when it has failed."""
        failures_max = int(self._container[kind].get("failureThreshold") or _FAILURES_USUAL)
        has_failed = -self._counts.get(kind, 0) >= failures_max
        if kind == "startupProbe":
            return not self._run.is_started and not has_failed
        return kind == "readinessProbe" or not has_failed

    def _pass(self, kind: str) -> None:
        if kind == "startupProbe":
            self._run.is_started = True
            self.begin()
            self._wake()
        elif kind == "readinessProbe" and not self._run.is_ready:
            self._run.is_ready = True
            self._wake()

    def _fail(self, kind: str, title: str) -> None:
        if kind != "readinessProbe":
            self._kill(title)
        elif self._run.is_ready:
            self._run.is_ready = False
            self._wake()

    def _resolved(self, probe: FrozenObject) -> Object:
        return with_variables(with_port_numbers(probe, self._container), self._container)
