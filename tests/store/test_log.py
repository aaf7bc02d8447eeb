"""What every log promises, in memory or on a disk."""

import asyncio

import orjson
import pytest

from orrery.store.log import Event, HistoryGone, Log, LogClosed, Operation, Scope, StaleWrite
from tests.store.writes import LABELS, create, creation, delete, keys, new_write, pod, read_to, told, update


async def test_a_write_is_readable_when_append_returns(log: Log) -> None:
    record = await create(log, pod("web"), text="hello")

    assert log.find(pod("web")) is record
    assert record.revision == log.revision == 1
    assert orjson.loads(record.body) == record.object == {"revision": 1, "text": "hello"}


async def test_a_write_that_names_an_older_revision_is_stale(log: Log) -> None:
    first = await create(log, pod("web"))
    await update(log, first)

    with pytest.raises(StaleWrite):
        await update(log, first)
    with pytest.raises(StaleWrite):
        await create(log, pod("web"))
    assert log.revision == 2


async def test_a_key_can_come_and_go_many_times(log: Log) -> None:
    for _ in range(3):
        await delete(log, await create(log, pod("web")))
    last = await create(log, pod("web"))

    assert last.revision == 7
    assert log.count("pods") == 1


async def test_of_two_writers_at_once_one_wins_and_the_other_may_try_again(log: Log) -> None:
    first = await create(log, pod("web"))

    outcomes = await asyncio.gather(update(log, first, by=1), update(log, first, by=2), return_exceptions=True)
    await log.settled(pod("web"))

    assert [type(outcome) for outcome in outcomes].count(StaleWrite) == 1
    seen = log.find(pod("web"))
    assert seen is not None and seen.object["by"] == 1


async def test_a_deletion_carries_its_own_revision_and_the_last_state(log: Log) -> None:
    stream = await log.watch(Scope("pods"), 0)

    await delete(log, await create(log, pod("web"), text="last"))

    event = (await read_to(stream, 2))[-1]
    assert (event.operation, event.revision, event.record.object) == (Operation.DELETED, 2, {"revision": 2, "text": "last"})
    assert event.previous is not None and event.previous.revision == 1
    assert log.find(pod("web")) is None and log.buckets() == []


async def test_an_encoder_that_fails_leaves_the_log_as_it_was(log: Log) -> None:
    def encode(_revision: int) -> bytes:
        raise ValueError("no")

    write = creation(pod("web"))
    with pytest.raises(ValueError, match="no"):
        await log.append(type(write)(write.key, 0, write.operation, encode, write.index))

    assert (await create(log, pod("web"))).revision == 1


async def test_lists_are_in_the_order_of_keys_and_pages_join_to_the_whole(log: Log) -> None:
    for name in ("b", "c", "a", "e", "d"):
        await create(log, pod(name))
    await create(log, pod("z", "another"))
    await create(log, pod("b", "default-2"))

    first = log.list(Scope("pods", "default"), limit=2)
    second = log.list(Scope("pods", "default"), limit=2, after=first.records[-1].key)
    third = log.list(Scope("pods", "default"), limit=2, after=second.records[-1].key)

    assert keys([*first.records, *second.records, *third.records]) == [pod(name) for name in "abcde"]
    assert [(page.more, page.remaining) for page in (first, second, third)] == [(True, 3), (True, 1), (False, 0)]
    assert keys(log.list(Scope("pods")).records) == sorted(keys(log.list(Scope("pods")).records))
    assert log.count("pods") == 7


async def test_a_scope_can_be_one_name_in_one_namespace_in_all_or_in_none(log: Log) -> None:
    for key in (pod("a"), pod("a", "other"), pod("b"), "nodes//a"):
        await create(log, key)

    assert keys(log.list(Scope("pods", "default", "a")).records) == [pod("a")]
    assert keys(log.list(Scope("pods", "", "a")).records) == [pod("a"), pod("a", "other")]
    assert keys(log.list(Scope("nodes", "", "a")).records) == ["nodes//a"]
    assert log.list(Scope("nothing")).records == []


async def test_the_pages_of_a_list_keep_to_the_revision_it_began_at(log: Log) -> None:
    records = [await create(log, pod(name), text="old") for name in "abcdef"]
    first = log.list(Scope("pods"), limit=2)

    await update(log, records[2], text="new")
    await delete(log, records[3])
    await delete(log, records[0])
    await create(log, pod("aa"))
    await create(log, pod("dd"))
    second = log.list(Scope("pods"), limit=2, after=pod("b"), at=first.revision)
    rest = log.list(Scope("pods"), after=pod("d"), at=first.revision)

    assert keys(second.records) == [pod("c"), pod("d")]
    assert [record.object["text"] for record in second.records] == ["old", "old"]
    assert (second.more, second.remaining, second.revision) == (True, 2, 6)
    assert keys(rest.records) == [pod("e"), pod("f")] and not rest.more
    assert keys(log.list(Scope("pods", "", "a"), at=6).records) == [pod("a")]


