"""The garbage collector in small bites: what survives is never walked over again, unless cycles pile up."""

import gc
from collections.abc import Callable, Iterator

import pytest

from orrery.cli.collector import Collector


@pytest.fixture(autouse=True)
def _collector_as_it_was() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def _new(later: list[Callable[[], None]], frozen_max: int) -> Collector:
    return Collector(later.append, frozen_max=frozen_max)


def test_what_survives_a_look_is_frozen() -> None:
    collector = _new([], 1 << 60)
    before = gc.get_freeze_count()
    kept = [[] for _ in range(100_000)]  # type: list[list[int]]

    collector.after("start", {"generation": 0, "collected": 0})
    assert gc.get_freeze_count() == before
    collector.after("stop", {"generation": 0, "collected": 10})
    assert gc.get_freeze_count() > before + len(kept) - 1


def test_where_cycles_are_made_what_survives_gets_a_second_look() -> None:
    collector = _new([], 1 << 60)
    before = gc.get_freeze_count()
    kept = [[] for _ in range(100_000)]  # type: list[list[int]]

    collector.after("stop", {"generation": 0, "collected": 9_000})
    assert gc.get_freeze_count() == before
    collector.after("stop", {"generation": 1, "collected": 9_000})
    assert gc.get_freeze_count() > before + len(kept) - 1


def test_everything_is_looked_at_only_when_far_more_is_kept_than_is_meant_to_be() -> None:
    collector = _new([], 1 << 60)
    collector.count()
    assert collector.full_looks == 0

    gc.freeze()
    collector = _new([], 1)
    collector.count()
    assert collector.full_looks == 1
    collector.count()
    assert collector.full_looks == 1, "what was found then is the new measure"


def test_the_count_is_taken_on_the_event_loop() -> None:
    later: list[Callable[[], None]] = []
    collector = _new(later, 1 << 60)

    for _ in range(1_000):
        collector.after("stop", {"generation": 1, "collected": 0})

    assert later == [collector.count]
