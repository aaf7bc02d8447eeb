"""A container runtime that runs no programs: it knows from image and command when a container ends, and with which code.

DIFFERS: upstream runs processes; we play each container's life from the catalogue until programs are simulated. A probe over the
network succeeds when the image's own server is said to listen there, every other probe succeeds.
"""

import asyncio
from typing import Final

from orrery.machinery.clock import Clock, Timer
from orrery.machinery.objects import Object
from orrery.node.commands import Script, missing_command, script_of
from orrery.node.pace import Pace
from orrery.node.runtime import KILLED_CODE, PASSED, Answer, ContainerConfig, ContainerHandle, Exit, StartFailed, exit_of

_NETWORK_PROBES: Final = ("httpGet", "tcpSocket", "grpc")


def plan_script(config: ContainerConfig) -> Script:
    """What the container will do, from its image and command."""
    image = config.image
    if not config.is_own_command or not image.is_server:
        return script_of(config.argv, has_stdin=config.has_stdin)
    if image.needs_one_of and not any(config.environment.get(name) for name in image.needs_one_of):
        return Script(0.3, 1)
    return Script(None, term_code=image.stop_code, term_s=image.stop_s)


class ScriptedContainer:
    """One container playing its script."""

    __slots__ = ("_address", "_clock", "_image", "_is_own_command", "_kill_due_s", "_killer", "_life", "_pace", "_script", "exited")

    def __init__(self, config: ContainerConfig, script: Script, *, clock: Clock, pace: Pace) -> None:
        self.exited: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._address = config.sandbox.address if config.sandbox is not None else ""
        self._image = config.image
        self._is_own_command = config.is_own_command
        self._script = script
        self._clock = clock
        self._pace = pace
        self._killer: Timer | None = None
        self._kill_due_s = 0.0
        self._life: Timer | None = None
        if script.runs_s == 0:
            self._end_by_itself()
        elif script.runs_s is not None:
            self._life = clock.call_later(script.runs_s, self._end_by_itself, background=True)

    def stop(self, grace_s: float) -> None:
        due_s = self._clock.now_s() + grace_s
        if self.exited.done() or (self._killer is not None and self._kill_due_s <= due_s):
            return
        if self._killer is not None:
            self._killer.cancel()
        elif self._script.term_code is not None:
            self._clock.call_later(self._pace.stop_s(self._script.term_s), self._end_by_term)
        self._kill_due_s = due_s
        self._killer = self._clock.call_later(grace_s, self._kill)

    async def run_hook(self, handler: Object) -> Answer:
        if "sleep" in handler:
            await self._clock.sleep(float(handler["sleep"].get("seconds", 0)))
            return PASSED
        command = (handler.get("exec") or {}).get("command") or []
        await self._clock.sleep(script_of(tuple(command)).runs_s or 0.0)
        return PASSED

    async def probe(self, probe: Object) -> Answer:
        kind = next((name for name in _NETWORK_PROBES if name in probe), None)
        if kind is None or self._listens(probe[kind].get("port")):
            return PASSED
        target = probe[kind]
        where = f"{target.get('host') or self._address}:{target.get('port')}"
        refused = f"dial tcp {where}: connect: connection refused"
        if kind == "httpGet":
            refused = f'Get "{target.get("scheme", "HTTP").lower()}://{where}{target.get("path", "/")}": {refused}'
        return Answer(has_passed=False, message=refused)

    def _listens(self, port: object) -> bool:
        if not self._is_own_command:
            return self._script.runs_s is None and not self._image.ports
        ports = self._image.ports
        return self._image.is_server and (not ports or not isinstance(port, int) or port in ports)

    def _end_by_itself(self) -> None:
        self._end(exit_of(self._script.code))

    def _end_by_term(self) -> None:
        self._end(exit_of(self._script.term_code or 0))

    def _kill(self) -> None:
        self._end(exit_of(KILLED_CODE))

    def _end(self, end: Exit) -> None:
        if self.exited.done():
            return
        self.exited.set_result(end)
        for timer in (self._life, self._killer):
            if timer is not None:
                timer.cancel()


class ScriptedRuntime:
    """Starts scripted containers."""

    def __init__(self, *, clock: Clock, pace: Pace) -> None:
        self._clock = clock
        self._pace = pace

    async def start(self, config: ContainerConfig) -> ContainerHandle:
        await self._clock.sleep(self._pace.start_s())
        if config.argv and (missing := missing_command(config.argv[0], config.image)):
            raise StartFailed(f"{missing}: unknown")
        return ScriptedContainer(config, plan_script(config), clock=self._clock, pace=self._pace)

    async def stop(self) -> None:
        """Nothing runs."""

    def drop_sandbox(self, pod_uid: str) -> None:
        """There is none."""

    def forget(self, pod_uid: str) -> None:
        """Nothing is kept."""
