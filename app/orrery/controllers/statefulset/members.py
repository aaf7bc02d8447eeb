"""Makes, mends and removes the Pods of a StatefulSet and their claims, and says so in events on it.

A Pod's claims are made before it and outlive it, unless the retention policy gives them an owner; the garbage collector does the
rest. Upstream: stateful_pod_control.go.
"""

from collections.abc import Callable
from typing import Final

from orrery.controllers.statefulset.identity import (
    claim_name,
    claim_templates,
    claimed_volumes,
    give_identity,
    has_identity,
    has_storage,
    new_claims,
    ordinal_of,
)
from orrery.controllers.statefulset.retention import (
    conflict_message,
    has_other_controller,
    is_left_over,
    is_up_to_date,
    plan_owners,
    policy_of,
)
from orrery.machinery.errors import AlreadyExists, ApiError, NotFound
from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of, namespace_of, uid_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

CLAIMS: Final = "persistentvolumeclaims"


class ClaimsFailed(ApiError):
    """Some of a Pod's claims cannot be had, so it is not made yet."""


class Members:
    """What a StatefulSet does to one Pod at a time."""

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._recorder = recorder

    async def create(self, statefulset: FrozenObject, pod: FrozenObject) -> None:
        """Make the Pod, its claims first. While a claim still goes away with a Pod that was there before, do nothing."""
        if self._has_left_over_claim(statefulset, pod):
            return
        try:
            await self._make_claims(statefulset, pod)
            failure = await self._make_pod(pod)
        except ClaimsFailed as error:
            self._tell(statefulset, "Create", pod, error)
            raise
        await self.own_claims(statefulset, pod)
        self._tell(statefulset, "Create", pod, failure)
        if failure is not None:
            raise failure

    async def _make_pod(self, pod: FrozenObject) -> ApiError | None:
        """Why it could not be made. A namesake that is there already is raised, and is nothing to tell."""
        try:
            await self._client.create("pods", dict(pod))
        except AlreadyExists:
            raise
        except ApiError as error:
            return error
        return None

    async def delete(self, statefulset: FrozenObject, pod: FrozenObject) -> None:
        """Delete the Pod with its own grace period; its claims stay."""
        try:
            await self._client.delete("pods", namespace_of(pod), name_of(pod), uid=uid_of(pod))
        except NotFound:
            return
        except ApiError as error:
            self._tell(statefulset, "Delete", pod, error)
            raise
        self._tell(statefulset, "Delete", pod)

    async def add_claims(self, statefulset: FrozenObject, pod: FrozenObject) -> None:
        """Make claims that a waiting Pod misses, for example because somebody deleted one."""
        if not claim_templates(statefulset):
            return
        await self._make_claims(statefulset, pod)
        await self.own_claims(statefulset, pod)

    def is_well(self, statefulset: FrozenObject, pod: FrozenObject) -> bool:
        """Whether there is nothing for `keep` to do."""
        return has_identity(pod) and has_storage(statefulset, pod) and self._claims_are_owned(statefulset, pod)

    async def keep(self, statefulset: FrozenObject, pod: FrozenObject) -> None:
        """Bring the Pod's identity, its volumes and the owners of its claims back to what they should be."""
        try:
            if not has_storage(statefulset, pod):
                await self._make_claims(statefulset, pod)
            await self.own_claims(statefulset, pod)
            await self._client.change("pods", namespace_of(pod), name_of(pod), _mend(statefulset, pod))
        except ApiError as error:
            self._tell(statefulset, "Update", pod, error)
            raise
        self._tell(statefulset, "Update", pod)

    async def own_claims(self, statefulset: FrozenObject, pod: FrozenObject) -> None:
        """Give the Pod's claims the owners that the retention policy wants."""
        for claim in self._claims_of(statefulset, pod):
            if has_other_controller(claim, statefulset, pod):
                self._recorder.event(statefulset, "Warning", "ConflictingController", conflict_message(claim))
            if not is_up_to_date(claim, statefulset, pod):
                await self._change_owners(claim, statefulset, pod)

    async def _change_owners(self, claim: FrozenObject, statefulset: FrozenObject, pod: FrozenObject) -> None:
        def change(draft: Object) -> bool:
            if uid_of(draft) != uid_of(claim) or is_up_to_date(draft, statefulset, pod):
                return False
            draft["metadata"]["ownerReferences"] = list(plan_owners(draft, statefulset, pod))
            return True

        await self._client.change(CLAIMS, namespace_of(claim), name_of(claim), change)

    def _claims_are_owned(self, statefulset: FrozenObject, pod: FrozenObject) -> bool:
        return all(is_up_to_date(claim, statefulset, pod) for claim in self._claims_of(statefulset, pod))

    def _claims_of(self, statefulset: FrozenObject, pod: FrozenObject) -> list[FrozenObject]:
        """The Pod's claims as far as they exist."""
        ordinal = ordinal_of(pod)
        names = (claim_name(statefulset, template, ordinal) for template in claim_templates(statefulset))
        found = (self._client.get(CLAIMS, namespace_of(statefulset), name) for name in names)
        return [claim for claim in found if claim is not None]

    def _has_left_over_claim(self, statefulset: FrozenObject, pod: FrozenObject) -> bool:
        if not policy_of(statefulset).deletes_when_scaled:
            return False
        return any(is_left_over(claim, pod) for claim in self._claims_of(statefulset, pod))

    async def _make_claims(self, statefulset: FrozenObject, pod: FrozenObject) -> None:
        """Make the claims that do not exist. ClaimsFailed when one cannot be made, or is on its way out."""
        problems = []
        for claim in new_claims(statefulset, ordinal_of(pod)):
            existing = self._client.get(CLAIMS, namespace_of(claim), name_of(claim))
            if existing is None:
                try:
                    await self._make_claim(statefulset, pod, claim)
                except ApiError as error:
                    problems.append(f"failed to create PVC {name_of(claim)}: {error.message}")
            elif is_deleting(existing):
                problems.append(f"pvc {name_of(claim)} is being deleted")
        if problems:
            raise ClaimsFailed(problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]")

    async def _make_claim(self, statefulset: FrozenObject, pod: FrozenObject, claim: Object) -> None:
        said = f"Create Claim {name_of(claim)}"
        member = f"Pod {name_of(pod)} in StatefulSet {name_of(statefulset)}"
        try:
            await self._client.create(CLAIMS, claim)
        except AlreadyExists:
            raise
        except ApiError as error:
            self._recorder.event(statefulset, "Warning", "FailedCreate", f"{said} for {member} failed error: {error.message}")
            raise
        self._recorder.event(statefulset, "Normal", "SuccessfulCreate", f"{said} {member} success")

    def _tell(self, statefulset: FrozenObject, verb: str, pod: FrozenObject, error: ApiError | None = None) -> None:
        said = f"{verb} Pod {name_of(pod)} in StatefulSet {name_of(statefulset)}"
        if error is None:
            self._recorder.event(statefulset, "Normal", f"Successful{verb}", f"{said} successful")
        else:
            self._recorder.event(statefulset, "Warning", f"Failed{verb}", f"{said} failed error: {error.message}")


def _mend(statefulset: FrozenObject, pod: FrozenObject) -> Callable[[Object], bool]:
    """The change that gives a Pod its identity and its volumes back."""

    def change(draft: Object) -> bool:
        if uid_of(draft) != uid_of(pod):
            return False
        changed = not has_identity(draft) and give_identity(draft)
        if not has_storage(statefulset, draft):
            draft["spec"]["volumes"] = claimed_volumes(statefulset, draft)
            changed = True
        return changed

    return change
