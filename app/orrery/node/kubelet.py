"""The node room's front door: gives every Pod bound to a node of a machine that runs a worker, and lets machines fail and recover.

One subscription serves all nodes; an event costs a look at the Pod's indexed node name and one dictionary look-up.
"""

import asyncio
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network
from pathlib import Path

from orrery.kinds.storage.volumeattachment import ATTACHMENTS
from orrery.machinery.clock import Clock
from orrery.machinery.objects import FrozenObject, is_deleting, uid_of
from orrery.machinery.quantities import parse
from orrery.node.addresses import AddressPool
from orrery.node.files.filesystem import UNLIMITED_BYTES
from orrery.node.files.space import Space
from orrery.node.host import Host, Recorder
from orrery.node.images.catalogue import ImageCatalogue
from orrery.node.images.store import ImageStore
from orrery.node.keeping.keeper import Keeper
from orrery.node.keeping.log_files import LogFiles
from orrery.node.ledger import Ledger
from orrery.node.machines import Machines
from orrery.node.network.fabric import Fabric, dns_address
from orrery.node.network.gateway import ApiGateway, Application
from orrery.node.node_groups import NodeGroup, default_groups
from orrery.node.node_objects import NodeFacts
from orrery.node.pace import pace_of
from orrery.node.phase import TERMINAL
from orrery.node.pod_state import PodState
from orrery.node.pod_status import HostFacts
from orrery.node.pod_worker import PodWorker
from orrery.node.processes.runtime import SimulatedRuntime, limits_of
from orrery.node.recovery import recovered_state
from orrery.node.runtime import ContainerRuntime
from orrery.node.volumes.disks import Disks
from orrery.node.volumes.followers import Followers
from orrery.node.volumes.pod_volumes import PodVolumes
from orrery.node.volumes.storage import is_emptied, tree_of
from orrery.settings import Settings
from orrery.store.log import Event, Operation, Subscription
from orrery.verbs.account_tokens import Sign
from orrery.verbs.client import Client


