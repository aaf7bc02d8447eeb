"""Delete: preconditions, finalizers, propagation, grace periods, namespaces."""

from collections.abc import AsyncIterator, Sequence

from orrery.store.log import Operation, Record, Write
from orrery.store.memory_log import MemoryLog
from orrery.verbs.call import DeleteOptions, ListOptions
from orrery.verbs.results import Watch, WatchEvent
from tests.verbs.world import Api, config_map, names, new_api, pod, refusal, told


async def test_a_deletion_answers_with_a_status_or_the_object_as_upstreams_kind_does(api: Api) -> None:
    await api.create("configmaps", config_map())
    await api.create("serviceaccounts", config_map())

    deleted = await api.delete("configmaps", "a")
    assert deleted.status is not None
    assert deleted.status["status"] == "Success"
    assert deleted.status["details"].keys() == {"name", "kind", "uid"}
    assert (await api.delete("serviceaccounts", "a")).record is not None


async def test_preconditions_name_what_differs(api: Api) -> None:
    obj = await api.create("configmaps", config_map())

    status = await refusal(api.delete("configmaps", "a", DeleteOptions(uid="x")))
    assert status["message"] == (
        'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (x) does not match the UID in record'
        f" ({obj['metadata']['uid']}). The object might have been deleted and then recreated"
    )
    status = await refusal(api.delete("configmaps", "a", DeleteOptions(resource_version="1")))
    assert "the ResourceVersion in the precondition (1) does not match the ResourceVersion in record" in status["message"]


async def test_propagation_becomes_a_finalizer(api: Api) -> None:
    for name, options, finalizers in (
        ("a", DeleteOptions(propagation="Orphan"), ["orphan"]),
        ("b", DeleteOptions(propagation="Foreground"), ["foregroundDeletion"]),
        ("c", DeleteOptions(orphan_dependents=True), ["orphan"]),
    ):
        await api.create("configmaps", config_map(name))

        deleted = await api.delete("configmaps", name, options)
        assert deleted.record is not None
        meta = deleted.record.object["metadata"]
        assert meta["finalizers"] == finalizers
        assert (meta["deletionTimestamp"], meta["deletionGracePeriodSeconds"]) == ("2026-01-02T03:04:05Z", 0)


async def test_both_ways_to_say_propagation_are_one_too_many(api: Api) -> None:
    status = await refusal(api.delete("configmaps", "a", DeleteOptions(propagation="Orphan", orphan_dependents=True)))

    assert status["message"] == (
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": orphanDependents and'
        " deletionPropagation cannot be both set"
    )


async def test_a_pod_on_a_node_goes_in_its_grace_period_which_can_only_shrink(api: Api) -> None:
    await api.create("pods", pod())
    await api.verbs.client(api.call("pods").user, "scheduler").bind("default", "web", "node-1")

    first = await api.delete("pods", "web")
    assert first.record is not None
    meta = first.record.object["metadata"]
    assert (meta["deletionTimestamp"], meta["deletionGracePeriodSeconds"]) == ("2026-01-02T03:04:35Z", 30)
    assert meta["generation"] == 2

    again = await api.delete("pods", "web", DeleteOptions(grace_period_s=60))
    assert again.record is not None
    assert again.record.revision == first.record.revision

    shorter = await api.delete("pods", "web", DeleteOptions(grace_period_s=5))
    assert shorter.record is not None
    assert shorter.record.object["metadata"]["deletionTimestamp"] == "2026-01-02T03:04:10Z"

    await api.delete("pods", "web", DeleteOptions(grace_period_s=0))
    assert api.log.find("pods/default/web") is None


class _LogWithAFastNode(MemoryLog):
    """Whatever is marked is gone before its writer hears of the mark."""

    async def append(self, write: Write) -> Record:
        record = await super().append(write)
        if write.operation is not Operation.DELETED and "deletionTimestamp" in record.object["metadata"]:
            await super().append(Write(write.key, record.revision, Operation.DELETED, lambda _: record.body, record.index, record.object))
        return record


async def test_it_is_no_error_when_the_node_removes_a_marked_pod_first() -> None:
    api = await new_api(_LogWithAFastNode)
    await api.create("pods", pod())

    deleted = await api.delete("pods", "web", DeleteOptions(grace_period_s=0))

    assert deleted.record is not None
    assert api.log.find("pods/default/web") is None


async def test_a_watcher_sees_a_pod_marked_before_it_is_gone(api: Api) -> None:
    await api.create("pods", pod())
    watch = await api.watch("pods", ListOptions(resource_version=str(api.log.revision)))

    await api.delete("pods", "web")
    seen = [event async for batch in _first(watch, 2) for event in batch]
    assert told(seen) == [("MODIFIED", "web"), ("DELETED", "web")]
    watch.close()


async def _first(watch: Watch, count: int) -> AsyncIterator[Sequence[WatchEvent]]:
    async for batch in watch:
        yield batch
        count -= len(batch)
        if count <= 0:
            return


async def test_a_namespace_ends_slowly_and_takes_nothing_new(api: Api) -> None:
    await api.create("namespaces", {"metadata": {"name": "x"}})

    deleted = await api.delete("namespaces", "x")
    assert deleted.record is not None
    assert deleted.record.object["status"] == {"phase": "Terminating"}
    assert deleted.record.object["spec"] == {"finalizers": ["kubernetes"]}
    status = await refusal(api.create("configmaps", config_map(), namespace="x"))
    assert status["message"] == ('configmaps "a" is forbidden: unable to create new content in namespace x because it is being terminated')
    assert status["details"]["causes"] == [
        {"reason": "NamespaceTerminating", "message": "namespace x is being terminated", "field": "metadata.namespace"}
    ]

    await api.update("namespaces", {"metadata": {"name": "x"}, "spec": {}}, subresource="finalize")
    assert api.log.find("namespaces//x") is None


async def test_some_namespaces_are_for_ever(api: Api) -> None:
    status = await refusal(api.delete("namespaces", "default"))

    assert status["message"] == 'namespaces "default" is forbidden: this namespace may not be deleted'


async def test_a_collection_is_deleted_by_its_selector(api: Api) -> None:
    for name in ("a", "b", "c"):
        await api.create("configmaps", config_map(name, labels={"keep": "yes"} if name == "b" else {}))

    gone = await api.verbs.delete_collection(api.call("configmaps"), ListOptions(label_selector="!keep"), DeleteOptions())
    assert names(gone) == ["a", "c"]
    assert names(await api.list("configmaps")) == ["b"]


async def test_the_systems_priority_classes_stay(api: Api) -> None:
    status = await refusal(api.delete("priorityclasses.scheduling.k8s.io", "system-node-critical"))
    assert status["message"] == (
        'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted'
    )
