"""Service account tokens as they lie in a Pod's volumes: made new when four fifths of their life are over, and signed when first looked at.

Follows the kubelet's `pkg/kubelet/token`: one token for each audience and lifetime a Pod asks for. Signing takes a millisecond, and most
Pods never look at their token, so only the promise of one is mounted.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from orrery.machinery.clock import Clock, new_uid
from orrery.machinery.errors import NotFound
from orrery.machinery.objects import FrozenObject, namespace_of
from orrery.node.environment import ConfigError
from orrery.node.files.content import Maker
from orrery.verbs.account_tokens import API_AUDIENCES, Bound, Sign, TokenTerms
from orrery.verbs.client import Client

_ACCOUNTS: Final = "serviceaccounts"
_DEFAULT_S: Final = 60 * 60
_LONGEST_S: Final = 24 * 60 * 60
"""No token stays mounted longer."""
_FRESH_PART: Final = 0.8


class _Issued(NamedTuple):
    make: Maker
    due_s: float
    """When it is to be replaced."""


@dataclass(slots=True, eq=False)
class PodTokens:
    """One Pod's."""

    client: Client
    clock: Clock
    sign: Sign
    issued: dict[tuple[str, int], _Issued] = field(default_factory=dict)
    """By audience and lifetime."""

    def __call__(self, pod: FrozenObject, projection: FrozenObject) -> Maker:
        """The token of a projection, to be signed; ConfigError when the Pod's account is gone."""
        key = projection.get("audience") or "", int(projection.get("expirationSeconds") or _DEFAULT_S)
        held, now_s = self.issued.get(key), self.clock.now_s()
        if held is None or held.due_s <= now_s:
            fresh_s = min(key[1] * _FRESH_PART, _LONGEST_S)
            held = self.issued[key] = _Issued(self._promise(self._terms(pod, *key)), now_s + fresh_s)
        return held.make

    def due_s(self) -> float | None:
        """When the next of them is to be replaced."""
        return min((one.due_s for one in self.issued.values()), default=None)

    def _terms(self, pod: FrozenObject, audience: str, lifetime_s: int) -> TokenTerms:
        namespace, name, node = namespace_of(pod), pod["spec"].get("serviceAccountName") or "default", pod["spec"].get("nodeName", "")
        account = self.client.get(_ACCOUNTS, namespace, name)
        if account is None:
            raise ConfigError(f"failed to fetch token: {NotFound(_ACCOUNTS, name).message}", (_ACCOUNTS, name))
        found = self.client.get("nodes", "", node)
        bound = {"pod": Bound.to(pod), "node": Bound.to(found) if found is not None else Bound(node)}
        audiences = (audience,) if audience else API_AUDIENCES
        return TokenTerms(namespace, Bound.to(account), audiences, lifetime_s, int(self.clock.now_s()), bound)

    def _promise(self, terms: TokenTerms) -> Callable[[], bytes]:
        return lambda: self.sign(terms.claims(new_uid(self.clock))).encode()
