"""A log of either kind: what the contract promises holds for both."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from orrery.store.log import Log
from orrery.store.memory_log import MemoryLog
from tests.store.writes import Statements, open_log


@pytest.fixture(params=["memory", "sqlite"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    opened: Log = MemoryLog() if request.param == "memory" else await open_log(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def statements() -> Iterator[Statements]:
    """The SQL that is run from here on."""
    seen = Statements()
    event.listen(Engine, "before_cursor_execute", seen.note)
    yield seen
    event.remove(Engine, "before_cursor_execute", seen.note)
