"""A ReplicaSet keeps its Pods: makes, adopts, releases, removes and counts them."""

import asyncio
from typing import Any

import pytest

from orrery.machinery.errors import Forbidden
from orrery.machinery.objects import FrozenObject, Object, controller_of, is_deleting, name_of, uid_of
from orrery.verbs.client import Client
from tests.controllers.world import NAMESPACE, REPLICASETS, World, replicaset, template


def counts(world: World, name: str = "web") -> dict[str, Any]:
    status = world.get(REPLICASETS, name)["status"]
    return {key: value for key, value in status.items() if key not in ("conditions", "observedGeneration")}


def pod(name: str, **labels: str) -> Object:
    return {"metadata": {"name": name, "namespace": NAMESPACE, "labels": labels}, "spec": template()["spec"]}


async def test_it_makes_its_pods_and_reports_them(world: World) -> None:
    await world.start()
    await world.create(REPLICASETS, replicaset(replicas=3))
    await world.settle()

    pods = world.pods()
    assert len(pods) == 3
    owner = controller_of(pods[0])
    assert owner == {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "web",
        "uid": uid_of(world.get(REPLICASETS, "web")),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    assert all(name_of(one).startswith("web-") and len(name_of(one)) == 9 for one in pods)
    assert counts(world) == {
        "replicas": 3,
        "fullyLabeledReplicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "terminatingReplicas": 0,
    }
    assert sorted(await world.messages("SuccessfulCreate")) == sorted(f"Created pod: {name_of(one)}" for one in pods)


async def test_a_smaller_size_removes_pods_and_says_which(world: World) -> None:
    await world.start()
    await world.create(REPLICASETS, replicaset(replicas=3))
    await world.settle()
    before = {name_of(one) for one in world.pods()}

    await world.set_spec(REPLICASETS, "web", replicas=1)
    await world.clock.idle()
    assert counts(world)["terminatingReplicas"] == 2
    await world.settle()

    gone = before - {name_of(one) for one in world.pods()}
    assert sorted(await world.messages("SuccessfulDelete")) == sorted(f"Deleted pod: {name}" for name in gone)
    assert len(gone) == 2
    assert counts(world)["terminatingReplicas"] == 0


async def test_a_deleted_pod_is_replaced_at_once_and_not_when_it_is_gone(world: World) -> None:
    await world.start()
    await world.create(REPLICASETS, replicaset(replicas=2))
    await world.settle()
    victim = name_of(world.pods()[0])

    await world.client.delete("pods", NAMESPACE, victim)
    await world.clock.idle()

    assert len(world.pods()) == 3
    await world.settle()
    assert victim not in [name_of(one) for one in world.pods()]
    assert counts(world)["availableReplicas"] == 2


async def test_matching_orphans_are_adopted_and_count(world: World) -> None:
    await world.start()
    await world.create("pods", pod("mine", app="web"))
    await world.create("pods", pod("other", app="db"))

    await world.create(REPLICASETS, replicaset(replicas=2))
    await world.settle()

    assert len(world.pods(app="web")) == 2
    owner = controller_of(world.get("pods", "mine"))
    assert owner is not None
    assert owner["uid"] == uid_of(world.get(REPLICASETS, "web"))
    assert controller_of(world.get("pods", "other")) is None


async def test_an_orphan_that_comes_later_is_adopted_and_one_too_many_goes(world: World) -> None:
    await world.start()
    await world.create(REPLICASETS, replicaset(replicas=2))
    await world.settle()

    await world.create("pods", pod("late", app="web"))
    await world.settle()

    assert len(world.pods(app="web")) == 2
    assert "late" not in [name_of(one) for one in world.pods()]  # It was not ready, so it was the least useful.


async def test_a_pod_whose_labels_no_longer_match_is_released_and_replaced(world: World) -> None:
    await world.start()
    await world.create(REPLICASETS, replicaset(replicas=2))
    await world.settle()
    name = name_of(world.pods()[0])

    await world.change("pods", name, lambda draft: draft["metadata"]["labels"].update(app="debug"))
    await world.settle()

    assert controller_of(world.get("pods", name)) is None
    assert len(world.pods(app="web")) == 2
    assert counts(world)["replicas"] == 2


async def test_an_ended_pod_is_replaced_and_left_alone(world: World) -> None:
    await world.start()
    await world.create(REPLICASETS, replicaset(replicas=1))
    await world.settle()
    name = name_of(world.pods()[0])

    def end(draft: Object) -> bool:
        draft["status"]["phase"] = "Failed"
        return True

    await world.client.change("pods", NAMESPACE, name, end, subresource="status")
    await world.settle()

    assert len(world.pods()) == 2
    assert not is_deleting(world.get("pods", name))
    assert counts(world)["replicas"] == 1


async def test_pods_count_as_available_after_min_ready_seconds(world: World) -> None:
    await world.start(ready_after_s=1)
    await world.create(REPLICASETS, replicaset(replicas=2, minReadySeconds=10))

    await world.clock.advance(5)
    assert (counts(world)["readyReplicas"], counts(world).get("availableReplicas")) == (2, None)
    await world.clock.advance(6)
    assert counts(world)["availableReplicas"] == 2


async def test_deleting_it_makes_no_more_pods(world: World) -> None:
    await world.start()
    body = replicaset(replicas=2)
    body["metadata"]["finalizers"] = ["example.com/wait"]
    await world.create(REPLICASETS, body)
    await world.settle()

    await world.client.delete(REPLICASETS, NAMESPACE, "web", propagation="Background")
    await world.client.delete("pods", NAMESPACE, name_of(world.pods()[0]))
    await world.settle()

    assert len(world.pods()) == 1


async def test_a_replication_controller_works_the_same_but_does_not_count_the_terminating(world: World) -> None:
    await world.start()
    spec = {"replicas": 2, "selector": {"app": "web"}, "template": template()}
    await world.create("replicationcontrollers", {"metadata": {"name": "web", "namespace": NAMESPACE}, "spec": spec})
    await world.settle()

    status = world.get("replicationcontrollers", "web")["status"]
    assert (status["replicas"], status["availableReplicas"]) == (2, 2)
    assert "terminatingReplicas" not in status
    owner = controller_of(world.pods()[0])
    assert owner is not None
    assert (owner["apiVersion"], owner["kind"]) == ("v1", "ReplicationController")


async def test_a_refused_pod_shows_as_replica_failure_until_it_goes_well(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API's refusal is the edge here: no quota is there to give it."""
    await world.start()
    refusals = 0
    create = world.client.create

    async def refuse(bucket: str, obj: Object) -> FrozenObject:
        nonlocal refusals
        if bucket == "pods" and refusals < 5:
            refusals += 1
            raise Forbidden("pods", "", "exceeded quota: small")
        return await create(bucket, obj)

    monkeypatch.setattr(world.client, "create", refuse)
    await world.create(REPLICASETS, replicaset(replicas=4))
    await world.clock.idle()

    condition = world.condition(REPLICASETS, "web", "ReplicaFailure")
    assert (condition["status"], condition["reason"]) == ("True", "FailedCreate")
    assert condition["message"] == "pods is forbidden: exceeded quota: small"
    assert refusals == 2  # Slow start: one Pod tells it all; and once more because the status that says so woke us.
    assert (await world.messages("FailedCreate"))[0] == "Error creating: pods is forbidden: exceeded quota: small"

    await world.clock.advance(60)
    assert counts(world)["replicas"] == 4
    assert not world.get(REPLICASETS, "web")["status"].get("conditions")
    assert world.runner.counts("replicaset-controller").errors == 5


async def test_what_a_client_wrote_is_there_to_read_when_its_call_returns(world: World) -> None:
    """Controllers have no expectations because of this."""
    await world.start(kubelet=False)
    client: Client = world.client

    async def write_and_look(number: int) -> bool:
        made = await client.create("pods", pod(f"p-{number}", app="none"))
        return client.get("pods", NAMESPACE, name_of(made)) == made

    assert all(await asyncio.gather(*(write_and_look(number) for number in range(50))))
