"""A world per test, stopped at its end."""

from collections.abc import AsyncIterator

import pytest

from tests.controllers.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.stop()
