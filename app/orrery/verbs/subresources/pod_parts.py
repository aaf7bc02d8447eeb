"""How pods/ephemeralcontainers and pods/resize treat a Pod: only the containers' part named by the path changes.

Follows the strategies of `pkg/registry/core/pod`.
"""

from typing import Final

from orrery.kinds.kind import Errors, Kind
from orrery.machinery.field_errors import forbidden, go_quote
from orrery.machinery.objects import FrozenObject, Object, thaw
from orrery.verbs.strategies import Strategy, bump_generation

_KEPT_METADATA: Final = ("labels", "annotations", "finalizers", "ownerReferences", "deletionTimestamp", "generation")
_RESIZED: Final = ("resources", "resizePolicy")


def _keep_metadata(obj: Object, old: FrozenObject) -> None:
    meta, old_meta = obj["metadata"], old["metadata"]
    for field in _KEPT_METADATA:
        if field in old_meta:
            meta[field] = old_meta[field]
        else:
            meta.pop(field, None)


def _prepare_ephemeral(kind: Kind, obj: Object, old: FrozenObject) -> None:
    containers = obj["spec"].get("ephemeralContainers")
    spec = {**old["spec"]}
    spec.pop("ephemeralContainers", None)
    if containers:
        spec["ephemeralContainers"] = containers
    _replace_spec(obj, old, spec)


def _replace_spec(obj: Object, old: FrozenObject, spec: Object) -> None:
    obj["spec"] = spec
    obj["status"] = old.get("status", {})
    _keep_metadata(obj, old)
    bump_generation(obj, old)


def _validate_ephemeral(kind: Kind, obj: Object, old: FrozenObject) -> Errors:
    path = "spec.ephemeralContainers"
    now = {container.get("name"): container for container in obj["spec"].get("ephemeralContainers") or ()}
    errors: Errors = []
    for container in old["spec"].get("ephemeralContainers") or ():
        name = container["name"]
        if name not in now:
            errors.append(forbidden(path, f"existing ephemeral containers {go_quote(name)} may not be removed\n"))
        elif now[name] != container:
            # DIFFERS: upstream adds a Go diff of the two containers; we name the container only.
            errors.append(forbidden(path, f"existing ephemeral containers {go_quote(name)} may not be changed\n"))
    return errors


def _prepare_resize(kind: Kind, obj: Object, old: FrozenObject) -> None:
    spec = thaw(old["spec"])
    for field in ("containers", "initContainers"):
        wanted, kept = obj["spec"].get(field) or [], spec.get(field) or []
        if [container.get("name") for container in wanted] != [container.get("name") for container in kept]:
            return  # Containers came, went or changed places: validation says so.
        for mine, theirs in zip(kept, wanted, strict=True):
            for part in _RESIZED:
                if part in theirs:
                    mine[part] = theirs[part]
                else:
                    mine.pop(part, None)
    _replace_spec(obj, old, spec)


def _validate_resize(kind: Kind, obj: Object, old: FrozenObject) -> Errors:
    errors: Errors = []
    for field in ("containers", "initContainers"):
        names = [container.get("name") for container in obj["spec"].get(field) or ()]
        if names != [container.get("name") for container in old["spec"].get(field) or ()]:
            errors.append(forbidden("spec", "only cpu and memory resources are mutable"))
    return errors


EPHEMERAL: Final = Strategy(_prepare_ephemeral, _validate_ephemeral)
RESIZE: Final = Strategy(_prepare_resize, _validate_resize)