async def test_indexes_follow_labels_fields_and_owners(log: Log) -> None:
    web = await create(log, pod("web"), labels=LABELS, node="n1", owners=["o1"])
    await create(log, pod("web", "other"), labels=LABELS, node="n1", owners=["o1", "o2"])
    await create(log, "services/default/web", labels=LABELS, owners=["o1"])

    assert keys(log.by_label(Scope("pods", "default"), "app", "web")) == [pod("web")]
    assert keys(log.by_label(Scope("pods"), "app", "web")) == [pod("web"), pod("web", "other")]
    assert keys(log.by_field("pods", "spec.nodeName", "n1")) == [pod("web"), pod("web", "other")]
    assert keys(log.owned_by("o1", "pods")) == [pod("web"), pod("web", "other")]
    assert len(log.owned_by("o1")) == 3

    web = await update(log, web, labels={"app": "db"}, node="n2")

    assert log.by_label(Scope("pods", "default"), "app", "web") == []
    assert log.by_label(Scope("pods", "default"), "app", "db") == [web]
    assert keys(log.by_field("pods", "spec.nodeName", "n1")) == [pod("web", "other")]
    assert keys(log.owned_by("o1", "pods")) == [pod("web", "other")]

    await delete(log, web)

    assert log.by_label(Scope("pods"), "app", "db") == [] and log.by_field("pods", "spec.nodeName", "n2") == []
    with pytest.raises(KeyError):
        log.by_field("services", "spec.nodeName", "n1")


async def test_a_subscriber_hears_its_scope_only_in_order_and_until_it_cancels(log: Log) -> None:
    heard: list[Event] = []
    everything: list[Event] = []
    subscription = log.subscribe(Scope("pods", "default"), heard.append)
    log.subscribe(Scope(""), everything.append)

    await create(log, pod("a"))
    await create(log, pod("a", "other"))
    await create(log, "nodes//n1")
    await create(log, pod("b"))
    subscription.cancel()
    await create(log, pod("c"))

    assert [event.record.key for event in heard] == [pod("a"), pod("b")]
    assert [event.revision for event in everything] == [1, 2, 3, 4, 5]


async def test_a_subscriber_sees_the_cache_as_of_its_event(log: Log) -> None:
    counts: list[int] = []
    log.subscribe(Scope("pods"), lambda _event: counts.append(log.count("pods")))

    await asyncio.gather(*(create(log, pod(name)) for name in "abcde"))

    assert counts == [1, 2, 3, 4, 5]


async def test_a_subscriber_that_fails_stops_nobody(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Event] = []

    def fail(_event: Event) -> None:
        raise RuntimeError("broken")

    log.subscribe(Scope("pods"), fail)
    log.subscribe(Scope("pods"), heard.append)

    await create(log, pod("a"))
    await create(log, pod("b"))

    assert len(heard) == 2
    assert caplog.text.count("broken") >= 2


async def test_a_watch_starts_with_the_past_and_goes_on(log: Log) -> None:
    first = await create(log, pod("a"))
    await create(log, pod("b", "other"))
    await update(log, first)

    stream = await log.watch(Scope("pods", "default"), 1)
    await create(log, pod("c"))

    assert [(event.revision, event.record.key) for event in await read_to(stream, 4)] == [(3, pod("a")), (4, pod("c"))]


async def test_a_closed_watch_ends(log: Log) -> None:
    stream = await log.watch(Scope("pods"), 0)
    reading = asyncio.ensure_future(stream.next())
    await asyncio.sleep(0)

    stream.close()

    assert list(await reading) == []
    await create(log, pod("a"))
    assert list(await stream.next()) == []


async def test_an_index_is_shared_between_records_that_look_alike(log: Log) -> None:
    first = await create(log, pod("a"), labels={"app": "web"})
    second = await create(log, pod("b"), labels={"app": "web"})

    assert first.index.labels is second.index.labels


async def test_after_compaction_older_history_is_gone_and_live_objects_are_not(log: Log) -> None:
    first = await create(log, pod("a"))
    await create(log, pod("b"))
    third = await update(log, first)
    await create(log, pod("c"))

    await log.compact(3)

    assert log.oldest == 3
    with pytest.raises(HistoryGone) as gone:
        await log.watch(Scope("pods"), 2)
    assert gone.value.oldest == 3
    with pytest.raises(HistoryGone):
        log.list(Scope("pods"), at=2)
    assert keys(log.list(Scope("pods"), at=3).records) == [pod("a"), pod("b")]
    assert [told(event)[0] for event in await read_to(await log.watch(Scope("pods"), 3), 4)] == [4]
    assert log.find(pod("a")) is third


async def test_closing_ends_streams_and_refuses_writes(log: Log) -> None:
    stream = await log.watch(Scope("pods"), 0)
    pending = asyncio.create_task(log.append(new_write(pod("a"), 0, Operation.CREATED)))
    await asyncio.sleep(0)

    await log.close()

    assert (await pending).revision == 1
    assert [event.revision for event in await stream.next()] == [1]
    assert list(await stream.next()) == []
    with pytest.raises(LogClosed):
        await create(log, pod("b"))
