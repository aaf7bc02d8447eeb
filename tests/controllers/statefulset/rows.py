"""StatefulSets, revisions and Pods for tables about planning."""

from collections.abc import Sequence
from typing import Any

from orrery.controllers.statefulset.plan import Row, row_of
from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object

NOW_S = 1_000_000.0
RULES = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}


def statefulset(replicas: int = 3, **spec: Any) -> Object:
    wanted: Object = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "updateStrategy": RULES, "serviceName": "web"}
    wanted |= {"podManagementPolicy": "OrderedReady", "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}}
    return {"metadata": {"name": "web", "namespace": "default", "uid": "set", "generation": 2}, "spec": {**wanted, **spec}}


def revision(name: str) -> Object:
    return {"metadata": {"name": name}, "data": {"spec": {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {"of": name}}}}}


OLD, NEW = revision("old"), revision("new")


def pod(
    ordinal: int, *, phase: str = "Running", ready_s: float | None = 60, of: str = "new", deleting: bool = False, name: str = ""
) -> Object:
    """A Pod, ready since `ready_s` seconds; None is not ready."""
    name = name or f"web-{ordinal}"
    labels = {"app": "web", "statefulset.kubernetes.io/pod-name": name, "controller-revision-hash": of}
    metadata: Object = {"name": name, "namespace": "default", "uid": f"uid-{ordinal}", "labels": labels}
    if deleting:
        metadata["deletionTimestamp"] = timestamp(NOW_S)
    status: Object = {"phase": phase}
    if ready_s is not None:
        status["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": timestamp(NOW_S - ready_s)}]
    return {"metadata": metadata, "spec": {}, "status": status}


def row(pods: Sequence[FrozenObject], *, of: FrozenObject | None = None, current: FrozenObject = NEW, update: FrozenObject = NEW) -> Row:
    return row_of(of or statefulset(), pods, current=current, update=update, now_s=NOW_S)
