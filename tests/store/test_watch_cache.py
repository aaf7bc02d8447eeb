"""The cache against a naive model of it, and its bounds."""

import random
from dataclasses import dataclass, field

import pytest

from orrery.settings import Settings
from orrery.store.history import History
from orrery.store.log import Event, HistoryGone, Index, Operation, Record, Scope
from orrery.store.memory_log import MemoryLog
from orrery.store.records import CachedRecord, ParseCache
from tests.store.writes import create, delete, keys, pod, told, update

NAMES = ("a", "a-b", "a0", "b", "c", "d.e")
NAMESPACES = ("x", "x-y", "x0")
BUCKETS = ("pods", "pods.metrics", "nodes")


@dataclass
class NaiveModel:
    """Every state there ever was, by revision."""

    states: list[dict[str, Record]] = field(default_factory=lambda: [{}])
    events: list[Event] = field(default_factory=list)

    def note(self, event: Event) -> None:
        state = dict(self.states[-1])
        state.pop(event.record.key, None)
        if event.operation is not Operation.DELETED:
            state[event.record.key] = event.record
        self.states.append(state)
        self.events.append(event)

    def list(self, scope: Scope, at: int) -> "list[Record]":
        return [record for key, record in sorted(self.states[at].items()) if holds(scope, key)]


def holds(scope: Scope, key: str) -> bool:
    return all(not wanted or wanted == part for wanted, part in zip(scope, key.split("/"), strict=True))


async def write_something(log: MemoryLog, chance: random.Random) -> None:
    bucket = chance.choice(BUCKETS)
    namespace = "" if bucket == "nodes" else chance.choice(NAMESPACES)
    key = f"{bucket}/{namespace}/{chance.choice(NAMES)}"
    content = {
        "labels": {"app": chance.choice("pqr"), "tier": chance.choice("st")},
        "node": f"node-{chance.randrange(3)}",
        "owners": chance.sample(("o1", "o2", "o3"), chance.randrange(3)),
    }
    record = log.find(key)
    if record is None:
        await create(log, key, **content)
    elif chance.random() < 0.4:
        await delete(log, record)
    else:
        await update(log, record, **content)


def any_scope(chance: random.Random) -> Scope:
    bucket = chance.choice(BUCKETS)
    namespace = "" if bucket == "nodes" else chance.choice(("", *NAMESPACES))
    return Scope(bucket, namespace, chance.choice(("", "", *NAMES)))


@pytest.mark.parametrize("seed", range(5))
async def test_lists_of_the_present_and_the_past_equal_a_naive_model(seed: int) -> None:
    chance, log, model = random.Random(seed), MemoryLog(), NaiveModel()
    log.subscribe(Scope(""), model.note)

    for _ in range(400):
        await write_something(log, chance)
        scope, at, limit = any_scope(chance), chance.randint(max(1, log.revision - 60), log.revision), chance.choice((0, 1, 2, 5))
        expected = model.list(scope, at)
        after = chance.choice(["", *keys(expected)])
        expected = [record for record in expected if record.key > after]

        page = log.list(scope, after=after, limit=limit, at=at)

        shown = expected[:limit] if limit else expected
        assert [(record.key, record.revision) for record in page.records] == [(record.key, record.revision) for record in shown]
        assert (page.remaining, page.more, page.revision) == (len(expected) - len(shown), len(expected) > len(shown), at)


@pytest.mark.parametrize("seed", range(5))
async def test_indexes_and_counts_equal_a_naive_model(seed: int) -> None:
    chance, log, model = random.Random(100 + seed), MemoryLog(), NaiveModel()
    log.subscribe(Scope(""), model.note)

    for _ in range(400):
        await write_something(log, chance)
        live = list(model.states[-1].values())
        bucket, app, owner, node = chance.choice(BUCKETS), chance.choice("pqr"), chance.choice(("o1", "o2")), f"node-{chance.randrange(3)}"
        scope = any_scope(chance)

        labelled = [each.key for each in live if holds(scope, each.key) and each.index.labels["app"] == app]
        owned = [each.key for each in live if holds(Scope(bucket), each.key) and owner in each.index.owners]
        on_node = [each.key for each in live if holds(Scope("pods"), each.key) and each.index.fields["spec.nodeName"] == node]

        assert keys(log.by_label(scope, "app", app)) == sorted(labelled)
        assert sorted(keys(log.owned_by(owner, bucket))) == sorted(owned)
        assert sorted(keys(log.by_field("pods", "spec.nodeName", node))) == sorted(on_node)
        assert log.count(bucket) == len(model.list(Scope(bucket), -1))
        assert log.buckets() == sorted({each.key.partition("/")[0] for each in live})


