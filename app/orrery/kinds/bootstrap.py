"""What a fresh cluster has before anybody wrote anything, as data; the composition root creates what is missing.

Namespaces, priority classes and the service network are made here; RBAC's default roles and flow control's defaults come from the
table `tools/record_bootstrap.py` wrote. The `kubernetes` Service itself is its controller's.
"""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any, Final

import orjson

from orrery.kinds.priorityclass import SYSTEM_CLASSES
from orrery.machinery.assets import asset
from orrery.machinery.objects import GroupResource, Object
from orrery.settings import Settings

Rows = Iterator[tuple[GroupResource, Object]]

NAMESPACES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
_DESCRIPTIONS: Final = {
    "system-cluster-critical": "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    "system-node-critical": "Used for system critical pods that must not be moved from their current node.",
}


def bootstrap_objects(settings: Settings) -> list[tuple[GroupResource, Object]]:
    """Bucket and object, in an order in which they can be created: those inside a namespace come last."""
    rows = [*_namespaces(), *_priority_classes(), *_service_network(settings), *_recorded()]
    return sorted(rows, key=lambda row: "namespace" in row[1]["metadata"])


def _namespaces() -> Rows:
    for name in NAMESPACES:
        yield "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _priority_classes() -> Rows:
    for name, value in SYSTEM_CLASSES.items():
        yield (
            "priorityclasses.scheduling.k8s.io",
            {
                "apiVersion": "scheduling.k8s.io/v1",
                "kind": "PriorityClass",
                "metadata": {"name": name},
                "value": value,
                "description": _DESCRIPTIONS[name],
                "preemptionPolicy": "PreemptLowerPriority",
            },
        )


def _service_network(settings: Settings) -> Rows:
    network = ip_network(settings.service_cidr)
    yield (
        "servicecidrs.networking.k8s.io",
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "ServiceCIDR",
            "metadata": {"name": "kubernetes"},
            "spec": {"cidrs": [settings.service_cidr]},
        },
    )
    labels = {"ipaddress.kubernetes.io/ip-family": f"IPv{network.version}", "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io"}
    yield (
        "ipaddresses.networking.k8s.io",
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IPAddress",
            "metadata": {"name": str(network[1]), "labels": labels},
            "spec": {"parentRef": {"resource": "services", "namespace": "default", "name": "kubernetes"}},
        },
    )


def _recorded() -> Rows:
    tables: dict[GroupResource, Any] = orjson.loads(asset("openapi/kubernetes-1.35.bootstrap.json").read_bytes())
    for bucket, table in tables.items():
        common = table["common"]
        for row in table["objects"]:
            yield bucket, {**common, **row, "metadata": _joined(common["metadata"], row["metadata"])}


def _joined(common: Object, own: Object) -> Object:
    metadata = dict(own)
    for field in ("labels", "annotations"):
        if field in common:
            metadata[field] = {**common[field], **own.get(field, {})}
    return metadata
