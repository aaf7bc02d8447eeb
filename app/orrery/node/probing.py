"""When probes are made. Pure; follows upstream's probe worker, whose ticks come every period from the moment it begins."""

from math import ceil, floor

from orrery.machinery.objects import FrozenObject


def period_s(probe: FrozenObject) -> int:
    return max(int(probe.get("periodSeconds") or 10), 1)


def next_tick_s(probe: FrozenObject, *, began_s: float, started_s: float, now_s: float) -> float:
    """The next moment from `now_s` on at which the probe is made: on a tick, after the initial delay."""
    period = period_s(probe)
    tick = max(ceil((now_s - began_s) / period), 0)
    while floor(began_s + tick * period - started_s) < int(probe.get("initialDelaySeconds") or 0):
        tick += 1
    return began_s + tick * period


def runs_wanted(probe: FrozenObject) -> int:
    """How many successes in a row it takes."""
    return max(int(probe.get("successThreshold") or 1), 1)
