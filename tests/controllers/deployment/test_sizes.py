"""The arithmetic of rollouts, by upstream's own examples."""

import pytest

from orrery.controllers.deployment.sizes import (
    Limits,
    Size,
    Step,
    limits_of,
    plan_new_size,
    plan_old_sizes,
    plan_resize,
    resolve_limits,
)


@pytest.mark.parametrize(
    ("surge", "unavailable", "replicas", "expected"),
    [
        ("25%", "25%", 3, (1, 0)),
        ("25%", "25%", 4, (1, 1)),
        ("25%", "25%", 10, (3, 2)),
        ("0%", "1%", 2, (0, 1)),
        ("1%", "1%", 10, (1, 0)),
        ("1%", "25%", 2, (1, 0)),
        (0, "1%", 1, (0, 1)),
        (0, 0, 5, (0, 1)),
        (2, 3, 10, (2, 3)),
        ("50%", "100%", 0, (0, 1)),
    ],
)
def test_surge_rounds_up_and_unavailable_down_and_never_both_to_zero(
    surge: int | str, unavailable: int | str, replicas: int, expected: tuple[int, int]
) -> None:
    assert resolve_limits(surge, unavailable, replicas) == expected


def test_no_more_can_be_unavailable_than_there_are() -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 10}}

    assert limits_of({"spec": {"replicas": 5, "strategy": strategy}}) == Limits(5, 0, 5)
    assert limits_of({"spec": {"replicas": 0, "strategy": strategy}}) == Limits(0, 0, 0)


def test_recreate_knows_no_limits() -> None:
    assert limits_of({"spec": {"replicas": 5, "strategy": {"type": "Recreate"}}}) == Limits(5, rolling=False)


@pytest.mark.parametrize(
    ("surge", "old", "new", "expected"),
    [(0, 10, 0, 0), (2, 10, 0, 2), (2, 5, 0, 7), (2, 10, 2, 2), (2, 2, 11, 10), (2, 0, 10, 10), (3, 8, 3, 5)],
)
def test_the_new_replicaset_grows_into_the_room_there_is(surge: int, old: int, new: int, expected: int) -> None:
    new_size = Size("new", new)

    assert plan_new_size(Limits(10, surge), [Size("old", old), new_size], new_size) == expected


def test_recreate_gives_the_new_replicaset_everything_at_once() -> None:
    assert plan_new_size(Limits(10, rolling=False), [Size("new", 0)], Size("new", 0)) == 10


@pytest.mark.parametrize(
    ("unavailable", "old", "old_available", "new", "new_available", "expected"),
    [
        (2, 10, 10, 0, 0, [8]),
        (2, 10, 8, 0, 0, [8]),  # Two are unhealthy: they go, and nothing else may.
        (2, 10, 9, 0, 0, [9, 8]),  # First the unhealthy one, then one that is available.
        (2, 8, 8, 2, 0, []),  # New Pods that are not available do not count.
        (0, 0, 0, 10, 10, []),
        (2, 10, 1, 0, 0, [8]),
        (0, 10, 10, 1, 1, [9]),
    ],
)
def test_old_replicasets_shrink_as_far_as_availability_allows(
    unavailable: int, old: int, old_available: int, new: int, new_available: int, expected: list[int]
) -> None:
    steps = plan_old_sizes(Limits(10, 0, unavailable), [Size("old", old, old_available)], Size("new", new, new_available))

    assert [step.replicas for step in steps] == expected


def test_the_oldest_replicaset_gives_way_first() -> None:
    old = [Size("second", 3, 3, created="2026-01-02T00:00:00Z"), Size("first", 2, 2, created="2026-01-01T00:00:00Z")]

    steps = plan_old_sizes(Limits(6, 2, 0), old, Size("new", 4, 4))

    assert steps == [Step("first", 0), Step("second", 2)]


