"""The plugins that are on by default, in upstream's order."""

from orrery.verbs.admission.admission import Admission, Validating
from orrery.verbs.admission.certificate_requestor import CertificateRequestor
from orrery.verbs.admission.claim_resize import PersistentVolumeClaimResize
from orrery.verbs.admission.default_classes import DefaultIngressClass, DefaultStorageClass
from orrery.verbs.admission.limit_ranger import LimitRanger, LimitRangerDefaults
from orrery.verbs.admission.namespace_lifecycle import NamespaceLifecycle
from orrery.verbs.admission.node_taint import TaintNodesByCondition
from orrery.verbs.admission.pod_security import PodSecurity
from orrery.verbs.admission.priority import Priority
from orrery.verbs.admission.runtime_class import RuntimeClass
from orrery.verbs.admission.service_account import ServiceAccount
from orrery.verbs.admission.storage_protection import StorageObjectInUseProtection
from orrery.verbs.admission.tolerations import DefaultTolerationSeconds


def default_chain() -> tuple[Admission, ...]:
    """New plugins with upstream's default settings."""
    return (
        NamespaceLifecycle(),
        LimitRangerDefaults(),
        ServiceAccount(),
        TaintNodesByCondition(),
        Priority(),
        DefaultTolerationSeconds(),
        DefaultStorageClass(),
        StorageObjectInUseProtection(),
        RuntimeClass(),
        DefaultIngressClass(),
        CertificateRequestor(),
    )


def default_validators() -> tuple[Validating, ...]:
    """New plugins of the second pass."""
    return (LimitRanger(), PodSecurity(), PersistentVolumeClaimResize())
