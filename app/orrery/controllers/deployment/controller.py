"""Brings the ReplicaSets of a Deployment to its template and size; the flow of upstream's syncDeployment.

It never touches Pods: it scales ReplicaSets, and looks at Pods only to keep a Recreate from overlapping. One reconcile takes one
kind of step and reports; the ReplicaSets' own status writes wake it for the next one, so a rollout moves at the pace of readiness.
"""

from collections.abc import Iterable, Sequence

from orrery.controllers.deployment.replicasets import ReplicaSets, Revisions
from orrery.controllers.deployment.sizes import (
    DESIRED_REPLICAS,
    Step,
    annotated_number,
    limits_of,
    plan_new_size,
    plan_old_sizes,
    plan_resize,
    size_of,
)
from orrery.controllers.deployment.status import (
    conditions_of,
    find_condition,
    has_deadline,
    is_complete,
    new_condition,
    plan_counts,
    plan_deadline_check_s,
    plan_pause_condition,
    plan_rollout_status,
    with_condition,
)
from orrery.controllers.engine.controller import DONE, Outcome, key_for, key_of_object, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.ownership import Orphans, controller_keys
from orrery.controllers.pods import is_terminal
from orrery.machinery.errors import ApiError
from orrery.machinery.objects import FrozenObject, Object, controller_of, is_deleting, labels_of, name_of, namespace_of, uid_of
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

BUCKET = "deployments.apps"


