"""What the verbs need from the rooms above them; the composition root plugs it in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orrery.verbs.access import Authorizer, PrivilegedOnly
from orrery.verbs.account_tokens import Sign, TokenAnswer
from orrery.verbs.usage import NoUsage, UsageSource


def _no_tokens(token: str, audiences: Sequence[str]) -> TokenAnswer:
    return TokenAnswer(error="invalid bearer token")


@dataclass(slots=True)
class Ports:
    """Plugged in by `cluster.py`; the defaults are those of a server without tokens and without roles."""

    authorizer: Authorizer = field(default_factory=PrivilegedOnly)
    """Who may do what: for access and rules reviews."""
    review_token: Callable[[str, Sequence[str]], TokenAnswer] = _no_tokens
    """Who a bearer token belongs to, for those audiences."""
    sign: Sign | None = None
    """Signs service account tokens."""
    usage: UsageSource = field(default_factory=NoUsage)
    """What containers and nodes use."""
