"""What the verbs need from the rooms above them; the composition root plugs it in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from orrery.verbs.call import User


def _allow_all(user: User, attributes: Mapping[str, Any]) -> bool:
    # DIFFERS: upstream asks RBAC; we store RBAC objects and allow everything.
    return True


def _no_tokens(token: str) -> User | None:
    return None


@dataclass(slots=True)
class Ports:
    """Plugged in by `cluster.py`; the defaults are those of a server without tokens."""

    AUDIENCE: ClassVar[str] = "https://kubernetes.default.svc"

    allows: Callable[[User, Mapping[str, Any]], bool] = _allow_all
    """Whether a user may do what a review's attributes describe."""
    user_of_token: Callable[[str], User | None] = _no_tokens
    """Who a bearer token belongs to."""
