"""May they: Roles and ClusterRoles, granted by bindings to users, groups and service accounts.

Follows `plugin/pkg/auth/authorizer/rbac`: rules only ever allow; the cluster's bindings come before the namespace's. Bindings are
indexed by subject at the first question about somebody who is no administrator, and kept by events: a question costs what the
user's own bindings cost, however many there are.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from orrery.machinery.errors import NotFound
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, name_of, namespace_of
from orrery.store.log import Event, Log, Operation, Scope, key_of
from orrery.verbs.access import Attributes, Decision, Rule, is_privileged
from orrery.verbs.call import User

_GROUP: Final = "rbac.authorization.k8s.io"
ROLES, CLUSTER_ROLES = f"roles.{_GROUP}", f"clusterroles.{_GROUP}"
_BINDINGS, _CLUSTER_BINDINGS = f"rolebindings.{_GROUP}", f"clusterrolebindings.{_GROUP}"
_ACCOUNT_USER: Final = "system:serviceaccount:"

_Subject = tuple[str, str]
"""`User` or `Group`, and its name; a service account is the user it acts as."""


class RbacAuthorizer:
    """Reads roles from the log; administrators are never looked up."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._index: _BindingIndex | None = None

    def authorize(self, user: User, attributes: Attributes) -> Decision:
        if is_privileged(user):
            return Decision(allowed=True)
        errors: list[str] = []
        for binding in self._bindings_of(user, attributes.namespace):
            rules, error = self.rules_of(binding["roleRef"], namespace_of(binding))
            if error:
                errors.append(error)
            if any(allows(rule, attributes) for rule in rules):
                return Decision(allowed=True, reason=f"RBAC: allowed by {_described(binding, user)}")
        return Decision(allowed=False, reason=f"RBAC: {_aggregate(errors)}" if errors else "")

    def rules_for(self, user: User, namespace: str) -> tuple[Sequence[Rule], Sequence[str]]:
        rules: list[Rule] = []
        errors: list[str] = []
        for binding in self._bindings_of(user, namespace):
            found, error = self.rules_of(binding["roleRef"], namespace_of(binding))
            rules += found
            if error:
                errors.append(error)
        return rules, errors

    def rules_of(self, reference: FrozenObject, namespace: str) -> tuple[Sequence[Rule], str]:
        """The rules that a roleRef stands for, and why they could not be found."""
        kind, name = reference["kind"], reference["name"]
        if kind not in ("Role", "ClusterRole"):
            return (), f"unsupported role reference kind: {go_quote(kind)}"
        key = key_of(ROLES, namespace, name) if kind == "Role" else key_of(CLUSTER_ROLES, "", name)
        record = self._log.find(key)
        if record is None:
            return (), NotFound(f"{kind.lower()}.{_GROUP}", name).message
        return record.object.get("rules") or (), ""

    def _bindings_of(self, user: User, namespace: str) -> Iterator[FrozenObject]:
        if self._index is None:
            self._index = _BindingIndex(self._log)
        yield from self._index.of(user, "")
        if namespace:
            yield from self._index.of(user, namespace)


class _BindingIndex:
    """Bindings by the namespace they hold in (empty: everywhere) and by whom they name."""

    def __init__(self, log: Log) -> None:
        self._by_subject: dict[tuple[str, _Subject], dict[str, FrozenObject]] = {}
        for bucket in (_CLUSTER_BINDINGS, _BINDINGS):
            for record in log.list(Scope(bucket)).records:
                self._add(record.key, record.object)
            log.subscribe(Scope(bucket), self._on_event)

    def of(self, user: User, namespace: str) -> list[FrozenObject]:
        """In the order of their keys, each once."""
        subjects: list[_Subject] = [("User", user.name), *(("Group", group) for group in user.groups)]
        found: dict[str, FrozenObject] = {}
        for subject in subjects:
            found |= self._by_subject.get((namespace, subject), {})
        return [found[key] for key in sorted(found)]

    def _on_event(self, event: Event) -> None:
        key = event.record.key
        before = event.record if event.operation is Operation.DELETED else event.previous
        if before is not None:
            for place in _places(before.object):
                if (held := self._by_subject.get(place)) is not None:
                    held.pop(key, None)
                    if not held:
                        del self._by_subject[place]
        if event.operation is not Operation.DELETED:
            self._add(key, event.record.object)

    def _add(self, key: str, binding: FrozenObject) -> None:
        for place in _places(binding):
            self._by_subject.setdefault(place, {})[key] = binding


def _places(binding: FrozenObject) -> Iterator[tuple[str, _Subject]]:
    namespace = namespace_of(binding)
    for subject in binding.get("subjects") or ():
        if (named := _named(subject, namespace)) is not None:
            yield namespace, named


def _named(subject: FrozenObject, namespace: str) -> _Subject | None:
    kind, name = subject.get("kind", ""), subject.get("name", "")
    if kind == "ServiceAccount":
        place = subject.get("namespace") or namespace
        return ("User", f"{_ACCOUNT_USER}{place}:{name}") if place else None
    return (kind, name) if kind in ("User", "Group") else None


def _described(binding: FrozenObject, user: User) -> str:
    """A binding as upstream's reasons name it, with the first of its subjects that is the user."""
    namespace = namespace_of(binding)
    mine = {("User", user.name), *(("Group", group) for group in user.groups)}
    subject = next(each for each in binding["subjects"] if _named(each, namespace) in mine)
    who = subject["name"]
    if subject["kind"] == "ServiceAccount":
        who = f"{who}/{subject.get('namespace') or namespace}"
    role = binding["roleRef"]
    name = f"{name_of(binding)}/{namespace}" if namespace else name_of(binding)
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    return f"{kind} {go_quote(name)} of {role['kind']} {go_quote(role['name'])} to {subject['kind']} {go_quote(who)}"


def _aggregate(errors: Sequence[str]) -> str:
    unique = list(dict.fromkeys(errors))
    return unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]"


def allows(rule: Rule, attributes: Attributes) -> bool:
    """Whether one rule allows the request. Example: `*/scale` allows `deployments/scale`, `pods` allows no `pods/log`."""
    verbs = rule.get("verbs") or ()
    if attributes.verb not in verbs and "*" not in verbs:
        return False
    if not attributes.resource:
        return any(_covers_path(each, attributes.path) for each in rule.get("nonResourceURLs") or ())
    groups = rule.get("apiGroups") or ()
    if attributes.group not in groups and "*" not in groups:
        return False
    names = rule.get("resourceNames") or ()
    return _has_resource(rule.get("resources") or (), attributes) and (not names or attributes.name in names)


def _has_resource(resources: Sequence[str], attributes: Attributes) -> bool:
    if "*" in resources:
        return True
    if not attributes.subresource:
        return attributes.resource in resources
    return f"{attributes.resource}/{attributes.subresource}" in resources or f"*/{attributes.subresource}" in resources


def _covers_path(pattern: str, path: str) -> bool:
    return pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern.rstrip("*")))
