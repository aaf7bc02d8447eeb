"""Which Services select a Pod, which Pods stand behind a Service, and at which ports. Shared by both endpoint controllers.

Follows upstream's endpointslice utilities. The index finds the Services of a changed Pod by its labels, not by asking every Service.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from orrery.controllers.engine.controller import key_for
from orrery.controllers.engine.informer import Change
from orrery.controllers.pods import is_ready, is_terminal
from orrery.machinery.objects import FrozenObject, Object, labels_of

HEADLESS: Final = "service.kubernetes.io/headless"
TRIGGER: Final = "endpoints.kubernetes.io/last-change-trigger-time"
"""When the change happened that the newest write publishes."""


def selector_of(service: FrozenObject | None) -> Mapping[str, str]:
    """The labels a Service selects Pods by; empty when these controllers have nothing to do for it."""
    if service is None or service["spec"].get("type") == "ExternalName":
        return {}
    found: Mapping[str, str] = service["spec"].get("selector") or {}
    return found


Label: TypeAlias = tuple[str, str, str]
"""A namespace, a label's key and its value."""


class ServiceIndex:
    """Services by one label of their selector, fed by `Informer.observe`."""

    def __init__(self) -> None:
        self._selectors: dict[str, tuple[Label, Mapping[str, str]]] = {}
        self._by_label: dict[Label, set[str]] = {}

    def observe(self, change: Change) -> None:
        key = key_for(change.namespace, change.name)
        before = self._selectors.pop(key, None)
        if before is not None:
            handle, _ = before
            self._by_label[handle].discard(key)
            if not self._by_label[handle]:
                del self._by_label[handle]
        selector = selector_of(change.new)
        if selector:
            handle = self._handle(change.namespace, selector)
            self._selectors[key] = handle, selector
            self._by_label.setdefault(handle, set()).add(key)

    def _handle(self, namespace: str, selector: Mapping[str, str]) -> Label:
        """The label a Service is found by, which every Pod it selects carries: the one that the fewest others are found by."""
        labels = [(namespace, key, value) for key, value in selector.items()]
        return min(labels, key=lambda label: len(self._by_label.get(label, ())))

    def keys_of_pod(self, change: Change) -> Iterable[str]:
        """Keys of the Services that select the Pod now or did before, when something changed that they publish.

        The labels are looked at first, in the index: a Pod that no Service selects is not parsed.
        """
        labels = change.record.index.labels
        former = change.former.index.labels if change.former is not None else labels
        keys = set(self._selecting(change.namespace, labels))
        if former is not labels and former != labels:
            keys.update(self._selecting(change.namespace, former))
        if not keys:
            return ()
        old, new = change.old, change.new
        return () if old is not None and new is not None and _published(old) == _published(new) else keys

    def _selecting(self, namespace: str, labels: Mapping[str, str]) -> Iterable[str]:
        for label, value in labels.items():
            for key in self._by_label.get((namespace, label, value), ()):
                if self._selectors[key][1].items() <= labels.items():
                    yield key


def _published(pod: FrozenObject) -> tuple[Any, ...]:
    """What of a Pod shows in endpoints, or says which Services it is behind."""
    status, spec = pod.get("status") or {}, pod["spec"]
    is_deleting = pod["metadata"].get("deletionTimestamp") is not None
    names = spec.get("nodeName"), spec.get("hostname"), spec.get("subdomain")
    return labels_of(pod), status.get("podIPs"), is_terminal(pod), is_ready(pod), is_deleting, names


def has_place(pod: FrozenObject, *, include_terminating: bool) -> bool:
    """Whether the Pod may stand behind a Service at all: it has an address, has not ended and, for Endpoints, is not going away."""
    if is_terminal(pod) or not (pod.get("status") or {}).get("podIPs"):
        return False
    return include_terminating or pod["metadata"].get("deletionTimestamp") is None


def hostname_for(pod: FrozenObject, service: FrozenObject) -> str:
    """The name DNS gives the Pod under a headless Service: its hostname, when its subdomain is the Service."""
    hostname = pod["spec"].get("hostname", "")
    return hostname if hostname and pod["spec"].get("subdomain") == service["metadata"]["name"] else ""


def ports_of(pod: FrozenObject, service: FrozenObject) -> list[Object]:
    """The Service's ports as this Pod offers them; a named target that the Pod lacks is left out."""
    found = []
    for port in service["spec"].get("ports") or ():
        number = target_port(pod, port)
        if number is not None:
            found.append(_endpoint_port(port, number))
    return found


def _endpoint_port(port: FrozenObject, number: int) -> Object:
    made: Object = {"name": port["name"]} if port.get("name") else {}
    made.update(port=number, protocol=port.get("protocol", "TCP"))
    if port.get("appProtocol"):
        made["appProtocol"] = port["appProtocol"]
    return made


def target_port(pod: FrozenObject, port: FrozenObject) -> int | None:
    """The number behind a Service's port: its targetPort, or the container port of that name."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    spec = pod["spec"]
    sidecars = [container for container in spec.get("initContainers") or () if container.get("restartPolicy") == "Always"]
    for container in (*spec["containers"], *sidecars):
        for offered in container.get("ports") or ():
            if offered.get("name") == target and offered.get("protocol", "TCP") == port.get("protocol", "TCP"):
                return int(offered["containerPort"])
    return None


def target_reference(pod: FrozenObject) -> Object:
    meta = pod["metadata"]
    return {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}


def is_headless(service: FrozenObject) -> bool:
    return service["spec"].get("clusterIP") in (None, "", "None")
