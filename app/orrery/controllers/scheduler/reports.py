"""What the scheduler writes: conditions, promised nodes, the end of those who have to go, and the events about all that."""

from collections.abc import Mapping, Sequence
from typing import Final

from orrery.controllers.pods import condition_of
from orrery.controllers.scheduler.messages import cut
from orrery.controllers.scheduler.wishes import Wish
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import Conflict, NotFound
from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of, namespace_of, uid_of
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

UNSCHEDULABLE: Final = "Unschedulable"
ERROR: Final = "SchedulerError"
PREEMPTED: Final = "PreemptionByScheduler"


class Reports:
    """Nothing is written that says what is there already."""

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._clock = client.clock
        self._recorder = recorder

    def scheduled(self, pod: FrozenObject, wish: Wish, node: str) -> None:
        message = f"Successfully assigned {wish.key} to {node}"
        self._recorder.event(pod, "Normal", "Scheduled", message, action="Binding")

    async def failed(self, pod: FrozenObject, message: str, reason: str, nominated: str | None) -> None:
        """Say why a Pod fits nowhere; `nominated` is the node it is promised now, None when that stays as it is."""
        self._recorder.event(pod, "Warning", "FailedScheduling", cut(message), action="Scheduling")
        condition = self._condition(pod, "PodScheduled", "False", reason, message)
        await self._write(pod, condition, nominated)

    async def promise(self, pod: FrozenObject, node: str) -> None:
        """status.nominatedNodeName; an empty node takes the promise back."""
        await self._write(pod, None, node)

    async def preempt(self, victim: FrozenObject, preemptor: FrozenObject, node: str) -> None:
        """Say that the victim is disrupted, and delete it."""
        scheduler = preemptor["spec"].get("schedulerName", "")
        message = f"{scheduler}: preempting to accommodate a higher priority pod"
        try:
            await self._write(victim, self._condition(victim, "DisruptionTarget", "True", PREEMPTED, message), None)
            await self._client.delete("pods", namespace_of(victim), name_of(victim), uid=uid_of(victim))
        except (NotFound, Conflict):
            return  # It is gone already.
        note = f"Preempted by pod {uid_of(preemptor)} on node {node}"
        self._recorder.event(victim, "Normal", "Preempted", note, action="Preempting", related=preemptor)

    def _condition(self, pod: FrozenObject, type_: str, status: str, reason: str, message: str) -> Object:
        now = timestamp(self._clock.now_s())
        current = condition_of(pod, type_)
        since = current.get("lastTransitionTime") if current is not None and current["status"] == status else now
        generation = pod["metadata"].get("generation", 0)
        return {
            "type": type_,
            "observedGeneration": generation,
            "status": status,
            "lastProbeTime": None,
            "lastTransitionTime": since,
            "reason": reason,
            "message": message,
        }

    async def _write(self, pod: FrozenObject, condition: Object | None, nominated: str | None) -> None:
        uid = uid_of(pod)

        def change(draft: Object) -> bool:
            if uid_of(draft) != uid or (nominated is not None and draft["spec"].get("nodeName")):
                return False
            status = draft.setdefault("status", {})
            changed = condition is not None and _put(status, condition)
            return _nominate(status, nominated) or changed

        await self._client.change("pods", namespace_of(pod), name_of(pod), change, subresource="status")


def _put(status: Object, condition: Object) -> bool:
    """In the place of the one it replaces; whether it says anything new."""
    conditions = status.setdefault("conditions", [])
    for index, current in enumerate(conditions):
        if current["type"] == condition["type"]:
            if _essence(current) == _essence(condition):
                return False
            conditions[index] = condition
            return True
    conditions.append(condition)
    return True


def _essence(condition: Mapping[str, str]) -> Sequence[str | None]:
    return [condition.get(field) for field in ("status", "reason", "message")]


def _nominate(status: Object, nominated: str | None) -> bool:
    if nominated is None or status.get("nominatedNodeName", "") == nominated:
        return False
    if nominated:
        status["nominatedNodeName"] = nominated
    else:
        status.pop("nominatedNodeName", None)
    return True


def is_ending_for_others(pod: FrozenObject) -> bool:
    """Whether the scheduler has made it go, and it has not gone yet."""
    condition = condition_of(pod, "DisruptionTarget")
    return is_deleting(pod) and condition is not None and condition["status"] == "True" and condition.get("reason") == PREEMPTED
