"""One metric of an autoscaler: how many replicas it asks for and what its status says. Follows `computeReplicasForMetric` and its kin.

Resource metrics come from the usage port. There are no other metrics APIs here, and what upstream says without one is said.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from orrery.controllers.autoscaling.calculator import Count, NoCount, Sample, Tolerances, count_by_average, count_by_utilization
from orrery.machinery.go_print import go_label_selector
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of
from orrery.machinery.quantities import of_nano, parse
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client
from orrery.verbs.usage import PodUsage, UsageSource

_MILLI: Final = 10**6
_NO_CUSTOM: Final = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered"
_NO_EXTERNAL: Final = (
    "unable to fetch metrics from external metrics API: the server could not find the requested resource (get {}.external.metrics.k8s.io)"
)


class MetricFailed(Exception):
    """A metric that says nothing. `reason` and `message` are its event's and its condition's; str() is what the whole count says of it."""

    def __init__(self, reason: str, message: str, outer: str) -> None:
        super().__init__(outer)
        self.reason = reason
        self.message = message


class Proposal(NamedTuple):
    """What a metric asks for."""

    replicas: int
    metric: str
    """Its name, as events and conditions print it."""
    status: Object


class Scope(NamedTuple):
    """What is scaled."""

    namespace: str
    selector: LabelSelector
    current: int
    tolerances: Tolerances


class Metrics:
    """Reads metrics through the usage port."""

    def __init__(self, client: Client, usage: UsageSource) -> None:
        self._client = client
        self._usage = usage
        self._sources: dict[str, Callable[[FrozenObject, Scope], Proposal]] = {
            "Resource": self._resource,
            "ContainerResource": self._container_resource,
            "Pods": _pods,
            "Object": _object,
            "External": _external,
        }

    def pods_of(self, namespace: str, selector: LabelSelector) -> Sequence[FrozenObject]:
        pods = self._client.list("pods", namespace, labels=selector.equalities or None)
        return [pod for pod in pods if selector.matches(labels_of(pod))]

    def propose(self, metric: FrozenObject, scope: Scope) -> Proposal:
        """MetricFailed when nothing is known."""
        return self._sources[metric["type"]](metric, scope)

    def _resource(self, metric: FrozenObject, scope: Scope) -> Proposal:
        source = metric["resource"]
        name = source["name"]
        try:
            count, current, what = self._counted(source["target"], name, "", scope)
        except NoCount as problem:
            raise MetricFailed("FailedGetResourceMetric", str(problem), f"failed to get {name} resource metric value: {problem}") from None
        return Proposal(count.replicas, what, {"type": "Resource", "resource": {"name": name, "current": current}})

    def _container_resource(self, metric: FrozenObject, scope: Scope) -> Proposal:
        source = metric["containerResource"]
        name, container = source["name"], source["container"]
        try:
            count, current, what = self._counted(source["target"], name, container, scope)
        except NoCount as problem:
            outer = f"failed to get {container} container metric value: {problem}"
            raise MetricFailed("FailedGetContainerResourceMetric", str(problem), outer) from None
        status = {"name": name, "current": current, "container": container}
        return Proposal(count.replicas, what, {"type": "ContainerResource", "containerResource": status})

    def _counted(self, target: FrozenObject, resource: str, container: str, scope: Scope) -> tuple[Count, Object, str]:
        now_s = self._client.clock.now_s()
        average = target.get("averageValue")
        try:
            pods = self.pods_of(scope.namespace, scope.selector)
            samples = self._samples(pods, resource, container)
            if average is not None:
                count = count_by_average(
                    scope.current,
                    pods,
                    samples,
                    target=parse(average).milli,
                    resource=resource,
                    tolerances=scope.tolerances,
                    now_s=now_s,
                )
                return count, {"averageValue": _quantity(resource, count.average)}, f"{resource} resource"
            count = count_by_utilization(
                scope.current,
                pods,
                samples,
                target=target["averageUtilization"],
                resource=resource,
                container=container,
                tolerances=scope.tolerances,
                now_s=now_s,
            )
        except NoCount as problem:
            raise NoCount(f"failed to get {resource} {'utilization' if average is None else 'usage'}: {problem}") from None
        current = {"averageValue": _quantity(resource, count.average), "averageUtilization": count.utilization}
        return count, current, f"{resource} {'container ' if container else ''}resource utilization (percentage of request)"

    def _samples(self, pods: Sequence[FrozenObject], resource: str, container: str) -> Mapping[str, Sample]:
        """By Pod; a Pod without a value has none."""
        known = {name_of(pod): usage for pod in pods if (usage := self._usage.pod(pod)) is not None}
        if not known:
            raise NoCount(f"unable to get metrics for resource {resource}: no metrics returned from resource metrics API")
        found = {}
        for name, usage in known.items():
            value = _milli_of(usage, resource, container)
            if value is not None:
                found[name] = Sample(value, usage.at_s, usage.window_s)
        return found


def _milli_of(usage: PodUsage, resource: str, container: str) -> int | None:
    if resource not in ("cpu", "memory") or (container and container not in usage.containers):
        return None
    total = 0
    for name, one in usage.containers.items():
        if not container or name == container:
            total += -(-one.cpu_nano // _MILLI) if resource == "cpu" else one.whole_kib_bytes * 1000
    return total


def _quantity(resource: str, milli: int) -> str:
    return of_nano(milli * _MILLI, "binary" if resource == "memory" else "decimal").text


def _pods(metric: FrozenObject, scope: Scope) -> Proposal:
    message = f"unable to get metric {metric['pods']['metric']['name']}: {_NO_CUSTOM}"
    raise MetricFailed("FailedGetPodsMetric", message, f"failed to get pods metric value: {message}")


def _object(metric: FrozenObject, scope: Scope) -> Proposal:
    source = metric["object"]
    name, about = source["metric"]["name"], source["describedObject"]
    # Upstream's arguments are in this order.
    message = f"unable to get metric {name}: {about['kind']} on {scope.namespace} {about['name']}/{_NO_CUSTOM}"
    if source["target"]["type"] == "Value" and source["target"].get("value") is not None:
        inner = message
    elif source["target"]["type"] == "AverageValue" and source["target"].get("averageValue") is not None:
        inner = f"failed to get {name} object metric: {message}"
    else:
        inner = message = "invalid object metric source: neither a value target nor an average value target was set"
    raise MetricFailed("FailedGetObjectMetric", message, f"failed to get object metric value: {inner}")


def _external(metric: FrozenObject, scope: Scope) -> Proposal:
    source = metric["external"]
    name = source["metric"]["name"]
    selector = go_label_selector(source["metric"].get("selector"))
    message = f"unable to get external metric {scope.namespace}/{name}/{selector}: {_NO_EXTERNAL.format(name)}"
    is_average = source["target"].get("averageValue") is not None
    inner = f"failed to get {name} external metric: {message}" if is_average else f"failed to get external metric {name}: {message}"
    raise MetricFailed("FailedGetExternalMetric", message, f"failed to get {name} external metric value: {inner}")
