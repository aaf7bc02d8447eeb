"""EndpointSlices of every Service that selects Pods: who stands in them. `slice_plan.py` says in which.

Follows upstream's endpointslice controller and reconciler, for IPv4.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome, key_for, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.ownership import new_controller_reference
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
from orrery.controllers.services.selected_pods import SelectedPods
from orrery.controllers.services.slice_plan import Ports, SlicePlan, plan_slices, ports_key
from orrery.machinery.errors import ApiError, NotFound
from orrery.machinery.objects import FrozenObject, Object, is_deleting, labels_of, name_of, namespace_of
from orrery.verbs.client import Client

BUCKET: Final = "endpointslices.discovery.k8s.io"
SERVICE_NAME: Final = "kubernetes.io/service-name"
MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
CONTROLLER: Final = "endpointslice-controller.k8s.io"
_CLOSE: Final = ("PreferClose", "PreferSameZone", "PreferSameNode")
_ZONE: Final = "topology.kubernetes.io/zone"
_LOST_NODE_S: Final = 30.0
"""When to look again for the node of a Pod that was left out; upstream tries ever more seldom, and gives up."""


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
    if ready and (hints := _hints(service["spec"].get("trafficDistribution", ""), zone, made.get("nodeName", ""))):
        made["hints"] = hints
    return made


def _hints(distribution: str, zone: str, node: str) -> Object:
    """Who should rather use the endpoint: those of its zone, or of its node too."""
    if distribution not in _CLOSE:
        return {}
    hints: Object = {"forZones": [{"name": zone}]} if zone else {}
    if node and distribution == "PreferSameNode":
        hints["forNodes"] = [{"name": node}]
    return hints


class EndpointSliceController:
    """One key is one Service, and all slices that name it."""

    name = "endpointslice-controller"

    def __init__(self, client: Client) -> None:
        self._client = client
        self._selected = SelectedPods(client)

    def watch(self, informer: Informer) -> None:
        self._selected.watch(informer)
        informer.hear(BUCKET, lambda change: self._selected.batched(self._keys_of_slice(change), informer))

    def _keys_of_slice(self, change: Change) -> Iterable[str]:
        """The Service a slice of ours belongs to, or did before somebody changed its labels."""
        former = (change.former.index.labels,) if change.former is not None else ()
        every = (change.record.index.labels, *former)
        return {
            key_for(change.namespace, labels[SERVICE_NAME])
            for labels in every
            if labels.get(MANAGED_BY) == CONTROLLER and SERVICE_NAME in labels
        }

    async def reconcile(self, key: str) -> Outcome:
        namespace, name = split_key(key)
        service = self._selected.service(key)
        if service is None:
            return DONE  # Its slices go with it: they are its dependents.
        pods = self._selected.pods(key, service)
        if pods is None:
            return DONE
        existing = self._client.list(BUCKET, namespace, labels={SERVICE_NAME: name, MANAGED_BY: CONTROLLER})
        wanted, lost = self._wanted(service, pods)
        frame = new_frame(service, self._selected.trigger(key, service, pods))
        plan = plan_slices(wanted, [one for one in existing if not is_deleting(one)], frame)
        if is_deleting(service):
            plan.create.clear()  # What the garbage collector takes away is not to be replaced.
        try:
            await self._carry_out(plan)
        except ApiError as error:
            if not is_namespace_terminating(error):
                raise
        return requeue_after(_LOST_NODE_S) if lost else DONE

    def _wanted(self, service: FrozenObject, pods: Sequence[FrozenObject]) -> tuple[dict[Ports, list[Object]], bool]:
        """Endpoints by their ports, and whether Pods were left out because their node is gone."""
        wanted: dict[Ports, list[Object]] = {}
        lost = False
        for pod in pods:
            if not has_place(pod, include_terminating=True):
                continue
            endpoints = wanted.setdefault(ports_key(ports_of(pod, service)), [])
            node = self._client.get("nodes", "", pod["spec"].get("nodeName", ""))
            if node is None and not service["spec"].get("publishNotReadyAddresses"):
                lost = True
                continue
            endpoints.append(new_endpoint(pod, service, labels_of(node).get(_ZONE, "") if node is not None else ""))
        return wanted, lost

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
    labels.pop(HEADLESS, None)
    if is_headless(service):
        labels[HEADLESS] = ""
    return {
        "generateName": f"{name_of(service)}-",
        "namespace": namespace_of(service),
        "labels": labels,
        "annotations": {TRIGGER: trigger} if trigger else {},
        "ownerReferences": [new_controller_reference(service, api_version="v1", kind="Service")],
    }
