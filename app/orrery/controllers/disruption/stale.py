"""Takes back the condition DisruptionTarget of Pods that were to be disrupted and still run two minutes later.

Follows the second queue of upstream's disruption controller.
"""

from collections.abc import Iterable
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.pods import condition_of, is_terminal
from orrery.machinery.clock import parse_timestamp, timestamp
from orrery.machinery.objects import FrozenObject, Object, is_deleting
from orrery.verbs.client import Client

_STALE_S: Final = 120.0
_MARK: Final = b'"DisruptionTarget"'


class StaleDisruptionController:
    """One key is one Pod."""

    name = "stale-pod-disruption-controller"

    def __init__(self, client: Client) -> None:
        self._client = client

    def watch(self, informer: Informer) -> None:
        informer.on("pods", _keys)

    async def reconcile(self, key: str) -> Outcome:
        namespace, name = split_key(key)
        pod = self._client.get("pods", namespace, name)
        since_s = _disrupted_since_s(pod) if pod is not None else None
        if since_s is None:
            return DONE
        now_s = self._client.clock.now_s()
        if now_s - since_s < _STALE_S:
            return requeue_after(_STALE_S - (now_s - since_s))

        def change(draft: Object) -> bool:
            if _disrupted_since_s(draft) is None:
                return False
            condition: Object = next(one for one in draft["status"]["conditions"] if one["type"] == "DisruptionTarget")
            for field in ("reason", "message"):
                condition.pop(field, None)
            condition.update(status="False", lastTransitionTime=timestamp(now_s))
            return True

        await self._client.change("pods", namespace, name, change, subresource="status")
        return DONE


def _keys(change: Change) -> Iterable[str]:
    """Few Pods have the condition: those that do not are not parsed."""
    return (key_for(change.namespace, change.name),) if change.is_present and _MARK in change.record.body else ()


def _disrupted_since_s(pod: FrozenObject) -> float | None:
    condition = condition_of(pod, "DisruptionTarget")
    if condition is None or condition["status"] != "True" or condition.get("reason") == "TerminationByKubelet":
        return None
    if is_deleting(pod) or is_terminal(pod):
        return None
    return parse_timestamp(condition["lastTransitionTime"])
