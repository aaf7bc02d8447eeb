"""A whole cluster on the virtual clock, at either pace."""

from collections.abc import AsyncIterator

import pytest

from orrery.settings import Settings
from orrery.testing import Simulation


@pytest.fixture(params=["real", "fast"])
async def cluster(request: pytest.FixtureRequest) -> AsyncIterator[Simulation]:
    """Three nodes, everything settled."""
    async with Simulation(Settings(pace=request.param)) as running:
        yield running
