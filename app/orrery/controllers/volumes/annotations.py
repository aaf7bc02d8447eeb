"""The annotations with which binder, scheduler and provisioner talk to each other. Follows component-helpers' storage/volume."""

from typing import Final

CLAIMS: Final = "persistentvolumeclaims"
VOLUMES: Final = "persistentvolumes"
CLASSES: Final = "storageclasses.storage.k8s.io"
ATTRIBUTES_CLASSES: Final = "volumeattributesclasses.storage.k8s.io"

BIND_COMPLETED: Final = "pv.kubernetes.io/bind-completed"
"""On a claim: it was bound once, so a volume that is missing now is lost."""
BOUND_BY_CONTROLLER: Final = "pv.kubernetes.io/bound-by-controller"
"""On either side: the controller chose the other one, and may take that back."""
SELECTED_NODE: Final = "volume.kubernetes.io/selected-node"
"""On a claim: the scheduler wants its volume made for this node."""
PROVISIONED_BY: Final = "pv.kubernetes.io/provisioned-by"
MIGRATED_TO: Final = "pv.kubernetes.io/migrated-to"
STORAGE_PROVISIONER: Final = "volume.kubernetes.io/storage-provisioner"
BETA_PROVISIONER: Final = "volume.beta.kubernetes.io/storage-provisioner"
CLASS: Final = "volume.beta.kubernetes.io/storage-class"
DEFAULT_CLASS: Final = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
NO_PROVISIONER: Final = "kubernetes.io/no-provisioner"
RESIZER: Final = "volume.kubernetes.io/storage-resizer"
