"""One node as its Pods see it: its address, its images, its runtime, and the door to the API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from orrery.machinery.clock import Clock
from orrery.machinery.objects import FrozenObject
from orrery.node.addresses import AddressPool
from orrery.node.backoff import Backoff
from orrery.node.images.store import ImageStore
from orrery.node.ledger import Ledger
from orrery.node.pace import Pace
from orrery.node.pod_status import HostFacts
from orrery.node.runtime import ContainerRuntime
from orrery.node.volumes.disks import Disks
from orrery.node.volumes.followers import Followers
from orrery.verbs.account_tokens import Sign
from orrery.verbs.client import Client


class Recorder(Protocol):
    """What the node needs of an event recorder."""

    def event(self, obj: FrozenObject, type_: str, reason: str, message: str, *, field_path: str = "") -> None: ...


@dataclass(slots=True, eq=False)
class Host:
    """What all Pods of one node share."""

    name: str
    facts: HostFacts
    addresses: AddressPool
    client: Client
    clock: Clock
    pace: Pace
    recorder: Recorder
    runtime: ContainerRuntime
    images: ImageStore
    allocatable: Mapping[str, str]
    ledger: Ledger
    wait_for: Callable[[str, Callable[[], None]], None]
    """Call back once when the object with that key is written."""
    disks: Disks
    followers: Followers
    sign: Sign | None = None
    """Signs service account tokens, when the cluster has an issuer."""
    cluster_domain: str = "cluster.local"
    dns_address: str = "10.96.0.10"
    restarts: Backoff = field(default_factory=Backoff)
    is_stopped: bool = False
