"""TaintNodesByCondition: a new Node takes no Pods until it has said that it is ready.

`controllers/nodes` takes the taint off again.
"""

from typing import Final

from orrery.kinds.kind import Kind
from orrery.verbs.admission.admission import Action, AdmissionRequest

_NOT_READY: Final = "node.kubernetes.io/not-ready"


class TaintNodesByCondition:
    """Upstream's plugin of the same name."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        return kind.group_resource == "nodes" and action is Action.CREATE and not subresource

    def admit(self, request: AdmissionRequest) -> None:
        if request.obj is None:
            return
        spec = request.obj.setdefault("spec", {})
        taints = spec.get("taints") or []
        if not any(taint.get("key") == _NOT_READY and taint.get("effect") == "NoSchedule" for taint in taints):
            spec["taints"] = [*taints, {"key": _NOT_READY, "effect": "NoSchedule"}]
