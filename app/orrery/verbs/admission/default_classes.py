"""DefaultStorageClass and DefaultIngressClass: who names no class gets the one that is marked as the default, the newest of several."""

from collections.abc import Sequence
from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import annotations_of, name_of
from orrery.store.log import Log, Scope
from orrery.verbs.admission.admission import Action, AdmissionRequest

_STORAGE_CLASSES: Final = "storageclasses.storage.k8s.io"
_DEFAULT_STORAGE: Final = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_OLD_STORAGE: Final = "volume.beta.kubernetes.io/storage-class"
_INGRESS_CLASSES: Final = "ingressclasses.networking.k8s.io"
_DEFAULT_INGRESS: Final = ("ingressclass.kubernetes.io/is-default-class",)
_OLD_INGRESS: Final = "kubernetes.io/ingress.class"


def _default_class(log: Log, bucket: str, marks: Sequence[str]) -> str:
    """The name of the default class, empty when there is none; a cluster has a handful of classes."""
    found = [record.object for record in log.list(Scope(bucket)).records]
    marked = [obj for obj in found if any(annotations_of(obj).get(mark) == "true" for mark in marks)]
    marked.sort(key=lambda obj: (-parse_timestamp(obj["metadata"]["creationTimestamp"]), name_of(obj)))
    return name_of(marked[0]) if marked else ""


class DefaultStorageClass:
    """Upstream's plugin of the same name."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        return kind.group_resource == "persistentvolumeclaims" and action is Action.CREATE and not subresource

    def admit(self, request: AdmissionRequest) -> None:
        claim = request.obj
        if claim is None or _OLD_STORAGE in annotations_of(claim):
            return
        spec = claim.setdefault("spec", {})
        if spec.get("storageClassName") is None and (name := _default_class(request.log, _STORAGE_CLASSES, _DEFAULT_STORAGE)):
            spec["storageClassName"] = name


class DefaultIngressClass:
    """Upstream's plugin of the same name."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        return kind.group_resource == "ingresses.networking.k8s.io" and action is Action.CREATE and not subresource

    def admit(self, request: AdmissionRequest) -> None:
        ingress = request.obj
        if ingress is None or annotations_of(ingress).get(_OLD_INGRESS):
            return
        spec = ingress.setdefault("spec", {})
        if spec.get("ingressClassName") is None and (name := _default_class(request.log, _INGRESS_CLASSES, _DEFAULT_INGRESS)):
            spec["ingressClassName"] = name
