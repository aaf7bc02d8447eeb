"""A log of either kind: what the contract promises holds for both."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orrery.store.log import Log
from orrery.store.memory_log import MemoryLog
from tests.store.writes import open_log


@pytest.fixture(params=["memory", "sqlite"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    opened: Log = MemoryLog() if request.param == "memory" else await open_log(tmp_path)
    yield opened
    await opened.close()
