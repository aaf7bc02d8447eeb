"""A log of every sort: what the contract promises holds for all of them."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from orrery.store.engine import data_url
from orrery.store.log import Log
from orrery.store.memory_log import MemoryLog
from tests.store import postgresql
from tests.store.writes import Statements, open_url

_numbers = itertools.count()


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.client)])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    if request.param == "memory":
        opened: Log = MemoryLog()
    elif request.param == "sqlite":
        opened = await open_url(data_url(tmp_path))
    else:
        opened = await open_url(request.getfixturevalue("postgresql_url"))
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Path]:
    """The socket's folder of a real server."""
    with postgresql.running_server() as folder:
        yield folder


@pytest.fixture
def postgresql_url(postgresql_server: Path) -> str:
    """A fresh database on it."""
    return postgresql.new_database(postgresql_server, f"orrery_{next(_numbers)}")


@pytest.fixture
def statements() -> Iterator[Statements]:
    """The SQL that is run from here on."""
    seen = Statements()
    event.listen(Engine, "before_cursor_execute", seen.note)
    yield seen
    event.remove(Engine, "before_cursor_execute", seen.note)
