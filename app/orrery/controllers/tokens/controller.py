"""Secrets of type kubernetes.io/service-account-token: filled when they are made, deleted with their account.

Follows upstream's `pkg/controller/serviceaccount/tokens_controller.go`. Tokens are signed through `sign`, which `auth/` has.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome
from orrery.controllers.engine.informer import Change, Informer
from orrery.kinds.cluster.secret import SERVICE_ACCOUNT_NAME, SERVICE_ACCOUNT_TOKEN
from orrery.machinery.errors import Conflict, NotFound
from orrery.machinery.objects import FrozenObject, Object, annotations_of, name_of, namespace_of, uid_of
from orrery.verbs.account_tokens import Sign, legacy_claims
from orrery.verbs.client import Client

_UID: Final = "kubernetes.io/service-account.uid"
_SECRET, _ACCOUNT = "secret", "account"


class TokenSecretController:
    """Keys: `secret/NAMESPACE/NAME`, and `account/NAMESPACE/NAME` for accounts that are gone."""

    name = "serviceaccount-token-controller"

    def __init__(self, client: Client, *, sign: Sign, certificate: Callable[[], str]) -> None:
        """`certificate` is the authority's, PEM."""
        self._client = client
        self._sign = sign
        self._certificate = certificate
        self._secrets: dict[tuple[str, str], set[str]] = {}
        """Names of Secrets by namespace and account."""

    def watch(self, informer: Informer) -> None:
        informer.on("secrets", self._keys_of_secret)
        informer.hear("serviceaccounts", lambda change: () if change.is_present else (f"{_ACCOUNT}/{change.namespace}/{change.name}",))

    def _keys_of_secret(self, change: Change) -> Iterable[str]:
        if change.record.index.fields.get("type") != SERVICE_ACCOUNT_TOKEN:
            return ()
        account = annotations_of(change.any).get(SERVICE_ACCOUNT_NAME, "")
        before = annotations_of(change.old).get(SERVICE_ACCOUNT_NAME, "") if change.old is not None else account
        if not change.is_present or before != account:
            self._forget(change.namespace, before, change.name)
        if change.is_present:
            self._secrets.setdefault((change.namespace, account), set()).add(change.name)
            return (f"{_SECRET}/{change.namespace}/{change.name}",)
        return (f"{_SECRET}/{change.namespace}/{change.name}/{account}",)

    def _forget(self, namespace: str, account: str, secret: str) -> None:
        names = self._secrets.get((namespace, account), set())
        names.discard(secret)
        if not names:
            self._secrets.pop((namespace, account), None)

    async def reconcile(self, key: str) -> Outcome:
        what, namespace, name, *rest = key.split("/")
        if what == _ACCOUNT:
            await self._delete_all(namespace, name)
            return DONE
        secret = self._client.get("secrets", namespace, name)
        if secret is None:
            if rest:
                await self._drop_reference(namespace, rest[0], name)
        elif secret.get("type") == SERVICE_ACCOUNT_TOKEN:
            await self._look_after(secret)
        return DONE

    async def _look_after(self, secret: FrozenObject) -> None:
        namespace, account = namespace_of(secret), self._account_of(secret)
        if account is None:
            await self._delete(secret)
        elif _missing(secret, self._certificate()):
            await self._client.change("secrets", namespace, name_of(secret), partial(self._fill, account=account))

    def _account_of(self, secret: FrozenObject) -> FrozenObject | None:
        """The account a Secret is for: the one it names, and no other of that name."""
        said = annotations_of(secret)
        account = self._client.get("serviceaccounts", namespace_of(secret), said.get(SERVICE_ACCOUNT_NAME, ""))
        return account if account is not None and said.get(_UID, "") in ("", uid_of(account)) else None

    def _fill(self, draft: Object, account: FrozenObject) -> bool:
        missing = _missing(draft, self._certificate())
        if not missing or draft.get("type") != SERVICE_ACCOUNT_TOKEN:
            return False
        data = draft["data"] = draft.get("data") or {}
        for part in missing:
            data[part] = b64encode(self._part(part, draft, account).encode()).decode()
        known = {SERVICE_ACCOUNT_NAME: name_of(account), _UID: uid_of(account)}
        draft["metadata"]["annotations"] = {**annotations_of(draft), **known}
        return True

    def _part(self, part: str, secret: FrozenObject, account: FrozenObject) -> str:
        if part == "token":
            return self._sign(legacy_claims(account, secret))
        return self._certificate() if part == "ca.crt" else namespace_of(secret)

    async def _delete_all(self, namespace: str, account: str) -> None:
        """The account is gone, and perhaps there is a new one of that name: what is not the new one's goes."""
        for name in sorted(self._secrets.get((namespace, account), ())):
            secret = self._client.get("secrets", namespace, name)
            if secret is not None and self._account_of(secret) is None:
                await self._delete(secret)

    async def _delete(self, secret: FrozenObject) -> None:
        try:
            await self._client.delete("secrets", namespace_of(secret), name_of(secret), uid=uid_of(secret))
        except (NotFound, Conflict):
            return

    async def _drop_reference(self, namespace: str, account: str, secret: str) -> None:
        """A Secret that is gone is no longer one of its account's."""

        def drop(draft: Object) -> bool:
            held = draft.get("secrets") or []
            kept = [reference for reference in held if reference.get("name") != secret]
            draft["secrets"] = kept
            return len(kept) != len(held)

        await self._client.change("serviceaccounts", namespace, account, drop)


def _missing(secret: FrozenObject, certificate: str) -> list[str]:
    """The parts to fill in."""
    data = secret.get("data") or {}
    missing = [part for part in ("namespace", "token") if not data.get(part)]
    return missing if data.get("ca.crt") == b64encode(certificate.encode()).decode() else ["ca.crt", *missing]
