"""Which behaviour belongs to which kind: the one list that names every kind with a file of its own in this room."""

from typing import Final

from orrery.kinds.access import certificatesigningrequest, clusterrole, clusterrolebinding, role, rolebinding, serviceaccount
from orrery.kinds.cluster import (
    configmap,
    event,
    lease,
    limitrange,
    namespace,
    node,
    priorityclass,
    resourceclaim,
    resourcequota,
    runtimeclass,
    secret,
)
from orrery.kinds.extension import apiservice, customresourcedefinition, flowcontrol, validatingadmissionpolicy, webhookconfiguration
from orrery.kinds.kind import Behaviour
from orrery.kinds.network import endpoints, endpointslice, ingress, ingressclass, ipaddress, networkpolicy, service, servicecidr
from orrery.kinds.pods import pod, podtemplate
from orrery.kinds.storage import csi, persistentvolume, persistentvolumeclaim, storageclass, volumeattachment, volumeattributesclass
from orrery.kinds.workloads import (
    controllerrevision,
    cronjob,
    daemonset,
    deployment,
    horizontalpodautoscaler,
    job,
    poddisruptionbudget,
    replicaset,
    replicationcontroller,
    statefulset,
)
from orrery.machinery.objects import GroupResource

BEHAVIOURS: Final[dict[GroupResource, Behaviour]] = {
    # workloads
    "controllerrevisions.apps": controllerrevision.BEHAVIOUR,
    "cronjobs.batch": cronjob.BEHAVIOUR,
    "daemonsets.apps": daemonset.BEHAVIOUR,
    "deployments.apps": deployment.BEHAVIOUR,
    "horizontalpodautoscalers.autoscaling": horizontalpodautoscaler.BEHAVIOUR,
    "jobs.batch": job.BEHAVIOUR,
    "poddisruptionbudgets.policy": poddisruptionbudget.BEHAVIOUR,
    "pods": pod.BEHAVIOUR,
    "podtemplates": podtemplate.BEHAVIOUR,
    "replicasets.apps": replicaset.BEHAVIOUR,
    "replicationcontrollers": replicationcontroller.BEHAVIOUR,
    "statefulsets.apps": statefulset.BEHAVIOUR,
    # everything else
    "apiservices.apiregistration.k8s.io": apiservice.BEHAVIOUR,
    "certificatesigningrequests.certificates.k8s.io": certificatesigningrequest.BEHAVIOUR,
    "clusterrolebindings.rbac.authorization.k8s.io": clusterrolebinding.BEHAVIOUR,
    "clusterroles.rbac.authorization.k8s.io": clusterrole.BEHAVIOUR,
    "configmaps": configmap.BEHAVIOUR,
    "csidrivers.storage.k8s.io": csi.DRIVER,
    "csinodes.storage.k8s.io": csi.NODE,
    "csistoragecapacities.storage.k8s.io": csi.CAPACITY,
    "customresourcedefinitions.apiextensions.k8s.io": customresourcedefinition.BEHAVIOUR,
    "deviceclasses.resource.k8s.io": resourceclaim.DEVICE_CLASS,
    "endpoints": endpoints.BEHAVIOUR,
    "endpointslices.discovery.k8s.io": endpointslice.BEHAVIOUR,
    "events": event.BEHAVIOUR,
    "events.events.k8s.io": event.STRICT_BEHAVIOUR,
    "flowschemas.flowcontrol.apiserver.k8s.io": flowcontrol.SCHEMA,
    "ingressclasses.networking.k8s.io": ingressclass.BEHAVIOUR,
    "ingresses.networking.k8s.io": ingress.BEHAVIOUR,
    "ipaddresses.networking.k8s.io": ipaddress.BEHAVIOUR,
    "leases.coordination.k8s.io": lease.BEHAVIOUR,
    "limitranges": limitrange.BEHAVIOUR,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": webhookconfiguration.MUTATING,
    "namespaces": namespace.BEHAVIOUR,
    "networkpolicies.networking.k8s.io": networkpolicy.BEHAVIOUR,
    "nodes": node.BEHAVIOUR,
    "persistentvolumeclaims": persistentvolumeclaim.BEHAVIOUR,
    "persistentvolumes": persistentvolume.BEHAVIOUR,
    "priorityclasses.scheduling.k8s.io": priorityclass.BEHAVIOUR,
    "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io": flowcontrol.LEVEL,
    "resourceclaims.resource.k8s.io": resourceclaim.CLAIM,
    "resourceclaimtemplates.resource.k8s.io": resourceclaim.TEMPLATE,
    "resourcequotas": resourcequota.BEHAVIOUR,
    "resourceslices.resource.k8s.io": resourceclaim.SLICE,
    "rolebindings.rbac.authorization.k8s.io": rolebinding.BEHAVIOUR,
    "roles.rbac.authorization.k8s.io": role.BEHAVIOUR,
    "runtimeclasses.node.k8s.io": runtimeclass.BEHAVIOUR,
    "secrets": secret.BEHAVIOUR,
    "serviceaccounts": serviceaccount.BEHAVIOUR,
    "servicecidrs.networking.k8s.io": servicecidr.BEHAVIOUR,
    "services": service.BEHAVIOUR,
    "storageclasses.storage.k8s.io": storageclass.BEHAVIOUR,
    "validatingadmissionpolicies.admissionregistration.k8s.io": validatingadmissionpolicy.POLICY,
    "validatingadmissionpolicybindings.admissionregistration.k8s.io": validatingadmissionpolicy.BINDING,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": webhookconfiguration.VALIDATING,
    "volumeattachments.storage.k8s.io": volumeattachment.BEHAVIOUR,
    "volumeattributesclasses.storage.k8s.io": volumeattributesclass.BEHAVIOUR,
}
