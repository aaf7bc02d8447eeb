"""Whose claims are, by policy and by whether their Pod is in range."""

from typing import Any

import pytest

from orrery.controllers.statefulset.retention import has_other_controller, is_left_over, is_up_to_date, plan_owners
from orrery.machinery.objects import Object
from tests.controllers.statefulset.rows import pod, statefulset


def reference(kind: str, name: str, uid: str, *, controller: bool = True) -> Object:
    made = {"apiVersion": "v1" if kind == "Pod" else "apps/v1", "kind": kind, "name": name, "uid": uid}
    return {**made, "controller": True, "blockOwnerDeletion": True} if controller else made


SET, POD = reference("StatefulSet", "web", "set"), reference("Pod", "web-5", "uid-5")
OTHER = reference("Job", "import", "job")


def claim(*owners: Object) -> Object:
    return {"metadata": {"name": "data-web-0", "ownerReferences": list(owners)}}


def owner(scaled: str, deleted: str) -> Object:
    return statefulset(persistentVolumeClaimRetentionPolicy={"whenScaled": scaled, "whenDeleted": deleted})


@pytest.mark.parametrize(
    ("scaled", "deleted", "ordinal", "owners"),
    [
        ("Retain", "Retain", 0, []),
        ("Retain", "Retain", 5, []),
        ("Retain", "Delete", 0, [SET]),
        ("Retain", "Delete", 5, [SET]),
        ("Delete", "Retain", 0, []),
        ("Delete", "Retain", 5, [POD]),
        ("Delete", "Delete", 0, [SET]),
        ("Delete", "Delete", 5, [POD]),
    ],
)
@pytest.mark.parametrize("before", [[], [SET], [POD], [SET, POD]])
def test_claims_belong_to_whom_the_policy_says(scaled: str, deleted: str, ordinal: int, owners: list[Object], before: list[Object]) -> None:
    held, member = owner(scaled, deleted), pod(ordinal)
    if ordinal == 0:
        before = [one for one in before if one["kind"] != "Pod"]

    assert is_up_to_date(claim(*before), held, member) is (before == owners)
    assert plan_owners(claim(*before), held, member) == owners
    assert is_up_to_date(claim(*owners), held, member)


@pytest.mark.parametrize(
    ("before", "is_conflict", "is_fine", "after"),
    [
        ([OTHER], True, True, [OTHER]),
        ([OTHER, SET], True, False, [OTHER]),
        ([reference("Job", "import", "job", controller=False)], False, False, None),
        ([reference("StatefulSet", "web", "gone")], True, True, []),
        ([reference("StatefulSet", "web", "set", controller=False)], False, False, [SET]),
    ],
)
def test_other_owners_are_respected(before: list[Object], after: list[Any] | None, *, is_conflict: bool, is_fine: bool) -> None:
    held, member = owner("Delete", "Delete"), pod(0)

    assert has_other_controller(claim(*before), held, member) is is_conflict
    assert is_up_to_date(claim(*before), held, member) is is_fine
    assert plan_owners(claim(*before), held, member) == (after if after is not None else [*before, SET])


def test_a_claim_that_goes_with_a_former_pod_is_left_over() -> None:
    fresh = pod(5)
    del fresh["metadata"]["uid"]

    assert is_left_over(claim(POD), fresh)
    assert not is_left_over(claim(POD), pod(5))
    assert not is_left_over(claim(), fresh)
