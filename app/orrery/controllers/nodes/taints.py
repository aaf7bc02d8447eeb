"""Taints that keep new Pods off a Node say what its conditions say: not ready, out of something, or cordoned.

Follows the NoSchedule part of upstream's node lifecycle controller.
"""
# DIFFERS: upstream also notes when a node's Lease is not renewed and evicts its Pods; our nodes live as long as the server.

from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object
from orrery.verbs.client import Client

_PREFIX: Final = "node.kubernetes.io/"
UNSCHEDULABLE: Final = f"{_PREFIX}unschedulable"
_BY_CONDITION: Final = {
    ("Ready", "False"): f"{_PREFIX}not-ready",
    ("Ready", "Unknown"): f"{_PREFIX}unreachable",
    ("MemoryPressure", "True"): f"{_PREFIX}memory-pressure",
    ("DiskPressure", "True"): f"{_PREFIX}disk-pressure",
    ("NetworkUnavailable", "True"): f"{_PREFIX}network-unavailable",
    ("PIDPressure", "True"): f"{_PREFIX}pid-pressure",
}
_OURS: Final = frozenset({UNSCHEDULABLE, *_BY_CONDITION.values()})


def wanted_taints(node: FrozenObject) -> list[str]:
    """Keys of the NoSchedule taints that the node's state asks for."""
    conditions = (node.get("status") or {}).get("conditions") or ()
    found = [_BY_CONDITION.get((condition["type"], condition.get("status", "")), "") for condition in conditions]
    return [key for key in found if key] + [UNSCHEDULABLE] * bool((node.get("spec") or {}).get("unschedulable"))


def plan_taints(node: FrozenObject, now: str) -> list[Object] | None:
    """The node's taints with ours as they should be; None when they are. Example: a node turns Ready, and not-ready goes."""
    taints: list[Object] = list((node.get("spec") or {}).get("taints") or ())
    wanted = wanted_taints(node)
    present = [taint["key"] for taint in taints if _is_ours(taint)]
    if set(present) == set(wanted):
        return None
    kept = [taint for taint in taints if not _is_ours(taint) or taint["key"] in wanted]
    return kept + [{"key": key, "effect": "NoSchedule", "timeAdded": now} for key in wanted if key not in present]


def _is_ours(taint: FrozenObject) -> bool:
    return taint.get("effect") == "NoSchedule" and taint["key"] in _OURS


class NodeTaintController:
    """A key is a Node."""

    name = "node-lifecycle-controller"

    def __init__(self, client: Client) -> None:
        self._client = client

    def watch(self, informer: Informer) -> None:
        informer.on("nodes", _keys_of)

    async def reconcile(self, key: str) -> Outcome:
        now = timestamp(self._client.clock.now_s())

        def edit(draft: Object) -> bool:
            taints = plan_taints(draft, now)
            if taints is None:
                return False
            if taints:
                draft.setdefault("spec", {})["taints"] = taints
            else:
                draft["spec"].pop("taints", None)
            return True

        await self._client.change("nodes", *split_key(key), edit)
        return DONE


def _keys_of(change: Change) -> tuple[str, ...]:
    node = change.new
    if node is None or plan_taints(node, "") is None:
        return ()
    return (f"/{node['metadata']['name']}",)
