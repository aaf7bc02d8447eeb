"""What is written on Nodes besides what their kubelets say: taints for their conditions, how long caches may be old."""

from orrery.controllers.nodes.taints import NodeTaintController
from orrery.controllers.nodes.ttl import NodeTtlController

__all__ = ["NodeTaintController", "NodeTtlController"]
