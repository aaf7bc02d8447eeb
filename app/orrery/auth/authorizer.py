"""May they: the port through which requests are allowed. It allows everything."""

from collections.abc import Mapping
from typing import Any, Protocol

from orrery.verbs.call import User


class Authorizer(Protocol):
    """Decides whether a user may do what `attributes` (as in a SubjectAccessReview) describe."""

    def allows(self, user: User, attributes: Mapping[str, Any]) -> bool: ...


class AllowAll:
    """Everybody may do everything."""

    # DIFFERS: upstream enforces RBAC; we store RBAC objects and enforce none.

    def allows(self, user: User, attributes: Mapping[str, Any]) -> bool:
        return True
