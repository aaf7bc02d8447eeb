"""The status of an autoscaler as it is written: conditions set one after the other, numbers in Go's order."""

from typing import Any

from orrery.machinery.objects import FrozenObject, Object


class Status:
    """Begins as what the object says; conditions change in place, `report` replaces the numbers."""

    def __init__(self, autoscaler: FrozenObject, now: str) -> None:
        self._status: dict[str, Any] = dict(autoscaler.get("status") or {})
        self._conditions: list[Object] = [dict(one) for one in self._status.get("conditions") or ()]
        self._now = now

    def set(self, type_: str, status: str, reason: str, message: str) -> None:
        """A condition; its time changes with its status."""
        found = next((one for one in self._conditions if one["type"] == type_), None)
        if found is None:
            found = {"type": type_, "status": "", "lastTransitionTime": self._now}
            self._conditions.append(found)
        if found["status"] != status:
            found["lastTransitionTime"] = self._now
        found.update(status=status, reason=reason, message=message)

    def report(self, current: int, desired: int | None, metrics: list[Object] | None, *, is_scaled: bool = False) -> None:
        """Replicas now and wanted (None: as before), and what the metrics said."""
        before = self._status
        self._status = {"lastScaleTime": self._now if is_scaled else before.get("lastScaleTime")}
        self._status |= {"currentReplicas": current, "desiredReplicas": before.get("desiredReplicas", 0) if desired is None else desired}
        self._status["currentMetrics"] = metrics

    def written(self) -> Object:
        """In the form that is stored: zero and nothing are left out where Go leaves them out."""
        status = self._status
        out: Object = {field: status[field] for field in ("lastScaleTime", "currentReplicas") if status.get(field)}
        out |= {"desiredReplicas": status.get("desiredReplicas", 0), "currentMetrics": status.get("currentMetrics")}
        if self._conditions:
            out["conditions"] = self._conditions
        return out
