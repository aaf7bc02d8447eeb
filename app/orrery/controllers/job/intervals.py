"""Sets of completion indexes as a Job's status writes them: `1,3-5,7`.

An interval is (first, last), both inside; a list of them is ordered and has gaps between its members.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Intervals: TypeAlias = tuple[tuple[int, int], ...]

NO_INDEXES: Intervals = ()


def parse_intervals(text: str, completions: int) -> Intervals:
    """`0,2-9` with 5 completions is (0, 0), (2, 4): indexes beyond are cut off, broken parts are passed over."""
    found: list[tuple[int, int]] = []
    for part in text.split(",") if text else ():
        first_text, _, last_text = part.partition("-")
        try:
            first = int(first_text)
            last = int(last_text) if last_text else first
        except ValueError:
            continue
        if first >= completions:
            break
        last = min(last, completions - 1)
        if found and found[-1][1] == first - 1:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return tuple(found)


def print_intervals(intervals: Intervals) -> str:
    """Two neighbours are told with a comma, three and more with a hyphen: `0,1,4-6`."""
    parts = []
    for first, last in intervals:
        parts.append(str(first) if first == last else f"{first}{',' if last == first + 1 else '-'}{last}")
    return ",".join(parts)


def merge_intervals(*many: Sequence[tuple[int, int]]) -> Intervals:
    """All indexes of all of them."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(interval for intervals in many for interval in intervals):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def with_indexes(intervals: Intervals, indexes: Iterable[int]) -> Intervals:
    added = [(index, index) for index in indexes]
    return merge_intervals(intervals, added) if added else intervals


def count_of(intervals: Intervals) -> int:
    return sum(last - first + 1 for first, last in intervals)


def contains(intervals: Intervals, index: int) -> bool:
    place = bisect_left(intervals, index, key=lambda interval: interval[1])
    return place < len(intervals) and intervals[place][0] <= index


def overlap_of(one: Intervals, other: Intervals) -> int:
    """How many indexes are in both."""
    common = at = beside = 0
    while at < len(one) and beside < len(other):
        common += max(0, min(one[at][1], other[beside][1]) - max(one[at][0], other[beside][0]) + 1)
        if one[at][1] < other[beside][1]:
            at += 1
        else:
            beside += 1
    return common


def first_missing(intervals: Intervals, count: int, completions: int) -> list[int]:
    """The first `count` indexes below `completions` that are not inside."""
    found: list[int] = []
    candidate = 0
    for first, last in (*intervals, (completions, completions)):
        end = min(first, completions)
        while candidate < end and len(found) < count:
            found.append(candidate)
            candidate += 1
        candidate = max(candidate, last + 1)
    return found
