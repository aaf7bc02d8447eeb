"""A control plane without HTTP, controllers or nodes: the verbs over a log in memory, on a clock that stands still."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from orrery.kinds.builtin import builtin
from orrery.kinds.catalogue import Catalogue
from orrery.machinery.clock import VirtualClock
from orrery.machinery.errors import ApiError
from orrery.machinery.objects import FrozenObject, Object
from orrery.settings import Settings
from orrery.store.log import Record
from orrery.store.memory_log import MemoryLog
from orrery.verbs.call import Call, DeleteOptions, ListOptions
from orrery.verbs.results import Deleted, Listing, PatchType, Watch, WatchEvent
from orrery.verbs.verbs import Verbs

KINDS: Catalogue = builtin()


@dataclass
class Api:
    """Short ways to ask the verbs, as a client would over HTTP: schema decoding included, fieldValidation Strict."""

    verbs: Verbs
    log: MemoryLog
    clock: VirtualClock

    def call(self, bucket: str, name: str = "", namespace: str = "default", **options: Any) -> Call:
        kind = KINDS.stored(bucket)
        return Call(kind, namespace if kind.namespaced else "", name, **options)

    async def create(self, bucket: str, obj: Object, **options: Any) -> FrozenObject:
        return (await self.verbs.create(self.call(bucket, **options), obj)).object

    async def get(self, bucket: str, name: str, **options: Any) -> FrozenObject:
        return (await self.verbs.get(self.call(bucket, name, **options))).object

    async def update(self, bucket: str, obj: Object, **options: Any) -> FrozenObject:
        record, _ = await self.verbs.update(self.call(bucket, obj["metadata"]["name"], **options), obj)
        return record.object

    async def patch(self, bucket: str, name: str, body: Any, kind: PatchType = PatchType.MERGE, **options: Any) -> FrozenObject:
        return (await self.verbs.patch(self.call(bucket, name, **options), kind, body)).object

    async def delete(self, bucket: str, name: str, how: DeleteOptions | None = None, **options: Any) -> Deleted:
        return await self.verbs.delete(self.call(bucket, name, **options), how or DeleteOptions())

    async def list(self, bucket: str, how: ListOptions | None = None, **options: Any) -> Listing:
        return await self.verbs.list(self.call(bucket, **options), how or ListOptions())

    async def watch(self, bucket: str, how: ListOptions | None = None, **options: Any) -> Watch:
        return await self.verbs.watch(self.call(bucket, **options), how or ListOptions())


def names(listing: Listing) -> list[str]:
    return [record.object["metadata"]["name"] for record in listing.records]


def told(batch: Sequence[WatchEvent]) -> list[tuple[str, str]]:
    """Type and name of each event; a bookmark has no name."""
    return [(str(event.type), event.record.object["metadata"].get("name", "")) for event in batch]


async def refusal(answer: Awaitable[Any]) -> Object:
    """The Status of a request that must be refused."""
    with pytest.raises(ApiError) as caught:
        await answer
    return caught.value.status()


def config_map(name: str = "a", **meta: Any) -> Object:
    return {"metadata": {"name": name, **meta}}


def pod(name: str = "web", **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "nginx"}], **spec}}


def record_of(api: Api, key: str) -> Record:
    record = api.log.find(key)
    assert record is not None
    return record


async def new_api(new_log: Callable[[Settings], MemoryLog] = MemoryLog) -> Api:
    """A cluster with the namespace default and its ServiceAccount."""
    settings, clock = Settings(pace="fast"), VirtualClock()
    log = new_log(settings)
    api = Api(Verbs(log=log, catalogue=KINDS, clock=clock, settings=settings), log, clock)
    await api.create("namespaces", {"metadata": {"name": "default"}})
    await api.create("serviceaccounts", {"metadata": {"name": "default"}})
    return api
