"""How much of each ResourceQuota is used, kept up object by object: a change costs the same in a full namespace as in an empty one.

Upstream recounts a namespace whenever something in it goes; here every object's share is remembered, and what is admitted but not yet
written is held beside it. Admission asks the ledger, the quota controller publishes it. Only namespaces with quotas are counted.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from orrery.kinds.cluster.quota_usage import NOT_COUNTED, Usage, counted_names, is_in_scope, usage_of
from orrery.machinery.objects import FrozenObject, Object, thaw
from orrery.machinery.quantities import Quantity, of_nano, parse
from orrery.store.log import Event, Log, Operation, Record, Scope, key_of

QUOTAS: Final = "resourcequotas"


@dataclass(slots=True, eq=False)
class QuotaAccount:
    """One quota."""

    namespace: str
    name: str
    spec: FrozenObject
    used: dict[str, int] = field(default_factory=dict)
    """By every name the quota limits, in billionths."""
    families: dict[str, str] = field(default_factory=dict)
    shares: dict[str, dict[str, int]] = field(default_factory=dict)
    """By key of the log: what each object counts for."""
    names: dict[str, frozenset[str]] = field(default_factory=dict)
    """By bucket: for which of its names the objects there count."""
    hard: dict[str, Quantity] = field(init=False)
    """What it allows."""

    def __post_init__(self) -> None:
        self.hard = {name: parse(str(value)) for name, value in (self.spec.get("hard") or {}).items()}

    def used_quantities(self) -> dict[str, Quantity]:
        return {name: of_nano(nano, self.families.get(name, "decimal")) for name, nano in sorted(self.used.items())}

    def names_of(self, bucket: str) -> frozenset[str]:
        found = self.names.get(bucket)
        if found is None:
            counted = frozenset() if bucket in NOT_COUNTED else counted_names(bucket, self.spec.get("hard") or ())
            found = self.names[bucket] = counted
        return found

    def counts(self, bucket: str, obj: FrozenObject) -> bool:
        """Whether the quota says something about the object."""
        return bool(self.names_of(bucket)) and is_in_scope(bucket, self.spec, obj)

    def share_of(self, bucket: str, obj: FrozenObject) -> Usage:
        """What the object counts for here."""
        if not self.counts(bucket, obj):
            return {}
        names = self.names_of(bucket)
        return {name: quantity for name, quantity in usage_of(bucket, obj).items() if name in names}

    def book(self, key: str, share: Usage) -> bool:
        """Note an object's share, or that it has none any more; whether the sum went down."""
        before = self.shares.pop(key, {})
        after = {name: quantity.nano for name, quantity in share.items() if quantity.nano}
        if after:
            self.shares[key] = after
        for name, quantity in share.items():
            if quantity.nano and not self.used[name]:
                self.families[name] = quantity.family
        went_down = False
        for name in before.keys() | after.keys():
            change = after.get(name, 0) - before.get(name, 0)
            self.used[name] += change
            went_down = went_down or change < 0
        return went_down


class QuotaLedger:
    """All quotas. `start` before use."""

    def __init__(self, log: Log, buckets: Iterable[str]) -> None:
        """`buckets` are the namespaced resources that are stored."""
        self._log = log
        self._buckets = frozenset(buckets) - NOT_COUNTED
        self._accounts: dict[str, dict[str, QuotaAccount]] = {}
        self._held: dict[str, int] = {}
        """Keys whose admitted objects are still to be written: their shares stand already."""
        self.on_less: Callable[[str, str], None] = lambda namespace, name: None
        """Called when the use of a quota went down: namespace, name."""

    def start(self) -> None:
        """Count what is there, and follow what happens."""
        self._log.subscribe(Scope(""), self._observe)
        for record in self._log.list(Scope(QUOTAS)).records:
            self._open(record)

    def accounts(self, namespace: str) -> Iterable[QuotaAccount]:
        found = self._accounts.get(namespace)
        return [found[name] for name in sorted(found)] if found else ()

    def account(self, namespace: str, name: str) -> QuotaAccount | None:
        return self._accounts.get(namespace, {}).get(name)

    def hold(self, bucket: str, namespace: str, name: str, obj: FrozenObject) -> None:
        """An object was admitted: count it before it is written. `release` must follow."""
        key = key_of(bucket, namespace, name)
        self._held[key] = self._held.get(key, 0) + 1
        for account in self.accounts(namespace):
            account.book(key, account.share_of(bucket, obj))

    def release(self, bucket: str, namespace: str, name: str) -> None:
        """The write has ended: what counts is what is there."""
        key = key_of(bucket, namespace, name)
        left = self._held.pop(key, 1) - 1
        if left > 0:
            self._held[key] = left
            return
        record = self._log.find(key)
        for account in self.accounts(namespace):
            self._book(account, bucket, key, record)

    def _observe(self, event: Event) -> None:
        bucket, namespace, name = event.record.key.split("/", 2)
        if bucket == QUOTAS:
            self._observe_quota(event, namespace, name)
        accounts = self._accounts.get(namespace) if namespace else None
        if not accounts or bucket not in self._buckets or event.record.key in self._held:
            return
        record = None if event.operation is Operation.DELETED else event.record
        for account in accounts.values():
            self._book(account, bucket, event.record.key, record)

    def _book(self, account: QuotaAccount, bucket: str, key: str, record: Record | None) -> None:
        if account.names_of(bucket) and account.book(key, account.share_of(bucket, record.object) if record is not None else {}):
            self.on_less(account.namespace, account.name)

    def _observe_quota(self, event: Event, namespace: str, name: str) -> None:
        if event.operation is Operation.DELETED:
            accounts = self._accounts.get(namespace, {})
            accounts.pop(name, None)
            if not accounts:
                self._accounts.pop(namespace, None)
            return
        account = self.account(namespace, name)
        if account is None or account.spec != (event.record.object.get("spec") or {}):
            self._open(event.record)

    def _open(self, record: Record) -> None:
        """Begin an account: count everything in the namespace that its quota names."""
        _, namespace, name = record.key.split("/", 2)
        spec = record.object.get("spec") or {}
        account = QuotaAccount(namespace, name, spec, used=dict.fromkeys(spec.get("hard") or (), 0))
        self._accounts.setdefault(namespace, {})[name] = account
        for bucket, found in self._counted(account):
            account.book(found.key, account.share_of(bucket, found.object))

    def _counted(self, account: QuotaAccount) -> Iterator[tuple[str, Record]]:
        for bucket in self._log.buckets():
            if bucket in self._buckets and account.names_of(bucket):
                for record in self._log.list(Scope(bucket, account.namespace)).records:
                    yield bucket, record


def with_status(quota: FrozenObject, account: QuotaAccount) -> Object | None:
    """The quota with its status as it should be; None when it is so."""
    hard = dict(sorted((account.spec.get("hard") or {}).items()))
    used = {name: quantity.text for name, quantity in account.used_quantities().items()}
    status = quota.get("status") or {}
    if status.get("hard") == hard and status.get("used") == used:
        return None
    return thaw(quota) | {"status": {"hard": hard, "used": used}}
