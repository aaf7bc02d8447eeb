"""DefaultTolerationSeconds: a Pod stays five minutes on a node that is not ready or not reachable, unless it says otherwise."""

from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.objects import Object
from orrery.verbs.admission.admission import Action, AdmissionRequest

_TAINTS: Final = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_SECONDS: Final = 300


class DefaultTolerationSeconds:
    """Upstream's plugin of the same name."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        return kind.group_resource == "pods" and action is not Action.DELETE and not subresource

    def admit(self, request: AdmissionRequest) -> None:
        if request.obj is None:
            return
        spec = request.obj["spec"]
        tolerations: list[Object] = spec.get("tolerations") or []
        missing = [taint for taint in _TAINTS if not any(_tolerates(toleration, taint) for toleration in tolerations)]
        if missing:
            added = [{"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _SECONDS} for taint in missing]
            spec["tolerations"] = [*tolerations, *added]


def _tolerates(toleration: Object, taint: str) -> bool:
    return (toleration.get("key") or taint) == taint and (toleration.get("effect") or "NoExecute") == "NoExecute"
