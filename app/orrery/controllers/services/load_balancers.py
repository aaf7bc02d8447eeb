"""Addresses of Services of type LoadBalancer: the cloud that a cluster on a table lacks, as upstream's service controller drives one.

Owns the pool of addresses, the cleanup finalizer, the status and the events. Who connects to the address is `node/network`'s.
"""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.machinery.objects import FrozenObject, Object, is_deleting
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

FINALIZER: Final = "service.kubernetes.io/load-balancer-cleanup"


def wants_address(service: FrozenObject) -> bool:
    """A load balancer of a class is another controller's business."""
    spec = service["spec"]
    return spec.get("type") == "LoadBalancer" and not spec.get("loadBalancerClass") and not is_deleting(service)


def addresses_of(service: FrozenObject) -> list[str]:
    """Those in its status."""
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return [one["ip"] for one in ingress if one.get("ip")]


class AddressPool:
    """Which Service holds which address of the pool."""

    def __init__(self, pool: str) -> None:
        self._pool = IPv4Network(pool) if pool else None
        self._holders: dict[str, str] = {}
        self._held: dict[str, str] = {}
        self._next = 1

    @property
    def has_addresses(self) -> bool:
        return self._pool is not None

    def hold(self, key: str, address: str) -> None:
        """The Service has this address already."""
        if self.is_free(address):
            self._holders[address], self._held[key] = key, address

    def is_free(self, address: str) -> bool:
        return self._has(address) and address not in self._holders

    def take(self, key: str, wished: str = "") -> str:
        """The Service's address, the one it wishes if that is free; empty when there is none left."""
        if (held := self._held.get(key)) and wished in ("", held):
            return held
        self.release(key)
        address = wished if wished else self._any()
        if not address or not self.is_free(address):
            return ""
        self.hold(key, address)
        return address

    def release(self, key: str) -> None:
        address = self._held.pop(key, "")
        self._holders.pop(address, None)

    def _has(self, address: str) -> bool:
        try:
            return self._pool is not None and IPv4Address(address) in self._pool
        except ValueError:
            return False

    def _any(self) -> str:
        if self._pool is None or len(self._holders) >= self._pool.num_addresses - 2:
            return ""
        while True:
            address = str(self._pool[self._next])
            self._next = self._next % (self._pool.num_addresses - 2) + 1
            if address not in self._holders:
                return address


class LoadBalancerController:
    """One key is one Service."""

    name = "service-lb-controller"

    def __init__(self, client: Client, recorder: EventRecorder, pool: str) -> None:
        """`pool` is the range of the addresses, `172.18.255.0/24`; with none, Services of this type wait for a controller of the user's."""
        self._client = client
        self._recorder = recorder
        self._pool = AddressPool(pool)
        self._wake: Callable[[str], None] = lambda key: None
        self._waiting: set[str] = set()

    def watch(self, informer: Informer) -> None:
        if self._pool.has_addresses:
            self._wake = informer.queue.add
            informer.observe("services", self._observe)
            informer.on("services", self._keys)

    def _observe(self, change: Change) -> None:
        """At the start, what has an address keeps it."""
        key = key_for(change.namespace, change.name)
        if change.new is None:
            self._release(key)
        elif change.former is None:
            for address in addresses_of(change.new):
                self._pool.hold(key, address)

    def _keys(self, change: Change) -> Iterable[str]:
        is_ours = change.new is not None and (wants_address(change.new) or _has_finalizer(change.new))
        return (key_for(change.namespace, change.name),) if is_ours else ()

    def _release(self, key: str) -> None:
        """An address is free: who waits for one may have it."""
        self._pool.release(key)
        for waiting in self._waiting:
            self._wake(waiting)
        self._waiting.clear()

    async def reconcile(self, key: str) -> Outcome:
        service = self._client.get("services", *split_key(key))
        if service is not None and wants_address(service):
            await self._ensure(key, service)
        elif service is not None and _has_finalizer(service):
            await self._clean_up(key, service)
        return DONE

    async def _ensure(self, key: str, service: FrozenObject) -> None:
        wished = service["spec"].get("loadBalancerIP", "")
        address = self._pool.take(key, wished)
        if _has_finalizer(service) and addresses_of(service) == [address]:
            return
        self._recorder.event(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer")
        await self._client.change("services", *split_key(key), _add_finalizer)
        if not address:
            self._waiting.add(key)
            problem = f"the address {wished} is not to be had" if wished else "no address is left in the pool"
            self._recorder.event(service, "Warning", "SyncLoadBalancerFailed", f"Error syncing load balancer: {problem}")
            return
        self._recorder.event(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer")
        await self._set_status(key, {"ingress": [{"ip": address, "ipMode": "VIP"}]})

    async def _clean_up(self, key: str, service: FrozenObject) -> None:
        """No load balancer is wanted any more."""
        self._recorder.event(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer")
        self._release(key)
        await self._set_status(key, {})
        await self._client.change("services", *split_key(key), _remove_finalizer)
        self._recorder.event(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer")

    async def _set_status(self, key: str, status: Object) -> None:
        def change(draft: Object) -> bool:
            before = (draft.get("status") or {}).get("loadBalancer") or {}
            draft.setdefault("status", {})["loadBalancer"] = status
            return bool(before != status)

        await self._client.change("services", *split_key(key), change, subresource="status")


def _has_finalizer(service: FrozenObject) -> bool:
    return FINALIZER in (service["metadata"].get("finalizers") or ())


def _add_finalizer(draft: Object) -> bool:
    if _has_finalizer(draft):
        return False
    draft["metadata"].setdefault("finalizers", []).append(FINALIZER)
    return True


def _remove_finalizer(draft: Object) -> bool:
    draft["metadata"]["finalizers"] = [one for one in draft["metadata"]["finalizers"] if one != FINALIZER]
    return True
