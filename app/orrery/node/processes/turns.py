"""Who may use the event loop, and for how long: busy simulated processes share it with the server.

Every step of a process (from one wait to the next) is charged to its container. While all of them together stay under half of the
loop's time nothing happens; beyond that they wait in line, the container that has used least goes first, and the loop gets a pause as
long as the step was. So a spinning container costs others a few milliseconds, whatever it does. Upstream leaves this to the kernel.

On a virtual clock a step takes no time of its own; it is charged a small fixed amount instead, so that loops use up virtual time.
"""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Coroutine, Generator, Sequence
from contextvars import ContextVar
from functools import partial
from types import coroutine
from typing import Any, Final, Protocol, TypeVar

from orrery.machinery.clock import Clock, Timer
from orrery.node.processes.cpu_meter import CpuMeter
from orrery.node.processes.program import Killed

STEP_S: Final = 0.000_01
"""What a step costs on a virtual clock, at least."""
TICK_S: Final = 0.000_002
"""What a tick costs on a virtual clock."""
SLICE_S: Final = 0.002
"""After so long a process yields."""
_BURST_S: Final = 0.003
_SHARE: Final = 0.5
"""The part of the loop's time that simulated processes get when they want all of it."""
TICKS_PER_LOOK: Final = 64
"""How often a process looks whether its slice is over."""
_TOLD_MAX: Final = 50
"""A program that goes on after being told to end so often is dropped."""
_FOREGROUND_S: Final = 20.0
"""A group that has used more than this does not hold up `VirtualClock.settle` any longer."""

T = TypeVar("T")


class Group:
    """What is charged together: a container."""

    __slots__ = ("meter", "place_s", "used_s")

    def __init__(self) -> None:
        self.meter = CpuMeter()
        self.used_s = 0.0
        """All the time it has used."""
        self.place_s = 0.0
        """Its place in line."""


class Runner(Protocol):
    """What the turns need of a process."""

    account: Group
    ticks: int
    cpu_s: float
    is_stepping: bool
    """Whether its program runs right now."""

    def ends_with(self) -> int | None:
        """The signal that ends the program at its next wait; None: it goes on."""

    async def tick(self, count: int = 1) -> None: ...

    def receive(self, signal: int) -> None:
        """A signal for the process itself, from what it does."""

    is_stopped: bool

    async def stay_stopped(self) -> None:
        """Wait until it may go on."""


running: ContextVar[Runner | None] = ContextVar("running", default=None)
"""The process whose step this is."""


class Turns:
    """One for all containers of an event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._debt_s = 0.0
        self._drained_s = clock.busy_s()
        self._line: list[tuple[float, int, Group, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._timer: Timer | None = None
        self._floor_s = 0.0
        self.began_s = 0.0
        """When the step that runs now began."""
        self.over_s = 0.0
        """When the last step was over."""

    def begin(self) -> None:
        self.began_s = self._clock.busy_s()

    def is_slice_over(self, ticks: int) -> bool:
        """Whether the step that runs now has lasted long enough."""
        elapsed_s = self._clock.busy_s() - self.began_s
        return elapsed_s >= SLICE_S or ticks * TICK_S >= SLICE_S

    def charge(self, runner: Runner) -> None:
        """The step is over."""
        elapsed_s = self._clock.busy_s() - self.began_s
        cost_s = elapsed_s if elapsed_s > 0 else STEP_S + runner.ticks * TICK_S
        runner.ticks = 0
        runner.cpu_s += cost_s
        runner.account.used_s += cost_s
        self.over_s = self.began_s + cost_s
        runner.account.meter.add(self.over_s, cost_s)
        runner.account.place_s += cost_s
        self._debt_s += cost_s

    def must_wait(self) -> bool:
        """Whether simulated processes have had more than their share."""
        return bool(self._line) or (self._debt_s > _BURST_S and self._drain() > _BURST_S)

    async def wait(self, group: Group) -> None:
        """Stand in line."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        group.place_s = max(group.place_s, self._floor_s)
        heapq.heappush(self._line, (group.place_s, next(self._order), group, turn))
        self._arm(group)
        await turn

    def _drain(self) -> float:
        now_s = self._clock.busy_s()
        self._debt_s = max(self._debt_s - (now_s - self._drained_s) * _SHARE, 0.0)
        self._drained_s = now_s
        return self._debt_s

    def _arm(self, group: Group) -> None:
        if self._timer is None:
            delay_s = max(self._drain(), SLICE_S / 4) / _SHARE
            self._timer = self._clock.call_later(delay_s, self._next, background=group.used_s > _FOREGROUND_S)

    def _next(self) -> None:
        """Let one go on, and look again when its step is over."""
        self._timer = None
        while self._line:
            place_s, _, _, turn = heapq.heappop(self._line)
            if not turn.done():
                self._floor_s = place_s
                turn.set_result(None)
                break
        if self._line:
            asyncio.get_running_loop().call_soon(self._after)

    def _after(self) -> None:
        if not self._line or self._timer is not None:
            return
        if self._drain() > SLICE_S / 4:
            self._arm(self._line[0][2])
        else:
            self._next()


