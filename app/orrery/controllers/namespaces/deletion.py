"""Empties a terminating namespace and lets it go: delete what is in it, say in conditions what is still there, finalize when nothing is.

Follows upstream's namespace controller with OrderedNamespaceDeletion: Pods go first, and everything else when the last Pod is gone.

Upstream looks again after half of an estimate. Here one thing that remains is remembered, and its leaving brings the next look at once;
what else leaves only refreshes the counts, once a second at most.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.workqueue import WorkQueue
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import ApiError, NotFound
from orrery.machinery.objects import FrozenObject, GroupResource, Object, is_deleting, name_of, uid_of
from orrery.store.log import key_of
from orrery.verbs.client import Client
from orrery.verbs.delete import FOREGROUND, ORPHAN

FINALIZER: Final = "kubernetes"
PODS: Final = "pods"
_REFRESH_S: Final = 1.0
_AT_ONCE_MAX: Final = 500  # Deletions under way at the same time.

# The five conditions of a terminating namespace: type, then reason and message while all is well.
_CONDITIONS: Final = (
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    ("NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
    ("NamespaceDeletionContentFailure", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
)


@dataclass(frozen=True, slots=True)
class Remains:
    """What is still in a namespace after everything was told to go."""

    by_resource: Mapping[str, int]
    """Counts by `resource.group`, as messages print it: `pods.` for the core group."""
    by_finalizer: Mapping[str, int]
    errors: Sequence[str]


def _goes_by_itself(obj: FrozenObject) -> bool:
    """Whether nothing is to be told any more. Who waits for dependents, itself perhaps among them, is told not to."""
    return is_deleting(obj) and not {FOREGROUND, ORPHAN}.intersection(obj["metadata"].get("finalizers") or ())


def plan_conditions(old: Sequence[FrozenObject], remains: Remains, *, now: str) -> list[Object]:
    """The conditions to report: order and `lastTransitionTime` of those that stay as they are are kept."""
    trouble = _trouble(remains)
    by_type = {condition["type"]: condition for condition in old}
    for kind, reason, message in _CONDITIONS:
        bad = trouble.get(kind)
        new = {
            "type": kind,
            "status": "True" if bad else "False",
            "reason": bad[0] if bad else reason,
            "message": bad[1] if bad else message,
        }
        before = by_type.get(kind)
        same = before is not None and before["status"] == new["status"]
        by_type[kind] = {**new, "lastTransitionTime": before.get("lastTransitionTime", now) if before is not None and same else now}
    return [dict(condition) for condition in by_type.values()]


def _trouble(remains: Remains) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    if remains.errors:
        text = f"Failed to delete all resource types, {len(remains.errors)} remaining: {', '.join(sorted(remains.errors))}"
        found["NamespaceDeletionContentFailure"] = ("ContentDeletionFailed", text)
    if remains.by_resource:
        counts = ", ".join(sorted(f"{resource} has {count} resource instances" for resource, count in remains.by_resource.items()))
        found["NamespaceContentRemaining"] = ("SomeResourcesRemain", f"Some resources are remaining: {counts}")
    if remains.by_finalizer:
        counts = ", ".join(sorted(f"{finalizer} in {count} resource instances" for finalizer, count in remains.by_finalizer.items()))
        text = f"Some content in the namespace has finalizers remaining: {counts}"
        found["NamespaceFinalizersRemaining"] = ("SomeFinalizersRemain", text)
    return found


class NamespaceController:
    """One key is one namespace; only those that are being deleted have work."""

    name = "namespace-controller"

    def __init__(self, client: Client, buckets: Sequence[GroupResource]) -> None:
        """`buckets` are the namespaced resources that can be deleted."""
        self._client = client
        self._others = tuple(bucket for bucket in buckets if bucket != PODS)
        self._terminating: dict[str, str] = {}  # With the key of a thing that remains, empty before the first look.
        self._queue: WorkQueue | None = None

    def watch(self, informer: Informer) -> None:
        self._queue = informer.queue
        informer.on("namespaces", self._keys_of_namespace)
        for bucket in (PODS, *self._others):
            informer.hear(bucket, self._keys_of_content)

    def _keys_of_namespace(self, change: Change) -> Iterable[str]:
        if not change.is_present or not change.is_deleting:
            self._terminating.pop(change.name, None)
            return ()
        if change.name in self._terminating and change.former is not None and change.former.index.uid == change.uid:
            return ()  # Its conditions were written, mostly by us.
        self._terminating[change.name] = ""
        return (change.name,)

    def _keys_of_content(self, change: Change) -> Iterable[str]:
        """A namespace that waits for what left, or in which something came to be that was allowed just before its end."""
        if not self._terminating or change.namespace not in self._terminating:
            return ()
        if (change.is_present and change.former is None) or (not change.is_present and change.key == self._terminating[change.namespace]):
            return (change.namespace,)
        if not change.is_present and self._queue is not None:
            self._queue.add_after(change.namespace, _REFRESH_S)
        return ()

    async def reconcile(self, key: str) -> Outcome:
        namespace = self._client.get("namespaces", "", key)
        if namespace is None or not is_deleting(namespace) or FINALIZER not in (namespace["spec"].get("finalizers") or ()):
            return DONE
        errors = await self._delete_content((PODS,), key)
        remains = self._remains((PODS,), key)
        counts = count([], errors)  # Upstream does not count Pods in the conditions of a namespace that waits for them.
        if not remains:
            errors += await self._delete_content(self._others, key)
            remains = self._remains(self._others, key)
            counts = count(remains, errors)
        if key in self._terminating:
            self._terminating[key] = remains[0][0] if remains else ""
        await self._report(namespace, counts)
        if errors:
            raise errors[0]
        if not remains:
            await self._finalize(namespace)
        return DONE

    async def _delete_content(self, buckets: Sequence[GroupResource], namespace: str) -> list[ApiError]:
        """Tell everything to go that was not told yet, or that waits for its dependents; what was refused."""
        staying = [(bucket, obj) for bucket in buckets for obj in self._client.list(bucket, namespace) if not _goes_by_itself(obj)]
        errors: list[ApiError] = []
        for start in range(0, len(staying), _AT_ONCE_MAX):
            going = (
                self._client.delete(bucket, namespace, name_of(obj), uid=uid_of(obj), propagation="Background")
                for bucket, obj in staying[start : start + _AT_ONCE_MAX]
            )
            for result in await asyncio.gather(*going, return_exceptions=True):
                if isinstance(result, ApiError) and not isinstance(result, NotFound):
                    errors.append(result)
                elif isinstance(result, BaseException) and not isinstance(result, ApiError):
                    raise result
        return errors

    def _remains(self, buckets: Sequence[GroupResource], namespace: str) -> list[tuple[str, FrozenObject]]:
        """What is still there, with its key in the log."""
        return [(key_of(bucket, namespace, name_of(obj)), obj) for bucket in buckets for obj in self._client.list(bucket, namespace)]

    async def _report(self, namespace: FrozenObject, remains: Remains) -> None:
        now = timestamp(self._client.clock.now_s())

        def change(draft: Object) -> bool:
            status = draft.setdefault("status", {})
            conditions = plan_conditions(status.get("conditions") or (), remains, now=now)
            if uid_of(draft) != uid_of(namespace) or (status.get("phase") == "Terminating" and status.get("conditions") == conditions):
                return False
            status.update(phase="Terminating", conditions=conditions)
            return True

        await self._client.change("namespaces", "", name_of(namespace), change, subresource="status")

    async def _finalize(self, namespace: FrozenObject) -> None:
        def change(draft: Object) -> bool:
            if uid_of(draft) != uid_of(namespace):
                return False
            draft["spec"]["finalizers"] = [finalizer for finalizer in draft["spec"].get("finalizers") or () if finalizer != FINALIZER]
            return True

        await self._client.change("namespaces", "", name_of(namespace), change, subresource="finalize")


def count(remains: Sequence[tuple[str, FrozenObject]], errors: Sequence[ApiError]) -> Remains:
    """What the conditions of a namespace tell of what is left in it."""
    by_resource: Counter[str] = Counter()
    by_finalizer: Counter[str] = Counter()
    for key, obj in remains:
        bucket = key.split("/", 1)[0]
        by_resource[bucket if "." in bucket else f"{bucket}."] += 1
        by_finalizer.update(obj["metadata"].get("finalizers") or ())
    return Remains(by_resource, by_finalizer, [error.message for error in errors])
