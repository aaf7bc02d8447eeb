"""The one place that reads time, sleeps or draws randomness.

`RealClock` runs at the pace of the machine. `VirtualClock` stands still until its holder lets it go on: tests (and later the
user, over the control API) advance it, and no test ever sleeps. A timer is `background` when nothing visible waits for it
(lease renewals, progress deadlines, back-off): `VirtualClock.settle` does not wait for those.
"""

import asyncio
import heapq
import itertools
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Protocol

_NAME_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
"""Upstream's alphabet for generated names: no vowels, no digit that looks like a letter."""


class Timer(Protocol):
    """A pending call; `cancel` is safe at any time."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Time and chance, as every room sees them."""

    random: random.Random

    def now_s(self) -> float:
        """Seconds since the epoch, for timestamps."""

    def busy_s(self) -> float:
        """A steady measure of time for how long work on the event loop takes; on a virtual clock work takes no time."""

    def call_later(self, delay_s: float, callback: Callable[[], None], *, background: bool = False) -> Timer:
        """Run `callback` on the event loop after `delay_s` seconds."""

    async def sleep(self, delay_s: float, *, background: bool = False) -> None:
        """Wait `delay_s` seconds; zero or less only yields to the loop."""


def timestamp(seconds: float) -> str:
    """RFC 3339 with whole seconds, as metav1.Time: `2026-01-02T03:04:05Z`."""
    return _second(int(seconds))


@lru_cache(maxsize=256)  # Thousands of writes fall into the same few seconds.
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_timestamp(seconds: float) -> str:
    """RFC 3339 with microseconds, as metav1.MicroTime: `2026-01-02T03:04:05.000006Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_timestamp(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 time with or without fraction; ValueError when it is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return moment.timestamp()


def new_uid(clock: Clock) -> str:
    """A random (version 4) UUID from the clock's seed."""
    bits = clock.random.getrandbits(128) & ~(0xF000 << 64) & ~(0xC000 << 48) | (0x4000 << 64) | (0x8000 << 48)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new_name_suffix(clock: Clock, length: int = 5) -> str:
    """A random suffix as generateName appends it."""
    return "".join(clock.random.choices(_NAME_LETTERS, k=length))


class RealClock:
    """The machine's own time, on the running event loop."""

    def __init__(self, seed: int | None = None) -> None:
        self.random = random.Random(seed)

    def now_s(self) -> float:
        return time.time()

    def busy_s(self) -> float:
        return time.perf_counter()

    def call_later(self, delay_s: float, callback: Callable[[], None], *, background: bool = False) -> Timer:
        return asyncio.get_running_loop().call_later(max(delay_s, 0.0), callback)

    async def sleep(self, delay_s: float, *, background: bool = False) -> None:
        await asyncio.sleep(max(delay_s, 0.0))


class _VirtualTimer:
    __slots__ = ("background", "callback", "cancelled", "due_s")

    def __init__(self, due_s: float, callback: Callable[[], None], *, background: bool) -> None:
        self.due_s = due_s
        self.callback = callback
        self.background = background
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class VirtualClock:
    """A clock that moves only when `advance`, `settle` or `until` says so.

    Between two timers the event loop runs until nothing is ready any more, so every consequence of one moment is seen
    before the next moment comes. It needs a loop whose work is all in-process (an in-memory log, no sockets).
    """

    START_S: Final = 1_767_323_045.0  # 2026-01-02T03:04:05Z
    _QUIET_ROUNDS: Final = 25  # Turns of the loop without a new timer or an `active` mark before it counts as idle.

    def __init__(self, seed: int = 1, start_s: float = START_S) -> None:
        self.random = random.Random(seed)
        self._now_s = start_s
        self._timers: list[tuple[float, int, _VirtualTimer]] = []
        self._order = itertools.count()

    def now_s(self) -> float:
        return self._now_s

    def busy_s(self) -> float:
        return self._now_s

    def call_later(self, delay_s: float, callback: Callable[[], None], *, background: bool = False) -> Timer:
        timer = _VirtualTimer(self._now_s + max(delay_s, 0.0), callback, background=background)
        heapq.heappush(self._timers, (timer.due_s, next(self._order), timer))
        return timer

    async def sleep(self, delay_s: float, *, background: bool = False) -> None:
        if delay_s <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not woken.done():
                woken.set_result(None)

        timer = self.call_later(delay_s, wake, background=background)
        try:
            await woken
        finally:
            timer.cancel()

    async def advance(self, delay_s: float) -> None:
        """Let `delay_s` seconds pass, one timer after the other."""
        target_s = self._now_s + delay_s
        await self.idle()
        while (due_s := self._next_due_s(foreground_only=False)) is not None and due_s <= target_s:
            await self._fire_until(due_s)
        self._now_s = target_s

    async def settle(self, limit_s: float = 3600.0) -> None:
        """Let time pass until no foreground timer is left; TimeoutError after `limit_s` virtual seconds."""
        target_s = self._now_s + limit_s
        await self.idle()
        while (due_s := self._next_due_s(foreground_only=True)) is not None:
            if due_s > target_s:
                raise TimeoutError(f"not settled after {limit_s:g} s of virtual time")
            await self._fire_until(due_s)

    async def until(self, condition: Callable[[], bool], *, within_s: float = 3600.0) -> None:
        """Let time pass until `condition()`; TimeoutError after `within_s` virtual seconds."""
        target_s = self._now_s + within_s
        await self.idle()
        while not condition():
            due_s = self._next_due_s(foreground_only=False)
            if due_s is None or due_s > target_s:
                raise TimeoutError(f"condition not met within {within_s:g} s of virtual time")
            await self._fire_until(due_s)

    async def idle(self) -> None:
        """Run the loop until nothing in it is ready."""
        loop = asyncio.get_running_loop()
        ready = getattr(loop, "_ready", None)  # The standard loops' queue of callbacks; without it, count quiet turns.
        quiet = 0
        while quiet < (2 if ready is not None else self._QUIET_ROUNDS):
            await asyncio.sleep(0)
            quiet = quiet + 1 if not ready else 0

    async def _fire_until(self, due_s: float) -> None:
        """Fire all timers due at `due_s` or before, then let the loop run dry."""
        self._now_s = max(self._now_s, due_s)
        while self._timers and self._timers[0][0] <= due_s:
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled:
                timer.callback()
        await self.idle()

    def _next_due_s(self, *, foreground_only: bool) -> float | None:
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        if not foreground_only:
            return self._timers[0][0] if self._timers else None
        if any(not timer.background and not timer.cancelled for _, _, timer in self._timers):
            return self._timers[0][0]  # Background timers that come first still fire in their order.
        return None
