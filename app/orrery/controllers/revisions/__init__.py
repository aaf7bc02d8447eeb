"""History of StatefulSets and DaemonSets in ControllerRevisions. Upstream: pkg/controller/history, and daemon/update.go for the names."""

from orrery.controllers.revisions.history import DAEMONSETS, STATEFULSETS, Flavour, History

__all__ = ["DAEMONSETS", "STATEFULSETS", "Flavour", "History"]
