"""The arithmetic of a rollout on plain numbers: how large each ReplicaSet should be next.

Upstream: rolling.go, `scale` in sync.go, and util/deployment_util.go. Nothing here reads or writes; a plan is a list of `Step`s to
take in order, where one ReplicaSet may appear twice because upstream, too, takes two steps and writes two events.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from orrery.machinery.int_or_percent import scaled
from orrery.machinery.objects import FrozenObject, annotations_of, name_of

DESIRED_REPLICAS: Final = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS: Final = "deployment.kubernetes.io/max-replicas"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a Deployment wants and allows. Surge and unavailable are resolved to Pods; both are 0 for Recreate."""

    replicas: int
    surge: int = 0
    unavailable: int = 0
    rolling: bool = True

    @property
    def total_max(self) -> int:
        return self.replicas + self.surge

    @property
    def available_min(self) -> int:
        return self.replicas - self.unavailable


def limits_of(deployment: FrozenObject) -> Limits:
    spec = deployment["spec"]
    replicas = spec["replicas"]
    strategy = spec.get("strategy") or {}
    if strategy.get("type") != "RollingUpdate":
        return Limits(replicas, rolling=False)
    rolling = strategy.get("rollingUpdate") or {}
    surge, unavailable = resolve_limits(rolling.get("maxSurge", 0), rolling.get("maxUnavailable", 0), replicas)
    return Limits(replicas, surge, min(unavailable, replicas))


