"""Taints and tolerations."""

from collections.abc import Iterable

from orrery.machinery.objects import FrozenObject


def is_hard(taint: FrozenObject) -> bool:
    """Whether the taint keeps Pods away, and does not only discourage them."""
    return taint["effect"] in ("NoSchedule", "NoExecute")


def is_kept_off(tolerations: Iterable[FrozenObject], taints: Iterable[FrozenObject]) -> bool:
    """Whether one of the taints keeps a Pod with these tolerations away."""
    return any(is_hard(taint) and not tolerates(tolerations, taint) for taint in taints)


def tolerates(tolerations: Iterable[FrozenObject], taint: FrozenObject) -> bool:
    """Whether one of the tolerations covers the taint; an empty effect or key covers all."""
    for toleration in tolerations:
        if toleration.get("effect") and toleration["effect"] != taint["effect"]:
            continue
        if toleration.get("key") and toleration["key"] != taint["key"]:
            continue
        operator = toleration.get("operator") or "Equal"
        if operator == "Exists" or (operator == "Equal" and toleration.get("value", "") == taint.get("value", "")):
            return True
    return False
