"""The scale subresource: an autoscaling/v1 Scale read from a workload and written back to its replicas."""

from typing import Any, Final

from orrery.kinds.columns.cells import AGE
from orrery.kinds.kind import Column, Kind, Scale
from orrery.machinery.errors import Invalid, PathNotFound
from orrery.machinery.field_errors import invalid
from orrery.machinery.objects import FrozenObject, Object, thaw
from orrery.store.log import Record
from orrery.verbs import bodies, system_fields
from orrery.verbs.call import Call
from orrery.verbs.get_list import get
from orrery.verbs.patch import apply_patch
from orrery.verbs.registry import Registry, stored_kind
from orrery.verbs.results import PatchType, unstored
from orrery.verbs.subresources.handler import Handler
from orrery.verbs.update import change, check_uid

_COLUMNS: Final = (
    Column("Name", lambda obj, now_s: obj["metadata"]["name"]),
    Column("Desired", lambda obj, now_s: obj["spec"].get("replicas", 0), type="integer"),
    Column("Available", lambda obj, now_s: obj["status"].get("replicas", 0), type="integer"),
    AGE,
)
SCALE: Final = Kind("autoscaling", "v1", "Scale", "scales", "scale", namespaced=True, verbs=(), columns=_COLUMNS)
_COPIED: Final = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


class ScaleHandler(Handler):
    """Get, update and patch of a workload's Scale."""

    async def get(self, registry: Registry, call: Call) -> Record:
        return _as_scale(call, get(registry, call))

    async def update(self, registry: Registry, call: Call, obj: Object) -> Record:
        scale = bodies.decoded_as(call, SCALE, obj)
        meta = system_fields.metadata_of(scale)
        system_fields.match_namespace(meta, call.namespace)
        system_fields.check_name(meta, call.name)
        return await _write(registry, call, lambda _: scale)

    async def patch(self, registry: Registry, call: Call, patch_type: PatchType, body: Any) -> Record:
        def patched(old: FrozenObject) -> Object:
            return apply_patch(call, SCALE, patch_type, body, scale_of(_numbers(call), old))

        return await _write(registry, call, patched)


def _numbers(call: Call) -> Scale:
    numbers = stored_kind(call.kind).behaviour.scale
    if numbers is None:
        raise PathNotFound
    return numbers


def _as_scale(call: Call, record: Record) -> Record:
    return unstored(scale_of(_numbers(call), record.object), key=record.key, revision=record.revision)


def scale_of(numbers: Scale, obj: FrozenObject) -> Object:
    """The Scale of a workload as it stands."""
    replicas = numbers.replicas(obj)
    status: Object = {"replicas": numbers.status_replicas(obj)}
    selector = numbers.selector(obj)
    if selector:
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": SCALE.api_version,
        "metadata": {field: obj["metadata"][field] for field in _COPIED if field in obj["metadata"]},
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


async def _write(registry: Registry, call: Call, wanted: Any) -> Record:
    numbers = _numbers(call)

    def scaled(old: FrozenObject) -> Object:
        scale = wanted(old)
        _check(call, scale, old)
        obj = thaw(old)
        numbers.set_replicas(obj, (scale.get("spec") or {}).get("replicas", 0))
        obj["metadata"]["resourceVersion"] = scale["metadata"].get("resourceVersion", "")
        return obj

    return _as_scale(call, await change(registry, call, scaled))


def _check(call: Call, scale: Object, old: FrozenObject) -> None:
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if replicas < 0:
        errors = [invalid("spec.replicas", replicas, "must be greater than or equal to 0")]
        raise Invalid("Scale.autoscaling", call.name, errors)
    check_uid(call, scale["metadata"].get("uid", ""), old["metadata"]["uid"])
