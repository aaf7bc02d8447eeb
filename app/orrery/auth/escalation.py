"""Nobody gives rights away that they do not have: writing a role or a binding needs the rights it grants, or leave to escalate or bind.

Follows `pkg/registry/rbac`'s policy-based storages. Administrators are never asked.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Final

from orrery.auth.rbac import CLUSTER_ROLES, ROLES, RbacAuthorizer
from orrery.kinds.kind import Kind
from orrery.machinery.errors import Forbidden, NotFound
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import Object, name_of
from orrery.verbs.access import Attributes, Rule, is_privileged
from orrery.verbs.admission.admission import Action, AdmissionRequest

_GROUP: Final = "rbac.authorization.k8s.io"
_BINDINGS: Final = frozenset({f"rolebindings.{_GROUP}", f"clusterrolebindings.{_GROUP}"})
_EVERYTHING: Final[tuple[Rule, ...]] = (
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
)


class RoleEscalation:
    """The last to be asked before a role or a binding is written."""

    def __init__(self, authorizer: RbacAuthorizer) -> None:
        self._authorizer = authorizer

    def handles(self, kind: Kind, action: Action, subresource: str) -> bool:
        return action is not Action.DELETE and kind.group_resource in (ROLES, CLUSTER_ROLES, *_BINDINGS)

    def admit(self, request: AdmissionRequest) -> None:
        if is_privileged(request.call.user) or request.obj is None or _only_lets_go(request):
            return
        if request.kind.group_resource in _BINDINGS:
            self._check_binding(request, request.obj)
        else:
            self._check_role(request, request.obj)

    def _may(self, request: AdmissionRequest, verb: str, resource: str, name: str) -> bool:
        attributes = Attributes(verb, resource, _GROUP, name=name, namespace=request.call.namespace)
        return self._authorizer.authorize(request.call.user, attributes).allowed

    def _check_role(self, request: AdmissionRequest, role: Object) -> None:
        if self._may(request, "escalate", request.kind.resource, name_of(role)):
            return
        self._confirm(request, role.get("rules") or ())
        if role.get("aggregationRule"):
            try:
                self._confirm(request, _EVERYTHING)
            except Forbidden:
                why = "must have cluster-admin privileges to use the aggregationRule"
                raise Forbidden(request.kind.group_resource, request.name, why) from None

    def _check_binding(self, request: AdmissionRequest, binding: Object) -> None:
        reference = binding.get("roleRef") or {}
        kind, name = reference.get("kind", ""), reference.get("name", "")
        if self._may(request, "bind", "roles" if kind == "Role" else "clusterroles", name):
            return
        rules, error = self._authorizer.rules_of({"kind": kind, "name": name}, request.call.namespace)
        if error:
            raise NotFound(f"{kind.lower()}.{_GROUP}", name)
        self._confirm(request, rules)

    def _confirm(self, request: AdmissionRequest, rules: Sequence[Rule]) -> None:
        user = request.call.user
        held, errors = self._authorizer.rules_for(user, request.call.namespace)
        missing = [part for rule in rules for part in _parts(rule) if not any(_covers(mine, part) for mine in held)]
        if not missing:
            return
        groups = " ".join(go_quote(group) for group in user.groups)
        told = "\n".join(sorted({_printed(part) for part in _compact(missing)}))
        why = f"user {go_quote(user.name)} (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n{told}"
        if errors:
            why += f"; resolution errors: [{' '.join(errors)}]"
        raise Forbidden(request.kind.group_resource, request.name, why)


def _only_lets_go(request: AdmissionRequest) -> bool:
    """Whether an update changes only finalizers and owners: it needs no rights."""
    if request.old is None or request.obj is None:
        return False
    mine = {key: value for key, value in request.obj.items() if key != "metadata"}
    theirs = {key: value for key, value in request.old.items() if key != "metadata"}
    ignored = {"finalizers", "ownerReferences", "resourceVersion", "managedFields", "generation"}
    meta = {key: value for key, value in request.obj["metadata"].items() if key not in ignored}
    old_meta = {key: value for key, value in request.old["metadata"].items() if key not in ignored}
    return mine == theirs and meta == old_meta


def _parts(rule: Rule) -> Iterator[dict[str, list[str]]]:
    """The rule as rules of one verb, one group, one resource and one name, or of one verb and one path."""
    names: Sequence[Any] = rule.get("resourceNames") or (None,)
    for group, resource, verb in product(rule.get("apiGroups") or (), rule.get("resources") or (), rule.get("verbs") or ()):
        for name in names:
            part = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
            yield part if name is None else {**part, "resourceNames": [name]}
    for path, verb in product(rule.get("nonResourceURLs") or (), rule.get("verbs") or ()):
        yield {"nonResourceURLs": [path], "verbs": [verb]}


def _covers(mine: Rule, part: Rule) -> bool:
    return (
        _has_all(mine.get("verbs"), part["verbs"])
        and _has_all(mine.get("apiGroups"), part.get("apiGroups"))
        and _has_resources(mine.get("resources") or (), part.get("resources") or ())
        and all(_has_path(mine.get("nonResourceURLs") or (), path) for path in part.get("nonResourceURLs") or ())
        and (
            not mine.get("resourceNames") or (bool(part.get("resourceNames")) and set(part["resourceNames"]) <= set(mine["resourceNames"]))
        )
    )


def _has_all(mine: Sequence[str] | None, wanted: Sequence[str] | None) -> bool:
    return "*" in (mine or ()) or set(wanted or ()) <= set(mine or ())


def _has_resources(mine: Sequence[str], wanted: Sequence[str]) -> bool:
    return "*" in mine or all(each in mine or ("/" in each and f"*/{each.partition('/')[2]}" in mine) for each in wanted)


def _has_path(mine: Sequence[str], path: str) -> bool:
    return any(each == path or (each.endswith("*") and path.startswith(each.rstrip("*"))) for each in mine)


def _compact(parts: Sequence[dict[str, list[str]]]) -> list[dict[str, list[str]]]:
    """Parts that differ in their verb only, as one."""
    found: dict[str, dict[str, list[str]]] = {}
    for part in parts:
        key = str({name: value for name, value in part.items() if name != "verbs"})
        if key in found:
            found[key]["verbs"] += [verb for verb in part["verbs"] if verb not in found[key]["verbs"]]
        else:
            found[key] = {**part, "verbs": list(part["verbs"])}
    return list(found.values())


_PRINTED: Final = {
    "apiGroups": "APIGroups",
    "resources": "Resources",
    "nonResourceURLs": "NonResourceURLs",
    "resourceNames": "ResourceNames",
    "verbs": "Verbs",
}


def _printed(rule: Rule) -> str:
    """As Go prints it: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`."""
    parts = (f"{label}:[{' '.join(go_quote(each) for each in rule[name])}]" for name, label in _PRINTED.items() if rule.get(name))
    return "{" + ", ".join(parts) + "}"
