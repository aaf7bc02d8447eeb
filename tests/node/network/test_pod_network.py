"""Connections inside a Pod, between Pods, and to nobody."""

import asyncio
import errno

import pytest

from orrery.node.processes.program import CHUNK_BYTES
from tests.node.network.stage import Stage, said


async def test_what_one_side_says_the_other_hears_until_it_says_no_more(stage: Stage) -> None:
    server, client = stage.pod("10.244.0.5"), stage.pod("10.244.0.6", name="client")
    listener = server.listen("0.0.0.0", 80)

    here = await client.connect("10.244.0.5", 80)
    there = await listener.accept()
    await here.write(b"hello")
    here.close_writing()

    assert await said(there) == b"hello"
    await there.write(b"goodbye")
    there.close()
    assert await said(here) == b"goodbye"
    assert there.remote == here.local and here.local[0] == "10.244.0.6"


async def test_a_writer_waits_when_nobody_reads(stage: Stage) -> None:
    pod = stage.pod("10.244.0.5")
    listener = pod.listen("127.0.0.1", 80)
    here = await pod.connect("localhost", 80)
    there = await listener.accept()

    writing = asyncio.ensure_future(here.write(b"x" * (CHUNK_BYTES + 1)))
    await stage.clock.settle()
    assert not writing.done()

    await there.read()
    await stage.clock.settle()
    assert writing.done()


async def test_loopback_belongs_to_the_pod(stage: Stage) -> None:
    one, other = stage.pod("10.244.0.5"), stage.pod("10.244.0.6", name="other")
    one.listen("127.0.0.1", 80)

    assert (await one.connect("127.0.0.1", 80)).remote == ("127.0.0.1", 80)
    for address in ("127.0.0.1", "10.244.0.5"):
        with pytest.raises(ConnectionRefusedError):
            await other.connect(address, 80)


async def test_a_port_is_taken_once_in_a_pod_and_free_when_closed(stage: Stage) -> None:
    pod = stage.pod("10.244.0.5")
    listener = pod.listen("0.0.0.0", 80)

    with pytest.raises(OSError) as refusal:
        pod.listen("127.0.0.1", 80)
    assert refusal.value.errno == errno.EADDRINUSE

    listener.close()
    pod.listen("127.0.0.1", 80)


async def test_pods_of_the_nodes_network_share_its_ports(stage: Stage) -> None:
    one, other = stage.pod("172.18.0.2", hostNetwork=True), stage.pod("172.18.0.2", name="other", hostNetwork=True)
    listener = one.listen("0.0.0.0", 80)
    with pytest.raises(OSError):
        other.listen("0.0.0.0", 80)

    one.leave()
    with pytest.raises(OSError):
        await listener.accept()
    other.listen("0.0.0.0", 80)
    assert (await stage.pod("10.244.0.5").connect("172.18.0.2", 80)).remote == ("172.18.0.2", 80)


@pytest.mark.parametrize(
    ("address", "error", "after_s"),
    [
        ("10.244.0.77", errno.EHOSTUNREACH, 3.1),
        ("192.0.2.1", errno.ETIMEDOUT, 131.0),
        ("172.18.0.2", errno.ECONNREFUSED, 0.0),
    ],
)
async def test_where_nobody_is_a_connection_fails_in_its_own_way(stage: Stage, address: str, error: int, after_s: float) -> None:
    pod, start_s = stage.pod("10.244.0.5"), stage.clock.now_s()
    trying = asyncio.ensure_future(pod.connect(address, 80))
    await stage.clock.until(trying.done)

    refusal = trying.exception()
    assert isinstance(refusal, OSError) and refusal.errno == error
    assert stage.clock.now_s() - start_s == pytest.approx(after_s)


async def test_a_caller_in_a_hurry_times_out_earlier(stage: Stage) -> None:
    trying = asyncio.ensure_future(stage.pod("10.244.0.5").connect("10.244.0.77", 80, timeout_s=1.0))
    await stage.clock.until(trying.done, within_s=1.5)

    assert isinstance(trying.exception(), TimeoutError)


async def test_a_ping_reaches_pods_and_nodes_only(stage: Stage) -> None:
    pod = stage.pod("10.244.0.5")
    await stage.service("web", clusterIP="10.96.0.80")

    assert await pod.reachable("172.18.0.2") and await pod.reachable("10.244.0.5")
    assert await pod.reachable("10.244.0.6") is None
    assert await pod.reachable("10.96.0.80") is None
