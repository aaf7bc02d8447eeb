"""What is kept in step on a Node: taints that keep new Pods off say what its conditions say, old names of labels what new ones say.

Follows `doNoScheduleTaintingPass` and `reconcileNodeLabels` of upstream's node lifecycle controller.
"""

from typing import Final

from orrery.machinery.objects import FrozenObject, Object, labels_of

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
_LABELS: Final = {"kubernetes.io/os": "beta.kubernetes.io/os", "kubernetes.io/arch": "beta.kubernetes.io/arch"}
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


def plan_labels(node: FrozenObject) -> dict[str, str]:
    """Labels of old names that are not there or say something else than the new ones."""
    labels = labels_of(node)
    return {old: labels[new] for new, old in _LABELS.items() if new in labels and labels.get(old) != labels[new]}
