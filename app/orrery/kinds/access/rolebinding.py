"""RoleBinding: subjects who have a Role or ClusterRole in one namespace."""

from typing import Final

from orrery.kinds.access.rbac_rules import binding_behaviour
from orrery.kinds.kind import Behaviour

BEHAVIOUR: Final[Behaviour] = binding_behaviour(("Role", "ClusterRole"), is_namespaced=True)
