"""What the containers of one Pod share: a network, a host name, /etc/hosts and resolv.conf, perhaps a terminal for nobody."""

from dataclasses import dataclass, field

from orrery.node.files.filesystem import FileSystem, Mounted, new_filesystem
from orrery.node.files.plant import plant_file
from orrery.node.network.pod_network import Names, PodNetwork, Route, Wire
from orrery.node.runtime import SandboxConfig

_ETC: tuple[str, ...] = ("hosts", "hostname", "resolv.conf")


@dataclass(slots=True, eq=False)
class Sandbox:
    """One Pod's."""

    config: SandboxConfig
    network: PodNetwork
    etc: FileSystem = field(default_factory=lambda: new_filesystem(type_="ext4"))

    def __post_init__(self) -> None:
        texts = (self.config.hosts, self.config.hostname + "\n", self.config.resolv_conf)
        for name, text in zip(_ETC, texts, strict=True):
            plant_file(self.etc, f"/{name}", text.encode())

    def mounts(self) -> list[Mounted]:
        """The files of /etc the kubelet manages."""
        return [Mounted(f"/etc/{name}", self.etc, self.etc.root.get(name), source="/dev/vda1") for name in _ETC]


def new_sandbox(config: SandboxConfig, wire: Wire, *, names: Names | None, route: Route | None) -> Sandbox:
    table = hosts_table(config.hosts)
    addresses = (config.address,) if config.address else ()
    network = PodNetwork(
        wire, addresses=addresses, hostname=config.hostname, names=names, route=route, hosts=lambda name: table.get(name, ())
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
