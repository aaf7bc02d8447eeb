"""Nodes, Pods and events for tests of one part of the scheduler."""

from typing import Any

from orrery.controllers.engine.informer import Change
from orrery.controllers.scheduler.cluster import Cluster
from orrery.controllers.scheduler.nodes import NodeView, view_of
from orrery.machinery.objects import Object, labels_of, name_of, namespace_of
from orrery.store.log import Event, Index, Operation, key_of
from orrery.store.records import CachedRecord, ParseCache

HOSTNAME = "kubernetes.io/hostname"
NAMES = {"other": {"team": "b"}, "default": {"team": "a"}}
"""Namespaces and their labels."""


def labels_of_namespace(namespace: str) -> dict[str, str]:
    return NAMES.get(namespace, {})


def node(name: str, *, cpu: str = "4", memory: str = "16Gi", labels: dict[str, str] | None = None, **spec: object) -> Object:
    metadata = {"name": name, "labels": {HOSTNAME: name, **(labels or {})}}
    return {"metadata": metadata, "spec": spec, "status": {"allocatable": {"cpu": cpu, "memory": memory, "pods": "110"}}}


def view(name: str = "node-1", **more: Any) -> NodeView:
    return view_of(node(name, **more))


def pod(
    name: str, on: str = "", *, cpu: str = "1", labels: dict[str, str] | None = None, namespace: str = "default", **spec: Any
) -> Object:
    metadata: Object = {"name": name, "namespace": namespace, "uid": name, "generation": 1, "labels": labels or {}}
    container: Object = {"name": "c", "image": "web", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}}
    if ports := spec.pop("ports", ()):
        container["ports"] = [{"containerPort": port, "hostPort": port} for port in ports]
    phase = spec.pop("phase", "Running")
    if on:
        spec["nodeName"] = on
    return {"metadata": metadata, "spec": {"containers": [container], **spec}, "status": {"phase": phase}}


def appears(obj: Object) -> Change:
    """The event of an object that is there."""
    parses = ParseCache(1)
    parses.keep(1, obj)
    fields = {"spec.nodeName": obj["spec"].get("nodeName", ""), "status.phase": obj["status"].get("phase", "")}
    index = Index(labels_of(obj), fields, uid=obj["metadata"].get("uid", ""))
    record = CachedRecord(key_of("any", namespace_of(obj), name_of(obj)), 1, b"", index, parses)
    return Change(Event(1, Operation.UPDATED, record, None))


def cluster(*objects: Object) -> Cluster:
    made = Cluster()
    for obj in objects:
        if "allocatable" in obj["status"]:
            made.see_node(appears(obj))
        else:
            made.see_pod(appears(obj))
    return made
