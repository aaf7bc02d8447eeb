"""Setting one condition of a status: in its place, with the time of its last change. Follows podutil's UpdatePodCondition and its kin."""

from orrery.machinery.objects import Object


def set_condition(obj: Object, wanted: Object, now: str) -> bool:
    """Make the condition of that type say `wanted`; its time changes with its status. Returns whether there is anything to write."""
    conditions = obj.setdefault("status", {}).get("conditions") or []
    found = next((each for each in conditions if each["type"] == wanted["type"]), None)
    if found is not None and all(found.get(field) == value for field, value in wanted.items()):
        return False
    since = found.get("lastTransitionTime") if found is not None and found["status"] == wanted["status"] else None
    told = {**wanted, "lastTransitionTime": since or now}
    obj["status"]["conditions"] = [told if each is found else each for each in conditions] if found is not None else [*conditions, told]
    return True
