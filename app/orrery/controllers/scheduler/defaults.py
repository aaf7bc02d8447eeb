"""Which Pods a Pod that says nothing about spreading is spread apart from: those its Services and its owner select.

Follows upstream's DefaultSelector. Selectors of Services are kept by namespace; what was worked out for a shape is remembered until
one of them changes.
"""

from collections.abc import Mapping
from typing import Final
from weakref import WeakKeyDictionary

from orrery.controllers.engine.informer import Change
from orrery.controllers.scheduler.wishes import Shape
from orrery.machinery.selectors import LabelSelector
from orrery.verbs.client import Client

_OWNERS: Final = {
    ("v1", "ReplicationController"): "replicationcontrollers",
    ("apps/v1", "ReplicaSet"): "replicasets.apps",
    ("apps/v1", "StatefulSet"): "statefulsets.apps",
}


class DefaultSelectors:
    """Asked once per attempt."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services: dict[str, dict[str, Mapping[str, str]]] = {}
        self._known: WeakKeyDictionary[Shape, LabelSelector] = WeakKeyDictionary()

    def see_service(self, change: Change) -> None:
        service = change.new
        selector = (service["spec"].get("selector") if service is not None else None) or {}
        services = self._services.get(change.namespace, {})
        if services.get(change.name, {}) == selector:
            return
        services.pop(change.name, None)
        if selector:
            self._services.setdefault(change.namespace, services)[change.name] = selector
        elif not services:
            del self._services[change.namespace]
        self._known.clear()

    def of(self, shape: Shape) -> LabelSelector:
        """An empty selector stands for none."""
        found = self._known.get(shape)
        if found is None:
            found = self._known[shape] = self._find(shape)
        return found

    def _find(self, shape: Shape) -> LabelSelector:
        merged: dict[str, str] = {}
        for selector in self._services.get(shape.namespace, {}).values():
            if selector.items() <= shape.labels.items():
                merged |= selector
        owner = self._selector_of_owner(shape)
        if owner is None:
            return LabelSelector.of({"matchLabels": merged})
        labels = {**merged, **(owner.get("matchLabels") or {})}
        return LabelSelector.of({"matchLabels": labels, "matchExpressions": owner.get("matchExpressions") or ()})

    def _selector_of_owner(self, shape: Shape) -> Mapping[str, Mapping[str, str]] | None:
        bucket = _OWNERS.get((shape.owner.api_version, shape.owner.kind))
        owner = self._client.get(bucket, shape.namespace, shape.owner.name) if bucket is not None else None
        if owner is None:
            return None
        selector = owner["spec"].get("selector") or {}
        return {"matchLabels": selector} if bucket == "replicationcontrollers" else selector
