"""StatefulSets: Pods with a name, a place in a row and claims of their own. Upstream: pkg/controller/statefulset."""

from orrery.controllers.statefulset.controller import StatefulSetController

__all__ = ["StatefulSetController"]
