"""The composition root: the one file that knows every room. It opens the log, plugs the rooms together, starts and stops them.

`open_cluster` makes the cluster of a server, `new_cluster` one on any log and clock (tests hold a virtual one).
"""

import asyncio
import contextlib
import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from orrery.auth.accounts import AccountTokens
from orrery.auth.escalation import RoleEscalation
from orrery.auth.issuer import Issuer
from orrery.auth.keys import Keys
from orrery.auth.rbac import RbacAuthorizer
from orrery.controllers.engine.runner import Runner
from orrery.controllers.roster import Ground, add_controllers, namespaced_buckets
from orrery.controllers.services import apiserver
from orrery.kinds.bootstrap import bootstrap_objects, first_objects
from orrery.kinds.builtin import builtin
from orrery.kinds.catalogue import Catalogue
from orrery.machinery.clock import Clock, RealClock
from orrery.machinery.errors import AlreadyExists
from orrery.machinery.objects import FrozenObject, GroupResource
from orrery.node.images.catalogue import ImageCatalogue
from orrery.node.kubelet import Kubelet
from orrery.node.processes.runtime import SimulatedRuntime
from orrery.node.sessions import ContainerSessions
from orrery.node.usage import SimulatedUsage
from orrery.settings import Settings
from orrery.store import compaction
from orrery.store.log import Index, Log
from orrery.store.memory_log import MemoryLog
from orrery.verbs.admission.chain import default_chain
from orrery.verbs.admission.resource_quota import ResourceQuota
from orrery.verbs.call import User
from orrery.verbs.client import Client
from orrery.verbs.containers import Containers
from orrery.verbs.event_expiry import EventExpiry
from orrery.verbs.quota_ledger import QuotaLedger
from orrery.verbs.recorder import EventRecorder, Style
from orrery.verbs.registry import index_of
from orrery.verbs.verbs import Verbs

if TYPE_CHECKING:
    from fastapi import APIRouter

    from orrery.api.app import OrreryApp
    from orrery.auth.tokens import Token
    from orrery.node.images.user_images import UserImage
    from orrery.node.node_groups import NodeGroup
    from orrery.store.sql_log import SqlLog

_SYSTEM_NAMESPACES: Final = ("default", "kube-system")


@dataclass(frozen=True, slots=True)
class ClusterSource:
    """Where the state is kept."""

    data: Path
    """The directory for everything that is kept in files."""
    database_url: str = ""
    """Another place for the log than the data directory's SQLite file."""
    in_memory: bool = False


