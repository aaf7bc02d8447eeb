"""Putting long lists in order without holding anybody up: short runs are sorted at once, then merged item by item."""

import heapq
from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final, TypeVar

from orrery.node.processes.program import Process

_RUN: Final = 4096
_MERGED_PER_LOOK: Final = 256
_TICKS_PER_ITEM: Final = 4
T = TypeVar("T")


async def in_order(process: Process, items: list[T], key: Callable[[T], Any], *, is_reversed: bool) -> list[T]:
    """`sorted`, stable as that; the key of each item is asked for once."""
    runs: list[list[tuple[Any, T]]] = []
    for start in range(0, len(items), _RUN):
        run = [(key(item), item) for item in items[start : start + _RUN]]
        run.sort(key=itemgetter(0), reverse=is_reversed)
        runs.append(run)
        await process.tick(_TICKS_PER_ITEM * len(run))
    if len(runs) == 1:
        return [item for _, item in runs[0]]
    out: list[T] = []
    for _, item in heapq.merge(*runs, key=itemgetter(0), reverse=is_reversed):
        out.append(item)
        if not len(out) % _MERGED_PER_LOOK:
            await process.tick(_TICKS_PER_ITEM * _MERGED_PER_LOOK)
    return out
