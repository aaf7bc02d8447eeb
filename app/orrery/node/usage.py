"""What containers and nodes use: implements `verbs.usage.UsageSource` over the simulated runtime. Nothing is computed until somebody asks.

Processor time comes from the meters that run with the programs, in windows as metrics-server scrapes kubelets; memory from what programs
have taken, on top of what such an image takes when it idles. What users set (`usage_wishes.py`) replaces both. Limits cap everything.
"""
# DIFFERS: upstream reads the kernel's counters; we meter simulated programs and add what an idle image of that name usually takes.

from collections.abc import Mapping
from typing import Final

from orrery.machinery.clock import Clock
from orrery.machinery.objects import FrozenObject, name_of, uid_of
from orrery.machinery.quantities import parse
from orrery.node.images.image import Image
from orrery.node.processes.container import SimulatedContainer
from orrery.node.processes.cpu_meter import WINDOW_S
from orrery.node.processes.runtime import SimulatedRuntime
from orrery.node.usage_wishes import wishes
from orrery.verbs.client import Client
from orrery.verbs.usage import CPU, MEMORY, NodeUsage, PodUsage, Usage

NANO: Final = 10**9
_MILLI: Final = 10**6
_MIB: Final = 1 << 20
_SYSTEM: Final = Usage(55 * _MILLI, 420 * _MIB)
"""What a node takes for itself: kubelet, container runtime, kernel."""

_IDLE: Final[Mapping[str, tuple[int, int]]] = {
    **dict.fromkeys(("nginx", "nginx-unprivileged", "nginx-slim"), (0, 3)),
    **dict.fromkeys(("httpd", "haproxy", "caddy", "traefik"), (1, 7)),
    **dict.fromkeys(("hpa-example", "php", "gb-frontend"), (1, 11)),
    **dict.fromkeys(("wordpress", "drupal", "nextcloud"), (1, 55)),
    **dict.fromkeys(("redis", "valkey", "gb-redis-follower"), (3, 4)),
    "memcached": (1, 2),
    "postgres": (2, 32),
    "mysql": (6, 390),
    "mariadb": (1, 85),
    **dict.fromkeys(("mongo", "mongodb-community-server"), (8, 130)),
    **dict.fromkeys(("cassandra", "elasticsearch", "opensearch"), (15, 1100)),
    **dict.fromkeys(("kafka", "cp-kafka"), (12, 350)),
    "zookeeper": (2, 95),
    "rabbitmq": (5, 115),
    "tomcat": (2, 120),
    "jenkins": (4, 420),
    "grafana": (3, 55),
    "metrics-server": (4, 18),
    "prometheus": (5, 60),
    "node": (1, 30),
    "python": (1, 14),
    "pause": (0, 0),
}
"""Thousandths of a core and MiB of an idle container, by the last part of the image's name."""
_IDLE_SERVER: Final = (1, 8)
_IDLE_TOOL: Final = (0, 0)


class SimulatedUsage:
    """The containers of all nodes."""

    def __init__(self, client: Client, runtime: SimulatedRuntime, clock: Clock) -> None:
        self._client = client
        self._runtime = runtime
        self._clock = clock

    def pod(self, pod: FrozenObject) -> PodUsage | None:
        if (pod.get("status") or {}).get("phase") != "Running" or not self._is_heard(pod["spec"].get("nodeName", "")):
            return None
        at_s = self._at_s()
        running = self._running(pod)
        if not running or any(container.system.started_s > at_s - WINDOW_S for container, _ in running.values()):
            return None
        names = tuple(running)
        cpu, memory = wishes(self._client, pod, names, CPU), wishes(self._client, pod, names, MEMORY)
        found = {}
        for name, (container, spec) in running.items():
            limits = (spec.get("resources") or {}).get("limits") or {}
            cpu_nano = cpu[name] if name in cpu else self._cpu_nano(container)
            memory_bytes = memory[name] // NANO if name in memory else _memory_bytes(container)
            found[name] = Usage(_capped(cpu_nano, limits.get("cpu"), 1), _capped(memory_bytes, limits.get("memory"), NANO))
        return PodUsage(at_s, WINDOW_S, found)

    def node(self, node: FrozenObject) -> NodeUsage | None:
        at_s = self._at_s()
        if not _is_ready(node):
            return None
        cpu_nano, memory_bytes = _SYSTEM
        for pod in self._client.by_field("pods", "spec.nodeName", name_of(node)):
            usage = self.pod(pod)
            for one in usage.containers.values() if usage is not None else ():
                cpu_nano += one.cpu_nano
                memory_bytes += one.memory_bytes
        capacity = node["status"].get("capacity") or {}
        usage_of_node = Usage(_capped(cpu_nano, capacity.get("cpu"), 1), _capped(memory_bytes, capacity.get("memory"), NANO))
        return NodeUsage(at_s, WINDOW_S, usage_of_node)

    def _is_heard(self, name: str) -> bool:
        """Nobody can ask a kubelet that is not there."""
        node = self._client.get("nodes", "", name)
        return node is not None and _is_ready(node)

    def _at_s(self) -> float:
        """When the last whole window was over."""
        return self._clock.now_s() - self._clock.busy_s() % WINDOW_S

    def _running(self, pod: FrozenObject) -> dict[str, tuple[SimulatedContainer, FrozenObject]]:
        """Containers and sidecars that run now, with their specs."""
        spec, uid = pod["spec"], uid_of(pod)
        sidecars = [one for one in spec.get("initContainers") or () if one.get("restartPolicy") == "Always"]
        found = {}
        for one in (*spec["containers"], *sidecars, *(spec.get("ephemeralContainers") or ())):
            container = self._runtime.containers.get((uid, one["name"]))
            if container is not None and not container.exited.done():
                found[one["name"]] = (container, one)
        return found

    def _cpu_nano(self, container: SimulatedContainer) -> int:
        idle = _idle(container.config.image)[0] * _MILLI
        return idle + int(container.system.account.meter.cores(self._clock.busy_s()) * NANO)


def _is_ready(node: FrozenObject) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in (node.get("status") or {}).get("conditions") or ())


def _memory_bytes(container: SimulatedContainer) -> int:
    return _idle(container.config.image)[1] * _MIB + container.system.memory


def _idle(image: Image) -> tuple[int, int]:
    if image.brought is not None:
        return _IDLE_TOOL  # Whoever added it has said what it takes.
    known = _IDLE.get(image.repository.rpartition("/")[2])
    return known if known is not None else _IDLE_SERVER if image.is_server else _IDLE_TOOL


def _capped(amount: int, limit: str | None, unit: int) -> int:
    """The amount, or the limit when that is less; `unit` is how many billionths one of the amount is."""
    return amount if limit is None else min(amount, parse(str(limit)).nano // unit)
