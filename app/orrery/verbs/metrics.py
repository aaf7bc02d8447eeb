"""metrics.k8s.io: what Pods and nodes use, read through the usage port when asked. Follows metrics-server's `pkg/api`.

Which Pods or nodes are meant is the same question as for the objects themselves, so their own lists answer it.
"""
# DIFFERS: upstream is metrics-server behind the aggregation layer; we serve the group ourselves, so that its APIService is Local.

from dataclasses import replace

from orrery.kinds.cluster.metrics import GROUP, NODE_METRICS, POD_METRICS
from orrery.kinds.kind import Kind
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import NotFound
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of, namespace_of
from orrery.machinery.quantities import NANO, of_nano
from orrery.store.log import Record, key_of
from orrery.verbs import get_list
from orrery.verbs.call import Call, ListOptions
from orrery.verbs.registry import Registry
from orrery.verbs.results import Listing, unstored
from orrery.verbs.usage import NodeUsage, PodUsage, Usage


def is_metrics(kind: Kind) -> bool:
    return kind.group == GROUP


def get(registry: Registry, call: Call) -> Record:
    """NotFound names the Pod or node when there is none, and its metrics when nothing is known yet."""
    bucket = _bucket(call.kind)
    found = registry.log.find(key_of(bucket, call.namespace if call.kind.namespaced else "", call.name))
    if found is None:
        raise NotFound(bucket, call.name)
    measured = _measured(registry, call.kind, found.object)
    if measured is None:
        name = f"{call.namespace}/{call.name}" if call.kind.namespaced else call.name
        raise NotFound(f"{call.kind.kind.lower()}.{GROUP}", name)
    return measured


def list_objects(registry: Registry, call: Call, options: ListOptions) -> Listing:
    """All at once: upstream knows no pages here."""
    asked = replace(call, kind=registry.catalogue.stored(_bucket(call.kind)))
    selected = ListOptions(label_selector=options.label_selector, field_selector=options.field_selector)
    objects = [record.object for record in get_list.list_objects(registry, asked, selected).records]
    return Listing([one for obj in objects if (one := _measured(registry, call.kind, obj)) is not None], 0)


def _bucket(kind: Kind) -> str:
    return "pods" if kind.kind == POD_METRICS.kind else "nodes"


def _measured(registry: Registry, kind: Kind, obj: FrozenObject) -> Record | None:
    now = timestamp(registry.clock.now_s())
    if kind.kind == POD_METRICS.kind:
        pod_usage = registry.ports.usage.pod(obj)
        return unstored(_pod_metrics(obj, pod_usage, now)) if pod_usage is not None else None
    node_usage = registry.ports.usage.node(obj)
    return unstored(_node_metrics(obj, node_usage, now)) if node_usage is not None else None


def _pod_metrics(pod: FrozenObject, usage: PodUsage, now: str) -> Object:
    return {
        "kind": POD_METRICS.kind,
        "apiVersion": POD_METRICS.api_version,
        "metadata": _metadata(pod, now) | {"namespace": namespace_of(pod)},
        "timestamp": timestamp(usage.at_s),
        "window": f"{usage.window_s:g}s",
        "containers": [{"name": name, "usage": _amounts(one)} for name, one in sorted(usage.containers.items())],
    }


def _node_metrics(node: FrozenObject, usage: NodeUsage, now: str) -> Object:
    return {
        "kind": NODE_METRICS.kind,
        "apiVersion": NODE_METRICS.api_version,
        "metadata": _metadata(node, now),
        "timestamp": timestamp(usage.at_s),
        "window": f"{usage.window_s:g}s",
        "usage": _amounts(usage.usage),
    }


def _metadata(obj: FrozenObject, now: str) -> Object:
    metadata: Object = {"name": name_of(obj), "creationTimestamp": now}
    return metadata | ({"labels": labels_of(obj)} if labels_of(obj) else {})


def _amounts(usage: Usage) -> Object:
    """As metrics-server spells them: memory in KiB, processor time in billionths."""
    return {"cpu": f"{usage.cpu_nano}n" if usage.cpu_nano else "0", "memory": of_nano(usage.whole_kib_bytes * NANO, "binary").text}
