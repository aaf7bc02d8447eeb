"""What the control plane knows of a node's heartbeats, and what it says when they stay away. Pure.

Follows `tryUpdateNodeHealth` of upstream's node lifecycle controller.
"""

from dataclasses import dataclass
from typing import Final

from orrery.controllers.nodes.zones import zone_of
from orrery.controllers.pods import condition_of
from orrery.machinery.clock import parse_timestamp, timestamp
from orrery.machinery.objects import FrozenObject, Object, labels_of, uid_of

GRACE_S: Final = 50.0
"""--node-monitor-grace-period."""
STARTUP_GRACE_S: Final = 60.0
"""For a node that has never said anything."""
NOT_READY: Final = "node.kubernetes.io/not-ready"
UNREACHABLE: Final = "node.kubernetes.io/unreachable"
_EXCLUDED: Final = "node.kubernetes.io/exclude-disruption"
_CONDITIONS: Final = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
"""What only the kubelet can know. The network's condition is the control plane's own."""
_TAINT: Final = {"False": NOT_READY, "Unknown": UNREACHABLE}


@dataclass(slots=True)
class Health:
    """One node, as far as its heartbeats go."""

    uid: str
    probe_s: float
    """When it was last heard of."""
    zone: str = ""
    ready: str = ""
    """The status of its Ready condition; empty: it has none."""
    heartbeat: str = ""
    lease: str = ""
    """When the Lease says that it was renewed."""
    evicting: frozenset[str] = frozenset()
    """Which of the two taints that evict it has."""
    is_excluded: bool = False
    """Whether it does not count for its zone's state."""

    @property
    def due_s(self) -> float:
        """From when on it counts as lost, if nothing is heard until then."""
        return self.probe_s + (GRACE_S if self.ready else STARTUP_GRACE_S)

    @property
    def taint(self) -> str:
        """The taint that a node in this state is to have; empty: none."""
        return _TAINT.get(self.ready, "")


def health_of(node: FrozenObject, before: Health | None, now_s: float) -> Health:
    """The node's health after it was written; `before` is what was known of it."""
    ready = condition_of(node, "Ready")
    state, heartbeat = (ready.get("status", ""), ready.get("lastHeartbeatTime") or "") if ready is not None else ("", "")
    if before is None:
        probe_s = now_s if state else parse_timestamp(node["metadata"]["creationTimestamp"])
    else:
        probe_s = now_s if state and heartbeat != before.heartbeat else before.probe_s
    taints = (node.get("spec") or {}).get("taints") or ()
    return Health(
        uid=uid_of(node),
        probe_s=probe_s,
        zone=zone_of(node),
        ready=state,
        heartbeat=heartbeat,
        lease=before.lease if before is not None else "",
        evicting=frozenset(one["key"] for one in taints if one.get("effect") == "NoExecute" and one["key"] in _TAINT.values()),
        is_excluded=_EXCLUDED in labels_of(node),
    )


def is_news(new: Health, old: Health) -> bool:
    """Whether what befalls the node's Pods may have changed."""
    return (new.ready, new.evicting, new.zone, new.is_excluded) != (old.ready, old.evicting, old.zone, old.is_excluded)


def plan_unknown(node: FrozenObject, now: str) -> list[Object] | None:
    """The conditions of a node nobody has heard of for too long; None when they say so already."""
    conditions = [dict(one) for one in (node.get("status") or {}).get("conditions") or ()]
    known = {one["type"]: one for one in conditions}
    if (known.get("Ready") or {}).get("status") == "Unknown":
        return None
    for type_ in _CONDITIONS:
        condition = known.get(type_)
        if condition is None:
            conditions.append(_never_told(type_, node, now))
        elif condition["status"] != "Unknown":
            told = {"reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
            condition.update(told, status="Unknown", lastTransitionTime=now)
    return conditions


def _never_told(type_: str, node: FrozenObject, now: str) -> Object:
    return {
        "type": type_,
        "status": "Unknown",
        "lastHeartbeatTime": node["metadata"].get("creationTimestamp") or timestamp(0),
        "lastTransitionTime": now,
        "reason": "NodeStatusNeverUpdated",
        "message": "Kubelet never posted node status.",
    }


def plan_evicting(node: FrozenObject, wanted: str, now: str) -> list[Object] | None:
    """The node's taints with `wanted` as the only one of the two that evict, or none when it is empty; None when they are so."""
    taints: list[Object] = list((node.get("spec") or {}).get("taints") or ())
    ours = [one for one in taints if one.get("effect") == "NoExecute" and one["key"] in _TAINT.values()]
    if [one["key"] for one in ours] == ([wanted] if wanted else []):
        return None
    kept = [one for one in taints if one not in ours or one["key"] == wanted]
    is_there = any(one["key"] == wanted for one in ours)
    return kept if is_there or not wanted else [*kept, {"key": wanted, "effect": "NoExecute", "timeAdded": now}]
