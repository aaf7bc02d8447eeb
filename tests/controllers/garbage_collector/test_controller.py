"""Objects go with their owners, in the background, in the foreground and not at all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from orrery.controllers.garbage_collector import GarbageCollector
from orrery.machinery.objects import FrozenObject, Object, name_of, owner_references_of, uid_of
from orrery.store.log import Operation
from orrery.store.records import CachedRecord
from tests.controllers.world import NAMESPACE, World, builtin_kinds


class Collected(World):
    """A world with nothing but the garbage collector."""

    async def begin(self) -> None:
        await self.create("namespaces", {"metadata": {"name": NAMESPACE}})
        self.collect()

    def collect(self) -> None:
        self.runner.add(GarbageCollector(self.client, self.recorder("garbage-collector-controller"), builtin_kinds), self.client)
        self.runner.start()

    async def make(self, name: str, *owners: Object, bucket: str = "configmaps", namespace: str = NAMESPACE, **meta: Any) -> FrozenObject:
        metadata = {"name": name, "ownerReferences": list(owners), **meta}
        if namespace:
            metadata["namespace"] = namespace
        return await self.create(bucket, {"metadata": metadata})

    def names(self, bucket: str = "configmaps", namespace: str = NAMESPACE) -> set[str]:
        return {name_of(obj) for obj in self.client.list(bucket, namespace)}

    async def refer(self, name: str, *owners: Object) -> None:
        await self.change("configmaps", name, lambda draft: draft["metadata"].update(ownerReferences=list(owners)))

    @property
    def reconciles(self) -> int:
        return self.runner.counts("garbage-collector-controller").reconciles


def to(owner: FrozenObject, **fields: Any) -> Object:
    """A reference to `owner`."""
    return {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name_of(owner), "uid": uid_of(owner), **fields}


@pytest.fixture
async def world() -> AsyncIterator[Collected]:
    made = Collected()
    yield made
    await made.stop()


async def test_the_chain_goes_with_its_first_owner(world: Collected) -> None:
    await world.begin()
    first = await world.make("first")
    second = await world.make("second", to(first))
    await world.make("third", to(second))
    await world.make("other")

    await world.client.delete("configmaps", NAMESPACE, "first")
    await world.settle()

    assert world.names() == {"other"}


async def test_one_owner_left_keeps_it_and_the_other_reference_goes(world: Collected) -> None:
    await world.begin()
    gone, kept = await world.make("gone"), await world.make("kept")
    await world.make("child", to(gone), to(kept))

    await world.client.delete("configmaps", NAMESPACE, "gone")
    await world.settle()

    assert owner_references_of(world.get("configmaps", "child")) == [to(kept)]


async def test_an_owner_of_the_same_name_is_not_the_owner(world: Collected) -> None:
    await world.begin()
    owner = await world.make("owner")
    await world.make("child", to(owner) | {"uid": "another"})
    await world.settle()

    assert world.names() == {"owner"}


async def test_an_owner_in_another_namespace_is_no_owner(world: Collected) -> None:
    await world.begin()
    await world.create("namespaces", {"metadata": {"name": "far"}})
    owner = await world.make("owner", namespace="far")
    await world.make("child", to(owner))
    await world.settle()

    assert world.names() == set()
    assert world.names(namespace="far") == {"owner"}
    told = f'ownerRef [v1/ConfigMap, namespace: {NAMESPACE}, name: owner, uid: {uid_of(owner)}] does not exist in namespace "{NAMESPACE}"'
    assert await world.messages("OwnerRefInvalidNamespace") == [told]


async def test_a_cluster_scoped_owner_is_found_and_takes_its_dependents_along(world: Collected) -> None:
    await world.begin()
    owner = await world.create("priorityclasses.scheduling.k8s.io", {"metadata": {"name": "owner"}, "value": 5})
    await world.make("child", to(owner))
    await world.settle()
    assert world.names() == {"child"}

    await world.client.delete("priorityclasses.scheduling.k8s.io", "", "owner")
    await world.settle()

    assert world.names() == set()


async def test_a_cluster_scoped_object_of_a_namespaced_owner_stays_and_is_told(world: Collected) -> None:
    await world.begin()
    owner = await world.make("owner")
    await world.create("priorityclasses.scheduling.k8s.io", {"metadata": {"name": "child", "ownerReferences": [to(owner)]}, "value": 5})
    await world.settle()

    told = f'ownerRef [v1/ConfigMap, namespace: , name: owner, uid: {uid_of(owner)}] does not exist in namespace ""'
    assert await world.messages("OwnerRefInvalidNamespace") == [told]
    assert world.client.get("priorityclasses.scheduling.k8s.io", "", "child") is not None


async def test_an_owner_of_unknown_kind_keeps_its_dependents(world: Collected) -> None:
    await world.begin()
    unknown = {"apiVersion": "example.test/v1", "kind": "Thing", "name": "a", "uid": "a"}
    dangling = {"apiVersion": "v1", "kind": "ConfigMap", "name": "b", "uid": "b"}
    await world.make("child", unknown, dangling)

    await world.clock.advance(60)

    assert owner_references_of(world.get("configmaps", "child")) == [unknown, dangling]
    assert world.runner.counts("garbage-collector-controller").errors == 0


async def test_an_owner_may_be_named_in_another_version_of_its_kind(world: Collected) -> None:
    await world.begin()
    spec = {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}
    owner = await world.create(
        "horizontalpodautoscalers.autoscaling", {"metadata": {"name": "scaler", "namespace": NAMESPACE}, "spec": spec}
    )
    await world.make("child", to(owner) | {"apiVersion": "autoscaling/v1"})
    await world.settle()

    assert world.names() == {"child"}


async def test_foreground_deletion_waits_for_the_end_of_the_chain(world: Collected) -> None:
    await world.begin()
    first = await world.make("first")
    second = await world.make("second", to(first, blockOwnerDeletion=True))
    await world.make("third", to(second, blockOwnerDeletion=True), finalizers=["example.test/hold"])

    await world.client.delete("configmaps", NAMESPACE, "first", propagation="Foreground")
    await world.settle()
    assert world.names() == {"first", "second", "third"}

    order: list[str] = []
    world.client.subscribe("configmaps", lambda event: order.append(event.record.key) if event.operation is Operation.DELETED else None)
    await world.change("configmaps", "third", lambda draft: draft["metadata"].update(finalizers=[]))
    await world.settle()

    assert [key.rpartition("/")[2] for key in order] == ["third", "second", "first"]


@pytest.mark.parametrize("blocks", [{}, {"blockOwnerDeletion": False}])
async def test_a_dependent_that_does_not_block_is_not_waited_for(world: Collected, blocks: Object) -> None:
    await world.begin()
    owner = await world.make("owner")
    await world.make("child", to(owner, **blocks), finalizers=["example.test/hold"])

    await world.client.delete("configmaps", NAMESPACE, "owner", propagation="Foreground")
    await world.settle()

    assert world.names() == {"child"}
    assert "deletionTimestamp" in world.get("configmaps", "child")["metadata"]


@pytest.mark.parametrize("how", ["reference dropped", "unblocked"])
async def test_a_dependent_that_lets_go_frees_its_waiting_owner(world: Collected, how: str) -> None:
    await world.begin()
    owner = await world.make("owner")
    await world.make("child", to(owner, blockOwnerDeletion=True), finalizers=["example.test/hold"])
    await world.client.delete("configmaps", NAMESPACE, "owner", propagation="Foreground")
    await world.settle()
    assert world.names() == {"owner", "child"}

    await world.refer("child", *([to(owner, blockOwnerDeletion=False)] if how == "unblocked" else []))
    await world.settle()

    assert world.names() == {"child"}


async def test_a_second_owner_keeps_the_dependent_of_a_waiting_one(world: Collected) -> None:
    await world.begin()
    owner, other = await world.make("owner"), await world.make("other")
    await world.make("child", to(owner, blockOwnerDeletion=True), to(other))

    await world.client.delete("configmaps", NAMESPACE, "owner", propagation="Foreground")
    await world.settle()

    assert world.names() == {"other", "child"}
    assert owner_references_of(world.get("configmaps", "child")) == [to(other)]


@pytest.mark.parametrize("length", [2, 3, 5])
async def test_a_circle_of_owners_is_broken_in_foreground_deletion(world: Collected, length: int) -> None:
    """Each owns the next, the last owns the first, and every one blocks: upstream stops blocking where the circle closes."""
    await world.begin()
    ring = [await world.make(f"ring-{number}") for number in range(length)]
    for number, owner in enumerate(ring):
        await world.refer(f"ring-{(number + 1) % length}", to(owner, blockOwnerDeletion=True))
    await world.settle()

    await world.client.delete("configmaps", NAMESPACE, "ring-0", propagation="Foreground")
    await world.settle()

    assert world.names() == set()


async def test_orphaning_frees_every_dependent_before_the_owner_goes(world: Collected) -> None:
    await world.begin()
    owner, other = await world.make("owner"), await world.make("other")
    for number in range(200):
        await world.make(f"child-{number}", to(owner, blockOwnerDeletion=True), to(other))

    await world.client.delete("configmaps", NAMESPACE, "owner", propagation="Orphan")
    await world.settle()

    children = [obj for obj in world.client.list("configmaps", NAMESPACE) if name_of(obj).startswith("child")]
    assert len(children) == 200
    assert all(owner_references_of(child) == [to(other)] for child in children)
    assert "owner" not in world.names()


async def test_rapid_changes_of_other_fields_do_not_save_it(world: Collected) -> None:
    await world.begin()
    owner = await world.make("owner")
    await world.make("child", to(owner))
    await world.settle()
    await world.client.delete("configmaps", NAMESPACE, "owner")
    changes = [world.client.patch("configmaps", NAMESPACE, "child", {"data": {"n": str(number)}}) for number in range(5)]
    await asyncio.gather(*changes, return_exceptions=True)
    await world.settle()

    assert world.names() == set()


async def test_what_lost_its_owner_while_nobody_looked_goes_at_the_start(world: Collected) -> None:
    await world.create("namespaces", {"metadata": {"name": NAMESPACE}})
    owner = await world.make("owner")
    await world.make("child", to(owner))
    await world.client.delete("configmaps", NAMESPACE, "owner")
    waiting = await world.make("waiting")
    await world.make("below", to(waiting, blockOwnerDeletion=True))
    await world.client.delete("configmaps", NAMESPACE, "waiting", propagation="Foreground")

    world.collect()
    await world.settle()

    assert world.names() == set()


# Costs


async def test_a_start_looks_at_nothing_that_has_its_owners(world: Collected, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.create("namespaces", {"metadata": {"name": NAMESPACE}})
    owner = await world.make("owner")
    for number in range(100):
        await world.make(f"child-{number}", to(owner))
    parses = count_parses(monkeypatch)

    world.collect()
    await world.settle()

    assert world.reconciles == 0
    assert sum(parses.values()) == 0


async def test_changes_that_leave_owners_alone_cost_no_reconcile(world: Collected) -> None:
    await world.begin()
    owner = await world.make("owner")
    await world.make("child", to(owner))
    await world.settle()
    before = world.reconciles

    for number in range(10):
        await world.client.patch("configmaps", NAMESPACE, "child", {"data": {"n": str(number)}})
        await world.client.patch("configmaps", NAMESPACE, "owner", {"data": {"n": str(number)}})
    await world.settle()

    assert world.reconciles == before


async def test_an_owner_that_waits_for_many_is_looked_at_a_few_times(world: Collected) -> None:
    await world.begin()
    owner = await world.make("owner")
    for number in range(200):
        await world.make(f"child-{number}", to(owner, blockOwnerDeletion=True), finalizers=["example.test/hold"])
    await world.settle()
    await world.client.delete("configmaps", NAMESPACE, "owner", propagation="Foreground")
    await world.settle()
    before = world.reconciles

    for number in reversed(range(200)):
        await world.change("configmaps", f"child-{number}", lambda draft: draft["metadata"].update(finalizers=[]))
        await world.settle()

    assert world.names() == set()
    assert world.reconciles - before <= 5


def count_parses(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the objects that are asked of records."""
    reads: Counter[str] = Counter()
    original: Callable[[CachedRecord], FrozenObject] = vars(CachedRecord)["object"].fget

    def counted(record: CachedRecord) -> FrozenObject:
        reads[record.key] += 1
        return original(record)

    monkeypatch.setattr(CachedRecord, "object", property(counted))
    return reads
