"""A node whose Pods have volumes."""

from collections.abc import AsyncIterator

import pytest

from tests.node.volumes.inside import Inside


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    inside = Inside()
    await inside.cluster.start()
    yield inside
    await inside.cluster.kubelet.stop()
