"""A namespace that goes: Pods first, then the rest, and conditions that say what holds it up."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from orrery.controllers.garbage_collector import GarbageCollector
from orrery.controllers.namespaces import NamespaceController
from orrery.controllers.namespaces.deletion import Remains, plan_conditions
from orrery.machinery.objects import FrozenObject, Object, name_of, uid_of
from orrery.store.log import Operation
from tests.controllers.world import NAMESPACE, Kubelet, World, builtin_kinds, template

BUCKETS = tuple(kind.bucket for kind in builtin_kinds if kind.namespaced and kind.stored_as is None and "delete" in kind.verbs)


class Emptied(World):
    """A world with the namespace controller, the garbage collector and a kubelet that lets Pods go after a second."""

    async def begin(self, *, kubelet: bool = True) -> None:
        await self.create("namespaces", {"metadata": {"name": NAMESPACE}})
        self.runner.add(NamespaceController(self.client, BUCKETS), self.client)
        self.runner.add(GarbageCollector(self.client, self.recorder("garbage-collector-controller"), builtin_kinds), self.client)
        if kubelet:
            self.kubelet = Kubelet(self)
        self.runner.start()

    async def config_map(self, name: str, **meta: Any) -> None:
        await self.create("configmaps", {"metadata": {"name": name, "namespace": NAMESPACE, **meta}})

    async def pod(self, name: str) -> None:
        spec = {**template()["spec"], "nodeName": "node-0"}
        await self.create("pods", {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec})

    async def end(self) -> None:
        await self.client.delete("namespaces", "", NAMESPACE)
        await self.settle()

    @property
    def namespace(self) -> FrozenObject | None:
        return self.client.get("namespaces", "", NAMESPACE)

    def messages_of(self) -> dict[str, str]:
        assert self.namespace is not None
        return {one["type"]: one["message"] for one in self.namespace["status"].get("conditions") or () if one["status"] == "True"}

    @property
    def reconciles(self) -> int:
        return self.runner.counts("namespace-controller").reconciles


@pytest.fixture
async def world() -> AsyncIterator[Emptied]:
    made = Emptied()
    yield made
    await made.stop()


async def test_an_empty_namespace_goes_at_once(world: Emptied) -> None:
    await world.begin()

    await world.end()

    assert world.namespace is None
    assert world.reconciles <= 2


async def test_pods_go_before_everything_else(world: Emptied) -> None:
    await world.begin()
    await world.config_map("settings")
    await world.pod("web")
    await world.settle()
    order: list[str] = []
    for bucket in ("pods", "configmaps", "namespaces"):
        world.client.subscribe(bucket, lambda event: order.append(event.record.key) if event.operation is Operation.DELETED else None)

    await world.client.delete("namespaces", "", NAMESPACE)
    await world.clock.idle()

    assert "deletionTimestamp" in world.get("pods", "web")["metadata"]
    assert "deletionTimestamp" not in world.get("configmaps", "settings")["metadata"]
    assert world.messages_of() == {}  # Upstream says that all is well while it waits for Pods.

    await world.settle()

    assert order == ["pods/default/web", "configmaps/default/settings", "namespaces//default"]


async def test_a_job_does_not_leave_its_pods_behind(world: Emptied) -> None:
    """Everything is deleted in the background: a kind that orphans by default would wait for the garbage collector."""
    await world.begin()
    pod = template()
    pod["spec"]["restartPolicy"] = "Never"
    await world.create("jobs.batch", {"metadata": {"name": "once", "namespace": NAMESPACE}, "spec": {"template": pod}})
    marked: list[FrozenObject] = []
    world.client.subscribe("jobs.batch", lambda event: marked.append(event.record.object))

    await world.end()

    assert world.namespace is None
    assert not any("orphan" in (job["metadata"].get("finalizers") or ()) for job in marked)


async def test_who_owns_itself_does_not_hold_up_its_namespace(world: Emptied) -> None:
    await world.begin()
    await world.config_map("own")
    own = world.client.get("configmaps", NAMESPACE, "own")
    assert own is not None
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "own", "uid": uid_of(own), "blockOwnerDeletion": True}
    await world.change("configmaps", "own", lambda draft: draft["metadata"].update(ownerReferences=[reference]))
    await world.client.delete("configmaps", NAMESPACE, "own", propagation="Foreground")
    await world.settle()
    assert world.client.get("configmaps", NAMESPACE, "own") is not None, "it waits for itself"

    await world.end()
    assert world.namespace is None


async def test_what_is_held_is_told_and_what_leaves_is_counted(world: Emptied) -> None:
    await world.begin()
    for number in range(3):
        await world.config_map(f"held-{number}", finalizers=["example.test/a"] if number else ["example.test/a", "example.test/b"])
    await world.create(
        "secrets", {"metadata": {"name": "held", "namespace": NAMESPACE, "finalizers": ["example.test/b"]}, "type": "Opaque"}
    )

    await world.end()

    assert world.messages_of() == {
        "NamespaceContentRemaining": "Some resources are remaining: "
        "configmaps. has 3 resource instances, secrets. has 1 resource instances",
        "NamespaceFinalizersRemaining": "Some content in the namespace has finalizers remaining: "
        "example.test/a in 3 resource instances, example.test/b in 2 resource instances",
    }

    await world.change("configmaps", "held-2", lambda draft: draft["metadata"].update(finalizers=[]))
    await world.clock.advance(2)

    assert "configmaps. has 2 resource instances" in world.messages_of()["NamespaceContentRemaining"]

    for bucket, name in (("configmaps", "held-0"), ("configmaps", "held-1"), ("secrets", "held")):
        await world.change(bucket, name, lambda draft: draft["metadata"].update(finalizers=[]))
    await world.settle()
    assert world.namespace is None


async def test_a_namespace_that_is_held_up_does_nothing(world: Emptied) -> None:
    await world.begin()
    await world.config_map("held", finalizers=["example.test/hold"])
    await world.end()
    before = world.reconciles

    await world.clock.advance(3600)

    assert before <= 2
    assert world.reconciles == before


async def test_many_pods_that_leave_one_by_one_bring_few_looks(world: Emptied) -> None:
    await world.begin(kubelet=False)
    for number in range(100):
        await world.pod(f"web-{number:03}")
    await world.end()

    for number in reversed(range(100)):
        await world.client.delete("pods", NAMESPACE, f"web-{number:03}", grace_period_s=0)
        await world.clock.idle()
    await world.settle()

    assert world.namespace is None
    assert world.reconciles <= 6


async def test_a_namespace_of_the_same_name_lives(world: Emptied) -> None:
    await world.begin()
    await world.end()

    await world.create("namespaces", {"metadata": {"name": NAMESPACE}})
    await world.config_map("kept")
    await world.settle()

    assert name_of(world.get("configmaps", "kept")) == "kept"


async def test_other_finalizers_of_the_namespace_are_left_to_others(world: Emptied) -> None:
    await world.begin()
    await world.create("namespaces", {"metadata": {"name": "team"}, "spec": {"finalizers": ["example.test/hold"]}})
    team = world.client.get("namespaces", "", "team")
    assert team is not None
    assert team["spec"]["finalizers"] == ["example.test/hold", "kubernetes"]

    await world.client.delete("namespaces", "", "team")
    await world.settle()

    team = world.client.get("namespaces", "", "team")
    assert team is not None
    assert team["spec"]["finalizers"] == ["example.test/hold"]
    assert {one["status"] for one in team["status"]["conditions"]} == {"False"}


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    first = plan_conditions([], Remains({"pods.": 2}, {}, []), now="then")

    second = plan_conditions(first, Remains({"pods.": 1}, {}, []), now="now")

    remaining: Object = next(one for one in second if one["type"] == "NamespaceContentRemaining")
    assert remaining["lastTransitionTime"] == "then"
    assert remaining["message"] == "Some resources are remaining: pods. has 1 resource instances"
    assert [one["type"] for one in second] == [one["type"] for one in first]


def test_a_refusal_is_told_in_upstreams_words() -> None:
    conditions = plan_conditions([], Remains({}, {}, ["two", "one"]), now="now")

    failure = next(one for one in conditions if one["status"] == "True")
    assert (failure["type"], failure["reason"]) == ("NamespaceDeletionContentFailure", "ContentDeletionFailed")
    assert failure["message"] == "Failed to delete all resource types, 2 remaining: one, two"
