"""The probes of one running container: startup first, then readiness and liveness, each on its own ticks.

DIFFERS: upstream goes on probing as long as the container runs; we stop once a probe has passed, since what runs inside does not change.
"""

from collections.abc import Callable
from typing import Final

from orrery.machinery.clock import Clock, Timer
from orrery.machinery.objects import FrozenObject, Object
from orrery.node.pod_state import Run, RunState
from orrery.node.probing import next_tick_s, period_s, runs_wanted

_FAILURES_USUAL: Final = 3

Tell = Callable[[str, str, str], None]


class Prober:
    """Makes one container's probes and keeps its run's `is_started` and `is_ready`."""

    __slots__ = ("_address", "_began_s", "_clock", "_container", "_counts", "_kill", "_run", "_tell", "_timers", "_wake")

    def __init__(
        self,
        container: FrozenObject,
        run: Run,
        *,
        clock: Clock,
        began_s: float,
        address: str,
        tell: Tell,
        wake: Callable[[], None],
        kill: Callable[[str], None],
    ) -> None:
        self._container = container
        self._run = run
        self._clock = clock
        self._began_s = began_s
        self._address = address
        self._tell = tell
        self._wake = wake
        self._kill = kill
        self._counts: dict[str, int] = {}
        self._timers: dict[str, Timer] = {}

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
        self._wake()

    def cancel(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _schedule(self, kind: str, now_s: float) -> None:
        probe, handle = self._container[kind], self._run.handle
        due_s = next_tick_s(probe, began_s=self._began_s, started_s=self._run.started_s, now_s=now_s)
        is_hopeless = handle is not None and not handle.passes(self._resolved(probe))
        is_waited_for = kind != "livenessProbe" and not is_hopeless
        delay_s = due_s - self._clock.now_s()
        self._timers[kind] = self._clock.call_later(delay_s, lambda: self._probe(kind), background=not is_waited_for)

    def _probe(self, kind: str) -> None:
        handle = self._run.handle
        if handle is None or self._run.state is not RunState.RUNNING:
            return
        probe = self._container[kind]
        if not handle.passes(self._resolved(probe)):
            self._fail(kind, probe)
            return
        self._counts[kind] = max(self._counts.get(kind, 0), 0) + 1
        if self._counts[kind] < runs_wanted(probe):
            self._schedule(kind, self._clock.now_s() + period_s(probe) / 2)
        else:
            self._timers.pop(kind, None)
            self._pass(kind)

    def _pass(self, kind: str) -> None:
        if kind == "startupProbe":
            self._run.is_started = True
            self.begin()
            self._wake()
        elif kind == "readinessProbe":
            self._run.is_ready = True
            self._wake()

    def _fail(self, kind: str, probe: FrozenObject) -> None:
        self._counts[kind] = min(self._counts.get(kind, 0), 0) - 1
        title = kind.removesuffix("Probe")
        self._tell("Warning", "Unhealthy", f"{title.capitalize()} probe failed: {self._refusal(self._resolved(probe))}")
        if kind != "readinessProbe" and -self._counts[kind] >= int(probe.get("failureThreshold") or _FAILURES_USUAL):
            self._timers.pop(kind, None)
            self._kill(title)
            return
        self._schedule(kind, self._clock.now_s() + period_s(probe) / 2)

    def _resolved(self, probe: FrozenObject) -> Object:
        """The probe with a named port replaced by its number."""
        for kind in ("httpGet", "tcpSocket", "grpc"):
            target = probe.get(kind)
            if target and isinstance(port := target.get("port"), str):
                named = next((one["containerPort"] for one in self._container.get("ports") or () if one.get("name") == port), port)
                return {**probe, kind: {**target, "port": named}}
        return dict(probe)

    def _refusal(self, probe: FrozenObject) -> str:
        http = probe.get("httpGet")
        target = http or probe.get("tcpSocket") or probe.get("grpc") or {}
        where = f"{target.get('host') or self._address}:{target.get('port')}"
        refused = f"dial tcp {where}: connect: connection refused"
        if http is None:
            return refused
        return f'Get "{http.get("scheme", "HTTP").lower()}://{where}{http.get("path", "/")}": {refused}'
