"""ServiceCIDRs are Ready, and stay while a Service has an address that no other of them covers.

Follows upstream's servicecidrs controller, which counts IPAddress objects.
"""

import ipaddress
from collections.abc import Iterable
from typing import Final

from orrery.controllers.conditions import set_condition
from orrery.controllers.engine.controller import DONE, Outcome, key_of_object, requeue_after, split_key
from orrery.controllers.engine.informer import Informer
from orrery.machinery.clock import parse_timestamp, timestamp
from orrery.machinery.objects import FrozenObject, Object, is_deleting, name_of
from orrery.verbs.client import Client

CIDRS: Final = "servicecidrs.networking.k8s.io"
FINALIZER: Final = "networking.k8s.io/service-cidr-finalizer"
_GRACE_S: Final = 10.0
"""Between the deletion and the end, so that nobody takes an address meanwhile."""
_READY: Final = {"status": "True", "reason": "", "message": "Kubernetes Service CIDR is ready"}
_BLOCKED: Final = {
    "status": "False",
    "reason": "Terminating",
    "message": "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
}
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ServiceCidrController:
    """A key is a ServiceCIDR."""

    name = "service-cidr-controller"

    def __init__(self, client: Client) -> None:
        self._client = client

    def watch(self, informer: Informer) -> None:
        informer.on(CIDRS, lambda change: (key_of_object(change.any),) if change.is_present else self._all())
        informer.hear("services", lambda change: self._leaving() if not change.is_present else ())

    def _all(self) -> Iterable[str]:
        return [key_of_object(each) for each in self._client.list(CIDRS)]

    def _leaving(self) -> Iterable[str]:
        return [key_of_object(each) for each in self._client.list(CIDRS) if is_deleting(each)]

    async def reconcile(self, key: str) -> Outcome:
        _, name = split_key(key)
        cidr = self._client.get(CIDRS, "", name)
        if cidr is None:
            return DONE
        if is_deleting(cidr):
            return await self._end(cidr)
        if FINALIZER not in (cidr["metadata"].get("finalizers") or ()):
            await self._client.change(CIDRS, "", name, _hold)
        await self._tell(name, _READY)
        return DONE

    async def _end(self, cidr: FrozenObject) -> Outcome:
        if is_needed(cidr, self._client.list(CIDRS), self._client.list("services")):
            await self._tell(name_of(cidr), _BLOCKED)
            return DONE  # The end of a Service wakes us.
        left_s = parse_timestamp(cidr["metadata"]["deletionTimestamp"]) + _GRACE_S - self._client.clock.now_s()
        if left_s > 0:
            return requeue_after(left_s)
        await self._client.change(CIDRS, "", name_of(cidr), _release)
        return DONE

    async def _tell(self, name: str, wanted: dict[str, str]) -> None:
        now = timestamp(self._client.clock.now_s())

        def edit(draft: Object) -> bool:
            return set_condition(draft, {"type": "Ready", **wanted}, now)

        await self._client.change(CIDRS, "", name, edit, subresource="status")


def _hold(draft: Object) -> bool:
    draft["metadata"]["finalizers"] = [*(draft["metadata"].get("finalizers") or ()), FINALIZER]
    return True


def _release(draft: Object) -> bool:
    held = draft["metadata"].get("finalizers") or []
    draft["metadata"]["finalizers"] = [each for each in held if each != FINALIZER]
    return FINALIZER in held


def _networks(cidr: FrozenObject) -> list[_Network]:
    return [ipaddress.ip_network(text) for text in (cidr.get("spec") or {}).get("cidrs") or ()]


def _covers(outer: _Network, inner: _Network) -> bool:
    return outer.version == inner.version and inner.prefixlen >= outer.prefixlen and inner.network_address in outer


def is_needed(cidr: FrozenObject, cidrs: Iterable[FrozenObject], services: Iterable[FrozenObject]) -> bool:
    """Whether a Service has an address in `cidr` that no other ServiceCIDR has."""
    others = [network for each in cidrs if name_of(each) != name_of(cidr) for network in _networks(each)]
    alone = [mine for mine in _networks(cidr) if not any(_covers(other, mine) for other in others)]
    if not alone:
        return False
    addresses = (ipaddress.ip_address(ip) for service in services for ip in service["spec"].get("clusterIPs") or () if ip and ip != "None")
    return any(any(address in network for network in alone) and not any(address in network for network in others) for address in addresses)
