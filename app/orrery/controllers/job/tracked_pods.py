"""Takes the tracking finalizer off Pods."""

import asyncio
from collections.abc import Sequence

from orrery.controllers.job.pods import TRACKING, is_tracked
from orrery.machinery.errors import NotFound
from orrery.machinery.objects import FrozenObject, Object, name_of, namespace_of, uid_of
from orrery.verbs.client import Client


class TrackedPods:
    """Lets Pods go that are counted, or that nobody will count."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def free(self, pod: FrozenObject) -> None:
        """Take the finalizer off; it is well when it, or the Pod, was gone already."""
        uid = uid_of(pod)

        def edit(draft: Object) -> bool:
            if uid_of(draft) != uid or not is_tracked(draft):
                return False
            draft["metadata"]["finalizers"].remove(TRACKING)
            return True

        try:
            await self._client.change("pods", namespace_of(pod), name_of(pod), edit)
        except NotFound:
            return

    async def free_all(self, pods: Sequence[FrozenObject]) -> tuple[set[str], BaseException | None]:
        """Free them side by side: the UIDs of those that are free now, and the first error."""
        results = await asyncio.gather(*(self.free(pod) for pod in pods), return_exceptions=True)
        freed = {uid_of(pod) for pod, result in zip(pods, results, strict=True) if result is None}
        return freed, next((result for result in results if isinstance(result, BaseException)), None)
