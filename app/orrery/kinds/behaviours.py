"""Which behaviour belongs to which kind: the one list that names every kind with a file of its own in this room."""

from typing import Final

from orrery.kinds import configmap, namespace, secret, service, serviceaccount
from orrery.kinds.kind import Behaviour
from orrery.machinery.objects import GroupResource

BEHAVIOURS: Final[dict[GroupResource, Behaviour]] = {
    # workloads
    # everything else
    "configmaps": configmap.BEHAVIOUR,
    "namespaces": namespace.BEHAVIOUR,
    "secrets": secret.BEHAVIOUR,
    "serviceaccounts": serviceaccount.BEHAVIOUR,
    "services": service.BEHAVIOUR,
}
