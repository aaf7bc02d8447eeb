"""A world with Services, and Pods made ready by hand: what the two endpoint controllers see."""

from typing import Any

from orrery.controllers.garbage_collector import GarbageCollector
from orrery.controllers.services import (
    EndpointsController,
    EndpointSliceController,
    EndpointSliceMirroringController,
    LoadBalancerController,
)
from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object, name_of
from tests.controllers.world import NAMESPACE, World, builtin_kinds, node

SLICES = "endpointslices.discovery.k8s.io"
POOL = "192.0.2.0/30"
"""Two addresses for load balancers: 192.0.2.1 and 192.0.2.2."""
SERVICE_NAME = "kubernetes.io/service-name"


class Networked(World):
    """All controllers of the room and the garbage collector; three nodes."""

    made = 0

    async def begin(self) -> None:
        await self.create("namespaces", {"metadata": {"name": NAMESPACE}})
        for number in range(3):
            await self.create("nodes", node(f"node-{number}"))
        self.runner.add(EndpointsController(self.client), self.client)
        self.runner.add(EndpointSliceController(self.client), self.client)
        mirroring = self.recorder("endpoint-slice-mirroring-controller")
        self.runner.add(EndpointSliceMirroringController(self.client, mirroring), self.client)
        self.runner.add(LoadBalancerController(self.client, self.recorder("service-controller"), POOL), self.client)
        self.runner.add(GarbageCollector(self.client, self.recorder("garbage-collector-controller"), builtin_kinds), self.client)
        self.runner.start()

    async def service(
        self, name: str = "web", *, selector: Object | None = None, ports: Any = None, meta: Object | None = None, **spec: Any
    ) -> None:
        wanted: Object = {"selector": {"app": "web"} if selector is None else selector, **spec}
        wanted["ports"] = [{"port": 80}] if ports is None else ports
        wanted.setdefault("clusterIP", "10.96.0.10")
        await self.create("services", {"metadata": {"name": name, "namespace": NAMESPACE, **(meta or {})}, "spec": wanted})

    async def pod(
        self, name: str, *, ready: bool = True, node: str = "node-0", ports: Any = (), labels: Object | None = None, **spec: Any
    ) -> str:
        """A Pod with an address, which it answers."""
        self.made += 1
        ip = f"10.244.{self.made // 250}.{self.made % 250 + 1}"
        container = {"name": "a", "image": "a", "ports": list(ports)}
        meta = {"name": name, "namespace": NAMESPACE, "labels": {"app": "web"} if labels is None else labels}
        await self.create("pods", {"metadata": meta, "spec": {"containers": [container], "nodeName": node, **spec}})
        await self.status(name, ready=ready, podIP=ip, podIPs=[{"ip": ip}], phase="Running")
        return ip

    async def status(self, name: str, *, ready: bool | None = None, **fields: Any) -> None:
        def change(draft: Object) -> bool:
            status = draft.setdefault("status", {})
            status.update(fields)
            if ready is not None:
                now = timestamp(self.clock.now_s())
                status["conditions"] = [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": now}]
            return True

        await self.client.change("pods", NAMESPACE, name, change, subresource="status")

    def endpoints(self, name: str = "web") -> FrozenObject:
        return self.get("endpoints", name)

    def addresses(self, name: str = "web", field: str = "addresses") -> set[str]:
        return {address["ip"] for subset in self.endpoints(name).get("subsets") or () for address in subset.get(field) or ()}

    def slices(self, name: str = "web") -> list[FrozenObject]:
        return list(self.client.list(SLICES, NAMESPACE, labels={SERVICE_NAME: name}))

    def filled(self, name: str = "web") -> list[int]:
        return sorted(len(one.get("endpoints") or ()) for one in self.slices(name))

    def held(self, name: str = "web") -> dict[str, str]:
        """The slice each Pod stands in."""
        return {endpoint["targetRef"]["name"]: name_of(one) for one in self.slices(name) for endpoint in one.get("endpoints") or ()}

    def reconciles(self) -> int:
        return sum(self.runner.counts(name).reconciles for name in ("endpoints-controller", "endpointslice-controller"))
