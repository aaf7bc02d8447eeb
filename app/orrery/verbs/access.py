"""May they: what an authorizer is asked and answers. `auth/` has the one of a cluster; here is who needs none.

Follows apiserver's `authorization/authorizer` and the words of its refusals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from orrery.machinery.errors import ApiError, Forbidden
from orrery.machinery.field_errors import go_quote
from orrery.verbs.call import User

_MASTERS: Final = "system:masters"

Rule = Mapping[str, Any]
"""A PolicyRule: verbs with apiGroups, resources and resourceNames, or with nonResourceURLs."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """One request as rules see it: a verb on a resource, or, where `resource` is empty, on a path."""

    verb: str
    resource: str = ""
    group: str = ""
    subresource: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it is allowed, and what allowed it or went wrong."""

    allowed: bool
    reason: str = ""


class Authorizer(Protocol):
    """Decides by rules who may do what."""

    def authorize(self, user: User, attributes: Attributes) -> Decision: ...

    def rules_for(self, user: User, namespace: str) -> tuple[Sequence[Rule], Sequence[str]]:
        """All rules that hold for the user there, and what could not be read."""


def is_privileged(user: User) -> bool:
    """Whether no rule is asked at all: the group of administrators."""
    return _MASTERS in user.groups


class PrivilegedOnly:
    """Administrators may do everything, nobody else anything."""

    def authorize(self, user: User, attributes: Attributes) -> Decision:
        return Decision(is_privileged(user))

    def rules_for(self, user: User, namespace: str) -> tuple[Sequence[Rule], Sequence[str]]:
        return (), ()


def refusal(user: User, attributes: Attributes, reason: str = "") -> ApiError:
    """The 403 of a request that is not allowed."""
    words = f"User {go_quote(user.name)} cannot {attributes.verb}"
    if not attributes.resource:
        error = Forbidden("", "", "")
        error.message = f"forbidden: {_escaped(f'{words} path {go_quote(attributes.path)}')}{_because(reason)}"
        error.details = {}
        return error
    resource = f"{attributes.resource}/{attributes.subresource}" if attributes.subresource else attributes.resource
    where = f"in the namespace {go_quote(attributes.namespace)}" if attributes.namespace else "at the cluster scope"
    text = _escaped(f"{words} resource {go_quote(resource)} in API group {go_quote(attributes.group)} {where}")
    group_resource = f"{attributes.resource}.{attributes.group}" if attributes.group else attributes.resource
    return Forbidden(group_resource, attributes.name, text + _because(reason))


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _escaped(text: str) -> str:
    """Upstream lets nothing through that a browser could take for HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
