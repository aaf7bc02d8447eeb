"""The Service `default/kubernetes` with its Endpoints and EndpointSlice: how Pods find the API. They come back when deleted, and
Endpoints and slice as they were when changed.

In a real cluster the API server itself keeps these; follows upstream's controlplane `kubernetesservice` controller.
"""

import contextlib
from functools import partial
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome
from orrery.controllers.engine.informer import Change, Informer
from orrery.machinery.errors import AlreadyExists
from orrery.machinery.objects import GroupResource, Object, thaw
from orrery.verbs.client import Client

NAMESPACE: Final = "default"
NAME: Final = "kubernetes"
SLICES: Final = "endpointslices.discovery.k8s.io"
PORT: Final = 6443
"""Where the API listens in the simulated network."""


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
            informer.hear(bucket, _keys_of)
        informer.on("namespaces", lambda change: (NAME,) if change.name == NAMESPACE and change.is_present else ())

    async def reconcile(self, key: str) -> Outcome:
        if self._client.get("namespaces", "", NAMESPACE) is None:
            return DONE  # Its creation wakes us.
        for bucket, wanted in self._objects:
            found = self._client.get(bucket, NAMESPACE, NAME)
            if found is None:
                with contextlib.suppress(AlreadyExists):
                    await self._client.create(bucket, wanted)
            elif bucket != "services":
                # Upstream looks after the Endpoints and their slice, but not after what users make of the Service.
                await self._client.change(bucket, NAMESPACE, NAME, partial(restore, wanted=thaw(wanted)))
        return DONE


def restore(draft: Object, wanted: Object) -> bool:
    """Give `draft` the content of `wanted` and its labels; whether anything was different."""
    before = thaw(draft)
    draft.update({field: value for field, value in wanted.items() if field not in ("apiVersion", "kind", "metadata")})
    draft["metadata"]["labels"] = wanted["metadata"]["labels"]
    return draft != before


def _keys_of(change: Change) -> tuple[str, ...]:
    return (NAME,) if change.namespace == NAMESPACE and change.name == NAME else ()


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
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": PORT}],
            "sessionAffinity": "None",
        },
    }


def new_endpoints(address: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        "subsets": [{"addresses": [{"ip": address}], "ports": [{"name": "https", "port": PORT, "protocol": "TCP"}]}],
    }


def new_slice(address: str) -> Object:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": {"kubernetes.io/service-name": NAME}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": PORT, "protocol": "TCP"}],
    }
