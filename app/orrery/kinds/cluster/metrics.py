"""metrics.k8s.io/v1beta1 as metrics-server serves it: two kinds that nobody stores. What is in them is `verbs/metrics.py`'s."""

from collections.abc import Iterable
from typing import Final

from orrery.kinds.kind import Column, Kind
from orrery.machinery.objects import FrozenObject
from orrery.machinery.quantities import of_nano, parse

GROUP: Final = "metrics.k8s.io"
_VERBS: Final = ("get", "list")


def _total(usages: Iterable[FrozenObject], resource: str) -> str:
    amounts = [parse(usage[resource]) for usage in usages if resource in usage]
    return of_nano(sum(one.nano for one in amounts), amounts[0].family).text if amounts else "0"


def _usages(obj: FrozenObject) -> list[FrozenObject]:
    return [one["usage"] for one in obj["containers"]] if "containers" in obj else [obj["usage"]]


_COLUMNS: Final = (
    Column("Name", lambda obj, now_s: obj["metadata"]["name"], format="name", description="Name of the resource"),
    Column("cpu", lambda obj, now_s: _total(_usages(obj), "cpu"), format="quantity"),
    Column("memory", lambda obj, now_s: _total(_usages(obj), "memory"), format="quantity"),
    Column("Window", lambda obj, now_s: obj["window"], format="duration"),
)
NODE_METRICS: Final = Kind(GROUP, "v1beta1", "NodeMetrics", "nodes", "", namespaced=False, verbs=_VERBS, columns=_COLUMNS)
POD_METRICS: Final = Kind(GROUP, "v1beta1", "PodMetrics", "pods", "", namespaced=True, verbs=_VERBS, columns=_COLUMNS)
METRICS: Final = (NODE_METRICS, POD_METRICS)
