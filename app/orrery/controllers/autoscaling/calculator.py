"""How many replicas a metric asks for. Pure. Follows `replica_calculator.go` and `metrics/utilization.go`.

Amounts are thousandths of the resource's unit (of a core, of a byte), as upstream's milli-values.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final, NamedTuple

from orrery.controllers.pods import condition_of
from orrery.kinds.pods.totals import pod_totals, quantities_of
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, is_deleting, name_of

CPU_START_S: Final = 300.0
"""--horizontal-pod-autoscaler-cpu-initialization-period: so long a starting Pod's CPU counts only once it is ready."""
FIRST_READY_S: Final = 30.0
"""--horizontal-pod-autoscaler-initial-readiness-delay: readiness lost that soon after the start never was there."""
TOLERANCE: Final = 0.1
"""--horizontal-pod-autoscaler-tolerance."""


class NoCount(Exception):
    """The replicas cannot be computed; the message is upstream's."""


class Sample(NamedTuple):
    """What one Pod used in the window that ended at `at_s`."""

    value: int
    at_s: float = 0.0
    window_s: float = 0.0


class Tolerances(NamedTuple):
    """How far usage may be from its target without consequences, below and above."""

    down: float = TOLERANCE
    up: float = TOLERANCE

    def holds(self, ratio: float) -> bool:
        return 1.0 - self.down <= ratio <= 1.0 + self.up


class Ratio(NamedTuple):
    """Usage by target; the usage as a percentage of requests where it is one, and on average."""

    ratio: float
    average: int
    utilization: int = 0


class Count(NamedTuple):
    """So many replicas, because so much is used."""

    replicas: int
    average: int
    utilization: int = 0


@dataclass(slots=True)
class Groups:
    """Pods by how they count."""

    ready: int = 0
    unready: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)


def grouped(pods: Iterable[FrozenObject], samples: Mapping[str, Sample], resource: str, now_s: float) -> Groups:
    """Pods that go count for nothing, those that start are not ready yet, those without a sample are missing."""
    groups = Groups()
    for pod in pods:
        name, phase = name_of(pod), (pod.get("status") or {}).get("phase")
        if is_deleting(pod) or phase == "Failed":
            groups.ignored.add(name)
        elif phase == "Pending":
            groups.unready.add(name)
        elif name not in samples:
            groups.missing.add(name)
        elif resource == "cpu" and _is_unready(pod, samples[name], now_s):
            groups.unready.add(name)
        else:
            groups.ready += 1
    return groups


def _is_unready(pod: FrozenObject, sample: Sample, now_s: float) -> bool:
    """Starting takes processor time that says nothing about the load."""
    ready, started = condition_of(pod, "Ready"), pod["status"].get("startTime")
    if ready is None or not started:
        return True
    started_s = parse_timestamp(started)
    changed_s = parse_timestamp(ready["lastTransitionTime"]) if ready.get("lastTransitionTime") else 0.0
    if started_s + CPU_START_S > now_s:
        return ready["status"] == "False" or sample.at_s < changed_s + sample.window_s
    return ready["status"] == "False" and started_s + FIRST_READY_S > changed_s


def requests_of(pods: Iterable[FrozenObject], container: str, resource: str) -> dict[str, int]:
    """What each Pod asks for; NoCount when one does not say. Without a container the Pod's own request goes first."""
    return {name_of(pod): _request_of(pod, container, resource) for pod in pods}


def _request_of(pod: FrozenObject, container: str, resource: str) -> int:
    spec = pod["spec"]
    if not container and quantities_of(spec, "requests"):
        whole = pod_totals(spec, "requests").get(resource)
        if whole is None:
            raise NoCount(f"missing pod-level request for {resource} in Pod {name_of(pod)}")
        return whole.milli
    sidecars = [one for one in spec.get("initContainers") or () if one.get("restartPolicy") == "Always"]
    total = 0
    for one in (*spec["containers"], *sidecars):
        if container and one["name"] != container:
            continue
        request = quantities_of(one, "requests").get(resource)
        if request is None:
            raise NoCount(f"missing request for {resource} in container {one['name']} of Pod {name_of(pod)}")
        total += request.milli
        if container:
            return total
    if container:
        raise NoCount(f"container {container} not found in Pod {name_of(pod)}")
    return total


