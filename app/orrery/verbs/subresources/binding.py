"""pods/binding and bindings: a scheduler's word that a Pod runs on a node, once and for all."""

from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import BadRequest, Conflict
from orrery.machinery.objects import FrozenObject, Object
from orrery.store.log import Record, key_of
from orrery.verbs import bodies, system_fields
from orrery.verbs.call import Call
from orrery.verbs.create import BareServerError
from orrery.verbs.registry import Registry
from orrery.verbs.results import unstored
from orrery.verbs.subresources.handler import Handler
from orrery.verbs.update import check_uid, rewrite

BINDING: Final = Kind("", "v1", "Binding", "bindings", "binding", namespaced=True, verbs=())
_TOPOLOGY: Final = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone")


def success(code: int) -> Record:
    """The bare Status with which such subresources answer."""
    return unstored({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": code})


class BindingHandler(Handler):
    """Create only."""

    async def create(self, registry: Registry, call: Call, obj: Object) -> Record:
        binding = bodies.decoded_as(call, BINDING, obj)
        meta = system_fields.metadata_of(binding)
        system_fields.match_namespace(meta, call.namespace)
        if meta.get("name", "") != call.name:
            raise BadRequest("name in URL does not match name in Binding object")
        _check_target(binding.get("target") or {})
        node = str(binding["target"]["name"])
        await bind(registry, call, node, uid=meta.get("uid", ""), annotations=meta.get("annotations"), labels=meta.get("labels"))
        return success(201)


def _check_target(target: Object) -> None:
    """Upstream answers these with a bare 500: its handler does not make an Invalid of them."""
    errors = []
    if target.get("kind", "") not in ("", "Node"):
        errors.append(f'target.kind: Unsupported value: "{target["kind"]}": supported values: "Node", "<empty>"')
    if not target.get("name"):
        errors.append("target.name: Required value")
    if errors:
        raise BareServerError(errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]")


def _topology_of(registry: Registry, node: str) -> dict[str, str]:
    """Region and zone of the node, which the Pod takes as labels (upstream: PodTopologyLabels admission)."""
    record = registry.log.find(key_of("nodes", "", node))
    if record is None:
        return {}
    return {key: record.index.labels[key] for key in _TOPOLOGY if key in record.index.labels}


async def bind(
    registry: Registry,
    call: Call,
    node: str,
    *,
    uid: str = "",
    annotations: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
) -> Record:
    """Assign the Pod to the node; Conflict when it is assigned, gated, going away, or not the one with that `uid`."""

    def bound(old: FrozenObject) -> Object:
        check_uid(call, uid, old["metadata"]["uid"])
        _check_unassigned(call, old)
        meta = {**old["metadata"]}
        if annotations:
            meta["annotations"] = (meta.get("annotations") or {}) | annotations
        added = _topology_of(registry, node) | (labels or {})
        if added:
            meta["labels"] = (meta.get("labels") or {}) | added
        status = _scheduled(old["status"], timestamp(registry.clock.now_s()))
        return {**old, "metadata": meta, "spec": {**old["spec"], "nodeName": node}, "status": status}

    return await rewrite(registry, call, bound)


def _check_unassigned(call: Call, pod: FrozenObject) -> None:
    name, why = call.name, ""
    if pod["metadata"].get("deletionTimestamp") is not None:
        why = f"pod {name} is being deleted, cannot be assigned to a host"
    elif pod["spec"].get("nodeName"):
        why = f'pod {name} is already assigned to node "{pod["spec"]["nodeName"]}"'
    elif pod["spec"].get("schedulingGates"):
        why = f"pod {name} has non-empty .spec.schedulingGates"
    if why:
        raise Conflict("pods/binding", name, why)


def _scheduled(status: FrozenObject, now: str) -> Object:
    """The status with condition PodScheduled True, with the time of that change."""
    wanted = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
    conditions = list(status.get("conditions") or ())
    for index, condition in enumerate(conditions):
        if condition["type"] == "PodScheduled":
            if condition.get("status") == "True":
                wanted["lastTransitionTime"] = condition.get("lastTransitionTime", now)
            conditions[index] = wanted
            break
    else:
        conditions.append(wanted)
    kept = {field: value for field, value in status.items() if field != "nominatedNodeName"}
    return {**kept, "conditions": conditions}
