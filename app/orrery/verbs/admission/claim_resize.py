"""PersistentVolumeClaimResize: only bound claims of a class that allows it may ask for more.

What is wrong with the claim itself, its size while it is not bound included, is told before.
"""

from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.objects import FrozenObject, annotations_of
from orrery.machinery.quantities import QuantityError, parse
from orrery.store.log import Log, key_of
from orrery.verbs.admission.admission import Action, AdmissionRequest

_CLASS: Final = "volume.beta.kubernetes.io/storage-class"
_CLASSES: Final = "storageclasses.storage.k8s.io"
_WHY: Final = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"


class PersistentVolumeClaimResize:
    """Upstream's plugin of the same name."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        return kind.group_resource == "persistentvolumeclaims" and action is Action.UPDATE and not subresource

    def validate(self, request: AdmissionRequest) -> None:
        claim, before = request.obj, request.old
        if claim is None or before is None or _request(claim) <= _request(before):
            return
        if (before.get("status") or {}).get("phase") != "Bound":
            raise request.forbidden("Only bound persistent volume claims can be expanded")
        name = _class_of(claim)
        if not name or name != _class_of(before) or not _allows(request.log, name):
            raise request.forbidden(_WHY)


def _request(claim: FrozenObject) -> int:
    amount = (((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage", "0")
    try:
        return parse(str(amount)).nano
    except QuantityError:
        return 0


def _class_of(claim: FrozenObject) -> str:
    annotated = annotations_of(claim).get(_CLASS)
    return str(annotated if annotated is not None else (claim.get("spec") or {}).get("storageClassName") or "")


def _allows(log: Log, name: str) -> bool:
    record = log.find(key_of(_CLASSES, "", name))
    return record is not None and bool(record.object.get("allowVolumeExpansion"))
