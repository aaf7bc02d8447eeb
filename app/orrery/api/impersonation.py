"""Acting as somebody else: the Impersonate-… headers (`kubectl --as`), each of which the caller must be allowed.

Follows apiserver's impersonation filter, with its groups: whoever is impersonated is authenticated too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from orrery.machinery.errors import BadRequest
from orrery.machinery.names import is_dns1123_label, is_dns1123_subdomain
from orrery.verbs.access import Attributes, Authorizer, refusal
from orrery.verbs.account_tokens import group_names
from orrery.verbs.call import ANONYMOUS, User

PREFIX: Final = b"impersonate-"
_GROUP: Final = "authentication.k8s.io"
_EXTRA: Final = "extra-"
_ACCOUNT: Final = "system:serviceaccount:"
_AUTHENTICATED, _UNAUTHENTICATED = "system:authenticated", "system:unauthenticated"


@dataclass(slots=True)
class _Wish:
    """Whom the headers ask for."""

    user: str = ""
    uid: str = ""
    groups: list[str] = field(default_factory=list)
    extra: dict[str, list[str]] = field(default_factory=dict)


def impersonated(caller: User, headers: Iterable[tuple[bytes, bytes]], authorizer: Authorizer) -> User:
    """Whom the caller acts as: itself without such headers; Forbidden when it may not."""
    wish = _wish_of(headers)
    if not wish.user:
        if wish.groups or wish.extra or wish.uid:
            raise BadRequest(f"requested {_printed(wish)} without impersonating a user")
        return caller
    account = _account_of(wish.user)
    for attributes in _attributes(wish, account):
        decision = authorizer.authorize(caller, attributes)
        if not decision.allowed:
            raise refusal(caller, attributes, decision.reason)
    groups = wish.groups or (list(group_names(account[0])) if account else [])
    extra = {key: tuple(values) for key, values in wish.extra.items()}
    return User(wish.user, tuple(_completed(wish.user, groups)), wish.uid, extra)


def _wish_of(headers: Iterable[tuple[bytes, bytes]]) -> _Wish:
    wish = _Wish()
    for raw_name, raw_value in headers:
        if not raw_name.startswith(PREFIX):
            continue
        name, value = raw_name[len(PREFIX) :].decode("latin-1"), raw_value.decode("utf-8", "replace")
        if name == "user":
            wish.user = wish.user or value
        elif name == "uid":
            wish.uid = wish.uid or value
        elif name == "group":
            wish.groups.append(value)
        elif name.startswith(_EXTRA):
            wish.extra.setdefault(unquote(name.removeprefix(_EXTRA)), []).append(value)
    return wish


def _account_of(user: str) -> tuple[str, str] | None:
    """Namespace and name, when the user is a service account."""
    namespace, colon, name = user.removeprefix(_ACCOUNT).partition(":")
    if not user.startswith(_ACCOUNT) or not colon or is_dns1123_label(namespace) or is_dns1123_subdomain(name):
        return None
    return namespace, name


def _attributes(wish: _Wish, account: tuple[str, str] | None) -> Iterable[Attributes]:
    """What the caller has to be allowed, in upstream's order."""
    if account is not None:
        yield Attributes("impersonate", "serviceaccounts", namespace=account[0], name=account[1])
    else:
        yield Attributes("impersonate", "users", name=wish.user)
    for group in wish.groups:
        yield Attributes("impersonate", "groups", name=group)
    for key, values in wish.extra.items():
        for value in values:
            yield Attributes("impersonate", "userextras", _GROUP, subresource=key, name=value)
    if wish.uid:
        yield Attributes("impersonate", "uids", _GROUP, name=wish.uid)


def _completed(user: str, groups: Sequence[str]) -> Sequence[str]:
    """With the group that says whether somebody is known."""
    if user == ANONYMOUS.name:
        return groups if _UNAUTHENTICATED in groups else [*groups, _UNAUTHENTICATED]
    return groups if _AUTHENTICATED in groups or _UNAUTHENTICATED in groups else [*groups, _AUTHENTICATED]


def _printed(wish: _Wish) -> str:
    """As Go prints object references: kind, namespace, name, uid, version, resource version, field path."""
    parts = [f"{{Group  {group}    }}" for group in wish.groups]
    parts += [f"{{UserExtra  {value}  {_GROUP}/v1  {key}}}" for key, values in wish.extra.items() for value in values]
    parts += [f"{{UID  {wish.uid}  {_GROUP}/v1  }}"] if wish.uid else []
    return f"[{' '.join(parts)}]"
