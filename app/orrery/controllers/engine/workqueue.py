"""A queue of unique keys, upstream's client-go workqueue.

Owns the three promises every controller leans on: a key waits at most once; a key that is being processed is never handed out a
second time (it is remembered as dirty and comes again when it is done); a failing key comes back later and later. It knows
neither objects nor controllers.

Its size is bounded by `keys_max`. A key beyond that is not queued; `overflowed` tells the owner to list everything again once
there is room, which a level-based controller may always do.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from typing import Final

from orrery.machinery.clock import Clock, Timer

BACKOFF_BASE_S: Final = 0.005
BACKOFF_MAX_S: Final = 1000.0
_DOUBLINGS_MAX: Final = 18  # 5 ms · 2^18 is already above 1000 s.


def backoff_s(failures: int, base_s: float = BACKOFF_BASE_S, max_s: float = BACKOFF_MAX_S) -> float:
    """How long a key waits after that many failures in a row: 5 ms, 10 ms, 20 ms … 1000 s, where nothing else is said."""
    return float(min(base_s * 2 ** min(failures, _DOUBLINGS_MAX), max_s))


Rank = tuple[int, ...]


class _Ranked:
    """Keys by rank, the smallest first, and among equals in the order they came."""

    def __init__(self, rank: Callable[[str], Rank]) -> None:
        self._rank = rank
        self._heap: list[tuple[Rank, int, str]] = []
        self._came = 0

    def __len__(self) -> int:
        return len(self._heap)

    def append(self, key: str) -> None:
        self._came += 1
        heapq.heappush(self._heap, (self._rank(key), self._came, key))

    def popleft(self) -> str:
        return heapq.heappop(self._heap)[2]

    def clear(self) -> None:
        self._heap.clear()


class WorkQueue:
    """Keys waiting for a worker. Every `get` is answered by one `done`."""

    def __init__(
        self,
        clock: Clock,
        *,
        keys_max: int = 200_000,
        backoff_base_s: float = BACKOFF_BASE_S,
        backoff_max_s: float = BACKOFF_MAX_S,
        rank: Callable[[str], Rank] | None = None,
    ) -> None:
        """`rank` when some keys come before others; it is asked when a key begins to wait."""
        self._clock = clock
        self._backoff = (backoff_base_s, backoff_max_s)
        self._keys_max = keys_max
        self._ready: deque[str] | _Ranked = deque() if rank is None else _Ranked(rank)
        self._dirty: set[str] = set()  # Wanted: waiting in `_ready`, or to be put there when `done`.
        self._processing: set[str] = set()
        self._failures: dict[str, int] = {}
        self._later: dict[str, tuple[float, bool, Timer]] = {}
        self._idle_workers: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def is_busy(self) -> bool:
        """Whether a key waits for a worker or is with one; timers do not count."""
        return bool(self._ready or self._processing)

    def add(self, key: str) -> None:
        """Ask for `key` to be processed soon; asking twice is asking once."""
        if key in self._dirty or self._closed:
            return
        if len(self._dirty) >= self._keys_max:
            self.overflowed = True
            return
        self._dirty.add(key)
        if key not in self._processing:
            self._push(key)

    def add_after(self, key: str, delay_s: float, *, background: bool = True) -> None:
        """Ask for `key` after `delay_s`; of several such wishes for one key the earliest is kept, as upstream's."""
        if self._closed:
            return
        if delay_s <= 0:
            self.add(key)
            return
        due_s = self._clock.now_s() + delay_s
        pending = self._later.get(key)
        if pending is not None:
            if pending[0] < due_s or (pending[0] == due_s and background >= pending[1]):
                return
            pending[2].cancel()
        timer = self._clock.call_later(delay_s, self._due(key), background=background)
        self._later[key] = (due_s, background, timer)

    def add_rate_limited(self, key: str) -> None:
        """Ask for `key` after its back-off, which doubles until `forget`."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.add_after(key, backoff_s(failures, *self._backoff))

    def failures(self, key: str) -> int:
        """How often in a row `key` has failed."""
        return self._failures.get(key, 0)

    def forget(self, key: str) -> None:
        """The key went well: its next back-off starts from the beginning."""
        self._failures.pop(key, None)

    async def get(self) -> str | None:
        """The next key, now being processed; None once the queue is closed."""
        while not self._ready:
            if self._closed:
                return None
            woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._idle_workers.append(woken)
            await woken
        key = self._ready.popleft()
        self._dirty.discard(key)
        self._processing.add(key)
        return key

    def done(self, key: str) -> None:
        """The key is processed; when it was asked for meanwhile, it waits again."""
        self._processing.discard(key)
        if key in self._dirty and not self._closed:
            self._push(key)

    def close(self) -> None:
        """Hand out nothing any more and let go of everybody who waits."""
        self._closed = True
        self._ready.clear()
        self._dirty.clear()
        for _, _, timer in self._later.values():
            timer.cancel()
        self._later.clear()
        while self._idle_workers:
            self._wake()

    def _push(self, key: str) -> None:
        self._ready.append(key)
        self._wake()

    def _wake(self) -> None:
        while self._idle_workers:
            worker = self._idle_workers.popleft()
            if not worker.done():
                worker.set_result(None)
                return

    def _due(self, key: str) -> Callable[[], None]:
        def due() -> None:
            self._later.pop(key, None)
            self.add(key)

        return due
