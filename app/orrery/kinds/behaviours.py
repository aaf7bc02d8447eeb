"""Which behaviour belongs to which kind: the one list that names every kind with a file of its own in this room."""

from typing import Final

from orrery.kinds import (
    clusterrole,
    clusterrolebinding,
    configmap,
    event,
    ingress,
    ingressclass,
    ipaddress,
    namespace,
    networkpolicy,
    node,
    role,
    rolebinding,
    secret,
    service,
    serviceaccount,
    servicecidr,
)
from orrery.kinds.kind import Behaviour
from orrery.machinery.objects import GroupResource

BEHAVIOURS: Final[dict[GroupResource, Behaviour]] = {
    # workloads
    # everything else
    "clusterrolebindings.rbac.authorization.k8s.io": clusterrolebinding.BEHAVIOUR,
    "clusterroles.rbac.authorization.k8s.io": clusterrole.BEHAVIOUR,
    "configmaps": configmap.BEHAVIOUR,
    "events": event.BEHAVIOUR,
    "events.events.k8s.io": event.STRICT_BEHAVIOUR,
    "ingressclasses.networking.k8s.io": ingressclass.BEHAVIOUR,
    "ingresses.networking.k8s.io": ingress.BEHAVIOUR,
    "ipaddresses.networking.k8s.io": ipaddress.BEHAVIOUR,
    "namespaces": namespace.BEHAVIOUR,
    "networkpolicies.networking.k8s.io": networkpolicy.BEHAVIOUR,
    "nodes": node.BEHAVIOUR,
    "rolebindings.rbac.authorization.k8s.io": rolebinding.BEHAVIOUR,
    "roles.rbac.authorization.k8s.io": role.BEHAVIOUR,
    "secrets": secret.BEHAVIOUR,
    "serviceaccounts": serviceaccount.BEHAVIOUR,
    "servicecidrs.networking.k8s.io": servicecidr.BEHAVIOUR,
    "services": service.BEHAVIOUR,
}