def test_a_crashing_rollout_does_not_take_the_good_pods_down() -> None:
    limits = Limits(10, 3, 2)

    assert plan_old_sizes(limits, [Size("good", 8, 8)], Size("crashing", 5, 0)) == []
    assert plan_old_sizes(limits, [Size("crashing", 5, 0)], Size("good", 8, 7)) == [Step("crashing", 1)]
    assert plan_old_sizes(limits, [Size("crashing", 5, 0, "1"), Size("good", 8, 8, "0")], Size("third", 0, 0)) == [Step("crashing", 0)]


def test_a_count_from_before_the_last_step_is_not_built_on() -> None:
    """The old set was told to shrink from 10 to 8, and its status still counts 10 available."""
    assert plan_old_sizes(Limits(10, 3, 2), [Size("old", 8, 10)], Size("new", 3, 1)) == []


def _resize(
    limits: Limits, new: int | None, old: list[int], *, before: int, new_available: int | None = None, desired_before: int | None = None
) -> tuple[int | None, list[int]]:
    """Sizes after a resize: of the new set, and of the old ones from the youngest to the oldest."""
    old_sizes = [Size(f"v{len(old) - index}", count, count, f"{9 - index}", before) for index, count in enumerate(old)]
    new_size = None if new is None else Size("new", new, new if new_available is None else new_available, "99", before)
    saturated = new_size is not None and new_size.replicas == new_size.available == desired_before == limits.replicas
    steps = plan_resize(limits, old_sizes[::-1], new_size, is_saturated=saturated, status_replicas=0)
    after = dict(steps)
    return (
        None if new is None else after.get("new", new),
        [after.get(size.name, size.replicas) for size in old_sizes],
    )


@pytest.mark.parametrize(
    ("replicas", "before", "new", "old", "expected"),
    [
        (12, 10, 10, [], (12, [])),
        (5, 10, 10, [], (5, [])),
        (10, 5, 2, [3], (4, [6])),
        (3, 5, 2, [3], (1, [2])),
        (4, 9, 8, [1], (4, [0])),
        (10, 7, 2, [3, 2], (3, [4, 3])),
        (8, 13, 2, [8, 3], (1, [5, 2])),
        (4, 3, 1, [1, 1], (2, [1, 1])),
        (2, 3, 1, [1, 1], (1, [1, 0])),
        (5, 4, None, [2, 2], (None, [3, 2])),
        (0, 6, 3, [2, 1], (0, [0, 0])),
        (6, 6, 0, [0, 0], (6, [0, 0])),
        (14, 10, None, [7, 3], (None, [10, 4])),
    ],
)
def test_a_resize_in_the_middle_of_a_rollout_is_shared_in_proportion(
    replicas: int, before: int, new: int | None, old: list[int], expected: tuple[int | None, list[int]]
) -> None:
    assert _resize(Limits(replicas), new, old, before=before) == expected


def test_surge_pods_are_part_of_the_proportion() -> None:
    assert _resize(Limits(20, 2), 6, [6], before=12) == (11, [11])
    assert _resize(Limits(50, 6), 5, [8], before=13) == (22, [34])
    assert _resize(Limits(30, 3), 5, [8], before=13) == (13, [20])


def test_what_is_left_of_old_replicasets_goes_once_the_new_one_is_saturated() -> None:
    assert _resize(Limits(2, 1, 1), 2, [1], before=3, desired_before=2) == (2, [0])
    assert _resize(Limits(2, 1, 1), 2, [1], before=3, new_available=0, desired_before=2) == (2, [1])


def test_without_an_annotation_the_status_is_the_base_of_the_proportion() -> None:
    sizes = [Size("old", 3), Size("new", 2)]

    assert plan_resize(Limits(10), sizes, None, is_saturated=False, status_replicas=5) == [Step("old", 6), Step("new", 4)]
    assert plan_resize(Limits(10), sizes, None, is_saturated=False, status_replicas=0) == [Step("old", 8), Step("new", 2)]
