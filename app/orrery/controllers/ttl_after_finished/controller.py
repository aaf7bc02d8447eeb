"""Deletes a finished Job, and its Pods before it, spec.ttlSecondsAfterFinished after its end. Upstream's ttlafterfinished.

Jobs without the field are never parsed here; one that waits costs a timer.
"""

from collections.abc import Iterable
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.job.finished import BUCKET, end_of
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.errors import NotFound
from orrery.machinery.objects import FrozenObject, is_deleting, uid_of
from orrery.verbs.client import Client

_FIELD: Final = b'"ttlSecondsAfterFinished"'


def expires_s(job: FrozenObject) -> float | None:
    """When a finished Job's time is over; None when it has no limit, runs, or is going away already.

    Finished at 12:00:00 with a limit of 100: 12:01:40.
    """
    limit_s, end = job["spec"].get("ttlSecondsAfterFinished"), end_of(job)
    if limit_s is None or end is None or is_deleting(job) or not end.get("lastTransitionTime"):
        return None
    return parse_timestamp(end["lastTransitionTime"]) + float(limit_s)


class TtlAfterFinishedController:
    """A key is a Job."""

    name = "ttl-after-finished-controller"

    def __init__(self, client: Client) -> None:
        self._client = client

    def watch(self, informer: Informer) -> None:
        informer.on(BUCKET, _keys_of)

    async def reconcile(self, key: str) -> Outcome:
        namespace, name = split_key(key)
        job = self._client.get(BUCKET, namespace, name)
        due_s = expires_s(job) if job is not None else None
        if job is None or due_s is None:
            return DONE
        left_s = due_s - self._client.clock.now_s()
        if left_s > 0:
            return requeue_after(left_s)
        try:
            await self._client.delete(BUCKET, namespace, name, propagation="Foreground", uid=uid_of(job))
        except NotFound:
            return DONE
        return DONE


def _keys_of(change: Change) -> Iterable[str]:
    if change.is_present and _FIELD in change.record.body and expires_s(change.any) is not None:
        return (key_for(change.namespace, change.name),)
    return ()
