"""What containers cost while they sleep, and that spinning ones leave the event loop to others."""

import asyncio
import gc
import tracemalloc

from orrery.machinery.clock import VirtualClock
from orrery.node.processes.memory_pool import MemoryPool
from orrery.node.processes.program import Process
from orrery.node.processes.system import PROCESS_BYTES
from orrery.node.processes.turns import SLICE_S, TICK_S
from tests.node.processes.harness import Box
from tests.node.processes.test_runtime import Node


async def test_a_sleeping_container_costs_less_than_50_kilobytes() -> None:
    node, count = Node(), 200
    await node.start("sleep", "1000000", pod_uid="first")  # What all share is there from now on.
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()

    for index in range(count):
        await node.start("sleep", "1000000", pod_uid=f"uid-{index}")
    await node.clock.idle()

    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / count < 50_000


async def test_spinning_processes_yield_after_a_slice() -> None:
    steps: list[int] = []

    async def spin(process: Process) -> int:
        while True:
            await process.tick()
            steps.append(1)

    box = Box()
    for _ in range(5):
        box.start(["spin"], program=spin)

    for _ in range(3):
        before = len(steps)
        await asyncio.sleep(0)
        assert len(steps) - before <= 5 * SLICE_S / TICK_S + 5 * 64

    box.system.kill_all()
    await box.clock.idle()


async def test_who_has_used_little_goes_before_who_has_used_much() -> None:
    """A short command in another container answers soon, however many spin."""

    async def spin(process: Process) -> int:
        while True:
            await process.tick()

    async def short(process: Process) -> int:
        for _ in range(20):
            await process.tick(200)
        return 0

    clock = VirtualClock()
    busy = Box(clock=clock)
    for _ in range(30):
        busy.start(["spin"], program=spin)
    await clock.advance(1)
    quick = Box(clock=clock)
    quick.system.turns = busy.system.turns

    began_s = clock.now_s()
    assert (await quick.run(["short"], program=short)).code == 0

    assert clock.now_s() - began_s < 0.1
    busy.system.kill_all()
    await clock.idle()


async def test_when_all_containers_together_take_too_much_the_largest_is_killed() -> None:
    pool = MemoryPool(100 * PROCESS_BYTES)

    async def hold(process: Process) -> int:
        process.allocate(int(process.argv[1]) * PROCESS_BYTES)
        await process.sleep(1e6)
        return 0

    boxes = [Box(programs={"hold": hold}) for _ in range(3)]
    for box, size in zip(boxes, (20, 60, 30), strict=True):
        box.system.pool = pool
        box.start(["hold", str(size)])
        await box.clock.idle()

    assert [box.system.is_out_of_memory for box in boxes] == [False, True, False]
    assert pool.used == 50 * PROCESS_BYTES

    for box in boxes:
        box.system.kill_all()
        await box.clock.idle()
    assert pool.used == 0
