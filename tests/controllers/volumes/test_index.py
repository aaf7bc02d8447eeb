"""What the index knows after events, held against a world that writes them."""

from typing import Any

from orrery.controllers.engine.informer import Change
from orrery.controllers.volumes.index import ClaimUsers, Groups, VolumeIndex, WaitingClaims
from orrery.machinery.objects import Object, name_of
from orrery.store.log import Event
from tests.controllers.world import NAMESPACE, World, template


def claim(name: str, **spec: Any) -> Object:
    body = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": body}


def volume(name: str, **spec: Any) -> Object:
    body = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/data"}, **spec}
    return {"metadata": {"name": name}, "spec": body}


def pod(name: str, *volumes: Object) -> Object:
    spec = {**template()["spec"], "volumes": list(volumes)}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


async def test_a_name_is_in_one_group_at_a_time() -> None:
    groups = Groups()
    groups.put("a", "red")
    groups.put("b", "red")
    groups.put("a", "blue")
    groups.put("b", None)

    assert (groups.under("red"), groups.under("blue")) == ((), ("a",))


async def test_volumes_are_found_by_class_while_free_and_by_claim_when_promised(world: World) -> None:
    index = VolumeIndex(world.client)
    world.client.subscribe("persistentvolumes", lambda event: index.see(Change(event)))
    await world.create("persistentvolumes", volume("free", storageClassName="fast"))
    await world.create("persistentvolumes", volume("kept", claimRef={"name": "data", "namespace": NAMESPACE}))
    await world.create("persistentvolumes", volume("other", claimRef={"name": "other", "namespace": NAMESPACE}))

    assert [name_of(one) for one in index.candidates(claim("data", storageClassName="fast"))] == ["kept", "free"]
    assert index.promised_to(f"{NAMESPACE}/other") == ("other",)

    await world.client.delete("persistentvolumes", "", "kept")
    assert [name_of(one) for one in index.candidates(claim("data"))] == []


async def test_waiting_claims_are_found_by_class_and_by_the_volume_they_name(world: World) -> None:
    waiting = WaitingClaims()
    world.client.subscribe("persistentvolumeclaims", lambda event: waiting.see(Change(event)))
    for made in (
        claim("plain"),
        claim("none", storageClassName=""),
        claim("fast", storageClassName="fast"),
        claim("named", volumeName="pv"),
    ):
        await world.create("persistentvolumeclaims", made)

    assert waiting.of_class("fast") == (f"{NAMESPACE}/fast",)
    assert waiting.of_class("") == (f"{NAMESPACE}/none", f"{NAMESPACE}/plain")
    assert waiting.without_class() == (f"{NAMESPACE}/plain",)
    assert waiting.naming("pv") == (f"{NAMESPACE}/named",)


async def test_pods_are_found_by_their_claims_until_they_end(world: World) -> None:
    running, all_of_them = ClaimUsers(), ClaimUsers(with_ended=True)

    def see(event: Event) -> None:
        for users in (running, all_of_them):
            users.see(Change(event))

    world.client.subscribe("pods", see)
    data: Object = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    scratch: Object = {"name": "s", "ephemeral": {"volumeClaimTemplate": {"spec": claim("x")["spec"]}}}
    await world.create("pods", pod("web", data, scratch))
    await world.create("pods", pod("plain", {"name": "e", "emptyDir": {}}))
    assert running.of(f"{NAMESPACE}/data") == (f"{NAMESPACE}/web",) == running.of(f"{NAMESPACE}/web-s")

    await world.client.patch("pods", NAMESPACE, "web", {"status": {"phase": "Succeeded"}}, subresource="status")
    assert not running.of(f"{NAMESPACE}/data") and all_of_them.of(f"{NAMESPACE}/data")

    await world.client.delete("pods", NAMESPACE, "web", grace_period_s=0)
    assert not all_of_them.of(f"{NAMESPACE}/data")


async def test_a_pod_may_mount_a_claim_twice(world: World) -> None:
    users = ClaimUsers()
    world.client.subscribe("pods", lambda event: users.see(Change(event)))
    await world.create("pods", pod("web", *({"name": name, "persistentVolumeClaim": {"claimName": "data"}} for name in "ab")))
    assert users.of(f"{NAMESPACE}/data") == (f"{NAMESPACE}/web",)

    await world.client.delete("pods", NAMESPACE, "web", grace_period_s=0)
    assert not users.of(f"{NAMESPACE}/data")
