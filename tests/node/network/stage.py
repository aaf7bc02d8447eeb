"""Pods on a wire: an API in memory with Services and slices written by hand, and a network for each Pod."""

from ipaddress import IPv4Network
from typing import Any

from orrery.kinds.builtin import builtin
from orrery.machinery.clock import VirtualClock
from orrery.machinery.objects import Object
from orrery.node.images.image import Image
from orrery.node.network.fabric import Fabric
from orrery.node.network.pod_network import PodNetwork, Wire
from orrery.node.processes.program import Connection
from orrery.node.processes.sandbox import new_sandbox
from orrery.node.runtime import ContainerConfig
from orrery.node.sandbox_config import sandbox_of
from orrery.settings import Settings
from orrery.store.memory_log import MemoryLog
from orrery.verbs.call import SYSTEM_ADMIN
from orrery.verbs.verbs import Verbs

DNS = "10.96.0.10"


class Stage:
    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings(nodes=2)
        self.clock = VirtualClock()
        log = MemoryLog(settings)
        verbs = Verbs(log=log, catalogue=builtin(), clock=self.clock, settings=settings, admission=())
        self.client = verbs.client(SYSTEM_ADMIN, "test")
        self.wire = Wire(self.clock)
        self.fabric = Fabric(self.client, self.clock, settings)
        for index, name in enumerate(("orrery-worker", "orrery-worker2", "orrery-worker3")):
            self.fabric.add_node(name, f"172.18.0.{index + 2}", IPv4Network(f"10.244.{index}.0/24"))

    async def start(self) -> None:
        for name in ("default", "other", "kube-system"):
            await self.client.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.fabric.start()

    def pod(self, address: str, *, name: str = "client", namespace: str = "default", node: str = "node", **spec: Any) -> PodNetwork:
        pod = {"metadata": {"name": name, "namespace": namespace}, "spec": {"containers": [], **spec}}
        sandbox = sandbox_of(pod, address, node=node, domain="cluster.local", dns=DNS)
        config = ContainerConfig(
            id="",
            pod_namespace=namespace,
            pod_name=name,
            pod_uid=name,
            name=name,
            image=Image("test", entrypoint=("1",)),
            argv=(),
            sandbox=sandbox,
        )
        return new_sandbox(sandbox, self.wire, names=self.fabric.names(config), route=self.fabric.route).network

    async def service(self, name: str, namespace: str = "default", **spec: Any) -> None:
        spec.setdefault("ports", [{"port": 80, "targetPort": 8080}])
        obj: Object = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}
        await self.client.create("services", obj)

    async def slice(self, service: str, endpoints: list[Object], *, ports: list[Object] | None = None, namespace: str = "default") -> None:
        labels = {"kubernetes.io/service-name": service}
        obj: Object = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"generateName": f"{service}-", "namespace": namespace, "labels": labels},
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": ports if ports is not None else [{"name": "", "port": 8080, "protocol": "TCP"}],
        }
        await self.client.create("endpointslices.discovery.k8s.io", obj)


def endpoint(address: str, *, ready: bool = True, **fields: Any) -> Object:
    return {"addresses": [address], "conditions": {"ready": ready}, **fields}


async def said(connection: Connection) -> bytes:
    """All that comes until the other side has nothing more to say."""
    parts = []
    while part := await connection.read():
        parts.append(part)
    return b"".join(parts)
