"""What the kinds of RBAC share: policy rules, role references and subjects. Follows `pkg/apis/rbac/validation` and its defaults."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orrery.kinds.kind import Behaviour, Errors
from orrery.kinds.rules.field_rules import bad, name_is_path_segment, path_segment_messages, subdomain
from orrery.kinds.rules.printed import go_struct
from orrery.machinery.field_errors import invalid, not_supported, required
from orrery.machinery.objects import FrozenObject, Object

GROUP: Final = "rbac.authorization.k8s.io"
_REFERENCE: Final = (("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name"))
_SUBJECTS: Final = ("ServiceAccount", "User", "Group")


def binding_behaviour(role_kinds: Sequence[str], *, is_namespaced: bool) -> Behaviour:
    """Of bindings to roles of these kinds; which role a binding is to never changes."""

    def validate(obj: Object) -> Errors:
        return _binding_errors(obj, role_kinds, is_namespaced=is_namespaced)

    def validate_update(obj: Object, old: FrozenObject) -> Errors:
        return validate(obj) + _role_change_errors(obj, old)

    return Behaviour(
        default=_default_binding,
        validate=validate,
        validate_update=validate_update,
        name_rule=name_is_path_segment,
        allow_create_on_update=True,
    )


def _default_binding(obj: Object) -> None:
    """The API group of the role and of subjects that are users or groups."""
    reference = obj.setdefault("roleRef", {})
    if not reference.get("apiGroup"):
        reference["apiGroup"] = GROUP
    for subject in obj.get("subjects") or ():
        if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = GROUP


def rule_errors(obj: FrozenObject, *, is_namespaced: bool) -> Errors:
    errors: Errors = []
    for index, rule in enumerate(obj.get("rules") or ()):
        path = f"rules[{index}]"
        if not rule.get("verbs"):
            errors.append(required(f"{path}.verbs", "verbs must contain at least one value"))
        if urls := rule.get("nonResourceURLs"):
            if is_namespaced:
                errors.append(invalid(f"{path}.nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs"))
            if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
                why = "rules cannot apply to both regular resources and non-resource URLs"
                errors.append(invalid(f"{path}.nonResourceURLs", urls, why))
            continue
        if not rule.get("apiGroups"):
            errors.append(required(f"{path}.apiGroups", "resource rules must supply at least one api group"))
        if not rule.get("resources"):
            errors.append(required(f"{path}.resources", "resource rules must supply at least one resource"))
    return errors


def _binding_errors(obj: FrozenObject, kinds: Sequence[str], *, is_namespaced: bool) -> Errors:
    reference: Mapping[str, Any] = obj.get("roleRef") or {}
    group, kind, name = (reference.get(field, "") for field in ("apiGroup", "kind", "name"))
    errors: Errors = []
    if group != GROUP:
        errors.append(not_supported("roleRef.apiGroup", group, (GROUP,)))
    if kind not in kinds:
        errors.append(not_supported("roleRef.kind", kind, kinds))
    errors += bad("roleRef.name", name, path_segment_messages(name)) if name else [required("roleRef.name")]
    for index, subject in enumerate(obj.get("subjects") or ()):
        errors += _subject_errors(subject, f"subjects[{index}]", is_namespaced=is_namespaced)
    return errors


def _subject_errors(subject: Mapping[str, Any], path: str, *, is_namespaced: bool) -> Errors:
    kind, name, group = (subject.get(field, "") for field in ("kind", "name", "apiGroup"))
    errors = [] if name else [required(f"{path}.name")]
    if kind == "ServiceAccount":
        if name:
            errors += subdomain(f"{path}.name", name)
        if group:
            errors.append(not_supported(f"{path}.apiGroup", group, ("",)))
        if not is_namespaced and not subject.get("namespace"):
            errors.append(required(f"{path}.namespace"))
    elif kind not in _SUBJECTS:
        errors.append(not_supported(f"{path}.kind", kind, _SUBJECTS))
    elif group != GROUP:
        errors.append(not_supported(f"{path}.apiGroup", group, (GROUP,)))
    return errors


def _role_change_errors(obj: FrozenObject, old: FrozenObject) -> Errors:
    reference = obj.get("roleRef") or {}
    if reference == (old.get("roleRef") or {}):
        return []
    printed = go_struct([(shown, reference.get(field, "")) for shown, field in _REFERENCE])
    return [invalid("roleRef", printed, "cannot change roleRef")]
