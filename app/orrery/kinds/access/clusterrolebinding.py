"""ClusterRoleBinding: subjects who have a ClusterRole everywhere."""

from typing import Final

from orrery.kinds.access.rbac_rules import binding_behaviour
from orrery.kinds.kind import Behaviour

BEHAVIOUR: Final[Behaviour] = binding_behaviour(("ClusterRole",), is_namespaced=False)
