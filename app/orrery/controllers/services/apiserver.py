"""The Service `default/kubernetes` with its Endpoints and EndpointSlice: how Pods find the API. It comes back when deleted.

In a real cluster the API server itself keeps these; follows upstream's controlplane `kubernetesservice` controller.
"""

from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome
from orrery.controllers.engine.informer import Change, Informer
from orrery.machinery.errors import AlreadyExists
from orrery.machinery.objects import GroupResource, Object
from orrery.verbs.client import Client

NAMESPACE: Final = "default"
NAME: Final = "kubernetes"
SLICES: Final = "endpointslices.discovery.k8s.io"
_PORT: Final = 6443


class KubernetesServiceController:
    """There is one key."""

    name = "kubernetes-service-controller"

    def __init__(self, client: Client, *, cluster_ip: str, address: str) -> None:
        """`cluster_ip` is the first address of the service range, `address` where the API stands in the simulated network."""
        self._client = client
        self._objects: tuple[tuple[GroupResource, Object], ...] = (
            ("services", new_service(cluster_ip)),
            ("endpoints", new_endpoints(address)),
            (SLICES, new_slice(address)),
        )

    def watch(self, informer: Informer) -> None:
        for bucket, _ in self._objects:
            informer.on(bucket, _keys_of)
        informer.on("namespaces", lambda change: (NAME,) if change.key == f"namespaces//{NAMESPACE}" and change.is_present else ())

    async def reconcile(self, key: str) -> Outcome:
        if self._client.get("namespaces", "", NAMESPACE) is None:
            return DONE  # Its creation wakes us.
        for bucket, obj in self._objects:
            if self._client.get(bucket, NAMESPACE, NAME) is None:
                try:
                    await self._client.create(bucket, {**obj, "metadata": dict(obj["metadata"])})
                except AlreadyExists:
                    continue
        return DONE


def _keys_of(change: Change) -> tuple[str, ...]:
    is_ours = change.namespace == NAMESPACE and change.key.endswith(f"/{NAME}")
    return (NAME,) if is_ours and not change.is_present else ()


def new_service(cluster_ip: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": cluster_ip,
            "clusterIPs": [cluster_ip],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": _PORT}],
            "sessionAffinity": "None",
        },
    }


def new_endpoints(address: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        "subsets": [{"addresses": [{"ip": address}], "ports": [{"name": "https", "port": _PORT, "protocol": "TCP"}]}],
    }


def new_slice(address: str) -> Object:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": {"kubernetes.io/service-name": NAME}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": _PORT, "protocol": "TCP"}],
    }
