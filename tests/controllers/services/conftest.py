"""A networked world per test, stopped at its end."""

from collections.abc import AsyncIterator

import pytest

from tests.controllers.services.cluster import Networked


@pytest.fixture
async def world() -> AsyncIterator[Networked]:
    made = Networked()
    await made.begin()
    yield made
    await made.stop()
