"""How long a kubelet may keep what it has read, by the size of the cluster: an annotation on every Node.

Follows upstream's ttl controller.
"""

from collections.abc import Iterable
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.machinery.objects import Object, annotations_of
from orrery.verbs.client import Client

ANNOTATION: Final = "node.alpha.kubernetes.io/ttl"
_STEPS: Final = ((0, 100, 0), (90, 500, 15), (450, 1000, 30), (900, 2000, 60), (1800, 2**31, 300))
"""From how many nodes on, up to how many, and the seconds; steps overlap, so that one node more or less changes nothing."""


class NodeTtlController:
    """A key is a Node."""

    name = "ttl-controller"

    def __init__(self, client: Client) -> None:
        self._client = client
        self._nodes = 0
        self._step = 0

    def watch(self, informer: Informer) -> None:
        informer.on("nodes", self._keys_of)

    def _keys_of(self, change: Change) -> Iterable[str]:
        if not change.is_present:
            self._nodes -= 1
        elif change.old is None:
            self._nodes += 1
        low, high, _ = _STEPS[self._step]
        if not low <= self._nodes <= high:
            self._step += 1 if self._nodes > high else -1
            return [record.key.removeprefix("nodes/") for record in self._client.records("nodes")]
        node = change.new
        return () if node is None or annotations_of(node).get(ANNOTATION) == self._wanted() else (change.key.removeprefix("nodes/"),)

    def _wanted(self) -> str:
        return str(_STEPS[self._step][2])

    async def reconcile(self, key: str) -> Outcome:
        wanted = self._wanted()

        def edit(draft: Object) -> bool:
            annotations = draft["metadata"].get("annotations") or {}
            draft["metadata"]["annotations"] = {**annotations, ANNOTATION: wanted}
            return annotations.get(ANNOTATION) != wanted

        await self._client.change("nodes", *split_key(key), edit)
        return DONE
