"""How many Pods the controllers of some Pods want together: upstream's `getExpectedScale` and its finders."""

from collections.abc import Sequence
from typing import Final

from orrery.machinery.objects import FrozenObject, controller_of, name_of, namespace_of, uid_of
from orrery.verbs.client import Client

_BUCKETS: Final = {
    ("ReplicaSet", "apps"): "replicasets.apps",
    ("Deployment", "apps"): "deployments.apps",
    ("StatefulSet", "apps"): "statefulsets.apps",
    ("ReplicationController", ""): "replicationcontrollers",
}
_WITHOUT_SCALE: Final = {("Job", "batch"): "jobs.batch", ("DaemonSet", "apps"): "daemonsets.apps", ("Node", ""): "nodes"}


class UnknownScale(Exception):
    """A Pod's controller says nothing of how many it wants; the message is upstream's."""


class Scales:
    """Reads the controllers' specs."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def of(self, pods: Sequence[FrozenObject]) -> int:
        """The sum over the different controllers of the Pods; UnknownScale when one has no scale."""
        wanted: dict[str, int] = {}
        seen: set[str] = set()
        for pod in pods:
            reference = controller_of(pod)
            if reference is None or reference["uid"] in seen:
                continue
            seen.add(reference["uid"])
            owner = self._scaled_owner(reference, pod)
            wanted[uid_of(owner)] = int(owner["spec"].get("replicas", 1))
        return sum(wanted.values())

    def _scaled_owner(self, reference: FrozenObject, pod: FrozenObject) -> FrozenObject:
        """The controller, or the Deployment behind its ReplicaSet."""
        group = reference["apiVersion"].rpartition("/")[0]
        bucket = _BUCKETS.get((reference["kind"], group))
        if bucket is None:
            if (resource := _WITHOUT_SCALE.get((reference["kind"], group))) is not None:
                raise UnknownScale(f"{resource} does not implement the scale subresource")
            raise UnknownScale(f'no matches for kind "{reference["kind"]}" in version "{reference["apiVersion"]}"')
        owner = self._client.get(bucket, namespace_of(pod), reference["name"])
        if owner is None or uid_of(owner) != reference["uid"]:
            raise UnknownScale(f'found no controllers for pod "{name_of(pod)}"')
        above = controller_of(owner)
        if bucket == "replicasets.apps" and above is not None and above["kind"] == "Deployment":
            deployment = self._client.get("deployments.apps", namespace_of(pod), above["name"])
            if deployment is not None and uid_of(deployment) == above["uid"]:
                return deployment
            raise UnknownScale(f'found no controllers for pod "{name_of(pod)}"')
        return owner