class Cluster:
    """A control plane and its nodes on one log."""

    def __init__(
        self,
        log: Log,
        catalogue: Catalogue,
        clock: Clock,
        settings: Settings,
        data: Path | None = None,
        *,
        images: "Iterable[UserImage]" = (),
        nodes: "Sequence[NodeGroup]" = (),
    ) -> None:
        """`data` is where keys, logs and files of volumes are kept; None: they end with the process.

        `images` are users' own, `nodes` those of the start (none: as many as the settings say).
        """
        self.log = log
        self.catalogue = catalogue
        self.clock = clock
        self.settings = settings
        self.images = ImageCatalogue(settings.images, images)
        authorizer = RbacAuthorizer(log)
        admission = (*default_chain(), RoleEscalation(authorizer))
        self.quotas = QuotaLedger(log, namespaced_buckets(catalogue))
        quota = ResourceQuota(self.quotas)
        self.verbs = Verbs(log=log, catalogue=catalogue, clock=clock, settings=settings, admission=admission, counting=quota)
        self.verbs.ports.authorizer = authorizer
        self.keys = Keys(data)
        self._issuer = Issuer(self.keys)
        self.accounts = AccountTokens(self._issuer, log, clock)
        self.verbs.ports.sign = self._issuer.sign
        self.client = self._client("orrery")
        self._recorders: list[EventRecorder] = []
        self.runner = Runner()
        self.kubelet = Kubelet(
            self._client("kubelet"),
            clock,
            settings,
            self._node_recorder,
            catalogue=self.images,
            sign=self._issuer.sign,
            kept=data / "containers" if data is not None else None,
            groups=nodes,
        )
        if isinstance(self.kubelet.runtime, SimulatedRuntime):
            self.verbs.ports.usage = SimulatedUsage(self._client("metrics-server"), self.kubelet.runtime, clock)
        self._app: OrreryApp | None = None
        self._background: list[asyncio.Task[None]] = []
        self._expiry: EventExpiry | None = None
        ground = Ground(
            settings=settings,
            catalogue=catalogue,
            quotas=self.quotas,
            usage=self.verbs.ports.usage,
            sign=self._issuer.sign,
            certificate=self._certificate,
            api_address=self._api_address,
            new_client=self._client,
            new_recorder=self._recorder,
        )
        add_controllers(self.runner, ground)

    def _certificate(self) -> str:
        return self.keys.certificate

    def _node_recorder(self, node: str) -> EventRecorder:
        return self._recorder(self.client, "kubelet", node)

    def _recorder(self, client: Client, component: str, host: str = "", *, style: Style = "core") -> EventRecorder:
        made = EventRecorder(client, component, host, style=style)
        self._recorders.append(made)
        return made

    def _client(self, component: str) -> Client:
        user = User(f"system:{component}", ("system:masters", "system:authenticated"))
        return self.verbs.client(user, component)

    async def start(self) -> None:
        """Make what a fresh cluster has, then start controllers and nodes."""
        self.quotas.start()
        objects = bootstrap_objects(self.settings)
        if self.client.get("namespaces", "", "default") is None:
            objects += first_objects()  # Users may delete these for good.
        for is_inside in (False, True):  # Namespaces come before what lies in them.
            await asyncio.gather(*(self._create(bucket, obj) for bucket, obj in objects if ("namespace" in obj["metadata"]) is is_inside))
        self._expiry = self.verbs.expire_events()
        self.runner.start()
        await self.kubelet.start()

    async def _create(self, bucket: GroupResource, obj: FrozenObject) -> None:
        name = obj["metadata"]["name"]
        if self.client.get(bucket, obj["metadata"].get("namespace", ""), name) is None:
            with contextlib.suppress(AlreadyExists):
                await self.client.create(bucket, dict(obj))

    async def stop(self) -> None:
        """End nodes and controllers, then close the log: what was acknowledged is kept."""
        self.end_watches()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self._expiry is not None:
            self._expiry.stop()
        await self.kubelet.stop()
        await self.runner.stop()
        await asyncio.gather(*(recorder.stop() for recorder in self._recorders))
        self.keys.end()
        await self.log.close()

    def readiness(self) -> Mapping[str, Callable[[], bool]]:
        """What /readyz promises, check by check."""
        return {
            "namespaces": self._has_namespaces,
            "kubernetes-service": lambda: self.client.get("services", "default", "kubernetes") is not None,
            "nodes": self._has_nodes,
        }

    def _has_namespaces(self) -> bool:
        return all(
            self.client.get("serviceaccounts", namespace, "default") is not None
            and self.client.get("configmaps", namespace, "kube-root-ca.crt") is not None
            for namespace in _SYSTEM_NAMESPACES
        )

    def _has_nodes(self) -> bool:
        up = [machine.name for machine in self.kubelet.machines if machine.failure is None]
        return self.kubelet.machines.is_started and all(
            (node := self.client.get("nodes", "", name)) is None or _is_ready(node) for name in up
        )

    def app(self, *, tokens: Sequence["Token"] = (), allowed_hosts: Iterable[str] = (), data: Path | None = None) -> "OrreryApp":
        """The HTTP application of this cluster; `data` is where it may cache documents."""
        from orrery.api.app import INSIDE_KEY, new_app
        from orrery.auth.tokens import Authenticator

        authenticator = Authenticator(tokens, self.accounts)
        self.verbs.ports.review_token = authenticator.review_token
        self._app = new_app(
            verbs=self.verbs,
            catalogue=self.catalogue,
            authenticator=authenticator,
            settings=self.settings,
            clock=self.clock,
            readiness=self.readiness(),
            allowed_hosts=tuple(allowed_hosts),
            containers=self._containers(),
            routers=lambda: self._routers(data),
        )
        self.kubelet.serve_api(self._app, address=self._api_address, port=apiserver.PORT, mark=INSIDE_KEY)
        return self._app

    def _routers(self, data: Path | None) -> "Sequence[APIRouter]":
        """What FastAPI serves."""
        from orrery.api.docs import new_router as new_docs_router
        from orrery.api.openapi.library import Library
        from orrery.api.openapi.routes import new_router as new_openapi_router
        from orrery.api.openid import new_router as new_openid_router
        from orrery.control.node_routes import new_router as new_node_router
        from orrery.control.routes import new_router

        library = Library(self.catalogue, data)
        return (
            new_openapi_router(library, self.clock),
            new_openid_router(self._issuer.key_set),
            new_docs_router(library),
            new_node_router(self.client, self.kubelet.machines),
            new_router(self.client, users_images=self.images.users, usage=self.verbs.ports.usage),
        )

    @property
    def _api_address(self) -> str:
        """Where the API stands in the simulated network: at its gateway."""
        return str(ipaddress.ip_network(self.settings.node_cidr)[1])

    def _containers(self) -> Containers | None:
        """What clients reach into; None where containers only play scripts."""
        runtime = self.kubelet.runtime
        if not isinstance(runtime, SimulatedRuntime):
            return None
        return ContainerSessions(self.client, runtime, self.clock, failure_of=self.kubelet.machines.failure_of)

    def end_watches(self) -> None:
        """End all watch streams, so that connections close by themselves."""
        if self._app is not None:
            self._app.end_watches()

    def keep_compact(self, log: compaction.Compactable) -> None:
        """Forget old history from time to time."""
        self._background.append(asyncio.create_task(compaction.run(log, self.settings, self.clock), name="compaction"))


