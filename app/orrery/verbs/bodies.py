"""From what a client sent to the object that is stored: type check, decoding by the schema, fieldValidation, defaults, conversion.

Trusted calls come from Orrery's own components, whose objects are made by our code: they skip the schema and get the defaults only.
"""

from orrery.kinds.kind import Kind
from orrery.kinds.structs.decoding import check_type_meta, decode, strict_refusal
from orrery.kinds.structs.schema import struct_of
from orrery.machinery.objects import Object
from orrery.verbs.call import Call
from orrery.verbs.object_meta import dedupe_owners

_DUPLICATES = (
    ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests"
    " as early as 1.24; please fix your requests; duplicate UID(s) observed: {}"
)
_DUPLICATES_AFTER_ADMISSION = (
    ".metadata.ownerReferences contains duplicate entries after mutating admission happens; API server dedups owner references in 1.20+,"
    " and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}"
)


def decoded(call: Call, raw: Object) -> Object:
    """The body of a create or update, typed and canonical; BadRequest when it is not of the kind."""
    return decoded_as(call, call.kind, raw)


def decoded_as(call: Call, kind: Kind, raw: Object) -> Object:
    """The same for a body that is of another kind than the resource: a Scale, a Binding, an Eviction."""
    if call.trusted:
        return raw
    check_type_meta(kind, raw)
    obj = decode(struct_of(kind), raw, call.strict_errors)
    if call.strict_errors:
        report_strict_errors(call, kind)
    return obj


def report_strict_errors(call: Call, kind: Kind) -> None:
    """What `fieldValidation` makes of unknown and duplicate fields."""
    if call.field_validation == "Warn":
        call.warnings += call.strict_errors
    elif call.field_validation == "Strict":
        raise strict_refusal(kind, call.strict_errors)


def to_storage(kind: Kind, obj: Object) -> Object:
    """Defaults of the kind that was asked for, then the stored kind's form and defaults."""
    if kind.behaviour.default is not None:
        kind.behaviour.default(obj)
    if kind.stored_as is None:
        return obj
    if kind.to_storage is not None:
        obj = kind.to_storage(obj)
    if kind.stored_as.behaviour.default is not None:
        kind.stored_as.behaviour.default(obj)
    return obj


def dedupe(call: Call, meta: Object, *, after_admission: bool = False) -> None:
    """Owner references twice in the list are dropped with a warning."""
    dropped = dedupe_owners(meta)
    if dropped:
        text = _DUPLICATES_AFTER_ADMISSION if after_admission else _DUPLICATES
        call.warnings.append(text.format(", ".join(dropped)))


def drop_field_managers(meta: Object) -> None:
    """The place in the write path where ownership of fields will be worked out."""
    # DIFFERS: upstream keeps metadata.managedFields on every write; we drop what clients send and keep none.
    meta.pop("managedFields", None)
