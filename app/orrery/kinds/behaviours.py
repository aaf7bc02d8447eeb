"""Which behaviour belongs to which kind: the one list that names every kind with a file of its own in this room."""

from typing import Final

from orrery.kinds import configmap, event, namespace, node, secret, service, serviceaccount
from orrery.kinds.kind import Behaviour
from orrery.machinery.objects import GroupResource

BEHAVIOURS: Final[dict[GroupResource, Behaviour]] = {
    # workloads
    # everything else
    "configmaps": configmap.BEHAVIOUR,
    "events": event.BEHAVIOUR,
    "events.events.k8s.io": event.STRICT_BEHAVIOUR,
    "namespaces": namespace.BEHAVIOUR,
    "nodes": node.BEHAVIOUR,
    "secrets": secret.BEHAVIOUR,
    "serviceaccounts": serviceaccount.BEHAVIOUR,
    "services": service.BEHAVIOUR,
}
