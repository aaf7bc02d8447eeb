"""Create: apiserver's create handler and the generic Store's Create.

decode → default → wipe system fields → namespace → admission → fill system fields, generate the name → prepare → validate →
canonicalize → log.
"""

from functools import cache
from typing import Final

import orjson

from orrery.kinds.kind import Kind
from orrery.kinds.structs.decoding import decode
from orrery.kinds.structs.schema import find_struct
from orrery.machinery.clock import new_name_suffix
from orrery.machinery.errors import AlreadyExists, ApiError, GenerateNameConflict, Invalid
from orrery.machinery.objects import Object, is_deleting
from orrery.store.log import Record, StaleWrite, key_of
from orrery.verbs import bodies, system_fields
from orrery.verbs.admission.admission import Action
from orrery.verbs.call import Call
from orrery.verbs.object_meta import validate_object_meta
from orrery.verbs.registry import Registry, as_asked, index_of, stored_kind
from orrery.verbs.results import unstored
from orrery.verbs.service_addresses import Allocation

_GENERATE_TRIES: Final = 8
_GENERATED_PREFIX_MAX: Final = 58
_NAMED_AS_ASKED: Final = frozenset({"ipaddresses.networking.k8s.io"})
"""Kinds whose names mean something: upstream generates nothing for them."""
_KEEP_STATUS_ON_CREATE: Final = frozenset({"nodes"})
"""Kinds whose creator may set the status (upstream: a kubelet registers its Node with one)."""


class BareServerError(ApiError):
    """An error upstream's storage lets through without a reason: 500 with the message alone."""

    code, reason = 500, ""


async def create(registry: Registry, call: Call, obj: Object) -> Record:
    """Create one object. AlreadyExists, Invalid, Forbidden, BadRequest as upstream."""
    obj = bodies.decoded(call, obj)
    meta = system_fields.metadata_of(obj)
    system_fields.wipe(meta)
    system_fields.match_namespace(meta, call.namespace if call.kind.namespaced else "")
    bodies.dedupe(call, meta)
    obj = bodies.to_storage(call.kind, obj)
    await registry.admit(call, Action.CREATE, obj, None)
    return await store_new(registry, call, obj)


async def store_new(registry: Registry, call: Call, obj: Object) -> Record:
    """The part of create that a PUT to a new name shares: from the birth of the object to the log."""
    kind = stored_kind(call.kind)
    meta = obj["metadata"]
    bodies.dedupe(call, meta, after_admission=True)
    bodies.drop_field_managers(meta)
    own_version = meta.pop("resourceVersion", None)
    system_fields.fill(meta, registry.clock)
    generated = not meta.get("name") and bool(meta.get("generateName"))
    if generated:
        meta["name"] = _generate_name(registry, kind, meta)
    allocation = registry.addresses.begin(obj, dry_run=call.dry_run) if kind.bucket == "services" else None
    try:
        check_new(call, kind, obj, allocation)
        if own_version and own_version.isdecimal() and int(own_version) and not call.dry_run:
            raise BareServerError("resourceVersion should not be set on objects to be created")
        await registry.check(call, Action.CREATE, obj, None)
        try:
            arranged = system_fields.arrange(kind, obj)
            if own_version and call.dry_run:
                arranged["metadata"]["resourceVersion"] = own_version  # A dry run upstream does not look at it.
            record = await _append(registry, call, kind, arranged, generated=generated)
        finally:
            registry.written(call, Action.CREATE, obj)
    except BaseException:
        if allocation is not None:
            allocation.revert()
        raise
    return as_asked(call.kind, record)


def _generate_name(registry: Registry, kind: Kind, meta: Object) -> str:
    """A name nobody has; after upstream's eight tries the last one stands and the log refuses it."""
    prefix = str(meta["generateName"])[:_GENERATED_PREFIX_MAX]
    name = prefix
    if kind.bucket in _NAMED_AS_ASKED:
        return prefix
    for _ in range(_GENERATE_TRIES):
        name = prefix + new_name_suffix(registry.clock)
        if registry.log.find(key_of(kind.bucket, meta.get("namespace", ""), name)) is None:
            break
    return name


def check_new(call: Call, kind: Kind, obj: Object, allocation: Allocation | None = None) -> None:
    """Upstream's BeforeCreate: prepare, validate, warn, canonicalize; a Service gets its addresses after `prepare`."""
    behaviour = kind.behaviour
    meta = obj["metadata"]
    if behaviour.has_generation:
        meta["generation"] = 1
    if kind.has_status and kind.bucket not in _KEEP_STATUS_ON_CREATE:
        obj["status"] = new_status(kind)
    if behaviour.prepare_create is not None:
        behaviour.prepare_create(obj)
    if allocation is not None:
        allocation.apply(obj, None)
    errors = validate_object_meta(kind, meta)
    # The kind that was asked for may be stricter than the stored one (events.k8s.io); both check the stored form.
    validate = call.kind.behaviour.validate or behaviour.validate
    if validate is not None:
        errors += validate(obj)
    if errors:
        raise Invalid(kind.qualified_kind, meta.get("name", ""), errors)
    if behaviour.warnings is not None and not call.trusted:
        call.warnings += behaviour.warnings(obj, None)
    if behaviour.canonicalize is not None:
        behaviour.canonicalize(obj)


def new_status(kind: Kind) -> Object:
    """The status of an object nobody has reported on: Go's zero value, which is not always empty."""
    status: Object = orjson.loads(_zero_status(kind.group, kind.version, kind.kind))
    return status


@cache
def _zero_status(group: str, version: str, kind: str) -> bytes:
    """Cached by name: hashing a whole Kind costs more than the rest."""
    declared = find_struct(group, version, kind)
    zero = decode(declared, {"metadata": {}}, []) if declared is not None else {}
    return orjson.dumps(zero.get("status") or {})


async def _append(registry: Registry, call: Call, kind: Kind, obj: Object, *, generated: bool) -> Record:
    meta = obj["metadata"]
    key = key_of(kind.bucket, meta.get("namespace", ""), meta["name"])
    if call.dry_run:
        if (existing := registry.log.find(key)) is not None:
            raise _exists(call, existing, obj, generated=generated)
        if not meta["resourceVersion"]:
            del meta["resourceVersion"]
        return unstored(obj, key=key, index=index_of(kind, obj))
    while True:
        try:
            return await registry.create(kind, key, obj)
        except StaleWrite:
            await registry.log.settled(key)
            if (existing := registry.log.find(key)) is not None:
                raise _exists(call, existing, obj, generated=generated) from None


def _exists(call: Call, existing: Record, obj: Object, *, generated: bool) -> ApiError:
    name = obj["metadata"]["name"]
    resource = call.kind.group_resource
    if generated:
        return GenerateNameConflict(resource, name)
    error = AlreadyExists(resource, name)
    if is_deleting(existing.object):
        error.message = f"object is being deleted: {error.message}"
    return error
