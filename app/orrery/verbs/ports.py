"""What the verbs need from the rooms above them; the composition root plugs it in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from orrery.verbs.access import Authorizer, PrivilegedOnly
from orrery.verbs.call import User


def _no_tokens(token: str) -> User | None:
    return None


@dataclass(slots=True)
class Ports:
    """Plugged in by `cluster.py`; the defaults are those of a server without tokens and without roles."""

    AUDIENCE: ClassVar[str] = "https://kubernetes.default.svc"

    authorizer: Authorizer = field(default_factory=PrivilegedOnly)
    """Who may do what: for access and rules reviews."""
    user_of_token: Callable[[str], User | None] = _no_tokens
    """Who a bearer token belongs to."""
