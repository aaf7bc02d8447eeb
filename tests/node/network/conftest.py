"""A wire without Pods."""

from collections.abc import AsyncIterator

import pytest

from tests.node.network.stage import Stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    await stage.start()
    yield stage
    stage.fabric.stop()
