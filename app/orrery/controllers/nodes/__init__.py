"""What the control plane does about Nodes: watches over heartbeats, taints those that are lost, evicts what taints do not let stay."""

from orrery.controllers.nodes.evictions import TaintEvictionController
from orrery.controllers.nodes.lifecycle import NodeLifecycleController
from orrery.controllers.nodes.ttl import NodeTtlController

__all__ = ["NodeLifecycleController", "NodeTtlController", "TaintEvictionController"]