class DeploymentController:
    """One key is one Deployment: find its ReplicaSets, roll or scale them, report."""

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._clock = client.clock
        self._recorder = recorder
        self._orphans = Orphans("replicasets.apps")
        self._replicasets = ReplicaSets(client, recorder, self._orphans)

    @property
    def name(self) -> str:
        return "deployment-controller"

    def watch(self, informer: Informer) -> None:
        informer.observe("replicasets.apps", self._orphans.observe)
        informer.hear("replicasets.apps", self._keys_of_replicaset)
        informer.hear("pods", self._keys_of_pod)
        informer.on(BUCKET, lambda change: (key_of_object(change.any),))

    async def reconcile(self, key: str) -> Outcome:
        deployment = self._client.get(BUCKET, *split_key(key))
        if deployment is None:
            return DONE  # Deleted. Its ReplicaSets belong to the garbage collector now.
        if not deployment["spec"]["selector"]:
            return await self._refuse(deployment)

        replicasets = await self._replicasets.claim(deployment)
        if is_deleting(deployment):
            revisions = await self._revisions(deployment, replicasets)
            return await self._report(revisions)
        deployment = await self._note_pause(deployment)
        if deployment["spec"].get("paused"):
            return await self._scale(await self._revisions(deployment, replicasets))
        revisions = await self._revisions(deployment, replicasets)
        if _is_scaling(revisions):
            return await self._scale(revisions)
        if deployment["spec"]["strategy"]["type"] == "Recreate":
            return await self._recreate(revisions)
        return await self._roll(revisions)

    # The four ways on.

    async def _refuse(self, deployment: FrozenObject) -> Outcome:
        """A selector that selects everything does nothing but complain."""
        message = "This deployment is selecting all pods. A non-empty selector is required."
        self._recorder.event(deployment, "Warning", "SelectingAll", message)
        status = dict(deployment.get("status") or {})
        status["observedGeneration"] = deployment["metadata"].get("generation", 0)
        await self._write_status(deployment, status)
        return DONE

    async def _roll(self, revisions: Revisions) -> Outcome:
        """RollingUpdate: grow the new ReplicaSet, else shrink old ones, and else tidy up."""
        created = await self._with_new(revisions)
        if created is None:
            return DONE  # A hash collision; the status write that counts it wakes us again.
        revisions = created
        deployment, new = revisions.deployment, revisions.new
        assert new is not None
        limits = limits_of(deployment)
        wanted = plan_new_size(limits, [size_of(one) for one in revisions.all], size_of(new))
        steps = [Step(name_of(new), wanted)] if wanted != new["spec"]["replicas"] else []
        grown = await self._take_steps(revisions, steps)
        if grown is not revisions:
            return await self._report_rollout(grown)

        shrunk = await self._take_steps(revisions, plan_old_sizes(limits, [size_of(one) for one in revisions.old], size_of(new)))
        if shrunk is revisions and is_complete(deployment, deployment.get("status", {})):
            await self._replicasets.clean_up(revisions)
        return await self._report_rollout(shrunk)

    async def _recreate(self, revisions: Revisions) -> Outcome:
        """Recreate: all old Pods go, and only when the last one is gone come new ones."""
        shrunk = await self._take_steps(revisions, [Step(name_of(old), 0) for old in revisions.old if old["spec"]["replicas"] > 0])
        if shrunk is not revisions or self._has_old_pods(revisions):
            return await self._report_rollout(shrunk)
        created = await self._with_new(revisions)
        if created is None:
            return DONE
        revisions = created
        deployment, new = revisions.deployment, revisions.new
        assert new is not None
        wanted = deployment["spec"]["replicas"]
        revisions = await self._take_steps(revisions, [Step(name_of(new), wanted)] if wanted != new["spec"]["replicas"] else [])
        if is_complete(deployment, deployment.get("status", {})):
            await self._replicasets.clean_up(revisions)
        return await self._report_rollout(revisions)

    async def _scale(self, revisions: Revisions) -> Outcome:
        """The Deployment was resized, or is paused: sizes follow, but no rollout moves."""
        deployment = revisions.deployment
        steps = plan_resize(
            limits_of(deployment),
            [size_of(old) for old in revisions.old],
            size_of(revisions.new) if revisions.new is not None else None,
            is_saturated=revisions.is_saturated,
            status_replicas=deployment.get("status", {}).get("replicas", 0),
        )
        revisions = await self._take_steps(revisions, steps)
        if deployment["spec"].get("paused"):
            await self._replicasets.clean_up(revisions)
        return await self._report(revisions)

    # Revisions.

    async def _revisions(self, deployment: FrozenObject, replicasets: Sequence[FrozenObject]) -> Revisions:
        """New and old ReplicaSets, with the new one's annotations and the Deployment's revision brought up to date."""
        revisions = Revisions.of(deployment, replicasets)
        if revisions.new is None:
            return revisions
        updated = await self._replicasets.annotate(revisions)
        if updated is not revisions:
            return updated  # Its event wakes us, and then the Deployment gets the number.
        condition: Object | None = None
        if has_deadline(deployment) and find_condition(conditions_of(deployment), "Progressing") is None:
            message = f'Found new replica set "{name_of(revisions.new)}"'
            condition = self._progressing("True", "FoundNewReplicaSet", message)
        return await self._note_revision(revisions, condition)

    async def _with_new(self, revisions: Revisions) -> Revisions | None:
        """With a new ReplicaSet, made now if need be; None after a hash collision."""
        if revisions.new is not None:
            return revisions
        deployment = revisions.deployment
        try:
            created = await self._replicasets.create(revisions)
        except ApiError as error:
            await self._note_failed_create(revisions, error)
            raise
        if created is None:
            status = dict(deployment.get("status") or {})
            status["collisionCount"] = status.get("collisionCount", 0) + 1
            await self._write_status(deployment, status)
            return None
        condition: Object | None = None
        if created.is_made and has_deadline(deployment):
            message = f'Created new replica set "{name_of(created.replicaset)}"'
            condition = self._progressing("True", "NewReplicaSetCreated", message)
        return await self._note_revision(revisions.with_new(created.replicaset), condition)

    async def _note_failed_create(self, revisions: Revisions, error: ApiError) -> None:
        deployment = revisions.deployment
        failed = self._replicasets.failure_message(revisions, error)
        if failed is None:
            return
        if has_deadline(deployment):
            status = dict(deployment.get("status") or {})
            condition = self._progressing("False", "ReplicaSetCreateError", failed)
            status["conditions"] = with_condition(conditions_of(deployment), condition)
            await self._write_status(deployment, status)
        self._recorder.event(deployment, "Warning", "ReplicaSetCreateError", failed)

    async def _note_revision(self, revisions: Revisions, condition: Object | None) -> Revisions:
        """Give the Deployment its new ReplicaSet's revision, and the condition if there is one, in one write."""
        deployment = revisions.deployment
        revision = revisions.needed_revision
        if revision is None and condition is None:
            return revisions
        status = dict(deployment.get("status") or {})
        if condition is not None:
            status["conditions"] = with_condition(conditions_of(deployment), condition)
        return revisions.with_deployment(await self._write_status(deployment, status, revision=revision))

    async def _note_pause(self, deployment: FrozenObject) -> FrozenObject:
        condition = plan_pause_condition(deployment, now_s=self._clock.now_s())
        if condition is None:
            return deployment
        status = dict(deployment.get("status") or {})
        status["conditions"] = with_condition(conditions_of(deployment), condition)
        return await self._write_status(deployment, status)

    def _progressing(self, status: str, reason: str, message: str) -> Object:
        return new_condition("Progressing", status, reason=reason, message=message, now_s=self._clock.now_s())

    # Steps and reports.

    async def _take_steps(self, revisions: Revisions, steps: Iterable[Step]) -> Revisions:
        """Scale ReplicaSets in order; the same object comes back when no size changed."""
        before = revisions
        for step in steps:
            scaled = await self._replicasets.scale(revisions.deployment, revisions.named(step.name), step.replicas)
            revisions = revisions.replaced(scaled)
        return revisions if _sizes(revisions) != _sizes(before) else before

    async def _report(self, revisions: Revisions) -> Outcome:
        deployment = revisions.deployment
        status = plan_counts(deployment, revisions.all, revisions.new, now_s=self._clock.now_s())
        if status != deployment.get("status"):
            await self._write_status(deployment, status)
        return DONE

    async def _report_rollout(self, revisions: Revisions) -> Outcome:
        deployment = revisions.deployment
        now_s = self._clock.now_s()
        status = plan_rollout_status(deployment, revisions.all, revisions.new, now_s=now_s)
        if status != deployment.get("status"):
            await self._write_status(deployment, status)
            return DONE  # Our own write wakes us, and then the deadline is looked at.
        check_s = plan_deadline_check_s(deployment, status, now_s=now_s)
        return DONE if check_s is None else requeue_after(check_s)

    async def _write_status(self, deployment: FrozenObject, status: Object, *, revision: str | None = None) -> FrozenObject:
        """Write it, and return the Deployment this reconcile goes on with: the spec it began with, what it wrote since."""
        uid = uid_of(deployment)

        def change(draft: Object) -> bool:
            if uid_of(draft) != uid:
                return False
            changed = draft.get("status") != status
            draft["status"] = status
            if revision is not None:
                changed |= self._replicasets.set_revision(draft, revision)
            return changed

        await self._client.change(BUCKET, namespace_of(deployment), name_of(deployment), change, subresource="status")
        after = {**deployment, "metadata": {**deployment["metadata"]}, "status": status}
        if revision is not None:
            after["metadata"]["annotations"] = dict(after["metadata"].get("annotations") or {})
            self._replicasets.set_revision(after, revision)
        return after

    def _has_old_pods(self, revisions: Revisions) -> bool:
        """Whether an old Pod still runs, or an old ReplicaSet believes so; one that is terminating still runs."""
        if any(old.get("status", {}).get("replicas", 0) > 0 for old in revisions.old):
            return True
        return any(not is_terminal(pod) for old in revisions.old for pod in self._client.owned_by("pods", uid_of(old)))

    # What wakes whom.

    def _keys_of_replicaset(self, change: Change) -> Iterable[str]:
        keys = set(controller_keys(change, api_version="apps/v1", kind="Deployment"))
        new = change.new
        if new is not None and controller_of(new) is None:
            keys.update(self._matching(new))
        return sorted(keys)

    def _matching(self, replicaset: FrozenObject) -> Iterable[str]:
        namespace = namespace_of(replicaset)
        labels = labels_of(replicaset)
        for deployment in self._client.list(BUCKET, namespace):
            selector = LabelSelector.of(deployment["spec"]["selector"])
            if deployment["spec"]["selector"] and selector.matches(labels):
                yield key_for(namespace, name_of(deployment))

    def _keys_of_pod(self, change: Change) -> Iterable[str]:
        """A Recreate goes on when the last old Pod is gone; nothing else about Pods matters here."""
        if change.is_present:
            return ()
        for key in controller_keys(change, api_version="apps/v1", kind="ReplicaSet"):
            replicaset = self._client.get("replicasets.apps", *split_key(key))
            owner = controller_of(replicaset) if replicaset is not None else None
            if owner is None or owner["kind"] != "Deployment":
                continue
            deployment_key = key_for(namespace_of(change.any), owner["name"])
            deployment = self._client.get(BUCKET, *split_key(deployment_key))
            if deployment is not None and deployment["spec"]["strategy"]["type"] == "Recreate":
                return (deployment_key,)
        return ()


def _is_scaling(revisions: Revisions) -> bool:
    """Whether the Deployment was resized since its active ReplicaSets were scaled last."""
    wanted = revisions.deployment["spec"]["replicas"]
    active = (one for one in revisions.all if one["spec"]["replicas"] > 0)
    return any(annotated_number(one, DESIRED_REPLICAS) not in (None, wanted) for one in active)


def _sizes(revisions: Revisions) -> list[int]:
    return [one["spec"]["replicas"] for one in revisions.all]
