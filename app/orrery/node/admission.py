"""Whether a node takes a Pod that is bound to it: the scheduler may know less, and a Pod may have been bound without it.

Follows `HandlePodAdditions`, `rejectPod` and `lifecycle/predicate.go` of upstream's kubelet.
"""

from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object, labels_of, uid_of
from orrery.node.host import Host
from orrery.node.ledger import Refusal
from orrery.node.sysctls import why_forbidden

_OS_LABEL = "kubernetes.io/os"
_OS = "linux"


def admit(pod: FrozenObject, host: Host) -> Refusal | None:
    """Count the Pod on its node; what speaks against it, if anything does. One that has been admitted before is only counted."""
    refusal = None if (pod.get("status") or {}).get("startTime") else _refusal(pod, host)
    if refusal is None:
        host.ledger.enter(uid_of(pod), pod["spec"])
    return refusal


def _refusal(pod: FrozenObject, host: Host) -> Refusal | None:
    spec = pod["spec"]
    if labels_of(pod).get(_OS_LABEL, _OS) != _OS:
        message = f"Failed to admit pod as the `{_OS_LABEL}` label doesn't match node label"
        return Refusal("PodOSSelectorNodeLabelDoesNotMatch", message)
    if (spec.get("os") or {}).get("name", _OS) != _OS:
        return Refusal("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS")
    if why := why_forbidden(spec):
        return Refusal("SysctlForbidden", why)
    node = host.client.get("nodes", "", host.name)
    return host.ledger.refusal(uid_of(pod), spec, labels_of(node) if node is not None else {})


def rejected_status(pod: FrozenObject, refusal: Refusal, now_s: float) -> Object:
    """The whole status of a Pod that the node does not take."""
    status: Object = {
        "phase": "Failed",
        "qosClass": (pod.get("status") or {}).get("qosClass", "BestEffort"),
        "reason": refusal.reason,
        "message": f"Pod was rejected: {refusal.message}",
        "startTime": timestamp(now_s),
    }
    if generation := pod["metadata"].get("generation"):
        status["observedGeneration"] = generation
    return status
