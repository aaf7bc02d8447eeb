"""StorageObjectInUseProtection: claims, volumes and attribute classes are born with a finalizer that holds them while they are in use.

`controllers/protection` takes it off when they are deleted and nobody uses them.
"""

from typing import Final

from orrery.kinds.kind import Kind
from orrery.verbs.admission.admission import Action, AdmissionRequest

FINALIZERS: Final = {
    "persistentvolumeclaims": "kubernetes.io/pvc-protection",
    "persistentvolumes": "kubernetes.io/pv-protection",
    "volumeattributesclasses.storage.k8s.io": "kubernetes.io/vac-protection",
}


class StorageObjectInUseProtection:
    """Upstream's plugin of the same name."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        return action is Action.CREATE and not subresource and kind.group_resource in FINALIZERS

    def admit(self, request: AdmissionRequest) -> None:
        if request.obj is None:
            return
        finalizer = FINALIZERS[request.kind.group_resource]
        meta = request.obj["metadata"]
        present = meta.get("finalizers") or []
        if finalizer not in present:
            meta["finalizers"] = [*present, finalizer]