@pytest.mark.parametrize("seed", range(5))
async def test_a_watch_from_any_revision_tells_exactly_the_events_after_it(seed: int) -> None:
    chance, log, model = random.Random(200 + seed), MemoryLog(), NaiveModel()
    log.subscribe(Scope(""), model.note)
    streams = []

    for _ in range(300):
        await write_something(log, chance)
        scope, since = any_scope(chance) if chance.random() < 0.9 else Scope(""), chance.randint(0, log.revision)
        streams.append((scope, since, await log.watch(scope, since)))

    for scope, since, stream in streams:
        expected = [told(event) for event in model.events if event.revision > since and holds(scope, event.record.key)]
        seen: list[Event] = []
        while len(seen) < len(expected):
            seen += await stream.next()
        assert [told(event) for event in seen] == expected


async def test_the_window_is_bounded_in_bytes_and_lets_the_oldest_go_first() -> None:
    log = MemoryLog(Settings(history_bytes_max=20_000))

    await create(log, "nodes//quiet")
    record = await create(log, pod("web"))
    for _ in range(200):
        record = await update(log, record, text="x" * 600)

    assert 150 < log.oldest < log.revision
    with pytest.raises(HistoryGone):
        await log.watch(Scope("pods"), log.oldest - 1)
    assert len(await (await log.watch(Scope("pods"), log.oldest)).next()) == log.revision - log.oldest
    with pytest.raises(HistoryGone):
        log.list(Scope("pods"), at=log.oldest - 1)


async def test_events_of_a_busy_bucket_do_not_expire_the_watch_of_a_quiet_one() -> None:
    log = MemoryLog(Settings(history_bytes_max=20_000))
    await create(log, pod("web"))
    node = await create(log, "nodes//quiet")
    await update(log, node)
    for number in range(200):
        await create(log, f"events/default/{number}", text="x" * 600)

    # The nodes' own newest lost event is what counts, not the events'.
    assert log.list(Scope("nodes"), at=log.revision - 1).revision == log.revision - 1
    stream = await log.watch(Scope("nodes"), 3)
    assert log.oldest > 3
    await create(log, "nodes//another")
    assert [event.record.key for event in await stream.next()] == ["nodes//another"]


async def test_a_watcher_that_lags_is_cut_off_and_others_are_not() -> None:
    log = MemoryLog(Settings(watch_backlog_events_max=10))
    lazy, eager = await log.watch(Scope("pods"), 0), await log.watch(Scope("pods"), 0)

    seen = 0
    for number in range(11):
        await create(log, pod(f"{number}"))
        seen += len(await eager.next())

    assert seen == 11 and not eager.lagged
    assert lazy.lagged and list(await lazy.next()) == []


async def test_the_past_a_watch_begins_with_does_not_make_it_lag() -> None:
    log = MemoryLog(Settings(watch_backlog_events_max=10))
    for number in range(50):
        await create(log, pod(f"{number}"))

    stream = await log.watch(Scope("pods"), 0)
    for number in range(50, 60):
        await create(log, pod(f"{number}"))

    assert len(await stream.next()) == 50
    assert len(await stream.next()) == 10 and not stream.lagged


async def test_parses_are_shared_seeded_and_bounded() -> None:
    log = MemoryLog(Settings(parsed_objects_max=2))
    record = await create(log, pod("a"))
    assert record.object is record.object

    first = record.object
    for name in "bcd":
        _ = (await create(log, pod(name))).object

    assert record.object is not first and record.object == first


def test_what_a_history_holds_is_counted_by_the_bytes_of_its_bodies() -> None:
    history = History(bytes_max=3_000)
    parses = ParseCache(10)

    for revision in range(1, 11):
        record = CachedRecord(pod("a"), revision, b"x" * 600, Index(), parses)
        history.add("pods", Event(revision, Operation.UPDATED, record, None))

    assert [event.revision for event in history.since("pods", history.floor("pods"))] == [8, 9, 10]
    assert history.floor() == history.floor("pods") == 7
    assert history.floor("nodes") == 0


async def test_events_do_not_push_the_parses_of_pods_out_of_the_cache() -> None:
    """Nobody looks into an Event again, and there are seven of them to a Pod."""
    log = MemoryLog(Settings(parsed_objects_max=3))
    kept = await create(log, pod("web"))
    parsed = kept.object

    for number in range(10):
        await create(log, f"events/default/e{number}")

    assert kept.object is parsed
