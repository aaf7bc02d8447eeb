"""The ReplicaSets of one Deployment: which one is new, and every write to them.

`Revisions` is the picture one reconcile works on; writes give a new picture. `ReplicaSets` carries the writes out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from orrery.controllers.deployment.revisions import REVISION, plan_annotations, plan_revision, revision_of, size_annotations
from orrery.controllers.deployment.sizes import DESIRED_REPLICAS, Size, annotated_number, limits_of, plan_new_size, size_of
from orrery.controllers.deployment.template import is_same_template, new_replicaset
from orrery.controllers.engine.ownership import Claims, Orphans, is_controlled_by, new_controller_reference, plan_claim
from orrery.controllers.pods import is_namespace_terminating
from orrery.machinery.errors import AlreadyExists, ApiError, NotFound
from orrery.machinery.objects import FrozenObject, Object, annotations_of, is_deleting, labels_of, name_of, namespace_of, uid_of
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

BUCKET = "replicasets.apps"
_KEEP_ALL = 2**31 - 1


def _age_order(replicaset: FrozenObject) -> tuple[str, str]:
    return replicaset["metadata"].get("creationTimestamp", ""), name_of(replicaset)


@dataclass(frozen=True, slots=True)
class Revisions:
    """A Deployment with its ReplicaSets: the one of the present template, if it exists, and the others, oldest first."""

    deployment: FrozenObject
    old: tuple[FrozenObject, ...]
    new: FrozenObject | None

    @classmethod
    def of(cls, deployment: FrozenObject, replicasets: Sequence[FrozenObject]) -> "Revisions":
        """Of several with the present template, the oldest is the new one."""
        ordered = sorted(replicasets, key=_age_order)
        template = deployment["spec"]["template"]
        new = next((one for one in ordered if is_same_template(one["spec"]["template"], template)), None)
        return cls(deployment, tuple(one for one in ordered if one is not new), new)

    @property
    def all(self) -> tuple[FrozenObject, ...]:
        return (*self.old, self.new) if self.new is not None else self.old

    @property
    def is_saturated(self) -> bool:
        """Whether the new one has all the replicas, knows it should, and has them available."""
        if self.new is None:
            return False
        wanted: int = self.deployment["spec"]["replicas"]
        size = size_of(self.new)
        return size.replicas == size.available == annotated_number(self.new, DESIRED_REPLICAS) == wanted

    @property
    def needed_revision(self) -> str | None:
        """The revision the Deployment lacks; None when it shows the new ReplicaSet's already."""
        if self.new is None:
            return None
        revision = annotations_of(self.new).get(REVISION, "")
        return None if annotations_of(self.deployment).get(REVISION) == revision else revision

    def named(self, name: str) -> FrozenObject:
        return next(one for one in self.all if name_of(one) == name)

    def replaced(self, replicaset: FrozenObject) -> "Revisions":
        """With a newer state of one of them."""
        uid = uid_of(replicaset)
        old = tuple(replicaset if uid_of(one) == uid else one for one in self.old)
        new = replicaset if self.new is not None and uid_of(self.new) == uid else self.new
        return Revisions(self.deployment, old, new)

    def with_new(self, replicaset: FrozenObject) -> "Revisions":
        return replace(self, new=replicaset)

    def with_deployment(self, deployment: FrozenObject) -> "Revisions":
        return replace(self, deployment=deployment)


@dataclass(frozen=True, slots=True)
class Created:
    """A new ReplicaSet; `is_made` is False when it was there already, from an attempt before."""

    replicaset: FrozenObject
    is_made: bool


