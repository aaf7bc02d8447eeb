"""EndpointSlices that mirror the Endpoints users write for a Service without a selector, so that who reads slices finds them.

Follows upstream's endpointslicemirroring controller: one slice for each subset and address family, the Endpoints its owner.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from typing import Any, Final, TypeAlias

from orrery.controllers.engine.controller import DONE, Outcome, key_for, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.ownership import new_controller_reference
from orrery.controllers.pods import is_namespace_terminating
from orrery.controllers.services.backends import TRIGGER
from orrery.controllers.services.slice_plan import ports_key
from orrery.machinery.errors import ApiError, NotFound
from orrery.machinery.objects import (
    FrozenObject,
    Object,
    annotations_of,
    is_deleting,
    labels_of,
    name_of,
    namespace_of,
    owner_references_of,
    thaw,
)
from orrery.verbs.client import Client
from orrery.verbs.recorder import EventRecorder

BUCKET: Final = "endpointslices.discovery.k8s.io"
SERVICE_NAME: Final = "kubernetes.io/service-name"
MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
CONTROLLER: Final = "endpointslicemirroring-controller.k8s.io"
ADDRESSES_MAX: Final = 1000
"""For each subset; what is over is left out, and an event says so."""

_SKIP: Final = "endpointslice.kubernetes.io/skip-mirror"
_LEADER: Final = "control-plane.alpha.kubernetes.io/leader"
_NOT_MIRRORED: Final = (TRIGGER, "kubectl.kubernetes.io/last-applied-configuration")

SliceKey: TypeAlias = tuple[str, Any]
"""An address family and ports as a value."""


@dataclass(slots=True)
class Mirrored:
    """What the slices of one Endpoints should hold."""

    endpoints: dict[SliceKey, dict[Any, Object]] = field(default_factory=dict)
    """In each slice an address stands once for each target."""
    ports: dict[SliceKey, list[Object]] = field(default_factory=dict)
    invalid: int = 0
    """Addresses that are no IP address."""
    skipped: int = 0
    """All that were left out, those included."""


def plan_mirror(endpoints: FrozenObject) -> Mirrored:
    """The endpoints of each slice to be, by address family and ports.

    A subset with two ready addresses and one that is not, all IPv4, is one slice of three endpoints.
    """
    made = Mirrored()
    for subset in endpoints.get("subsets") or ():
        # The name of an unnamed port is empty, as Go writes it.
        ports = [{"name": "", **port} for port in subset.get("ports") or ()]
        added = 0
        for ready, name in ((True, "addresses"), (False, "notReadyAddresses")):
            for address in subset.get(name) or ():
                family = _family(address["ip"])
                if added >= ADDRESSES_MAX or not family:
                    made.skipped += 1
                    made.invalid += added < ADDRESSES_MAX
                    continue
                key = family, ports_key(ports)
                made.ports.setdefault(key, ports)
                who = address["ip"], address.get("hostname"), (address.get("targetRef") or {}).get("uid")
                made.endpoints.setdefault(key, {})[who] = _new_endpoint(address, is_ready=ready)
                added += 1
    return made


def _family(text: str) -> str:
    try:
        return "IPv4" if isinstance(ip_address(text), IPv4Address) else "IPv6"
    except ValueError:
        return ""


def _new_endpoint(address: FrozenObject, *, is_ready: bool) -> Object:
    made: Object = {"addresses": [str(ip_address(address["ip"]))], "conditions": {"ready": is_ready}}
    made.update({name: address[name] for name in ("hostname", "nodeName", "targetRef") if address.get(name)})
    return made


class EndpointSliceMirroringController:
    """One key is one Endpoints, the Service of its name, and the slices that mirror it."""

    name = "endpointslice-mirroring-controller"

    def __init__(self, client: Client, recorder: EventRecorder) -> None:
        self._client = client
        self._recorder = recorder

    def watch(self, informer: Informer) -> None:
        informer.on("endpoints", lambda change: (key_for(change.namespace, change.name),))
        informer.hear("services", self._keys_of_service)
        informer.on(BUCKET, _keys_of_slice)

    def _keys_of_service(self, change: Change) -> Iterable[str]:
        is_or_was_ours = any(one is not None and not one["spec"].get("selector") for one in (change.new, change.old))
        return (key_for(change.namespace, change.name),) if is_or_was_ours else ()

    async def reconcile(self, key: str) -> Outcome:
        namespace, name = split_key(key)
        existing = self._client.list(BUCKET, namespace, labels={SERVICE_NAME: name, MANAGED_BY: CONTROLLER})
        endpoints = self._mirrored(namespace, name)
        if endpoints is None:
            await self._delete(existing)
            return DONE
        wanted = plan_mirror(endpoints)
        self._complain(endpoints, wanted)
        try:
            await self._carry_out(endpoints, wanted, existing)
        except ApiError as error:
            if not is_namespace_terminating(error):
                raise
        return DONE

    def _mirrored(self, namespace: str, name: str) -> FrozenObject | None:
        """The Endpoints, if they are to be mirrored."""
        endpoints, service = self._client.get("endpoints", namespace, name), self._client.get("services", namespace, name)
        if endpoints is None or service is None or service["spec"].get("selector"):
            return None
        is_private = labels_of(endpoints).get(_SKIP) == "true" or _LEADER in annotations_of(endpoints)
        return None if is_private else endpoints

    def _complain(self, endpoints: FrozenObject, wanted: Mirrored) -> None:
        if wanted.invalid:
            text = f"Skipped {wanted.invalid} invalid IP addresses when mirroring to EndpointSlices"
            self._recorder.event(endpoints, "Warning", "InvalidIPAddress", text)
        if wanted.skipped > wanted.invalid:
            most = f"A max of {ADDRESSES_MAX} addresses can be mirrored to EndpointSlices per Endpoints subset."
            self._recorder.event(endpoints, "Warning", "TooManyAddressesToMirror", f"{most} {wanted.skipped} addresses were skipped")

    async def _carry_out(self, endpoints: FrozenObject, wanted: Mirrored, existing: Sequence[FrozenObject]) -> None:
        spare: list[FrozenObject] = []
        standing: dict[SliceKey, FrozenObject] = {}
        for one in existing:
            key = one["addressType"], ports_key(one.get("ports"))
            if key in standing or key not in wanted.endpoints:
                spare.append(one)
            else:
                standing[key] = one
        for key, members in wanted.endpoints.items():
            old = standing.get(key)
            if old is None:
                # What would go becomes what would come.
                old = next((one for one in spare if one["addressType"] == key[0]), None)
                spare = [one for one in spare if one is not old]
            await self._write(
                _new_slice(endpoints, key[0], wanted.ports[key], list(members.values())), old, is_going=is_deleting(endpoints)
            )
        await self._delete(spare)

    async def _write(self, wanted: Object, old: FrozenObject | None, *, is_going: bool) -> None:
        if old is None:
            if not is_going:
                await self._client.create(BUCKET, wanted)
            return
        changed = thaw(old)
        changed.update({name: wanted[name] for name in ("addressType", "endpoints", "ports")})
        changed["metadata"].update({name: wanted["metadata"][name] for name in ("labels", "annotations", "ownerReferences")})
        if _content(changed) != _content(old):
            await self._client.update(BUCKET, changed)

    async def _delete(self, slices: Iterable[FrozenObject]) -> None:
        for one in slices:
            try:
                await self._client.delete(BUCKET, namespace_of(one), name_of(one))
            except NotFound:
                continue


def _keys_of_slice(change: Change) -> Iterator[str]:
    for labels in (change.record.index.labels, change.former.index.labels if change.former is not None else {}):
        if labels.get(MANAGED_BY) == CONTROLLER and SERVICE_NAME in labels:
            yield key_for(change.namespace, labels[SERVICE_NAME])


def _new_slice(endpoints: FrozenObject, family: str, ports: list[Object], members: list[Object]) -> Object:
    labels: Mapping[str, str] = {**labels_of(endpoints), SERVICE_NAME: name_of(endpoints), MANAGED_BY: CONTROLLER}
    annotations = {name: value for name, value in annotations_of(endpoints).items() if name not in _NOT_MIRRORED}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{name_of(endpoints)}-",
            "namespace": namespace_of(endpoints),
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [new_controller_reference(endpoints, api_version="v1", kind="Endpoints")],
        },
        "addressType": family,
        "endpoints": members,
        "ports": ports or None,
    }


def _content(one: FrozenObject) -> Any:
    owners = {(reference["kind"], reference["uid"]) for reference in owner_references_of(one)}
    return one["addressType"], one.get("endpoints") or [], ports_key(one.get("ports")), labels_of(one), annotations_of(one), owners
