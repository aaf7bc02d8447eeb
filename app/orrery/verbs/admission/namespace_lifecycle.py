"""NamespaceLifecycle: nothing is written in a namespace that does not exist, nothing new in one that is ending, and three never end."""

from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.errors import Forbidden, NotFound
from orrery.store.log import key_of
from orrery.verbs.admission.admission import Action, AdmissionRequest

IMMORTAL: Final = frozenset({"default", "kube-system", "kube-public"})
_ACCESS_REVIEWS: Final = "localsubjectaccessreviews.authorization.k8s.io"


class NamespaceLifecycle:
    """Upstream's plugin of the same name."""

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        if kind.group_resource == "namespaces":
            return action is Action.DELETE
        return kind.namespaced and action is not Action.DELETE and kind.group_resource != _ACCESS_REVIEWS

    def admit(self, request: AdmissionRequest) -> None:
        name = request.call.namespace
        if request.action is Action.DELETE:
            if request.call.name in IMMORTAL:
                raise Forbidden("namespaces", request.call.name, "this namespace may not be deleted")
            return
        namespace = request.log.find(key_of("namespaces", "", name))
        if namespace is None:
            # DIFFERS: upstream waits 50 ms for its cache to learn of the namespace; our cache is never behind.
            raise NotFound("namespaces", name)
        if request.action is Action.CREATE and namespace.index.fields.get("status.phase") == "Terminating":
            error = request.forbidden(f"unable to create new content in namespace {name} because it is being terminated")
            cause = {"reason": "NamespaceTerminating", "message": f"namespace {name} is being terminated", "field": "metadata.namespace"}
            error.details = {**(error.details or {}), "causes": [cause]}
            raise error
