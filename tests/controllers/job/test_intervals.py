"""Sets of completion indexes, as a status writes and reads them."""

import pytest

from orrery.controllers.job.intervals import (
    Intervals,
    contains,
    count_of,
    first_missing,
    merge_intervals,
    overlap_of,
    parse_intervals,
    print_intervals,
    with_indexes,
)


@pytest.mark.parametrize(
    ("text", "completions", "intervals"),
    [
        ("", 5, ()),
        ("0", 5, ((0, 0),)),
        ("0,1", 5, ((0, 1),)),
        ("0-2,4", 9, ((0, 2), (4, 4))),
        ("0,3-9", 5, ((0, 0), (3, 4))),
        ("0,7-9", 5, ((0, 0),)),
        ("x,2,3-y", 5, ((2, 2),)),
    ],
)
def test_a_status_is_read_as_far_as_it_makes_sense(text: str, completions: int, intervals: Intervals) -> None:
    assert parse_intervals(text, completions) == intervals


@pytest.mark.parametrize("text", ["", "0", "0,1", "0-2", "0,1,3,5-9", "2,3,6-8,10"])
def test_what_is_printed_is_what_was_read(text: str) -> None:
    assert print_intervals(parse_intervals(text, 100)) == text


def test_intervals_that_touch_become_one() -> None:
    assert merge_intervals([(0, 1), (5, 6)], [(2, 3), (6, 9)]) == ((0, 3), (5, 9))
    assert with_indexes(((0, 1),), {3, 2, 7}) == ((0, 3), (7, 7))
    assert count_of(((0, 3), (7, 7))) == 5


def test_an_index_is_inside_or_not() -> None:
    assert [index for index in range(9) if contains(((1, 3), (6, 6)), index)] == [1, 2, 3, 6]


def test_common_indexes_are_counted() -> None:
    assert overlap_of(((0, 4), (8, 9)), ((3, 8),)) == 3
    assert overlap_of(((0, 1),), ((2, 3),)) == 0
    assert overlap_of((), ((2, 3),)) == 0


@pytest.mark.parametrize(
    ("taken", "count", "completions", "found"),
    [
        ((), 2, 5, [0, 1]),
        (((0, 1), (3, 3)), 2, 6, [2, 4]),
        (((0, 4),), 3, 5, []),
        (((1, 9),), 3, 5, [0]),
        ((), 0, 5, []),
    ],
)
def test_the_first_free_indexes_come_next(taken: Intervals, count: int, completions: int, found: list[int]) -> None:
    assert first_missing(taken, count, completions) == found
