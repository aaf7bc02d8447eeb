"""What a service account token says, and the ports through which it is signed and read again (`auth/` does both).

Follows upstream's `pkg/serviceaccount`: claims.go for bound tokens, legacy.go for those that lie in Secrets.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from orrery.machinery.objects import FrozenObject, Object, name_of, namespace_of, uid_of
from orrery.verbs.call import User

ISSUER: Final = "https://kubernetes.default.svc"
LEGACY_ISSUER: Final = "kubernetes/serviceaccount"
API_AUDIENCES: Final = (ISSUER,)
WARN_ONLY_S: Final = 60 * 60 + 7
"""Tokens of this lifetime, which every Pod gets, are good for much longer: upstream only warns of clients that never reload them."""
EXTENDED_S: Final = 365 * 24 * 60 * 60
_LEGACY: Final = "kubernetes.io/serviceaccount/"

Claims = Mapping[str, Any]
Sign = Callable[[Claims], str]
"""Makes a token of claims; it puts the issuer in when they name none."""


class TokenAnswer(NamedTuple):
    """Whom a token stands for, and where it is good; or why for nobody."""

    user: User | None = None
    audiences: Sequence[str] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """An object a token is bound to: it is no good any more once that is gone."""

    name: str = ""
    uid: str = ""

    @classmethod
    def to(cls, obj: FrozenObject) -> "Bound":
        return cls(name_of(obj), uid_of(obj))

    def claim(self) -> Object:
        return {"name": self.name, "uid": self.uid} if self.uid else {"name": self.name}


@dataclass(frozen=True, slots=True)
class TokenTerms:
    """All that a bound token says but for its id."""

    namespace: str
    account: Bound
    audiences: tuple[str, ...]
    lifetime_s: int
    issued_s: int
    bound: Mapping[str, Bound] = field(default_factory=dict)
    """By `pod`, `node` or `secret`."""

    def claims(self, token_id: str) -> Object:
        expires_s, warn_after_s = self._ends()
        inner: Object = {key: bound.claim() for key, bound in self.bound.items()}
        inner |= {"namespace": self.namespace, "serviceaccount": self.account.claim()}
        if warn_after_s:
            inner["warnafter"] = warn_after_s
        return {
            "aud": list(self.audiences),
            "exp": expires_s,
            "iat": self.issued_s,
            "jti": token_id,
            "kubernetes.io": inner,
            "nbf": self.issued_s,
            "sub": user_name(self.namespace, self.account.name),
        }

    def _ends(self) -> tuple[int, int]:
        """When it is no good any more, and from when on its use is noted (0: never)."""
        ends_s = self.issued_s + self.lifetime_s
        if "pod" in self.bound and self.lifetime_s == WARN_ONLY_S and set(self.audiences) <= set(API_AUDIENCES):
            return self.issued_s + EXTENDED_S, ends_s
        return ends_s, 0


def legacy_claims(account: FrozenObject, secret: FrozenObject) -> Object:
    """What the token in a Secret says: no end, no audience."""
    namespace, name = namespace_of(account), name_of(account)
    return {
        "iss": LEGACY_ISSUER,
        f"{_LEGACY}namespace": namespace,
        f"{_LEGACY}secret.name": name_of(secret),
        f"{_LEGACY}service-account.name": name,
        f"{_LEGACY}service-account.uid": uid_of(account),
        "sub": user_name(namespace, name),
    }


def user_name(namespace: str, name: str) -> str:
    return f"system:serviceaccount:{namespace}:{name}"


def group_names(namespace: str) -> tuple[str, ...]:
    return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
