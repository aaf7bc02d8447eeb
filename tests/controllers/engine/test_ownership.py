"""Who keeps, adopts and releases what."""

import pytest

from orrery.controllers.engine.informer import Change
from orrery.controllers.engine.ownership import Orphans, new_controller_reference, plan_claim
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of
from orrery.machinery.selectors import EVERYTHING, LabelSelector
from tests.controllers.test_costs import counted
from tests.controllers.world import World, template

OWNER: Object = {"metadata": {"name": "web", "uid": "owner"}}
DELETING: Object = {"metadata": {"name": "web", "uid": "owner", "deletionTimestamp": "2026-01-01T00:00:00Z"}}


def dependent(name: str, *, owner: str = "", app: str = "web", deleting: bool = False) -> Object:
    metadata: Object = {"name": name, "labels": {"app": app}}
    if owner:
        metadata["ownerReferences"] = [{"uid": owner, "controller": True}]
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": metadata}


def matches(obj: FrozenObject) -> bool:
    return labels_of(obj).get("app") == "web"


@pytest.mark.parametrize(
    ("obj", "owner", "fate"),
    [
        (dependent("x", owner="owner"), OWNER, "owned"),
        (dependent("x", owner="owner", app="db"), OWNER, "release"),
        (dependent("x", owner="stranger"), OWNER, "nothing"),
        (dependent("x"), OWNER, "adopt"),
        (dependent("x", app="db"), OWNER, "nothing"),
        (dependent("x", deleting=True), OWNER, "nothing"),
        (dependent("x", owner="owner"), DELETING, "owned"),
        (dependent("x", owner="owner", app="db"), DELETING, "nothing"),
        (dependent("x"), DELETING, "nothing"),
    ],
)
def test_a_claim_sorts_dependents_by_owner_labels_and_life(obj: Object, owner: Object, fate: str) -> None:
    claim = plan_claim(owner, [obj], matches)

    found = {"owned": claim.owned, "adopt": claim.adopt, "release": claim.release}
    assert {name for name, objects in found.items() if objects} == ({fate} - {"nothing"})


def test_a_controller_reference_blocks_the_owners_foreground_deletion() -> None:
    assert new_controller_reference(OWNER, api_version="apps/v1", kind="ReplicaSet") == {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": name_of(OWNER),
        "uid": "owner",
        "controller": True,
        "blockOwnerDeletion": True,
    }


async def test_orphans_are_looked_up_by_the_label_that_fewest_carry(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    orphans = Orphans("pods")
    world.client.subscribe("pods", lambda event: orphans.observe(Change(event)))
    await world.create("namespaces", {"metadata": {"name": "default"}})
    for number in range(40):
        await world.create("pods", pod(f"web-{number}", app="web", number=str(number)))
    reads = counted(monkeypatch, world.log, ("find", "list"))

    found = orphans.within(world.client, "default", LabelSelector.of({"matchLabels": {"app": "web", "number": "7"}}))

    assert [name_of(one) for one in found] == ["web-7"]
    assert reads == {"find": 1}
    assert len(orphans.within(world.client, "default", EVERYTHING)) == 40
    assert not orphans.within(world.client, "other", EVERYTHING)


async def test_an_orphan_is_one_until_it_is_taken_or_gone(world: World) -> None:
    orphans = Orphans("pods")
    world.client.subscribe("pods", lambda event: orphans.observe(Change(event)))
    selector = LabelSelector.of({"matchLabels": {"app": "web"}})
    await world.create("namespaces", {"metadata": {"name": "default"}})
    for name in ("web-0", "web-1", "web-2"):
        await world.create("pods", pod(name, app="web"))

    await world.change("pods", "web-0", lambda draft: draft["metadata"].update(labels={"app": "db"}))
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "owner", "controller": True}
    await world.change("pods", "web-1", lambda draft: draft["metadata"].update(ownerReferences=[owner]))
    assert [name_of(one) for one in orphans.within(world.client, "default", selector)] == ["web-2"]

    await world.client.delete("pods", "default", "web-2", grace_period_s=0)
    await world.change("pods", "web-1", lambda draft: draft["metadata"].update(ownerReferences=[]))
    assert [name_of(one) for one in orphans.within(world.client, "default", selector)] == ["web-1"]


def pod(name: str, **labels: str) -> Object:
    return {"metadata": {"name": name, "namespace": "default", "labels": labels}, "spec": template()["spec"]}
