"""EndpointSlices of every Service that selects Pods: at most a hundred endpoints each, moved as little as possible.

Follows upstream's endpointslice controller and reconciler, for IPv4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, key_of_object, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.ownership import new_controller_reference
from orrery.controllers.pods import is_namespace_terminating, is_ready
from orrery.controllers.services.backends import (
    HEADLESS,
    TRIGGER,
    ServiceIndex,
    has_place,
    hostname_for,
    is_headless,
    last_trigger,
    ports_of,
    selector_of,
    target_reference,
)
from orrery.machinery.errors import ApiError, NotFound
from orrery.machinery.objects import FrozenObject, Object, annotations_of, is_deleting, labels_of, name_of, namespace_of, thaw
from orrery.verbs.client import Client

BUCKET: Final = "endpointslices.discovery.k8s.io"
SERVICE_NAME: Final = "kubernetes.io/service-name"
MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
CONTROLLER: Final = "endpointslice-controller.k8s.io"
ENDPOINTS_MAX: Final = 100
_ZONE: Final = "topology.kubernetes.io/zone"


@dataclass(slots=True)
class SlicePlan:
    """What to write: slices as they should be. Those without a resourceVersion are new."""

    create: list[Object] = field(default_factory=list)
    update: list[Object] = field(default_factory=list)
    delete: list[FrozenObject] = field(default_factory=list)


def new_endpoint(pod: FrozenObject, service: FrozenObject, zone: str) -> Object:
    """One endpoint: `serving` is readiness, `ready` leaves out what is going away."""
    serving, terminating = is_ready(pod), is_deleting(pod)
    ready = service["spec"].get("publishNotReadyAddresses", False) or (serving and not terminating)
    made: Object = {
        "addresses": [pod["status"]["podIPs"][0]["ip"]],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
    }
    if hostname := hostname_for(pod, service):
        made["hostname"] = hostname
    if pod["spec"].get("nodeName"):
        made["nodeName"] = pod["spec"]["nodeName"]
    made["targetRef"] = target_reference(pod)
    if zone:
        made["zone"] = zone
    return made


def plan_slices(
    service: FrozenObject, wanted: Mapping[Any, Sequence[Object]], existing: Sequence[FrozenObject], frame: Mapping[str, Any]
) -> SlicePlan:
    """Fit `wanted` (endpoints by their ports) into the existing slices.

    Endpoints stay in the slice they are in; new ones fill slices that are written anyway, then those with room, then new slices.
    `frame` is the metadata every slice must carry. A Service without endpoints keeps one empty slice.
    """
    plan = SlicePlan()
    rest = list(existing)
    for ports, endpoints in wanted.items():
        mine = [one for one in rest if _ports_key(one.get("ports")) == ports]
        rest = [one for one in rest if _ports_key(one.get("ports")) != ports]
        _fill(plan, mine, _Wanted(ports, {_identity(endpoint): endpoint for endpoint in endpoints}), frame)
    if not wanted and not any(not one.get("endpoints") and not one.get("ports") for one in rest):
        plan.create.append(_new_slice((), [], frame))
    elif not wanted:
        rest = [one for one in rest if one.get("endpoints") or one.get("ports")]
    plan.delete.extend(rest)
    return plan


@dataclass(slots=True)
class _Wanted:
    ports: Any
    missing: dict[Any, Object]
    """Endpoints that no slice holds yet, by identity."""


def _fill(plan: SlicePlan, slices: Sequence[FrozenObject], wanted: _Wanted, frame: Mapping[str, Any]) -> None:
    kept: list[tuple[FrozenObject, list[Object]]] = []
    for one in slices:
        stay = [wanted.missing.pop(_identity(old)) for old in one.get("endpoints") or () if _identity(old) in wanted.missing]
        kept.append((one, stay))
    for _, stay in kept:
        while wanted.missing and len(stay) < ENDPOINTS_MAX:
            stay.append(wanted.missing.pop(next(iter(wanted.missing))))
    for one, stay in kept:
        if not stay:
            plan.delete.append(one)
        elif stay != one.get("endpoints") or not _has_frame(one, frame):
            plan.update.append(_changed_slice(one, stay, frame))
    left = list(wanted.missing.values())
    for start in range(0, len(left), ENDPOINTS_MAX):
        plan.create.append(_new_slice(wanted.ports, left[start : start + ENDPOINTS_MAX], frame))


def _identity(endpoint: FrozenObject) -> Any:
    return (endpoint.get("targetRef") or {}).get("uid"), tuple(endpoint.get("addresses") or ())


def _ports_key(ports: Sequence[FrozenObject] | None) -> Any:
    """Ports as a value that can be compared, whatever their order; the name of an unnamed port is empty."""
    return tuple(sorted(tuple(sorted({"name": "", **port}.items())) for port in ports or ()))


def _new_slice(ports: Any, endpoints: list[Object], frame: Mapping[str, Any]) -> Object:
    made: Object = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": thaw(frame), "addressType": "IPv4"}
    made["endpoints"] = endpoints
    made["ports"] = [dict(port) for port in ports]
    return made


def _changed_slice(old: FrozenObject, endpoints: list[Object], frame: Mapping[str, Any]) -> Object:
    made = thaw(old)
    made["endpoints"] = endpoints
    made["metadata"]["labels"] = dict(frame["labels"])
    made["metadata"]["annotations"] = {**annotations_of(old), **frame["annotations"]}
    return made


def _has_frame(one: FrozenObject, frame: Mapping[str, Any]) -> bool:
    return bool(labels_of(one) == frame["labels"])


class EndpointSliceController:
    """One key is one Service, and all slices that name it."""

    name = "endpointslice-controller"

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services = ServiceIndex()

    def watch(self, informer: Informer) -> None:
        informer.observe("services", self._services.observe)
        informer.on("services", lambda change: (key_of_object(change.any),))
        informer.on("pods", self._services.keys_of_pod)
        informer.on(BUCKET, self._keys_of_slice)

    def _keys_of_slice(self, change: Change) -> Sequence[str]:
        labels = labels_of(change.any)
        return (key_for(change.namespace, labels[SERVICE_NAME]),) if labels.get(MANAGED_BY) == CONTROLLER and SERVICE_NAME in labels else ()

    async def reconcile(self, key: str) -> Outcome:
        namespace, name = split_key(key)
        service = self._client.get("services", namespace, name)
        selector = selector_of(service)
        if service is None or not selector:
            return DONE  # Slices of a Service that is gone go with it: they are its dependents.
        pods = self._client.list("pods", namespace, labels=selector)
        existing = self._client.list(BUCKET, namespace, labels={SERVICE_NAME: name, MANAGED_BY: CONTROLLER})
        frame = new_frame(service, last_trigger(service, pods))
        plan = plan_slices(service, self._wanted(service, pods), [one for one in existing if not is_deleting(one)], frame)
        try:
            await self._carry_out(plan)
        except ApiError as error:
            if not is_namespace_terminating(error):
                raise
        return DONE

    def _wanted(self, service: FrozenObject, pods: Sequence[FrozenObject]) -> dict[Any, list[Object]]:
        wanted: dict[Any, list[Object]] = {}
        for pod in pods:
            if has_place(pod, include_terminating=True):
                ports = _ports_key(ports_of(pod, service))
                wanted.setdefault(ports, []).append(new_endpoint(pod, service, self._zone(pod)))
        return wanted

    def _zone(self, pod: FrozenObject) -> str:
        node = self._client.get("nodes", "", pod["spec"].get("nodeName", ""))
        return labels_of(node).get(_ZONE, "") if node is not None else ""

    async def _carry_out(self, plan: SlicePlan) -> None:
        for one in plan.create:
            await self._client.create(BUCKET, one)
        for one in plan.update:
            await self._client.update(BUCKET, one)
        for gone in plan.delete:
            try:
                await self._client.delete(BUCKET, namespace_of(gone), name_of(gone))
            except NotFound:
                continue


def new_frame(service: FrozenObject, trigger: str) -> Object:
    """The metadata of a Service's slices."""
    labels = {**labels_of(service), SERVICE_NAME: name_of(service), MANAGED_BY: CONTROLLER}
    if is_headless(service):
        labels[HEADLESS] = ""
    return {
        "generateName": f"{name_of(service)}-",
        "namespace": namespace_of(service),
        "labels": labels,
        "annotations": {TRIGGER: trigger},
        "ownerReferences": [new_controller_reference(service, api_version="v1", kind="Service")],
    }
