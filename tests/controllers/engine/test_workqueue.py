"""The queue's promises: unique keys, one worker per key, back-off, and an end."""

import asyncio

import pytest

from orrery.controllers.engine.workqueue import WorkQueue, backoff_s
from orrery.machinery.clock import VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


async def test_a_key_added_twice_is_handed_out_once(clock: VirtualClock) -> None:
    queue = WorkQueue(clock)
    queue.add("a")
    queue.add("b")
    queue.add("a")

    assert [await queue.get(), await queue.get()] == ["a", "b"]
    assert len(queue) == 0


async def test_a_key_added_while_it_is_processed_comes_again_when_it_is_done(clock: VirtualClock) -> None:
    queue = WorkQueue(clock)
    queue.add("a")
    key = await queue.get()
    assert key == "a"

    queue.add("a")
    queue.add("a")
    assert len(queue) == 0  # Nobody else may have it now.

    queue.done("a")
    assert await queue.get() == "a"
    queue.done("a")
    assert not queue.is_busy


async def test_a_waiting_worker_wakes_for_a_key(clock: VirtualClock) -> None:
    queue = WorkQueue(clock)
    workers = [asyncio.create_task(queue.get()) for _ in range(2)]
    await clock.idle()

    queue.add("a")
    queue.add("b")

    assert await asyncio.gather(*workers) == ["a", "b"]


@pytest.mark.parametrize(
    ("failures", "delay_s"), [(0, 0.005), (1, 0.01), (5, 0.16), (10, 5.12), (17, 655.36), (18, 1000.0), (5000, 1000.0)]
)
def test_back_off_doubles_up_to_a_thousand_seconds(failures: int, delay_s: float) -> None:
    assert backoff_s(failures) == pytest.approx(delay_s)


async def test_a_queue_may_have_a_back_off_of_its_own(clock: VirtualClock) -> None:
    """A Job that fails is tried again after 1 s, 2 s, 4 s … at most every minute."""
    queue = WorkQueue(clock, backoff_base_s=1, backoff_max_s=3)
    delays = []
    for _ in range(4):
        before_s = clock.now_s()
        queue.add_rate_limited("a")
        await clock.until(lambda: len(queue) == 1)
        delays.append(clock.now_s() - before_s)
        queue.done(await queue.get() or "")

    assert delays == [1, 2, 3, 3]


async def test_a_failing_key_comes_later_each_time_until_it_is_forgotten(clock: VirtualClock) -> None:
    queue = WorkQueue(clock)
    start_s = clock.now_s()
    seen = []
    for _ in range(3):
        queue.add_rate_limited("a")
        await clock.until(lambda: len(queue) == 1)
        seen.append(round(clock.now_s() - start_s, 3))
        assert await queue.get() == "a"
        queue.done("a")
    assert seen == [0.005, 0.015, 0.035]

    queue.forget("a")
    assert queue.failures("a") == 0


async def test_of_several_delays_the_earliest_counts(clock: VirtualClock) -> None:
    queue = WorkQueue(clock)
    queue.add_after("a", 60)
    queue.add_after("a", 5)
    queue.add_after("a", 30)

    await clock.advance(5)
    assert await queue.get() == "a"
    queue.done("a")
    await clock.advance(120)
    assert len(queue) == 0


async def test_background_delays_are_not_waited_for_and_visible_ones_are(clock: VirtualClock) -> None:
    queue = WorkQueue(clock)
    queue.add_after("background", 600)
    queue.add_after("visible", 10, background=False)

    await clock.settle()

    assert len(queue) == 1
    assert await queue.get() == "visible"


async def test_a_full_queue_says_so_instead_of_growing(clock: VirtualClock) -> None:
    queue = WorkQueue(clock, keys_max=2)
    for key in ("a", "b", "c"):
        queue.add(key)

    assert len(queue) == 2
    assert queue.overflowed


async def test_closing_lets_waiting_workers_go(clock: VirtualClock) -> None:
    queue = WorkQueue(clock)
    workers = [asyncio.create_task(queue.get()) for _ in range(3)]
    await clock.idle()

    queue.add_after("a", 1)
    queue.close()

    assert await asyncio.gather(*workers) == [None, None, None]
    await clock.advance(2)
    assert len(queue) == 0


async def test_with_a_rank_the_first_in_rank_comes_first_and_equals_in_their_order() -> None:
    ranks = {"a": (1,), "b": (0,), "c": (1,), "d": (0,)}
    queue = WorkQueue(VirtualClock(), rank=ranks.__getitem__)
    for key in ("a", "b", "c", "d", "a"):
        queue.add(key)

    assert [await queue.get() for _ in range(len(queue))] == ["b", "d", "a", "c"]