def _is_ready(node: FrozenObject) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    is_tainted = any(taint["key"] == "node.kubernetes.io/not-ready" for taint in (node.get("spec") or {}).get("taints") or ())
    return not is_tainted and any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def new_cluster(
    clock: Clock,
    settings: Settings,
    *,
    log: Log | None = None,
    images: "Iterable[UserImage]" = (),
    nodes: "Sequence[NodeGroup]" = (),
) -> Cluster:
    """A cluster on `log`, or on one in memory. Not started yet."""
    return Cluster(log if log is not None else MemoryLog(settings), builtin(), clock, settings, images=images, nodes=nodes)


async def open_cluster(
    settings: Settings, source: ClusterSource, *, images: "Iterable[UserImage]" = (), nodes: "Sequence[NodeGroup]" = ()
) -> Cluster:
    """A server's cluster on real time and its own log. StoreUnusable says in one line why the log cannot be had."""
    clock, catalogue = RealClock(), builtin()
    if source.in_memory:
        cluster = Cluster(MemoryLog(settings), catalogue, clock, settings, images=images, nodes=nodes)
        cluster.keys.begin()
        return cluster
    log = await _open_log(settings, source, clock, catalogue)
    cluster = Cluster(log, catalogue, clock, settings, source.data, images=images, nodes=nodes)
    cluster.keys.begin()
    cluster.keep_compact(log)
    return cluster


async def _open_log(settings: Settings, source: ClusterSource, clock: Clock, catalogue: Catalogue) -> "SqlLog":
    # SQLAlchemy: a run in memory need not import it.
    from orrery.store.engine import data_url
    from orrery.store.sql_log import SqlLog

    def index_stored(bucket: GroupResource, obj: FrozenObject) -> Index:
        return index_of(catalogue.stored(bucket), obj)

    url = source.database_url
    if not url:
        url = data_url(source.data)
    return await SqlLog.open(url, settings, clock, index_of=index_stored)
