"""Whose a StatefulSet's claims are: owner references as persistentVolumeClaimRetentionPolicy wants them. Pure values.

What the garbage collector then deletes follows from them:

| whenScaled | whenDeleted | Pod in range | Pod scaled away |
| --- | --- | --- | --- |
| Retain | Retain | nobody | nobody |
| Retain | Delete | the StatefulSet | the StatefulSet |
| Delete | Retain | nobody | the Pod |
| Delete | Delete | the StatefulSet | the Pod |

Upstream: isClaimOwnerUpToDate and updateClaimOwnerRefForSetAndPod.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from orrery.controllers.engine.ownership import new_controller_reference
from orrery.controllers.statefulset.identity import ordinal_of, ordinals_of, reference_to
from orrery.machinery.objects import FrozenObject, Object, name_of, owner_references_of, uid_of


@dataclass(frozen=True, slots=True)
class Policy:
    """What happens to claims; False keeps them."""

    deletes_when_scaled: bool
    deletes_when_deleted: bool

    @property
    def keeps_all(self) -> bool:
        return not (self.deletes_when_scaled or self.deletes_when_deleted)


def policy_of(statefulset: FrozenObject) -> Policy:
    policy = statefulset["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return Policy(policy.get("whenScaled") == "Delete", policy.get("whenDeleted") == "Delete")


def _pod_reference(pod: FrozenObject) -> Object:
    return new_controller_reference(pod, api_version="v1", kind="Pod")


def _names(reference: FrozenObject, wanted: FrozenObject) -> bool:
    """Whether both references name the same object, whatever their UIDs."""
    return all(reference.get(field) == wanted[field] for field in ("apiVersion", "kind", "name"))


def is_stale(claim: FrozenObject, wanted: FrozenObject) -> bool:
    """Whether the claim still belongs to a namesake that is gone."""
    for reference in owner_references_of(claim):
        if _names(reference, wanted):
            return bool(reference["uid"] != wanted["uid"])
    return False


def is_left_over(claim: FrozenObject, pod: FrozenObject) -> bool:
    """Whether the claim goes away with a Pod of that name that was there before."""
    return is_stale(claim, _pod_reference(pod))


def has_other_controller(claim: FrozenObject, statefulset: FrozenObject, pod: FrozenObject) -> bool:
    """Whether somebody else, or a namesake that is gone, manages a claim whose retention is asked for."""
    if policy_of(statefulset).keeps_all:
        return False
    ours = (reference_to(statefulset), _pod_reference(pod))
    for reference in owner_references_of(claim):
        mine = next((one for one in ours if _names(reference, one)), None)
        if mine is not None:
            if reference["uid"] != mine["uid"]:
                return True
        elif reference.get("controller"):
            return True
    return False


def _wanted_owner(statefulset: FrozenObject, pod: FrozenObject) -> Object | None:
    policy = policy_of(statefulset)
    if policy.deletes_when_scaled and ordinal_of(pod) not in ordinals_of(statefulset):
        return _pod_reference(pod)
    return reference_to(statefulset) if policy.deletes_when_deleted else None


def is_up_to_date(claim: FrozenObject, statefulset: FrozenObject, pod: FrozenObject) -> bool:
    """Whether the claim's owners are as the policy wants them, or are none of our business."""
    ours = (reference_to(statefulset), _pod_reference(pod))
    if any(is_stale(claim, one) for one in ours):
        return True
    owners = {reference["uid"]: bool(reference.get("controller")) for reference in owner_references_of(claim)}
    held = {uid: owners[uid] for uid in (uid_of(statefulset), uid_of(pod)) if uid in owners}
    if has_other_controller(claim, statefulset, pod):
        return not held
    wanted = _wanted_owner(statefulset, pod)
    return held == ({wanted["uid"]: True} if wanted is not None else {})


def plan_owners(claim: FrozenObject, statefulset: FrozenObject, pod: FrozenObject) -> Sequence[Object]:
    """The owner references the claim should have; others' stay as they are."""
    ours = (reference_to(statefulset), _pod_reference(pod))
    kept = [one for one in owner_references_of(claim) if not any(_names(one, mine) for mine in ours)]
    if has_other_controller(claim, statefulset, pod):
        return kept
    wanted = _wanted_owner(statefulset, pod)
    return kept if wanted is None else [*kept, wanted]


def conflict_message(claim: FrozenObject) -> str:
    return (
        f"PersistentVolumeClaim {name_of(claim)} has a conflicting OwnerReference that acts as a manging controller, "
        "the retention policy is ignored for this claim"
    )
