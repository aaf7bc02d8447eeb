"""RuntimeClass: a Pod that names one must name one that exists, and takes its overhead, node selector and tolerations."""

from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, Object
from orrery.store.log import key_of
from orrery.verbs.admission.admission import Action, AdmissionRequest

_CLASSES: Final = "runtimeclasses.node.k8s.io"


class RuntimeClass:
    """Upstream's plugin of the same name."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        return kind.group_resource == "pods" and action is Action.CREATE and not subresource

    def admit(self, request: AdmissionRequest) -> None:
        if request.obj is None:
            return
        spec = request.obj["spec"]
        name = spec.get("runtimeClassName")
        overhead = None
        if name is not None:
            record = request.log.find(key_of(_CLASSES, "", name))
            if record is None:
                raise request.forbidden(f"pod rejected: RuntimeClass {go_quote(name)} not found")
            overhead = (record.object.get("overhead") or {}).get("podFixed")
            _set_scheduling(request, spec, record.object.get("scheduling") or {})
        if overhead:
            if spec.get("overhead") and spec["overhead"] != overhead:
                raise request.forbidden("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
            spec["overhead"] = dict(overhead)
        elif spec.get("overhead"):
            raise request.forbidden("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")


def _set_scheduling(request: AdmissionRequest, spec: Object, scheduling: FrozenObject) -> None:
    selector = scheduling.get("nodeSelector")
    if selector:
        wanted = dict(spec.get("nodeSelector") or {})
        for key, value in selector.items():
            own = wanted.setdefault(key, value)
            if own != value:
                raise request.forbidden(
                    f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {own}"
                )
        spec["nodeSelector"] = wanted
    tolerations = [dict(toleration) for toleration in scheduling.get("tolerations") or ()]
    if tolerations:
        own_tolerations: list[Object] = spec.get("tolerations") or []
        spec["tolerations"] = own_tolerations + [toleration for toleration in tolerations if toleration not in own_tolerations]
