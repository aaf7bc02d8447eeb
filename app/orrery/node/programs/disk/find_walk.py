"""How find goes through the trees, and what it is asked to do with what it finds."""

import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from orrery.node.programs.call import Call
from orrery.node.programs.disk.findings import Found
from orrery.node.programs.disk.walking import join

Test: TypeAlias = Callable[[Found], Awaitable[bool]]


@dataclass(slots=True)
class Plan:
    """What the words mean together."""

    least: int = 0
    most: int = 1 << 30
    depth_first: bool = False
    acts: bool = False
    stays: bool = False
    batches: list[tuple[list[str], list[str]]] = field(default_factory=list)
    quits: bool = False


async def walk(call: Call, start: str, plan: Plan, test: Test, *, follows: bool) -> None:
    files = call.process.files
    device: int | None = None
    pending: list[tuple[str, int, Found | None]] = [(start, 0, None)]
    while pending and not plan.quits:
        path, depth, seen = pending.pop()
        await call.process.tick()
        if seen is not None:
            await test(seen)
            continue
        try:
            about = files.stat(path, follow=follows) if not follows or files.exists(path) else files.stat(path, follow=False)
        except OSError as error:
            await call.complain_of(error, path, debian="'{}'")
            continue
        device = about.device if device is None else device
        found = Found(path, about, depth, start)
        shown = plan.least <= depth <= plan.most
        if shown and not plan.depth_first:
            await test(found)
        if plan.depth_first and shown:
            pending.append((path, depth, found))
        if stat.S_ISDIR(about.mode) and depth < plan.most and not found.prunes and not (plan.stays and about.device != device):
            try:
                names = files.list(path)
            except OSError as error:
                await call.complain_of(error, path, debian="'{}'")
                continue
            pending += [(join(path, name), depth + 1, None) for name in reversed(names)]


async def run_command(call: Call, command: list[str], directory: str | None = None) -> int:
    try:
        child = await call.process.spawn(command, directory=directory)
    except OSError as error:
        await call.complain_of(error, command[0], debian="'{}'", code=call.failed)
        return 127
    return await child.wait()
