"""Runs controllers: N workers each, as asyncio tasks, with back-off for what fails and counts of what was done.

An error is logged once per key until the key goes well again; a lost race (Conflict) is nothing to log, and is tried again with
the same back-off. Nothing a controller raises ends its worker.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from orrery.controllers.engine.controller import Controller
from orrery.controllers.engine.informer import Informer
from orrery.controllers.engine.workqueue import BACKOFF_BASE_S, BACKOFF_MAX_S, WorkQueue
from orrery.machinery.errors import ApiError, Conflict, NotStored
from orrery.verbs.client import Client

logger: Final = logging.getLogger(__name__)

WORKERS: Final = 5
"""How many keys of one controller are processed at the same time: upstream's --concurrent-…-syncs."""


@dataclass(slots=True)
class Counts:
    """What a controller has done since its start; tests and the status page read it."""

    reconciles: int = 0
    errors: int = 0
    conflicts: int = 0
    requeues: int = 0


class _Loop:
    """One controller with its queue, its ears and its workers."""

    def __init__(self, controller: Controller, client: Client, *, workers: int) -> None:
        self.controller = controller
        self.counts = Counts()
        # A controller may say how long its failing keys wait, at first and at most.
        base_s, max_s = getattr(controller, "backoff_s", (BACKOFF_BASE_S, BACKOFF_MAX_S))
        # And which keys come before others, when it matters.
        rank = getattr(controller, "rank", None)
        self.queue = WorkQueue(client.clock, backoff_base_s=base_s, backoff_max_s=max_s, rank=rank)
        self.informer = Informer(client, self.queue)
        self._workers = workers
        self._tasks: list[asyncio.Task[None]] = []
        self._logged: dict[str, str] = {}  # The error last logged for a failing key.
        controller.watch(self.informer)

    def start(self) -> None:
        self.informer.start()
        name = self.controller.name
        self._tasks = [asyncio.create_task(self._work(), name=f"{name}-{number}") for number in range(self._workers)]

    async def stop(self) -> None:
        self.informer.stop()
        self.queue.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _work(self) -> None:
        while (key := await self.queue.get()) is not None:
            try:
                await self._reconcile(key)
            finally:
                self.queue.done(key)
            if self.queue.overflowed and not len(self.queue):
                self.queue.overflowed = False
                self.informer.relist()
            # A log in memory never makes a write wait, so one controller could run far ahead of those that act on what it wrote.
            await asyncio.sleep(0)

    async def _reconcile(self, key: str) -> None:
        self.counts.reconciles += 1
        try:
            outcome = await self.controller.reconcile(key)
        except Conflict:
            self.counts.conflicts += 1
            self.queue.add_rate_limited(key)
        except NotStored:
            self.counts.errors += 1  # The log has said why, once for everybody.
            self.queue.add_rate_limited(key)
        except Exception as error:
            self.counts.errors += 1
            self._log(key, error)
            self.queue.add_rate_limited(key)
        else:
            self.queue.forget(key)
            self._logged.pop(key, None)
            if outcome.after_s is not None:
                self.counts.requeues += 1
                self.queue.add_after(key, outcome.after_s, background=outcome.background)

    def _log(self, key: str, error: Exception) -> None:
        text = str(error)
        if self._logged.get(key) == text:
            return
        self._logged[key] = text
        # An ApiError is the API's answer, not a defect of ours: its message says it all.
        logger.warning("%s: %s: %s", self.controller.name, key, text, exc_info=None if isinstance(error, ApiError) else error)


class Runner:
    """All controllers of a process. `add` them, `start`, `stop`; each gets the client made for its component."""

    def __init__(self) -> None:
        self._loops: dict[str, _Loop] = {}
        self._running = False

    def add(self, controller: Controller, client: Client, *, workers: int = 0) -> None:
        """Take `controller` on; `client` is where its events come from.

        `workers` 0 is what the controller itself says in an attribute of that name, else `WORKERS`.
        """
        if controller.name in self._loops:
            raise ValueError(f"two controllers are called {controller.name}")
        workers = workers or int(getattr(controller, "workers", WORKERS))
        self._loops[controller.name] = _Loop(controller, client, workers=workers)

    def start(self) -> None:
        """Hear all events, list what exists, and begin to work. Needs a running event loop."""
        if self._running:
            raise RuntimeError("the controllers are running already")
        self._running = True
        for loop in self._loops.values():
            loop.start()

    async def stop(self) -> None:
        """End all workers; a reconcile under way is cancelled at its next wait, which level-based controllers survive."""
        for loop in self._loops.values():
            await loop.stop()
        self._running = False

    @property
    def is_busy(self) -> bool:
        """Whether any key waits for a worker or is with one."""
        return any(loop.queue.is_busy for loop in self._loops.values())

    def counts(self, name: str) -> Counts:
        """What the controller called `name` has done. KeyError when there is none."""
        return self._loops[name].counts

    def queue(self, name: str) -> WorkQueue:
        """The queue of the controller called `name`, for what wakes it from outside the API. KeyError when there is none."""
        return self._loops[name].queue
