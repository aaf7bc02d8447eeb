"""Takes the tracking finalizer off Pods that no Job will count: orphans, and Pods whose Job is gone or finished.

Upstream's orphanQueue of the job controller. Pods without the finalizer cost one search in their bytes.
"""

from collections.abc import Iterable
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.job.finished import BUCKET, KIND, has_finished, is_finished, is_managed_elsewhere
from orrery.controllers.job.pods import TRACKING, is_tracked
from orrery.controllers.job.tracked_pods import TrackedPods
from orrery.machinery.objects import FrozenObject, controller_of, namespace_of, uid_of
from orrery.verbs.client import Client

_MARK: Final = f'"{TRACKING}"'.encode()


class JobFinalizerController:
    """A key is a Pod."""

    name = "job-orphan-pod-controller"
    backoff_s = (1.0, 60.0)

    def __init__(self, client: Client) -> None:
        self._client = client
        self._tracked = TrackedPods(client)

    def watch(self, informer: Informer) -> None:
        informer.on("pods", self._keys_of_pod)
        informer.hear(BUCKET, self._keys_of_job)

    async def reconcile(self, key: str) -> Outcome:
        pod = self._client.get("pods", *split_key(key))
        if pod is not None and is_tracked(pod) and self._is_abandoned(pod):
            await self._tracked.free(pod)
        return DONE

    def _is_abandoned(self, pod: FrozenObject) -> bool:
        reference = controller_of(pod)
        if reference is None:
            return True
        if reference["kind"] != KIND or reference["apiVersion"] != "batch/v1":
            return False
        job = self._client.get(BUCKET, namespace_of(pod), reference["name"])
        if job is None or uid_of(job) != reference["uid"]:
            return True
        return is_finished(job) and not is_managed_elsewhere(job)

    def _keys_of_pod(self, change: Change) -> Iterable[str]:
        if not change.is_present or _MARK not in change.record.body:
            return ()
        pod = change.any
        return (key_for(change.namespace, change.name),) if is_tracked(pod) and self._is_abandoned(pod) else ()

    def _keys_of_job(self, change: Change) -> Iterable[str]:
        """The Pods of a Job that is gone or over."""
        if change.is_present and not has_finished(change.record):
            return
        for record in self._client.dependents(change.uid):
            bucket, namespace, name = record.key.split("/", 2)
            if bucket == "pods" and _MARK in record.body:
                yield key_for(namespace, name)
