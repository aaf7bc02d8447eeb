"""A cluster whose containers run simulated programs, and the files they see."""

from typing import Any

from orrery.node.files.view import View
from orrery.node.pace import pace_of
from orrery.node.processes.process import SimulatedProcess
from orrery.node.processes.program import Process, Program
from orrery.node.processes.runtime import SimulatedRuntime
from orrery.settings import FAST, Settings
from tests.node.cluster import NodeCluster


async def sleep(process: Process) -> int:
    await process.sleep(1e9)
    return 0


def find(name: str) -> Program | None:
    return sleep if name == "sleep" else None


ONE_NODE = FAST.model_copy(update={"nodes": 1})


class Inside:
    """A cluster whose containers run simulated programs."""

    def __init__(self, settings: Settings = ONE_NODE) -> None:
        self.cluster = NodeCluster(settings)
        self.runtime = SimulatedRuntime(clock=self.cluster.clock, pace=pace_of(settings, self.cluster.clock), find=find)
        self.cluster.kubelet = type(self.cluster.kubelet)(
            self.cluster.client, self.cluster.clock, self.cluster.settings, lambda _: self.cluster.events, runtime=self.runtime
        )

    async def run(self, name: str = "web", **spec: Any) -> View:
        """The files that the Pod's container sees."""
        await self.cluster.run(name, image="busybox", command=["sleep", "1000"], **spec)
        await self.cluster.until(lambda: self.cluster.is_ready(name))
        return self.process(name).view

    def process(self, name: str = "web", container: str = "") -> SimulatedProcess:
        uid = self.cluster.pod(name)["metadata"]["uid"]
        return self.runtime.containers[(uid, container or name)].system.processes[1]


def mount(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "mountPath": path, **more}
