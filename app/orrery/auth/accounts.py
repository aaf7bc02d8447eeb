"""Who a service account token stands for: what it says is held against the objects of the log, each time it is used.

Follows upstream's `pkg/serviceaccount`: the validators of claims.go and legacy.go, and the audiences of jwt.go.
"""

import hmac
from base64 import b64decode
from collections.abc import Sequence
from typing import Any, Final

from orrery.auth.issuer import Issuer, TokenRefused
from orrery.machinery.clock import Clock, parse_timestamp
from orrery.machinery.errors import NotFound
from orrery.machinery.field_errors import go_quote
from orrery.machinery.objects import FrozenObject, Object, labels_of, uid_of
from orrery.store.log import Log, key_of
from orrery.verbs.account_tokens import API_AUDIENCES, LEGACY_ISSUER, TokenAnswer, group_names, user_name
from orrery.verbs.call import User

_LEEWAY_S: Final = 60
"""How far clocks may be apart."""
_AUTHENTICATED: Final = "system:authenticated"
_EXTRA: Final = "authentication.kubernetes.io/"
_LEGACY: Final = "kubernetes.io/serviceaccount/"
_INVALID_SINCE: Final = "kubernetes.io/legacy-token-invalid-since"
_GONE: Final = "service account token has been invalidated"
_LEGACY_GONE: Final = "Token has been invalidated"


class AccountTokens:
    """Authenticates service accounts."""

    def __init__(self, issuer: Issuer, log: Log, clock: Clock) -> None:
        self._issuer = issuer
        self._log = log
        self._clock = clock

    def is_own(self, token: str) -> bool:
        """Whether it is a token of this cluster, good or not."""
        return self._issuer.is_own(token)

    def answer(self, token: str, audiences: Sequence[str] = API_AUDIENCES) -> TokenAnswer:
        """Who it is; TokenRefused when the token is no good (any more)."""
        claims = self._issuer.read(token)
        meant = claims.get("aud") or API_AUDIENCES
        shared = [audience for audience in meant if audience in audiences]
        if not shared:
            printed = " ".join(map(go_quote, meant)), " ".join(map(go_quote, audiences))
            raise TokenRefused(f"token audiences [{printed[0]}] is invalid for the target audiences [{printed[1]}]")
        user = self._legacy_user(token, claims) if claims.get("iss") == LEGACY_ISSUER else self._bound_user(claims)
        return TokenAnswer(user, shared)

    # Tokens with an end.

    def _bound_user(self, claims: Object) -> User:
        self._check_times(claims)
        inner = claims.get("kubernetes.io") or {}
        namespace, account = inner.get("namespace", ""), inner.get("serviceaccount") or {}
        name, uid = account.get("name", ""), account.get("uid", "")
        self._check_account(namespace, name, uid)
        for kind in ("secret", "pod"):
            if kind in inner:
                self._check_bound(kind, namespace, inner[kind])
        if "node" in inner and "pod" not in inner:
            self._check_bound("node", "", inner["node"])
        return _user(namespace, name, uid, _extra(inner, claims.get("jti", "")))

    def _check_times(self, claims: Object) -> None:
        now_s = self._clock.now_s()
        if "exp" in claims and now_s - _LEEWAY_S > claims["exp"]:
            raise TokenRefused("service account token has expired")
        if now_s + _LEEWAY_S < claims.get("nbf", 0):
            raise TokenRefused("service account token is not valid yet")
        if now_s + _LEEWAY_S < claims.get("iat", 0):
            raise TokenRefused("service account token is issued in the future")

    def _check_account(self, namespace: str, name: str, uid: str) -> None:
        account = self._find("serviceaccounts", namespace, name)
        if account is None:
            raise TokenRefused(NotFound("serviceaccounts", name).message)
        if uid_of(account) != uid:
            raise TokenRefused(f"service account UID ({uid_of(account)}) does not match claim ({uid})")
        if self._is_deleted(account):
            raise TokenRefused(f"service account {namespace}/{name} has been deleted")

    def _check_bound(self, kind: str, namespace: str, reference: Object) -> None:
        obj = self._find(f"{kind}s", namespace, reference.get("name", ""))
        if obj is None or self._is_deleted(obj):
            raise TokenRefused(_GONE)
        if uid_of(obj) != reference.get("uid", ""):
            claimed = f"service account {kind} ref claim ({reference.get('uid', '')})"
            raise TokenRefused(f"{kind} UID ({uid_of(obj)}) does not match {claimed}")

    def _find(self, bucket: str, namespace: str, name: str) -> FrozenObject | None:
        record = self._log.find(key_of(bucket, namespace, name))
        return None if record is None else record.object

    def _is_deleted(self, obj: FrozenObject) -> bool:
        """Whether it has been on its way out for a while."""
        since = obj["metadata"].get("deletionTimestamp")
        return since is not None and parse_timestamp(since) < self._clock.now_s() - _LEEWAY_S

    # Tokens in Secrets.

    def _legacy_user(self, token: str, claims: Object) -> User:
        said: dict[str, Any] = {part: claims.get(_LEGACY + part, "") for part in _LEGACY_PARTS}
        for part, title in _LEGACY_PARTS.items():
            if not said[part]:
                raise TokenRefused(f"{title} claim is missing")
        namespace, name, uid = said["namespace"], said["service-account.name"], said["service-account.uid"]
        if claims.get("sub") != user_name(namespace, name):
            raise TokenRefused("sub claim is invalid")
        secret = self._find("secrets", namespace, said["secret.name"])
        if secret is None or secret["metadata"].get("deletionTimestamp"):
            raise TokenRefused(_LEGACY_GONE)
        if not hmac.compare_digest(b64decode((secret.get("data") or {}).get("token", "")), token.encode()):
            raise TokenRefused("Token does not match server's copy")
        account = self._find("serviceaccounts", namespace, name)
        if account is None:
            raise TokenRefused(NotFound("serviceaccounts", name).message)
        if account["metadata"].get("deletionTimestamp"):
            raise TokenRefused(f"ServiceAccount {namespace}/{name} has been deleted")
        if uid_of(account) != uid:
            raise TokenRefused(f"ServiceAccount UID ({uid_of(account)}) does not match claim ({uid})")
        if labels_of(secret).get(_INVALID_SINCE):
            raise TokenRefused(_marked_invalid(namespace, said["secret.name"], name))
        # DIFFERS: upstream labels the Secret with the day of its token's last use; we do not write for a read.
        return _user(namespace, name, uid, {})


_LEGACY_PARTS: Final = {
    "namespace": "namespace",
    "secret.name": "secretName",
    "service-account.name": "serviceAccountName",
    "service-account.uid": "serviceAccountUID",
}


def _marked_invalid(namespace: str, secret: str, name: str) -> str:
    return (
        f"the token in secret {namespace}/{secret} for service account {namespace}/{name} has been marked invalid. Use tokens from the "
        f"TokenRequest API or manually created secret-based tokens, or remove the '{_INVALID_SINCE}' label from the secret to temporarily "
        "allow use of this token"
    )


def _user(namespace: str, name: str, uid: str, extra: dict[str, tuple[str, ...]]) -> User:
    return User(user_name(namespace, name), (*group_names(namespace), _AUTHENTICATED), uid, extra)


def _extra(inner: Object, token_id: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    if token_id:
        found["credential-id"] = (f"JTI={token_id}",)
    for kind in ("node", "pod"):
        for part, value in (inner.get(kind) or {}).items():
            if value:
                found[f"{kind}-{part}"] = (value,)
    return {_EXTRA + key: value for key, value in sorted(found.items())}
