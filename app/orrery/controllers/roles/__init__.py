"""ClusterRoles that are made of others."""

from orrery.controllers.roles.aggregation import RoleAggregationController

__all__ = ["RoleAggregationController"]
