"""Empties a terminating namespace and lets it go: delete what is in it, say in conditions what is still there, finalize when nothing is.

Follows upstream's namespace controller. It waits by events, not by guessing: an object that leaves a terminating namespace wakes it.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orrery.controllers.engine.controller import DONE, Outcome
from orrery.controllers.engine.informer import Change, Informer
from orrery.machinery.clock import timestamp
from orrery.machinery.errors import ApiError, NotFound
from orrery.machinery.objects import FrozenObject, GroupResource, Object, is_deleting, name_of, uid_of
from orrery.verbs.client import Client

FINALIZER: Final = "kubernetes"

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

    @property
    def is_empty(self) -> bool:
        return not self.by_resource


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
        self._buckets = tuple(buckets)
        self._terminating: set[str] = set()

    def watch(self, informer: Informer) -> None:
        informer.on("namespaces", self._keys_of_namespace)
        for bucket in self._buckets:
            informer.hear(bucket, self._keys_of_content)

    def _keys_of_namespace(self, change: Change) -> Iterable[str]:
        name = name_of(change.any)
        if change.new is None or not is_deleting(change.new):
            self._terminating.discard(name)
            return ()
        self._terminating.add(name)
        return (name,)

    def _keys_of_content(self, change: Change) -> Iterable[str]:
        if not self._terminating or change.is_present or change.namespace not in self._terminating:
            return ()
        return (change.namespace,)

    async def reconcile(self, key: str) -> Outcome:
        namespace = self._client.get("namespaces", "", key)
        if namespace is None or not is_deleting(namespace) or FINALIZER not in (namespace["spec"].get("finalizers") or ()):
            return DONE
        errors = await self._delete_content(key)
        remains = self._remains(key, errors)
        await self._report(namespace, remains)
        if remains.is_empty:
            await self._finalize(namespace)
        elif errors:
            raise ContentRemains(errors[0])
        return DONE

    async def _delete_content(self, namespace: str) -> list[str]:
        """Tell everything to go that was not told yet; the messages of what was refused."""
        going = (
            self._client.delete(bucket, namespace, name_of(obj), uid=uid_of(obj))
            for bucket in self._buckets
            for obj in self._client.list(bucket, namespace)
            if not is_deleting(obj)
        )
        results = await asyncio.gather(*going, return_exceptions=True)
        errors = [result for result in results if isinstance(result, BaseException) and not isinstance(result, NotFound)]
        for error in errors:
            if not isinstance(error, ApiError):
                raise error
        return [str(error) for error in errors]

    def _remains(self, namespace: str, errors: Sequence[str]) -> Remains:
        by_resource: Counter[str] = Counter()
        by_finalizer: Counter[str] = Counter()
        for bucket in self._buckets:
            for obj in self._client.list(bucket, namespace):
                by_resource[bucket if "." in bucket else f"{bucket}."] += 1
                by_finalizer.update(obj["metadata"].get("finalizers") or ())
        return Remains(by_resource, by_finalizer, errors)

    async def _report(self, namespace: FrozenObject, remains: Remains) -> None:
        now = timestamp(self._client.clock.now_s())

        def change(draft: Object) -> bool:
            status = draft.setdefault("status", {})
            conditions = plan_conditions(status.get("conditions") or (), remains, now=now)
            if status.get("phase") == "Terminating" and status.get("conditions") == conditions:
                return False
            status.update(phase="Terminating", conditions=conditions)
            return True

        await self._client.change("namespaces", "", name_of(namespace), change, subresource="status")

    async def _finalize(self, namespace: FrozenObject) -> None:
        def change(draft: Object) -> bool:
            left = [finalizer for finalizer in draft["spec"].get("finalizers") or () if finalizer != FINALIZER]
            draft["spec"]["finalizers"] = left
            return True

        await self._client.change("namespaces", "", name_of(namespace), change, subresource="finalize")


class ContentRemains(Exception):
    """Something in a terminating namespace could not be deleted; the queue tries again with back-off."""
