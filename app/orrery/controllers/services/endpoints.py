"""Endpoints of every Service that selects Pods: addresses, ready or not, grouped by the ports they share.

Follows upstream's endpoint controller.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Informer
from orrery.controllers.pods import is_namespace_terminating, is_ready
from orrery.controllers.services.backends import (
    HEADLESS,
    TRIGGER,
    has_place,
    hostname_for,
    is_headless,
    ports_of,
    target_reference,
)
from orrery.controllers.services.port_order import in_endpoints_order
from orrery.controllers.services.selected_pods import SelectedPods
from orrery.machinery.errors import ApiError, NotFound
from orrery.machinery.objects import FrozenObject, Object, annotations_of, labels_of, name_of, namespace_of, thaw
from orrery.verbs.client import Client

MANAGED_BY: Final = "endpoints.kubernetes.io/managed-by"
OVER_CAPACITY: Final = "endpoints.kubernetes.io/over-capacity"
_ADDRESSES_MAX: Final = 1000


def plan_subsets(service: FrozenObject, pods: Sequence[FrozenObject]) -> list[Object]:
    """The subsets of a Service: each a set of addresses and all the ports every one of them offers.

    Two Pods that both serve 80, of which one is not ready, are one subset with an address and a notReadyAddress; a third that
    calls its port differently is a subset of its own.
    """
    everyone = service["spec"].get("publishNotReadyAddresses", False)
    by_port: dict[Any, dict[_Who, _Address]] = {}
    for pod in pods:
        if not has_place(pod, include_terminating=everyone):
            continue
        address = _Address(everyone or is_ready(pod), _address(pod, service))
        ports: Sequence[Object | None] = ports_of(pod, service)
        if not service["spec"].get("ports") and is_headless(service):
            ports = [None]  # A headless Service without ports still publishes its addresses.
        for port in ports:
            key = None if port is None else tuple(sorted(port.items()))
            by_port.setdefault(key, {})[address.object["ip"], address.object["targetRef"]["uid"]] = address
    return _pack(by_port)


class _Address(NamedTuple):
    is_ready: bool
    object: Object


_Who: TypeAlias = tuple[str, str]
"""An address and the UID of the Pod that has it: two Pods on the host network share theirs."""


def _pack(by_port: dict[Any, dict[_Who, _Address]]) -> list[Object]:
    """Ports with the very same addresses share a subset."""
    groups: dict[Any, list[Any]] = {}
    for port, addresses in by_port.items():
        groups.setdefault(frozenset((who, address.is_ready) for who, address in addresses.items()), []).append(port)
    subsets = []
    for ports in groups.values():
        addresses = by_port[ports[0]]
        subset: Object = {}
        for field, wanted in (("addresses", True), ("notReadyAddresses", False)):
            chosen = [address.object for _, address in sorted(addresses.items()) if address.is_ready is wanted]
            if chosen:
                subset[field] = chosen
        named = [dict(port) for port in ports if port is not None]
        if named:
            subset["ports"] = in_endpoints_order(named)
        subsets.append(subset)
    # DIFFERS: upstream sorts subsets by a hash of their content, UIDs included; we by their ports.
    return sorted(subsets, key=lambda subset: str(subset.get("ports")))


def _address(pod: FrozenObject, service: FrozenObject) -> Object:
    made: Object = {"ip": pod["status"]["podIPs"][0]["ip"], "nodeName": pod["spec"].get("nodeName", ""), "targetRef": target_reference(pod)}
    if hostname := hostname_for(pod, service):
        made["hostname"] = hostname
    return made


def truncate(subsets: list[Object]) -> bool:
    """Keep a thousand addresses, ready ones first, each subset its share of them; whether any had to go.

    Two subsets of 900 and 300 ready addresses keep 750 and 250, and nothing that is not ready.
    """
    ready = sum(len(subset.get("addresses") or ()) for subset in subsets)
    waiting = sum(len(subset.get("notReadyAddresses") or ()) for subset in subsets)
    if ready + waiting <= _ADDRESSES_MAX:
        return False
    field, total, room = (
        ("addresses", ready, _ADDRESSES_MAX) if ready > _ADDRESSES_MAX else ("notReadyAddresses", waiting, _ADDRESSES_MAX - ready)
    )
    left = room
    for subset in subsets:
        addresses = subset.get(field) or []
        share = min(-(-len(addresses) * room // total), left)
        left -= min(share, len(addresses))
        _set(subset, field, addresses[:share])
        if field == "addresses":
            _set(subset, "notReadyAddresses", [])
    return True


def _set(subset: Object, field: str, addresses: list[Object]) -> None:
    if addresses:
        subset[field] = addresses
    else:
        subset.pop(field, None)


class EndpointsController:
    """One key is one Service, and the Endpoints of its name."""

    name = "endpoints-controller"

    def __init__(self, client: Client) -> None:
        self._client = client
        self._selected = SelectedPods(client)

    def watch(self, informer: Informer) -> None:
        self._selected.watch(informer)
        informer.hear("endpoints", lambda change: () if change.is_present else (key_for(change.namespace, change.name),))
        informer.at_start(self._leftovers)

    def _leftovers(self) -> Iterable[str]:
        """Endpoints whose Service may have gone while nobody looked."""
        for record in self._client.records("endpoints"):
            if MANAGED_BY in record.index.labels:
                yield record.key.partition("/")[2]

    async def reconcile(self, key: str) -> Outcome:
        namespace, name = split_key(key)
        service = self._selected.service(key)
        if service is None:
            await self._remove_leftover(namespace, name)
            return DONE
        pods = self._selected.pods(key, service)
        if pods is None:
            return DONE
        try:
            trigger = self._selected.trigger(key, service, pods)
            await self._write(new_endpoints(service, pods, self._client.get("endpoints", namespace, name), trigger))
        except ApiError as error:
            if not is_namespace_terminating(error):
                raise
        return DONE

    async def _remove_leftover(self, namespace: str, name: str) -> None:
        """Endpoints this controller made for a Service that is gone; those that users made without one stay."""
        leftover = self._client.get("endpoints", namespace, name)
        if leftover is not None and MANAGED_BY in labels_of(leftover):
            try:
                await self._client.delete("endpoints", namespace, name)
            except NotFound:
                return

    async def _write(self, wanted: Object) -> None:
        current = self._client.get("endpoints", namespace_of(wanted), name_of(wanted))
        if current is None:
            await self._client.create("endpoints", wanted)
        elif not _is_same(current, wanted):
            await self._client.update("endpoints", wanted)


def new_endpoints(service: FrozenObject, pods: Sequence[FrozenObject], current: FrozenObject | None, trigger: str) -> Object:
    """The Endpoints as they should be; annotations and finalizers that others put into `current` stay."""
    made: Object = thaw(current) if current is not None else {"apiVersion": "v1", "kind": "Endpoints", "metadata": {}}
    meta = made["metadata"]
    meta.update(name=name_of(service), namespace=namespace_of(service))
    meta["labels"] = {**labels_of(service), MANAGED_BY: "endpoint-controller"}
    meta["labels"].pop(HEADLESS, None)
    if is_headless(service):
        meta["labels"][HEADLESS] = ""
    subsets = plan_subsets(service, pods)
    annotations = {key: value for key, value in annotations_of(made).items() if key not in (TRIGGER, OVER_CAPACITY)}
    if trigger:
        annotations[TRIGGER] = trigger
    if truncate(subsets):
        annotations[OVER_CAPACITY] = "truncated"
    meta["annotations"] = annotations
    made.pop("subsets", None)
    if subsets:
        made["subsets"] = subsets
    return made


def _is_same(current: FrozenObject, wanted: Object) -> bool:
    """Whether a write would only move the trigger time."""
    return (
        (current.get("subsets") or []) == (wanted.get("subsets") or [])
        and labels_of(current) == labels_of(wanted)
        and annotations_of(current).get(OVER_CAPACITY) == annotations_of(wanted).get(OVER_CAPACITY)
    )
