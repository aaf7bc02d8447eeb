"""Why one node is out: what every filter answers."""

from typing import Final, NamedTuple

NODE_UNSCHEDULABLE: Final = "NodeUnschedulable"
TAINT_TOLERATION: Final = "TaintToleration"
NODE_AFFINITY: Final = "NodeAffinity"
NODE_PORTS: Final = "NodePorts"
NODE_RESOURCES_FIT: Final = "NodeResourcesFit"
VOLUME_RESTRICTIONS: Final = "VolumeRestrictions"
VOLUME_BINDING: Final = "VolumeBinding"
"""Also stands for VolumeZone: the same events may help those whom they refuse."""
POD_TOPOLOGY_SPREAD: Final = "PodTopologySpread"
INTER_POD_AFFINITY: Final = "InterPodAffinity"
DYNAMIC_RESOURCES: Final = "DynamicResources"
NO_NODE: Final = "NoNode"
"""No plugin of upstream's: there is nothing to schedule to."""


class Refusal(NamedTuple):
    """`resolvable` when removing other Pods from the node could lift it; that decides what is said about preemption."""

    reasons: tuple[str, ...]
    resolvable: bool = False
    plugin: str = ""
    """Who refuses: which events may change its mind depends on that."""
