"""What a fresh cluster has before anybody wrote anything, as data; the composition root creates what is missing.

Namespaces, priority classes and the service network are made here; RBAC's default roles and flow control's defaults come from the
table `tools/record_bootstrap.py` wrote. The `kubernetes` Service itself is its controller's.
"""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any, Final

import orjson

from orrery.kinds.cluster.priorityclass import SYSTEM_CLASSES
from orrery.machinery.assets import asset
from orrery.machinery.objects import GroupResource, Object
from orrery.settings import Settings

Rows = Iterator[tuple[GroupResource, Object]]

NAMESPACES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
_SERVED: Final = {
    ("", "v1"): (18000, 1),
    ("apps", "v1"): (17800, 15),
    ("events.k8s.io", "v1"): (17750, 15),
    ("authentication.k8s.io", "v1"): (17700, 15),
    ("authorization.k8s.io", "v1"): (17600, 15),
    ("autoscaling", "v2"): (17500, 30),
    ("autoscaling", "v1"): (17500, 15),
    ("batch", "v1"): (17400, 15),
    ("certificates.k8s.io", "v1"): (17300, 15),
    ("networking.k8s.io", "v1"): (17200, 15),
    ("policy", "v1"): (17100, 15),
    ("rbac.authorization.k8s.io", "v1"): (17000, 15),
    ("storage.k8s.io", "v1"): (16800, 15),
    ("admissionregistration.k8s.io", "v1"): (16700, 15),
    ("apiextensions.k8s.io", "v1"): (16700, 15),
    ("scheduling.k8s.io", "v1"): (16600, 15),
    ("coordination.k8s.io", "v1"): (16500, 15),
    ("node.k8s.io", "v1"): (16300, 15),
    ("discovery.k8s.io", "v1"): (16200, 15),
    ("resource.k8s.io", "v1"): (16200, 21),
    ("flowcontrol.apiserver.k8s.io", "v1"): (16100, 21),
    ("metrics.k8s.io", "v1beta1"): (100, 100),
}
"""Priority of the group, priority of the version."""
_DESCRIPTIONS: Final = {
    "system-cluster-critical": "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    "system-node-critical": "Used for system critical pods that must not be moved from their current node.",
}


def bootstrap_objects(settings: Settings) -> list[tuple[GroupResource, Object]]:
    """Bucket and object, in an order in which they can be created: those inside a namespace come last."""
    rows = [*_namespaces(), *_priority_classes(), *_service_network(settings), *_api_services(), *_metrics_roles(), *_recorded()]
    return sorted(rows, key=lambda row: "namespace" in row[1]["metadata"])


def first_objects() -> list[tuple[GroupResource, Object]]:
    """What only a cluster without any history gets: the default StorageClass, as kind's."""
    storage_class: Object = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "rancher.io/local-path",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    return [("storageclasses.storage.k8s.io", storage_class)]


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


def _api_services() -> Rows:
    """Every group and version that is served, with the priorities upstream gives them."""
    for (group, version), (group_priority, version_priority) in _SERVED.items():
        spec: Object = {"group": group, "version": version, "groupPriorityMinimum": group_priority, "versionPriority": version_priority}
        if not group:
            del spec["group"]
        yield (
            "apiservices.apiregistration.k8s.io",
            {
                "apiVersion": "apiregistration.k8s.io/v1",
                "kind": "APIService",
                "metadata": {"name": f"{version}.{group}", "labels": {"kube-aggregator.kubernetes.io/automanaged": "onstart"}},
                "spec": spec,
            },
        )


def _metrics_roles() -> Rows:
    """What metrics-server's manifests bring, so that whoever may view may see metrics."""
    labels = {f"rbac.authorization.k8s.io/aggregate-to-{role}": "true" for role in ("admin", "edit", "view")}
    rule = {"apiGroups": ["metrics.k8s.io"], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"]}
    yield (
        "clusterroles.rbac.authorization.k8s.io",
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "system:aggregated-metrics-reader", "labels": {"k8s-app": "metrics-server", **labels}},
            "rules": [rule],
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
