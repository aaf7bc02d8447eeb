"""Persistent storage: claims bound to volumes, volumes made and reclaimed, claims that grow, claims of ephemeral volumes,
volumes that hang on one node at a time.

`matching.py` says what suits what, `binder.py` and `reclaim.py` decide, `writes.py` writes; `provisioner.py` simulates a driver.
The scheduler's share is in `scheduler/volumes.py`, what is in the volumes in the node room.
"""

from orrery.controllers.volumes.attachments import AttachDetachController
from orrery.controllers.volumes.binder import BinderController
from orrery.controllers.volumes.ephemeral import EphemeralVolumeController
from orrery.controllers.volumes.expansion import RESIZER, ExpandController
from orrery.controllers.volumes.modification import MODIFIER, ModifyController
from orrery.controllers.volumes.provisioner import LOCAL_PATH, PROVISIONER, ProvisionerController

__all__ = [
    "LOCAL_PATH",
    "MODIFIER",
    "PROVISIONER",
    "RESIZER",
    "AttachDetachController",
    "BinderController",
    "EphemeralVolumeController",
    "ExpandController",
    "ModifyController",
    "ProvisionerController",
]
