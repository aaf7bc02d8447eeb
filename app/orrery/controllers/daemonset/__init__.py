"""DaemonSets: one Pod on every node that takes it. Upstream: pkg/controller/daemon."""

from orrery.controllers.daemonset.controller import DaemonSetController

__all__ = ["DaemonSetController"]