class Kubelet:
    """All nodes of this process. `recorder` makes an event recorder for the node of that name."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        settings: Settings,
        recorder: Callable[[str], Recorder],
        *,
        runtime: ContainerRuntime | None = None,
        catalogue: ImageCatalogue | None = None,
        sign: Sign | None = None,
        kept: Path | None = None,
        groups: Sequence[NodeGroup] = (),
    ) -> None:
        """`groups` are the nodes of the start; none: as many as the settings say."""
        self._client = client
        self._sign = sign
        self._clock = clock
        self._settings = settings
        self._pace = pace_of(settings, clock)
        self._fabric = Fabric(client, clock, settings)
        self._runtime = runtime or SimulatedRuntime(
            clock=clock, pace=self._pace, limits=limits_of(settings), names=self._fabric.names, route=self._fabric.route
        )
        self._catalogue = catalogue or ImageCatalogue(settings.images)
        self._recorder = recorder
        self._hosts: dict[str, Host] = {}
        self._workers: dict[str, PodWorker] = {}
        self._waiting: dict[str, dict[Callable[[], None], None]] = {}
        self._followers = Followers()
        disk_bytes = int(parse(settings.node_ephemeral_storage).value)
        self._disks = Disks(Space(UNLIMITED_BYTES, real_max=settings.volumes_bytes_max), disk_bytes=disk_bytes)
        self._files = self._keep_files(kept) if kept is not None else None
        self._subscriptions: list[Subscription] = []
        self._gateway: ApiGateway | None = None
        self._left: dict[str, PodVolumes] = {}  # What is on the disks of machines that have crashed, by Pod.
        self._images: dict[str, ImageStore] = {}
        self._is_started = False
        self.machines = Machines(
            client, clock, settings, groups or default_groups(settings), fabric=self._fabric, power=self, recorder=recorder
        )

    @property
    def runtime(self) -> ContainerRuntime:
        """What runs the containers of all nodes."""
        return self._runtime

    @property
    def disks(self) -> Disks:
        """What outlives Pods: the nodes' disks and what is in PersistentVolumes."""
        return self._disks

    async def start(self) -> None:
        """Register the nodes, take up the Pods that are there, and follow what comes. Returns once all nodes are Ready."""
        self._fabric.start()
        if self._gateway is not None:
            self._gateway.start()
        self._is_started = True
        await self.machines.start()
        self._subscriptions = [
            self._client.subscribe("pods", self._on_pod),
            self._client.subscribe("configmaps", self._on_referenced),
            self._client.subscribe("secrets", self._on_referenced),
            self._client.subscribe("serviceaccounts", self._on_referenced),
            self._client.subscribe("persistentvolumeclaims", self._on_referenced),
            self._client.subscribe(ATTACHMENTS, self._on_referenced),
            self._client.subscribe("persistentvolumes", self._on_persistent_volume),
        ]
        self._clear_up()
        for name in self._hosts:
            self.take_up(name)

    async def stop(self) -> None:
        """Stop at once; containers die with the process, Pods stay as the API shows them."""
        self._fabric.stop()
        if self._gateway is not None:
            await self._gateway.stop()
        for subscription in self._subscriptions:
            subscription.cancel()
        for host in self._hosts.values():
            host.is_stopped = True
        await self.machines.stop()
        workers = list(self._workers.values())
        self._workers.clear()
        await asyncio.gather(*(worker.cancel() for worker in workers))
        await self.runtime.stop()
        if self._files is not None:
            await self._files.stop()

    def _keep_files(self, directory: Path) -> Keeper:
        """Keep logs and volumes there."""
        settings = self._settings
        keeper = Keeper(directory, self._clock, bytes_max=settings.kept_bytes_max, interval_s=settings.kept_interval_s)
        self._disks.keeper = keeper
        if isinstance(self._runtime, SimulatedRuntime):
            self._runtime.logs.keeper = LogFiles(keeper, self._clock, limits_of(settings).logs)
        return keeper

    def _clear_up(self) -> None:
        """Forget files of what went while the process did."""
        if self._files is not None:
            pods = [record.index.uid for record in self._client.records("pods")]
            self._disks.keep_only(pods, [tree_of(volume) for volume in self._client.list("persistentvolumes")])

    def serve_api(self, application: Application, *, address: str, port: int, mark: str) -> None:
        """Let containers reach the API there, from the start on; its requests carry `mark` in their scope."""
        if self._gateway is not None:
            self._gateway.application = application
        elif isinstance(self._runtime, SimulatedRuntime):
            self._gateway = ApiGateway(self._runtime.wire, address, port, application=application, mark=mark)
            if self._is_started:
                self._gateway.start()

    def _host(self, facts: NodeFacts) -> Host:
        images = self._images.setdefault(facts.name, ImageStore(self._catalogue, clock=self._clock, pace=self._pace))
        return Host(
            name=facts.name,
            facts=HostFacts(facts.ip),
            addresses=AddressPool(IPv4Network(facts.pod_cidr)),
            client=self._client,
            clock=self._clock,
            pace=self._pace,
            recorder=self._recorder(facts.name),
            runtime=self._runtime,
            images=images,
            allocatable=facts.capacity,
            ledger=Ledger(facts.capacity),
            wait_for=self._wait_for,
            disks=self._disks,
            followers=self._followers,
            sign=self._sign,
            cluster_domain=self._settings.cluster_domain,
            dns_address=dns_address(self._settings),
        )

    # Machines: implements `Power`.

    def boot(self, facts: NodeFacts) -> None:
        self._hosts[facts.name] = self._host(facts)

    def take_up(self, name: str) -> None:
        for pod in self._client.by_field("pods", "spec.nodeName", name):
            self._recover(pod, self._hosts[name])

    async def crash(self, name: str) -> None:
        host = self._hosts.pop(name)
        host.is_stopped = True
        workers = self._workers_of(host)
        for worker in workers:
            self._workers.pop(worker.uid, None)
        await asyncio.gather(*(worker.cancel() for worker in workers))
        self._left |= {worker.uid: volumes for worker in workers if (volumes := worker.leave_volumes()) is not None}
        self._runtime.crash([worker.uid for worker in workers])

    def freeze(self, name: str) -> None:
        host = self._hosts[name]
        host.is_stopped = True
        for worker in self._workers_of(host):
            worker.freeze()

    def thaw(self, name: str) -> None:
        host = self._hosts[name]
        host.is_stopped = False
        for worker in self._workers_of(host):
            worker.thaw()

    def _workers_of(self, host: Host) -> list[PodWorker]:
        return [worker for worker in self._workers.values() if worker.host is host]

    # Pods.

    def _on_pod(self, event: Event) -> None:
        host = self._hosts.get(event.record.index.fields.get("spec.nodeName", ""))
        uid = event.record.index.uid
        if host is None:
            if event.operation is Operation.DELETED:
                self._lose(uid)
            return
        worker = self._workers.get(uid)
        if event.operation is Operation.DELETED:
            if worker is not None:
                worker.vanish(event.record.object)
            else:
                host.runtime.forget(uid)
        elif worker is not None:
            worker.update(event.record.object)
            self._followers.tell(event.record.key)
        else:
            pod = event.record.object
            # A Pod that has ended has no worker any more; what is told of it when it is deleted is what was told before.
            has_ended = (pod.get("status") or {}).get("phase") in TERMINAL
            self._take(pod, host, recovered_state(pod, self._clock.now_s()) if has_ended else PodState())

    def _lose(self, uid: str) -> None:
        """A Pod of a machine that is down is gone, and with it what the machine's disk has of it."""
        self._runtime.forget(uid)
        if (volumes := self._left.pop(uid, None)) is not None:
            volumes.release()

    def _recover(self, pod: FrozenObject, host: Host) -> None:
        """Take up a Pod that a previous life of the process left."""
        if uid_of(pod) in self._workers:
            return
        status = pod.get("status") or {}
        if address := status.get("podIP"):
            host.addresses.skip(address)
        for entry in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
            if entry.get("imageID"):
                host.images.remember(entry["image"])
        state = recovered_state(pod, self._clock.now_s())
        state.volumes = self._left.pop(uid_of(pod), None)
        self._take(pod, host, state)

    def _take(self, pod: FrozenObject, host: Host, state: PodState) -> None:
        if (pod.get("status") or {}).get("phase") in TERMINAL and not is_deleting(pod):
            return  # It has ended: nobody starts it again, and the API deletes it without asking the node.
        worker = PodWorker(pod, host, state=state, on_over=self._on_over)
        self._workers[uid_of(pod)] = worker
        worker.wake()

    def _on_over(self, worker: PodWorker) -> None:
        self._workers.pop(worker.uid, None)

    # What Pods refer to.

    def _wait_for(self, key: str, callback: Callable[[], None]) -> None:
        self._waiting.setdefault(key, {})[callback] = None

    def _on_referenced(self, event: Event) -> None:
        for callback in self._waiting.pop(event.record.key, ()):
            callback()
        self._followers.tell(event.record.key)

    def _on_persistent_volume(self, event: Event) -> None:
        if event.operation is Operation.DELETED and is_emptied(event.record.object):
            self._disks.drop_persistent(tree_of(event.record.object))
