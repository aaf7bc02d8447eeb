"""What the containers of one Pod share: a network, a host name, /etc/hosts and resolv.conf, perhaps their processes."""

from dataclasses import dataclass, field
from typing import Final

from orrery.machinery.clock import Clock
from orrery.node.files.filesystem import FileSystem, Mounted, new_filesystem, new_table
from orrery.node.files.plant import plant_file
from orrery.node.network.pod_network import Names, PodNetwork, Route, Wire
from orrery.node.processes.program import Process, ignore
from orrery.node.processes.signals import SIGCHLD
from orrery.node.processes.system import System
from orrery.node.processes.turns import Turns
from orrery.node.runtime import SandboxConfig

_ETC: tuple[str, ...] = ("hosts", "hostname", "resolv.conf")
_FOREVER_S: Final = 1e12
_PAUSE: Final = ("/pause",)
_NODE_INIT: Final = ("/sbin/init",)
_NEXT_PID: Final = 8


@dataclass(slots=True, eq=False)
class Sandbox:
    """One Pod's."""

    config: SandboxConfig
    network: PodNetwork
    etc: FileSystem = field(default_factory=lambda: new_filesystem(type_="ext4"))
    pause: System | None = None
    """Holds process 1 of the PID namespace that all containers share, when they do."""

    def __post_init__(self) -> None:
        texts = (self.config.hosts, self.config.hostname + "\n", self.config.resolv_conf)
        for name, text in zip(_ETC, texts, strict=True):
            plant_file(self.etc, f"/{name}", text.encode())

    def mounts(self) -> list[Mounted]:
        """The files of /etc the kubelet manages."""
        return [Mounted(f"/etc/{name}", self.etc, self.etc.root.get(name), source="/dev/vda1") for name in _ETC]

    def share_processes(self, clock: Clock, turns: Turns) -> None:
        """Give all containers one PID namespace, its process 1 being the sandbox's own, or the node's."""
        # DIFFERS: upstream's hostPID shows all processes of the node; ours shows its init and the Pod's own.
        argv = _NODE_INIT if self.config.is_on_host else _PAUSE
        mounts = new_table(new_filesystem())
        self.pause = System(clock=clock, turns=turns, mounts=mounts, network=self.network, find=lambda _: None)
        self.pause.start(argv, environment={}, descriptors={}, program=_pause)
        self.pause.pids.next_pid = _NEXT_PID

    def leave(self) -> None:
        """The sandbox is gone."""
        self.network.leave()
        if self.pause is not None:
            self.pause.kill_all()


async def _pause(process: Process) -> int:
    """Reap orphans, forever."""
    process.handle(SIGCHLD, ignore)
    await process.sleep(_FOREVER_S)
    return 0


def new_sandbox(config: SandboxConfig, wire: Wire, *, names: Names | None, route: Route | None) -> Sandbox:
    table = hosts_table(config.hosts)
    addresses = (config.address,) if config.address else ()
    network = PodNetwork(
        wire,
        addresses=addresses,
        hostname=config.hostname,
        names=names,
        route=route,
        hosts=lambda name: table.get(name, ()),
        parameters=config.parameters,
    )
    return Sandbox(config, network)


def hosts_table(text: str) -> dict[str, tuple[str, ...]]:
    """Names to addresses, as /etc/hosts lists them."""
    table: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        for name in names:
            if ":" not in address:
                table[name] = (*table.get(name, ()), address)
    return table