class ReplicaSets:
    """Reads and writes of ReplicaSets on behalf of their Deployment."""

    def __init__(self, client: Client, recorder: EventRecorder, orphans: Orphans) -> None:
        self._client = client
        self._recorder = recorder
        self._orphans = orphans
        self._claims = Claims(client, BUCKET)

    async def claim(self, deployment: FrozenObject) -> Sequence[FrozenObject]:
        """Those it controls, after adoption of matching orphans and release of those that no longer match."""
        selector = LabelSelector.of(deployment["spec"]["selector"])
        owned = (one for one in self._client.owned_by(BUCKET, uid_of(deployment)) if is_controlled_by(one, deployment))
        orphans = self._orphans.within(self._client, namespace_of(deployment), selector)
        claim = plan_claim(deployment, (*owned, *orphans), lambda one: selector.matches(labels_of(one)))
        reference = new_controller_reference(deployment, api_version="apps/v1", kind="Deployment")
        return await self._claims.carry_out(claim, deployment, reference)

    async def annotate(self, revisions: Revisions) -> Revisions:
        """Bring annotations and minReadySeconds of the new one up to date; the same object when they are."""
        new, deployment = revisions.new, revisions.deployment
        assert new is not None
        wanted = plan_annotations(deployment, annotations_of(new), plan_revision(revisions.old))
        min_ready_s = deployment["spec"].get("minReadySeconds", 0)
        if wanted == annotations_of(new) and min_ready_s == new["spec"].get("minReadySeconds", 0):
            return revisions

        def change(draft: Object) -> bool:
            draft["metadata"]["annotations"] = dict(wanted)
            if draft["spec"].get("minReadySeconds", 0) != min_ready_s:
                draft["spec"]["minReadySeconds"] = min_ready_s
            return True

        return revisions.replaced(await self._change(new, change))

    async def create(self, revisions: Revisions) -> Created | None:
        """Make the ReplicaSet of the present template; None when its name is taken by another one: a hash collision."""
        deployment = revisions.deployment
        body = self._new_body(revisions)
        name = body["metadata"]["name"]
        try:
            created = await self._client.create(BUCKET, body)
        except AlreadyExists:
            found = self._client.get(BUCKET, namespace_of(deployment), name)
            if found is None:
                raise
            is_ours = is_controlled_by(found, deployment)
            if is_ours and is_same_template(found["spec"]["template"], deployment["spec"]["template"]):
                return Created(found, is_made=False)
            return None
        if created["spec"]["replicas"] > 0:
            message = f"Scaled up replica set {name} from 0 to {created['spec']['replicas']}"
            self._recorder.event(deployment, "Normal", "ScalingReplicaSet", message)
        return Created(created, is_made=True)

    def _new_body(self, revisions: Revisions) -> Object:
        deployment = revisions.deployment
        limits = limits_of(deployment)
        nobody = Size("", 0)
        replicas = plan_new_size(limits, [size_of(one) for one in revisions.old], nobody)
        annotations = plan_annotations(deployment, {}, plan_revision(revisions.old))
        annotations.update(size_annotations(limits))
        return new_replicaset(deployment, annotations, replicas=replicas)

    def failure_message(self, revisions: Revisions, error: ApiError) -> str | None:
        """What to tell about a ReplicaSet that could not be made; None when its namespace is going away anyway."""
        if is_namespace_terminating(error):
            return None
        return f'Failed to create new replica set "{self._new_body(revisions)["metadata"]["name"]}": {error.message}'

    async def scale(self, deployment: FrozenObject, replicaset: FrozenObject, replicas: int) -> FrozenObject:
        """Set its size and what it remembers of the Deployment's; an event tells of a new size."""
        annotations = size_annotations(limits_of(deployment))
        before = replicaset["spec"]["replicas"]
        if before == replicas and annotations.items() <= annotations_of(replicaset).items():
            return replicaset

        def change(draft: Object) -> bool:
            draft["spec"]["replicas"] = replicas
            draft["metadata"]["annotations"] = {**annotations_of(draft), **annotations}
            return True

        scaled = await self._change(replicaset, change)
        if before != replicas:
            direction = "up" if before < replicas else "down"
            message = f"Scaled {direction} replica set {name_of(replicaset)} from {before} to {replicas}"
            self._recorder.event(deployment, "Normal", "ScalingReplicaSet", message)
        return scaled

    async def _change(self, replicaset: FrozenObject, change: Callable[[Object], bool]) -> FrozenObject:
        uid = uid_of(replicaset)
        changed = await self._client.change(
            BUCKET, namespace_of(replicaset), name_of(replicaset), lambda draft: uid_of(draft) == uid and change(draft)
        )
        if changed is None or uid_of(changed) != uid:
            raise NotFound(BUCKET, name_of(replicaset))
        return changed

    async def clean_up(self, revisions: Revisions) -> None:
        """Delete the oldest revisions beyond revisionHistoryLimit; only those without Pods."""
        limit = revisions.deployment["spec"].get("revisionHistoryLimit")
        if limit is None or limit == _KEEP_ALL:
            return
        for replicaset in plan_clean_up(revisions.old, limit):
            try:
                await self._client.delete(BUCKET, namespace_of(replicaset), name_of(replicaset))
            except NotFound:
                continue

    @staticmethod
    def set_revision(deployment: Object, revision: str) -> bool:
        """Set the Deployment's revision in place; whether that changed it."""
        annotations = deployment["metadata"].setdefault("annotations", {})
        if annotations.get(REVISION) == revision:
            return False
        annotations[REVISION] = revision
        return True


def plan_clean_up(old: Sequence[FrozenObject], limit: int) -> list[FrozenObject]:
    """Old ReplicaSets to delete so that `limit` remain, lowest revision first.

    Of 4 with a limit of 2, the two lowest are looked at; one of them that still has Pods stays, and no other goes in its place.
    """
    alive = [one for one in old if not is_deleting(one)]
    # Upstream's comparison is by age where a revision is unreadable; an order needs a number, so that counts as the lowest.
    alive.sort(key=lambda one: (revision_of(one) or 0, *_age_order(one)))
    return [one for one in alive[: max(len(alive) - limit, 0)] if _is_empty(one)]


def _is_empty(replicaset: FrozenObject) -> bool:
    status = replicaset.get("status", {})
    seen: int = status.get("observedGeneration", 0)
    generation: int = replicaset["metadata"].get("generation", 0)
    return seen >= generation and not status.get("replicas") and not replicaset["spec"]["replicas"]