def resolve_limits(max_surge: int | str, max_unavailable: int | str, replicas: int) -> tuple[int, int]:
    """Both limits in Pods: surge rounded up, unavailable down, and never both 0, or nothing could move.

    25 % and 25 % of 3 are 1 and 0; 1 % and 1 % of 10 are 1 and 0; 0 and 1 % of 10 would be 0 and 0, so it is 0 and 1.
    """
    surge = scaled(max_surge, replicas, up=True)
    unavailable = scaled(max_unavailable, replicas, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, unavailable


@dataclass(frozen=True, slots=True)
class Size:
    """One ReplicaSet as the arithmetic sees it."""

    name: str
    replicas: int
    """As its spec asks."""
    available: int = 0
    created: str = ""
    """Its creationTimestamp, which sorts as text; the name decides between equals."""
    total_max_before: int = 0
    """replicas + surge of the Deployment when this set was last scaled; 0 when it does not say."""
    existing: int = 0
    """As its status counts: more than `replicas` while its controller has yet to remove Pods."""

    @property
    def room_taken(self) -> int:
        return max(self.replicas, self.existing)

    @property
    def age_order(self) -> tuple[str, str]:
        return self.created, self.name


def size_of(replicaset: FrozenObject) -> Size:
    return Size(
        name_of(replicaset),
        replicaset["spec"]["replicas"],
        replicaset.get("status", {}).get("availableReplicas", 0),
        replicaset["metadata"].get("creationTimestamp", ""),
        annotated_number(replicaset, MAX_REPLICAS) or 0,
        replicaset.get("status", {}).get("replicas", 0),
    )


def annotated_number(replicaset: FrozenObject, annotation: str) -> int | None:
    """A non-negative 32-bit number in an annotation; None when it is absent or is none."""
    text = annotations_of(replicaset).get(annotation, "")
    if not (text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    return number if number < 2**31 else None


class Step(NamedTuple):
    """Scale the ReplicaSet `name` to `replicas`."""

    name: str
    replicas: int


def plan_new_size(limits: Limits, sizes: Sequence[Size], new: Size) -> int:
    """How large the new ReplicaSet should be, given all of them.

    10 replicas and surge 3: with 10 old Pods the new set starts with 3; when the old set is down to 8, it grows to 5.
    Recreate gives it everything: the old ones are gone by then.
    """
    if not limits.rolling or new.replicas >= limits.replicas:
        return limits.replicas
    # DIFFERS: upstream counts what ReplicaSets were told, and so may pass the surge for a moment; we count Pods yet to be removed, too.
    room = limits.total_max - sum(size.room_taken for size in sizes)
    if room <= 0:
        return new.replicas
    return new.replicas + min(room, limits.replicas - new.replicas)


def plan_old_sizes(limits: Limits, old: Sequence[Size], new: Size) -> list[Step]:
    """Which old ReplicaSets to scale down, and how far, without falling below the least availability.

    10 replicas, unavailable 2, surge 3, so at least 8 available:
    - 8 old Pods available, 5 new ones crash: 13 - 8 - 5 = 0 may go, so the good old Pods stay.
    - undo in that state: the 8 are the new set, of which 7 are available; the 5 crashing are old: 13 - 8 - 1 = 4 of them go.
    - another template instead: the new set has 0, so 13 - 8 - 0 = 5 may go; the 5 unhealthy go, and none of the 8 available.
    """
    old = [size for size in old if size.replicas > 0]
    if not old:
        return []
    new_unavailable = new.replicas - new.available
    spare = sum(size.replicas for size in old) + new.replicas - limits.available_min - new_unavailable
    if spare <= 0:
        return []
    old.sort(key=lambda size: size.age_order)
    unhealthy, is_current = _plan_unhealthy(old, spare)
    return unhealthy + _plan_healthy(limits, _after(old, unhealthy), new) if is_current else unhealthy


def _plan_unhealthy(old: Sequence[Size], spare: int) -> tuple[list[Step], bool]:
    """Replicas that are not available go first: their going costs nothing, and they would block the rollout for ever.

    The second value is False when a ReplicaSet counts more available Pods than it asks for: its own controller has yet to remove
    them, so its count must not be built on; upstream gives up this round, too.
    """
    steps: list[Step] = []
    for size in old:
        if spare <= 0:
            break
        gone = min(spare, size.replicas - size.available)
        if gone < 0:
            return steps, False
        if gone > 0:
            steps.append(Step(size.name, size.replicas - gone))
            spare -= gone
    return steps, True


def _plan_healthy(limits: Limits, old: Sequence[Size], new: Size) -> list[Step]:
    """Then as many available ones as are above the minimum, oldest ReplicaSet first."""
    spare = sum(size.available for size in old) + new.available - limits.available_min
    steps = []
    for size in old:
        if spare <= 0:
            break
        if size.replicas == 0:
            continue
        gone = min(size.replicas, spare)
        steps.append(Step(size.name, size.replicas - gone))
        spare -= gone
    return steps


def _after(sizes: Iterable[Size], steps: Iterable[Step]) -> list[Size]:
    wanted = dict(steps)
    return [replace(size, replicas=wanted.get(size.name, size.replicas)) for size in sizes]


def plan_resize(limits: Limits, old: Sequence[Size], new: Size | None, *, is_saturated: bool, status_replicas: int) -> list[Step]:
    """How a Deployment that was resized, or is paused, hands its size on; `old` is ordered oldest first.

    The only active ReplicaSet, or without one the newest, takes it all. With several, a new one that is saturated has won, and
    what is left of the old ones goes; else all share.
    """
    everyone = [*old, *(() if new is None else (new,))]
    active = [size for size in everyone if size.replicas > 0]
    if len(active) < 2:
        only = active or everyone[-1:]
        return [Step(size.name, limits.replicas) for size in only if size.replicas != limits.replicas]
    if is_saturated:
        return [Step(size.name, 0) for size in old if size.replicas > 0]
    return plan_proportional(limits, active, status_replicas=status_replicas) if limits.rolling else []


def plan_proportional(limits: Limits, active: Sequence[Size], *, status_replicas: int) -> list[Step]:
    """Spread a change of `replicas` in the middle of a rollout over all active ReplicaSets, in proportion to their sizes.

    From 10 to 30 replicas with surge 3 (13 to 33 in all), with sets of 8 and 5: 20 more. 8·33/13 is 20, so the first gets 12;
    5·33/13 is 13, so the second gets 8; nothing is left over. A remainder goes to the largest.
    """
    allowed = limits.total_max if limits.replicas > 0 else 0
    missing = allowed - sum(size.replicas for size in active)
    ordered = sorted(active, key=lambda size: size.age_order, reverse=missing > 0)
    if missing != 0:
        ordered.sort(key=lambda size: size.replicas, reverse=True)
    added = 0
    wanted = []
    for size in ordered:
        share = _share(limits, size, missing=missing, added=added, status_replicas=status_replicas)
        added += share
        wanted.append(size.replicas + share)
    if wanted and missing != 0:
        wanted[0] = max(wanted[0] + missing - added, 0)
    return [Step(size.name, replicas) for size, replicas in zip(ordered, wanted, strict=True)]


def _share(limits: Limits, size: Size, *, missing: int, added: int, status_replicas: int) -> int:
    """What one ReplicaSet gains or loses; never more than what is still to be spread."""
    if size.replicas == 0 or missing in (0, added):
        return 0
    fraction = _fraction(limits, size, status_replicas)
    left = missing - added
    return min(fraction, left) if missing > 0 else max(fraction, left)


def _fraction(limits: Limits, size: Size, status_replicas: int) -> int:
    if limits.replicas == 0:
        return -size.replicas
    before = size.total_max_before or status_replicas
    if before == 0:
        return 0
    # Half away from zero, as Go's RoundToInt32; the quotient is never negative here.
    return math.floor(size.replicas * limits.total_max / before + 0.5) - size.replicas
