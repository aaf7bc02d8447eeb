"""ReplicaSets and ReplicationControllers: as many Pods as asked for. `plan.py` decides, `controller.py` acts."""

from orrery.controllers.replicaset.controller import ReplicaSetController, new_replicaset_controller, new_replication_controller

__all__ = ["ReplicaSetController", "new_replicaset_controller", "new_replication_controller"]
