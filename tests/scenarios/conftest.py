"""A whole cluster on the virtual clock, at either pace."""

from collections.abc import AsyncIterator

import pytest

from orrery.settings import FAST, Settings
from orrery.testing import Simulation


@pytest.fixture(params=["real", "fast"])
async def cluster(request: pytest.FixtureRequest) -> AsyncIterator[Simulation]:
    """Three nodes, everything settled."""
    async with Simulation(Settings(pace=request.param)) as running:
        yield running


@pytest.fixture
async def fast() -> AsyncIterator[Simulation]:
    """The same where nodes take no time of their own: what passes is what containers and back-offs take."""
    async with Simulation(FAST) as running:
        yield running
