"""Nodes on a virtual clock: one cluster at the pace of a real one, one without any delay."""

from collections.abc import AsyncIterator

import pytest

from orrery.settings import Settings
from tests.node.cluster import NodeCluster


@pytest.fixture
async def cluster() -> AsyncIterator[NodeCluster]:
    """At the pace of a real cluster."""
    cluster = NodeCluster(Settings(nodes=1))
    await cluster.start()
    yield cluster
    await cluster.kubelet.stop()


@pytest.fixture
async def fast() -> AsyncIterator[NodeCluster]:
    """Without any delay."""
    cluster = NodeCluster(Settings(nodes=1, pace="fast"))
    await cluster.start()
    yield cluster
    await cluster.kubelet.stop()
