"""The parts of metadata that belong to the server: what is wiped from a new object, filled in, kept from the old one, and their order.

Follows apiserver's `registry/rest` (WipeObjectMetaSystemFields, FillObjectMetaSystemFields, BeforeUpdate).
"""

from typing import Final

from orrery.kinds.kind import Kind
from orrery.machinery.clock import Clock, new_uid, timestamp
from orrery.machinery.errors import BadRequest
from orrery.machinery.objects import FrozenObject, Object

_ORDER: Final = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
)
_WIPED: Final = ("creationTimestamp", "uid", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")
_EMPTY_IS_ABSENT: Final = frozenset(
    {"labels", "annotations", "ownerReferences", "finalizers", "name", "generateName", "namespace", "uid", "generation"}
)


def metadata_of(obj: Object) -> Object:
    """The object's metadata, made if the client sent none."""
    meta: Object | None = obj.get("metadata")
    if meta is None:
        meta = obj["metadata"] = {}
    return meta


def wipe(meta: Object) -> None:
    """Forget what a client may not choose for a new object."""
    for field in _WIPED:
        meta.pop(field, None)


def fill(meta: Object, clock: Clock) -> None:
    """The birth of an object: its uid and creation time."""
    meta["uid"] = new_uid(clock)
    meta["creationTimestamp"] = timestamp(clock.now_s())


def match_namespace(meta: Object, namespace: str) -> None:
    """The object lives in the namespace of the request; BadRequest when it says otherwise."""
    own = meta.get("namespace", "")
    if own == namespace:
        return
    if not namespace:
        meta.pop("namespace", None)
    elif not own:
        meta["namespace"] = namespace
    else:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")


def check_name(meta: Object, name: str) -> None:
    """The object has the name of the request's path; BadRequest when it says otherwise."""
    own = meta.get("name", "")
    if not own:
        raise BadRequest(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")
    if own != name:
        raise BadRequest(f"the name of the object ({own}) does not match the name on the URL ({name})")


def keep(meta: Object, old: FrozenObject) -> None:
    """What an update cannot change or remove, taken from the old metadata (upstream's BeforeUpdate)."""
    if not meta.get("uid"):
        meta["uid"] = old["uid"]
    meta["creationTimestamp"] = old["creationTimestamp"]
    if old.get("deletionTimestamp") is not None:
        meta["deletionTimestamp"] = old["deletionTimestamp"]
        if meta.get("deletionGracePeriodSeconds") is None and old.get("deletionGracePeriodSeconds") is not None:
            meta["deletionGracePeriodSeconds"] = old["deletionGracePeriodSeconds"]


def keep_generation(meta: Object, old: FrozenObject) -> None:
    if "generation" in old:
        meta["generation"] = old["generation"]
    else:
        meta.pop("generation", None)


def arrange(kind: Kind, obj: Object) -> Object:
    """The object in the order in which it is stored: kind, apiVersion and metadata first, metadata as upstream's struct has it.

    Fields of metadata that are empty, unknown or not kept are left out; `resourceVersion` has its place and is not yet set.
    """
    meta = obj["metadata"]
    ordered: Object = {}
    for field in _ORDER:
        if field == "resourceVersion":
            ordered[field] = ""
        elif (value := meta.get(field)) is not None and (value or field not in _EMPTY_IS_ABSENT):
            ordered[field] = value
    arranged = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": ordered}
    for field, value in obj.items():
        if field not in arranged:
            arranged[field] = value
    return arranged
