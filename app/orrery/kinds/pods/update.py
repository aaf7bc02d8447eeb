"""What may change in a Pod, and how. Follows ValidatePodUpdate and ValidatePodEphemeralContainersUpdate of core."""

from typing import Any, Final

from orrery.kinds.kind import Errors
from orrery.kinds.pods.scheduling import REQUIRED, validate_tolerations
from orrery.kinds.pods.spec import MIRROR, validate_pod_annotations
from orrery.kinds.structs.go_diff import go_diff
from orrery.kinds.structs.internal_structs import as_internal, pod_spec_as_internal
from orrery.machinery.field_errors import forbidden, invalid, required
from orrery.machinery.names import range_message
from orrery.machinery.objects import FrozenObject, Object

_APP_ARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
_INT32_MAX: Final = 2**31 - 1
_UPDATABLE: Final = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def validate_pod_change(obj: FrozenObject, old: FrozenObject) -> Errors:
    """What ValidatePodUpdate adds to the checks of a new Pod."""
    errors = validate_annotation_change(obj, old)
    spec, before = obj["spec"], old["spec"]
    for field in ("containers", "initContainers"):
        containers, had = spec.get(field) or [], before.get(field) or []
        if len(containers) != len(had):
            errors.append(forbidden(f"spec.{field}", "pod updates may not add or remove containers"))
            return errors
        errors += _images(containers, f"spec.{field}")
    if (found := _deadline(spec.get("activeDeadlineSeconds"), before.get("activeDeadlineSeconds"))) is not None:
        errors.append(found[0])
        if found[1]:
            return errors
    errors += _tolerations(spec.get("tolerations") or [], before.get("tolerations") or [])
    errors += _gates(spec.get("schedulingGates") or [], before.get("schedulingGates") or [])
    if spec == before:
        return errors
    kept = _with_allowed_changes_undone(spec, before)
    if before.get("schedulingGates"):
        errors += _gated_placement(kept, before)
    if kept != before:
        changes = go_diff(pod_spec_as_internal(before), pod_spec_as_internal(kept))
        errors.append(forbidden("spec", f"pod updates may not change fields other than {_UPDATABLE}\n{changes}"))
    return errors


def validate_annotation_change(obj: FrozenObject, old: FrozenObject) -> Errors:
    """ValidatePodSpecificAnnotationUpdates."""
    annotations = obj["metadata"].get("annotations") or {}
    before = old["metadata"].get("annotations") or {}
    if not annotations and not before:
        return []
    errors: Errors = []
    for key, value in before.items():
        if annotations.get(key) == value:
            continue
        if key.startswith(_APP_ARMOR):
            errors.append(forbidden(f"metadata.annotations[{key}]", "may not remove or update AppArmor annotations"))
        if key == MIRROR:
            errors.append(forbidden(f"metadata.annotations[{key}]", "may not remove or update mirror pod annotation"))
    for key in annotations.keys() - before.keys():
        if key.startswith(_APP_ARMOR):
            errors.append(forbidden(f"metadata.annotations[{key}]", "may not add AppArmor annotations"))
        if key == MIRROR:
            errors.append(forbidden(f"metadata.annotations[{key}]", "may not add mirror pod annotation"))
    return errors + validate_pod_annotations(annotations, obj["spec"], "metadata.annotations")


def _images(containers: list[Any], path: str) -> Errors:
    errors: Errors = []
    for index, container in enumerate(containers):
        image = container.get("image", "")
        if not image:
            errors.append(required(f"{path}[{index}].image"))
        if image.strip() != image:
            errors.append(invalid(f"{path}[{index}].image", image, "must not have leading or trailing whitespace"))
    return errors


def _deadline(seconds: int | None, before: int | None) -> tuple[Any, bool] | None:
    """The error and whether upstream stops there."""
    path = "spec.activeDeadlineSeconds"
    if seconds is None:
        if before is None:
            return None
        return invalid(path, None, "must not update from a positive integer to nil value"), False
    if not 0 <= seconds <= _INT32_MAX:
        return invalid(path, seconds, range_message(0, _INT32_MAX)), True
    if before is not None and before < seconds:
        return invalid(path, seconds, "must be less than or equal to previous value"), True
    return None


