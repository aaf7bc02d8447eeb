"""When history is forgotten: every so often, what is older than `Settings.history_s_min`.

How is the log's business: each event after the last compaction names the one it superseded, so a compaction deletes by reading
only the events it passes; what is stored beside them costs nothing.
"""

import logging
from typing import Protocol

from orrery.machinery.clock import Clock
from orrery.settings import Settings
from orrery.store.log import LogClosed, WriteFailed

_LOG = logging.getLogger(__name__)


class Compactable(Protocol):
    """A log that keeps its history by time."""

    async def revision_at(self, time_s: float) -> int:
        """The newest revision written up to that time."""

    async def compact(self, revision: int) -> None:
        """Forget the history up to `revision`."""


async def run(log: Compactable, settings: Settings, clock: Clock) -> None:
    """Compact for as long as the log is open. A compaction that fails is logged, and the next one takes its work over."""
    while True:
        await clock.sleep(settings.compaction_interval_s, background=True)
        try:
            await log.compact(await log.revision_at(clock.now_s() - settings.history_s_min))
        except LogClosed:
            return
        except WriteFailed as error:
            _LOG.warning("%s", error)
