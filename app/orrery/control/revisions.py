"""A Deployment's history and the way back, for people without kubectl: what `kubectl rollout history` and `undo` work out by themselves.

Follows kubectl's polymorphichelpers. The numbers come from annotations that the Deployment controller keeps.
"""

from collections.abc import Sequence
from typing import Final

from orrery.control.models import Revision, Revisions, RolledBack
from orrery.machinery.errors import BadRequest, NotFound
from orrery.machinery.objects import FrozenObject, Object, annotations_of, controller_of, name_of, thaw, uid_of
from orrery.verbs.client import Client

DEPLOYMENTS: Final = "deployments.apps"
REPLICA_SETS: Final = "replicasets.apps"
REVISION: Final = "deployment.kubernetes.io/revision"
CHANGE_CAUSE: Final = "kubernetes.io/change-cause"
HASH_LABEL: Final = "pod-template-hash"
# Annotations a rollback does not bring back: they speak of the ReplicaSet, or of how the Deployment was applied.
_KEPT_BY_DEPLOYMENT: Final = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        "deployment.kubernetes.io/revision-history",
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
        "deprecated.deployment.rollback.to",
    }
)


def template_of(replica_set: FrozenObject) -> Object:
    """Its Pod template without the hash label."""
    template = thaw(replica_set["spec"]["template"])
    labels = template.get("metadata", {}).get("labels", {})
    labels.pop(HASH_LABEL, None)
    return template


def revision_of(obj: FrozenObject) -> int:
    text = annotations_of(obj).get(REVISION, "")
    return int(text) if text.isdecimal() else 0


def plan_target(history: Sequence[FrozenObject], wanted: int) -> FrozenObject | None:
    """The ReplicaSet to go back to: that revision, or for 0 the one before the newest."""
    if wanted:
        return next((one for one in history if revision_of(one) == wanted), None)
    return history[-2] if len(history) > 1 else None


def plan_annotations(deployment: FrozenObject, target: FrozenObject) -> Object:
    """The Deployment's annotations after a rollback: its own where they belong to it, the target's for the rest."""
    own = {key: value for key, value in annotations_of(deployment).items() if key in _KEPT_BY_DEPLOYMENT}
    return own | {key: value for key, value in annotations_of(target).items() if key not in _KEPT_BY_DEPLOYMENT}


class History:
    """Reads and rolls back through the same client as any component."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def revisions(self, namespace: str, name: str) -> Revisions:
        """The history, oldest first. NotFound when there is no such Deployment."""
        deployment = self._deployment(namespace, name)
        current = revision_of(deployment)
        items = [_entry(one, is_current=revision_of(one) == current) for one in self._history(deployment)]
        return Revisions(deployment=name, namespace=namespace, items=items)

    async def rollback(self, namespace: str, name: str, wanted: int) -> RolledBack:
        """Give the Deployment an earlier template again; BadRequest says why it cannot be done."""
        deployment = self._deployment(namespace, name)
        target = plan_target(self._history(deployment), wanted)
        if target is None:
            known = (
                f"unable to find specified revision {wanted} in history" if wanted else f'no rollout history found for deployment "{name}"'
            )
            raise BadRequest(known)
        if deployment["spec"].get("paused"):
            raise BadRequest("you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again")
        template, revision = template_of(target), revision_of(target)
        if template == deployment["spec"]["template"]:
            message = f"skipped rollback (current template already matches revision {revision})"
            return RolledBack(message=message, rolledBackTo=revision, changed=False)

        def change(draft: Object) -> bool:
            draft["spec"]["template"] = template
            draft["metadata"]["annotations"] = plan_annotations(draft, target)
            return True

        if await self._client.change(DEPLOYMENTS, namespace, name, change) is None:
            raise NotFound(DEPLOYMENTS, name)
        return RolledBack(message=f"deployment.apps/{name} rolled back", rolledBackTo=revision, changed=True)

    def _deployment(self, namespace: str, name: str) -> FrozenObject:
        deployment = self._client.get(DEPLOYMENTS, namespace, name)
        if deployment is None:
            raise NotFound(DEPLOYMENTS, name)
        return deployment

    def _history(self, deployment: FrozenObject) -> list[FrozenObject]:
        """Its ReplicaSets that have a revision, oldest first."""
        owned = self._client.owned_by(REPLICA_SETS, uid_of(deployment))
        own = [one for one in owned if (controller_of(one) or {}).get("uid") == uid_of(deployment) and revision_of(one)]
        return sorted(own, key=revision_of)


def _entry(replica_set: FrozenObject, *, is_current: bool) -> Revision:
    status = replica_set.get("status") or {}
    return Revision(
        revision=revision_of(replica_set),
        changeCause=annotations_of(replica_set).get(CHANGE_CAUSE, ""),
        replicaSet=name_of(replica_set),
        replicas=status.get("replicas", 0),
        readyReplicas=status.get("readyReplicas", 0),
        created=replica_set["metadata"]["creationTimestamp"],
        isCurrent=is_current,
        template=template_of(replica_set),
    )
