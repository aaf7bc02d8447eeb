"""A cluster whose disk is full for a while, and one that is stopped in the middle of its work: quiet, and whole afterwards."""

import asyncio
import logging

import pytest

from orrery.cluster import new_cluster
from orrery.machinery.clock import RealClock, VirtualClock
from orrery.machinery.errors import InternalError
from orrery.settings import Settings
from orrery.store.log import LogClosed, Record, Write, WriteFailed
from orrery.store.memory_log import MemoryLog
from orrery.testing import Simulation
from orrery.testing.simulation import deployment


class Disk(MemoryLog):
    """A log whose disk can be full."""

    is_full = False
    is_closed = False

    async def append(self, write: Write) -> Record:
        if self.is_closed:
            raise LogClosed("the log is closed")
        if self.is_full:
            raise WriteFailed("the write could not be made durable: database or disk is full")
        return await super().append(write)

    async def close(self) -> None:
        self.is_closed = True
        await super().close()


async def test_a_full_disk_is_told_to_clients_and_survived(caplog: pytest.LogCaptureFixture) -> None:
    clock, disk = VirtualClock(), Disk(Settings())
    cluster = new_cluster(clock, Settings(pace="fast"), log=disk)
    await cluster.start()
    await clock.settle()
    await cluster.client.create("deployments.apps", deployment("web", replicas=20))
    disk.is_full = True
    await clock.advance(60)

    with pytest.raises(InternalError, match="the write could not be made durable: database or disk is full"):
        await cluster.client.create(
            "configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}}
        )
    assert not cluster.client.list("pods", "default")

    disk.is_full = False
    await clock.advance(120)

    assert cluster.client.list("deployments.apps")[0]["status"]["readyReplicas"] == 20
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    await cluster.stop()


@pytest.mark.parametrize("after_s", [0.0, 0.002, 0.05, 0.2])
async def test_a_stop_in_the_middle_of_a_rollout_is_quiet(caplog: pytest.LogCaptureFixture, after_s: float) -> None:
    cluster = new_cluster(RealClock(), Settings(pace="fast"), log=Disk(Settings()))
    await cluster.start()
    await cluster.client.create("deployments.apps", deployment("web", replicas=50))
    await cluster.clock.sleep(after_s)

    await cluster.stop()
    for _ in range(20):
        await asyncio.sleep(0)  # What was cancelled comes to its end.

    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not others
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_what_was_said_last_is_written_at_the_end() -> None:
    async with Simulation() as cluster:
        await cluster.apply(deployment("web", replicas=3))
        await cluster.clock.idle()

    assert any(event.startswith("ScalingReplicaSet: Scaled up") for event in cluster.events("web"))
