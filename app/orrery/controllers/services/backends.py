"""Which Services select a Pod, which Pods stand behind a Service, and at which ports. Shared by both endpoint controllers.

Follows upstream's endpointslice utilities. The index finds the Services of a changed Pod by its labels, not by asking every Service.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from orrery.controllers.engine.controller import key_of_object
from orrery.controllers.engine.informer import Change
from orrery.controllers.pods import is_terminal
from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, Object, labels_of, namespace_of

HEADLESS: Final = "service.kubernetes.io/headless"
TRIGGER: Final = "endpoints.kubernetes.io/last-change-trigger-time"


def selector_of(service: FrozenObject | None) -> Mapping[str, str]:
    """The labels a Service selects Pods by; empty when these controllers have nothing to do for it."""
    if service is None or service["spec"].get("type") == "ExternalName":
        return {}
    found: Mapping[str, str] = service["spec"].get("selector") or {}
    return found


class ServiceIndex:
    """Services by one label of their selector, fed by `Informer.observe`."""

    def __init__(self) -> None:
        self._selectors: dict[str, Mapping[str, str]] = {}
        self._by_label: dict[tuple[str, str, str], set[str]] = {}

    def observe(self, change: Change) -> None:
        key, namespace = key_of_object(change.any), change.namespace
        before = self._selectors.pop(key, None)
        if before:
            self._by_label[self._handle(namespace, before)].discard(key)
        selector = selector_of(change.new)
        if selector:
            self._selectors[key] = selector
            self._by_label.setdefault(self._handle(namespace, selector), set()).add(key)

    @staticmethod
    def _handle(namespace: str, selector: Mapping[str, str]) -> tuple[str, str, str]:
        """The label a Service is found by: its first, which every Pod it selects carries."""
        key, value = min(selector.items())
        return namespace, key, value

    def keys_of_pod(self, change: Change) -> Iterable[str]:
        """Keys of the Services that select the Pod now or did before, when something changed that they publish."""
        old, new = change.old, change.new
        if old is not None and new is not None and _published(old) == _published(new):
            return ()
        return {key for pod in (old, new) if pod is not None for key in self._selecting(pod)}

    def _selecting(self, pod: FrozenObject) -> Iterable[str]:
        namespace, labels = namespace_of(pod), labels_of(pod)
        for label, value in labels.items():
            for key in self._by_label.get((namespace, label, value), ()):
                if self._selectors[key].items() <= labels.items():
                    yield key


def _published(pod: FrozenObject) -> tuple[Any, ...]:
    """What of a Pod shows in endpoints."""
    status, spec = pod.get("status") or {}, pod["spec"]
    ready = [condition["status"] for condition in status.get("conditions") or () if condition["type"] == "Ready"]
    deleting = pod["metadata"].get("deletionTimestamp")
    return labels_of(pod), status.get("podIPs"), status.get("phase"), ready, deleting, spec.get("nodeName"), spec.get("hostname")


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


def last_trigger(service: FrozenObject, pods: Sequence[FrozenObject]) -> str:
    """When what the Service publishes changed last: a Pod's readiness, or the Service itself."""
    # DIFFERS: upstream remembers the earliest change since its last sync; we name the latest change there is.
    times = [service["metadata"]["creationTimestamp"]]
    for pod in pods:
        times += [
            condition["lastTransitionTime"]
            for condition in (pod.get("status") or {}).get("conditions") or ()
            if condition["type"] == "Ready" and condition.get("lastTransitionTime")
        ]
    return str(max(times, key=parse_timestamp))
