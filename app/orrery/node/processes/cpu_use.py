"""Programs that seem to compute: time passes and the container's meter runs, and the machine does nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from orrery.machinery.clock import Clock
from orrery.node.processes.cpu_meter import CpuMeter
from orrery.node.processes.turns import running


async def compute(clock: Clock, cpu_s: float) -> None:
    """Let the program that runs now compute for so long; at its container's limit it takes longer."""
    await clock.sleep(_meter().work(clock.busy_s(), cpu_s), background=True)


@contextmanager
def occupied(clock: Clock, cores: float) -> Iterator[None]:
    """Let the program that runs now keep so many cores busy for as long as it is inside."""
    meter = _meter()
    meter.hold(clock.busy_s(), cores)
    try:
        yield
    finally:
        meter.hold(clock.busy_s(), -cores)


def _meter() -> CpuMeter:
    runner = running.get()
    return runner.account.meter if runner is not None else CpuMeter()
