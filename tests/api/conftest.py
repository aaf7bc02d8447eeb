"""A served API without a socket: real verbs on a log in memory, a virtual clock, and a client that speaks ASGI."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx
import pytest

from orrery.api.app import OrreryApp, new_app
from orrery.auth.tokens import Authenticator
from orrery.kinds.builtin import builtin
from orrery.machinery.clock import VirtualClock
from orrery.settings import Settings
from orrery.store.memory_log import MemoryLog
from orrery.verbs.access import Authorizer
from orrery.verbs.call import Call
from orrery.verbs.verbs import Verbs
from tests.api.fake_containers import FakeContainers
from tests.api.reach import Reach, reach

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
CONFIGMAPS = "/api/v1/namespaces/default/configmaps"


@dataclass
class Served:
    """The application with what it stands on."""

    app: OrreryApp
    http: httpx.AsyncClient
    verbs: Verbs
    clock: VirtualClock
    ready: dict[str, bool]

    async def create(self, name: str, **fields: object) -> httpx.Response:
        return await self.http.post(CONFIGMAPS, json={"metadata": {"name": name}, **fields})


NewServed = Callable[..., Served]


@pytest.fixture
async def new_served() -> AsyncIterator[NewServed]:
    """Makes a served API; keyword arguments go to `new_app`."""
    clients: list[httpx.AsyncClient] = []

    def new(
        *, settings: Settings | None = None, raise_faults: bool = True, authorizer: Authorizer | None = None, **options: object
    ) -> Served:
        settings = settings or Settings()
        clock, catalogue = VirtualClock(), builtin()
        verbs = Verbs(log=MemoryLog(settings), catalogue=catalogue, clock=clock, settings=settings)
        verbs.ports.authorizer = authorizer or verbs.ports.authorizer
        ready = {"nodes": True}
        arguments: dict[str, object] = {
            "authenticator": Authenticator(),
            "readiness": {"nodes": lambda: ready["nodes"]},
            **options,
        }
        app = new_app(verbs=verbs, catalogue=catalogue, settings=settings, clock=clock, **arguments)  # type: ignore[arg-type]
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=raise_faults)
        http = httpx.AsyncClient(transport=transport, base_url="http://localhost", headers={"user-agent": "tests"})
        clients.append(http)
        return Served(app, http, verbs, clock, ready)

    yield new
    for client in clients:
        await client.aclose()


@pytest.fixture
async def served(new_served: NewServed) -> Served:
    """A served API with the namespace `default`."""
    found = new_served()
    kind = builtin().find("", "v1", "namespaces")
    assert kind is not None
    await found.verbs.create(Call(kind, name="default"), {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "default"}})
    return found


@pytest.fixture
async def reached(new_served: NewServed) -> AsyncIterator[Reach]:
    """A served API on a socket, with a running Pod `p` whose containers are fakes, and a Pod `unbound`."""
    containers = FakeContainers()
    async with reach(new_served(containers=containers), containers) as found:
        yield found
