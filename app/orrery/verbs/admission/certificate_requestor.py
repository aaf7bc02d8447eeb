"""Who asks for a certificate is written into the request, and when its conditions changed.

Upstream does this in the strategy of certificatesigningrequests, which knows the user and the time.
"""

from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object
from orrery.verbs.admission.admission import Action, AdmissionRequest

_REQUESTS: Final = "certificatesigningrequests.certificates.k8s.io"
_PARTS: Final = ("status", "approval")


class CertificateRequestor:
    """Writes what a client may not say of itself."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        if kind.group_resource != _REQUESTS:
            return False
        return (action is Action.CREATE and not subresource) or (action is Action.UPDATE and subresource in _PARTS)

    def admit(self, request: AdmissionRequest) -> None:
        if request.obj is None:
            return
        if request.old is None:
            _set_requestor(request, request.obj.setdefault("spec", {}))
        else:
            _set_times(request.obj, request.old, timestamp(request.clock.now_s()))


def _set_requestor(request: AdmissionRequest, spec: Object) -> None:
    user = request.call.user
    extra = {key: list(values) for key, values in user.extra.items()}
    told = {"username": user.name, "uid": user.uid, "groups": list(user.groups), "extra": extra}
    for field, value in told.items():
        spec.pop(field, None)
        if value:
            spec[field] = value


def _set_times(obj: Object, old: FrozenObject, now: str) -> None:
    before = (old.get("status") or {}).get("conditions") or ()
    since = {(each.get("type"), each.get("status")): each.get("lastTransitionTime") for each in reversed(before)}
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if not condition.get("lastUpdateTime"):
            condition["lastUpdateTime"] = now
        if not condition.get("lastTransitionTime"):
            condition["lastTransitionTime"] = since.get((condition.get("type"), condition.get("status"))) or now
