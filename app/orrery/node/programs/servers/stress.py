"""stress, which takes memory and processor time: Amos Waterland's (polinux/stress) and Vish's (vish/stress, agnhost stress).

DIFFERS: upstream burns processor time; we only say that we do, to the container's meter too, and sleep. Memory is really taken: over the container's limit it is killed.
"""

import re
from math import inf
from typing import Final

from orrery.node.processes.cpu_use import occupied
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault
from orrery.node.programs.servers.service import Stop

_UNITS: Final = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30}
_TIMES: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "ms": 0.001}


def _scaled(text: str, units: dict[str, float] | dict[str, int]) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]*)", text)
    if found is None or found[2].lower() not in units:
        raise Fault(f"unrecognized number: {text}")
    return float(found[1]) * units[found[2].lower()]


def _flags(words: list[str]) -> dict[str, str]:
    """--vm 1, --vm=1, -m 1."""
    short = {"c": "cpu", "i": "io", "m": "vm", "d": "hdd", "t": "timeout", "v": "verbose", "q": "quiet"}
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        name, equals, value = rest.pop(0).lstrip("-").partition("=")
        found[short.get(name, name)] = value if equals else rest.pop(0) if rest and not rest[0].startswith("-") else ""
    return found


async def stress(call: Call) -> int:
    """Its parent reports; workers take what they are told to. A worker that is killed ends the run with 1."""
    flags, pid = _flags(call.arguments), call.process.pid
    counts = {name: int(flags.get(name) or 0) for name in ("cpu", "io", "vm", "hdd")}
    if not any(counts.values()):
        await call.print("stress keeps processors, memory and disks as busy as it is told to.\n\nUsage: stress [OPTION [ARG]] ...\n")
        return 0
    stop = Stop(call, (15, 2))
    said = ", ".join(f"{counts[name]} {name}" for name in counts)
    await call.print(f"stress: info: [{pid}] dispatching hogs: {said}\n")
    bytes_each = int(_scaled(flags.get("vm-bytes") or "256M", _UNITS))
    for _ in range(counts["vm"]):
        call.process.allocate(bytes_each)
    limit_s = _scaled(flags["timeout"], _TIMES) if flags.get("timeout") else inf
    busy = counts["cpu"] + (0 if "vm-hang" in flags else counts["vm"])
    clock = call.process.clock
    with occupied(clock, busy):
        if limit_s == inf:
            await stop.wait()
            return 143
        if await call.process.first_of(stop.wait(), clock.sleep(limit_s, background=True)) == 0:
            return 143
    await call.print(f"stress: info: [{pid}] successful run completed in {int(limit_s)}s\n")
    return 0


async def vish_stress(call: Call) -> int:
    """Takes memory in steps, then holds it."""
    flags = _flags(call.arguments)
    total = int(_scaled(flags.get("mem-total") or "0", _UNITS))
    step = int(_scaled(flags.get("mem-alloc-size") or "4Ki", _UNITS)) or 4096
    pause_s = _scaled(flags.get("mem-alloc-sleep") or "1ms", _TIMES)
    call.process.handle(15, call.process.end)
    await call.process.complain(
        f'Allocating "{flags.get("mem-total") or 0}" memory, in "{step}" chunks, with a {pause_s:g}s sleep between allocations'
    )
    taken = 0
    while taken < total:
        piece = min(max(step, total // 100), total - taken)
        call.process.allocate(piece)
        taken += piece
        await call.process.sleep(pause_s)
    if cpus := int(flags.get("cpus") or 0):
        await call.process.complain(f"Spawning {cpus} threads to consume CPU")
    await call.process.complain(f'Allocated "{flags.get("mem-total") or 0}" memory')
    with occupied(call.process.clock, cpus):
        await call.process.sleep(inf)
    return 0


PROGRAMS: dict[str, Applet] = {"stress": stress, "vish-stress": vish_stress}