def count_by_utilization(
    current: int,
    pods: Sequence[FrozenObject],
    samples: Mapping[str, Sample],
    *,
    target: int,
    resource: str,
    container: str = "",
    tolerances: Tolerances,
    now_s: float,
) -> Count:
    """Replicas for a percentage of requests. Two Pods at 90 % of a target of 50 %: the ratio is 1.8, so four."""
    found = _sampled(pods, samples, resource, now_s)
    requests = requests_of(pods, container, resource)

    def ratio(values: Mapping[str, int]) -> Ratio:
        counted = {name: value for name, value in values.items() if name in requests}
        asked = sum(requests[name] for name in counted)
        if not asked:
            raise NoCount("no metrics returned matched known pods")
        used = sum(counted.values())
        percent = used * 100 // asked
        return Ratio(percent / target, used // len(counted), percent)

    # A Pod nobody knows the usage of is taken to use all it asks for, when others use too little.
    missing = {name: requests[name] * max(100, target) // 100 for name in found.groups.missing}
    return _count(current, found, ratio, missing, tolerances)


def count_by_average(
    current: int,
    pods: Sequence[FrozenObject],
    samples: Mapping[str, Sample],
    *,
    target: int,
    resource: str,
    tolerances: Tolerances,
    now_s: float,
) -> Count:
    """Replicas for an amount on average."""
    found = _sampled(pods, samples, resource, now_s)

    def ratio(values: Mapping[str, int]) -> Ratio:
        average = sum(values.values()) // len(values)
        return Ratio(average / target, average)

    return _count(current, found, ratio, dict.fromkeys(found.groups.missing, target), tolerances)


class _Sampled(NamedTuple):
    groups: Groups
    values: dict[str, int]
    """Of the Pods that count."""


def _sampled(pods: Sequence[FrozenObject], samples: Mapping[str, Sample], resource: str, now_s: float) -> _Sampled:
    if not pods:
        raise NoCount("no pods returned by selector while calculating replica count")
    groups = grouped(pods, samples, resource, now_s)
    left_out = groups.ignored | groups.unready
    values = {name: sample.value for name, sample in samples.items() if name not in left_out}
    if not values:
        raise NoCount("did not receive metrics for targeted pods (pods might be unready)")
    return _Sampled(groups, values)


def _count(
    current: int,
    found: _Sampled,
    ratio_of: Callable[[Mapping[str, int]], Ratio],
    missing: Mapping[str, int],
    tolerances: Tolerances,
) -> Count:
    """The count, cautiously: what is not known may dampen a change and never turn it round."""
    groups, values = found
    seen = ratio_of(values)
    stays = Count(current, seen.average, seen.utilization)
    grows_with_unready = bool(groups.unready) and seen.ratio > 1.0
    if not grows_with_unready and not groups.missing:
        return stays if tolerances.holds(seen.ratio) else stays._replace(replicas=ceil(seen.ratio * groups.ready))
    guessed: dict[str, int] = dict(values)
    if seen.ratio < 1.0:
        guessed.update(missing)
    elif seen.ratio > 1.0:
        guessed.update(dict.fromkeys(groups.missing, 0))
    if grows_with_unready:
        guessed.update(dict.fromkeys(groups.unready, 0))
    ratio = ratio_of(guessed).ratio
    if tolerances.holds(ratio) or (seen.ratio - 1.0) * (ratio - 1.0) < 0:
        return stays
    replicas = ceil(ratio * len(guessed))
    if (ratio < 1.0 and replicas > current) or (ratio > 1.0 and replicas < current):
        return stays
    return stays._replace(replicas=replicas)