@coroutine
def driven(turns: Turns, runner: Runner, program: Coroutine[Any, Any, T]) -> Generator[Any, None, T]:
    """Run a coroutine step by step, charging each, and throw in what ends it."""
    error: BaseException | None = None
    told = 0
    busy_until_s = 0.0
    has_yielded = False  # Only for others: it waits for nothing.
    while True:
        if error is None and (runner.is_stopped or turns.must_wait()):
            try:
                if runner.is_stopped:
                    has_yielded = False
                    yield from runner.stay_stopped().__await__()
                else:
                    yield from turns.wait(runner.account).__await__()
            except asyncio.CancelledError as cancelled:
                error = _killed(runner) or cancelled
        turns.begin()
        if has_yielded and turns.began_s > busy_until_s:
            runner.account.meter.add(turns.began_s, turns.began_s - busy_until_s)
        runner.is_stepping = True
        try:
            waits_for = program.send(None) if error is None else program.throw(error)
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            runner.is_stepping = False
            turns.charge(runner)
        has_yielded = waits_for is None
        busy_until_s = max(busy_until_s, turns.began_s) + turns.over_s - turns.began_s
        was_told, error = isinstance(error, Killed), _killed(runner)
        if was_told:  # It was told to end and waits for something: it is told again.
            told += 1
            if told > _TOLD_MAX and error is not None:
                raise error
        if error is None:
            try:
                yield waits_for
            except asyncio.CancelledError as cancelled:
                error = _killed(runner) or cancelled
            except BaseException as raised:
                error = raised


def _killed(runner: Runner) -> Killed | None:
    """A new exception each time: one that is raised in several coroutines would gather all their tracebacks."""
    signal = runner.ends_with()
    return None if signal is None else Killed(signal)


class _Yield:
    """Awaited once: the step ends here."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        yield None


YIELD: Final[Awaitable[None]] = _Yield()


async def pause(count: int) -> None:
    """`tick` for whoever runs now: streams call it, so that a loop of reads and writes that never waits still yields."""
    runner = running.get()
    if runner is not None:
        await runner.tick(count)


async def first_of(turns: Turns, runner: Runner, waits: Sequence[Awaitable[object]]) -> int:
    """The index of the wait that ends first; its error is raised here, the others are cancelled."""
    loop = asyncio.get_running_loop()
    first: asyncio.Future[int] = loop.create_future()
    coroutines = [_awaited(one) for one in waits]
    tasks = [loop.create_task(driven(turns, runner, one)) for one in coroutines]

    def done(index: int, task: "asyncio.Task[object]") -> None:
        if not task.cancelled():
            task.exception()  # Whoever waits for the first one does not ask the others.
        for begun in (coroutines[index], waits[index]):  # One that was cancelled before it began must not wait to be begun.
            if isinstance(begun, Coroutine):
                begun.close()
        if not first.done():
            first.set_result(index)

    for index, task in enumerate(tasks):
        task.add_done_callback(partial(done, index))
    try:
        winner = await first
    finally:
        for task in tasks:
            if not task.done():
                task.cancel()
    tasks[winner].result()
    return winner


async def _awaited(wait: Awaitable[T]) -> T:
    return await wait