def _tolerations(tolerations: list[Any], before: list[Any]) -> Errors:
    for old in before:
        if not any({**old, "tolerationSeconds": None} == {**new, "tolerationSeconds": None} for new in tolerations):
            return [forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")]
    return validate_tolerations(tolerations, "spec.tolerations")


def _gates(gates: list[Any], before: list[Any]) -> Errors:
    known = {gate.get("name", "") for gate in before}
    return [
        forbidden(f"spec.schedulingGates[{index}].name", f"only deletion is allowed, but found new scheduling gate '{name}'")
        for index, gate in enumerate(gates)
        if (name := gate.get("name", "")) not in known
    ]


def _with_allowed_changes_undone(spec: FrozenObject, before: FrozenObject) -> Object:
    """The new spec with all that may change as it was: what differs still is not allowed."""
    kept: Object = {**spec}
    for field in ("containers", "initContainers"):
        if kept.get(field):
            pairs = zip(kept[field], before[field], strict=True)
            kept[field] = [{**new, "image": old.get("image", "")} for new, old in pairs]
    for field in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        _restore(kept, before, field)
    if before.get("terminationGracePeriodSeconds", 0) < 0 and kept.get("terminationGracePeriodSeconds") == 1:
        _restore(kept, before, "terminationGracePeriodSeconds")
    return kept


def _restore(kept: Object, before: FrozenObject, field: str) -> None:
    if field in before:
        kept[field] = before[field]
    else:
        kept.pop(field, None)


def _gated_placement(kept: Object, before: FrozenObject) -> Errors:
    """A gated Pod may be narrowed down to fewer nodes."""
    errors: Errors = []
    selector, old_selector = kept.get("nodeSelector") or {}, before.get("nodeSelector") or {}
    if selector != old_selector:
        if any(selector.get(key) != value for key, value in old_selector.items()):
            text = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
            errors.append(invalid("spec.nodeSelector", selector or None, text))
        _restore(kept, before, "nodeSelector")
    affinity = (kept.get("affinity") or {}).get("nodeAffinity")
    old_affinity = (before.get("affinity") or {}).get("nodeAffinity")
    if affinity == old_affinity:
        return errors
    errors += _node_affinity_change(affinity or {}, old_affinity or {})
    others = {key: value for key, value in (kept.get("affinity") or {}).items() if key != "nodeAffinity"}
    if old_affinity is not None:
        kept["affinity"] = {**others, "nodeAffinity": old_affinity}
    elif others or "affinity" in before:
        kept["affinity"] = others
    else:
        kept.pop("affinity", None)
    return errors


def _node_affinity_change(affinity: FrozenObject, before: FrozenObject) -> Errors:
    if REQUIRED not in before:
        return []
    path = f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms"
    terms = (affinity.get(REQUIRED) or {}).get("nodeSelectorTerms") or []
    old_terms = before[REQUIRED].get("nodeSelectorTerms") or []
    if old_terms and len(old_terms) != len(terms):
        return [
            invalid(
                path,
                [as_internal("NodeSelectorTerm", term) for term in terms] or None,
                "no additions/deletions to non-empty NodeSelectorTerms list are allowed",
            )
        ]
    return [
        invalid(f"{path}[{index}]", as_internal("NodeSelectorTerm", new), "only additions are allowed (no mutations or deletions)")
        for index, (new, old) in enumerate(zip(terms, old_terms, strict=False))
        if not _only_adds(new, old)
    ]


def _only_adds(term: FrozenObject, before: FrozenObject) -> bool:
    fields = ("matchExpressions", "matchFields")
    if not any(before.get(field) for field in fields):
        return not any(term.get(field) for field in fields)
    return all((term.get(field) or [])[: len(before.get(field) or [])] == (before.get(field) or []) for field in fields)
