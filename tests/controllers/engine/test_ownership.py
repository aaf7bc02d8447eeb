"""Who keeps, adopts and releases what."""

import pytest

from orrery.controllers.engine.ownership import new_controller_reference, plan_claim
from orrery.machinery.objects import FrozenObject, Object, labels_of, name_of

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
