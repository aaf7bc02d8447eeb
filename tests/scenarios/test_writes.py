"""The budget of writes: how often each thing is written on a Pod's way to Ready and out again. Speed follows from these counts."""

from collections import Counter
from collections.abc import Callable

import pytest

from orrery.controllers.engine.informer import Change
from orrery.machinery.objects import FrozenObject
from orrery.settings import Settings
from orrery.store.log import Event, Operation, Record
from orrery.store.records import ParseCache
from orrery.testing import Simulation
from orrery.testing.simulation import deployment

_REPLICAS = 20


def _count(cluster: Simulation) -> Counter[tuple[str, Operation]]:
    """Counts writes by bucket and operation from now on."""
    writes: Counter[tuple[str, Operation]] = Counter()

    def counted(bucket: str) -> Callable[[Event], None]:
        def note(event: Event) -> None:
            writes[bucket, event.operation] += 1

        return note

    for bucket in ("pods", "replicasets.apps", "deployments.apps"):
        cluster.client.subscribe(bucket, counted(bucket))
    return writes


async def test_a_pod_is_written_four_times_until_it_is_ready_and_five_until_it_is_gone() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        writes = _count(cluster)

        await cluster.apply(deployment("web", replicas=_REPLICAS))
        await cluster.settle()
        assert writes["pods", Operation.CREATED] == _REPLICAS
        assert writes["pods", Operation.UPDATED] == 3 * _REPLICAS  # Bound, being created, running and ready.
        writes.clear()

        await cluster.scale("web", 0)
        await cluster.settle()
        assert writes["pods", Operation.DELETED] == _REPLICAS
        assert writes["pods", Operation.UPDATED] == 4 * _REPLICAS  # Told to go, seen, ended, no grace left.


async def test_owners_are_written_far_less_often_than_their_pods() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        writes = _count(cluster)

        await cluster.apply(deployment("web", replicas=_REPLICAS))
        await cluster.settle()

        assert writes["replicasets.apps", Operation.UPDATED] <= _REPLICAS
        assert writes["deployments.apps", Operation.UPDATED] <= _REPLICAS + 2


async def test_what_components_write_of_pods_is_never_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes an object hands the log its parse, and each of thirty controllers looks at the record before it asks for that."""
    async with Simulation(Settings(pace="fast")) as cluster:
        parses: Counter[str] = Counter()
        parsed = ParseCache.parsed

        def counted(cache: ParseCache, revision: int, body: bytes) -> FrozenObject:
            before = len(cache)
            found = parsed(cache, revision, body)
            if len(cache) > before:
                parses[str(found["kind"])] += 1
            return found

        monkeypatch.setattr(ParseCache, "parsed", counted)

        await cluster.apply(deployment("web", replicas=_REPLICAS))
        await cluster.settle()

        assert parses["Pod"] == 0
        assert parses["Event"] < _REPLICAS, "only those whose count goes up are looked at; four are written for each Pod"


async def test_all_controllers_that_hear_of_an_event_look_at_one_change(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        made: Counter[int] = Counter()
        begin = Change.__init__

        def counted(change: Change, event: Event | None, record: Record | None = None) -> None:
            if event is not None:
                made[event.revision] += 1
            begin(change, event, record)

        monkeypatch.setattr(Change, "__init__", counted)

        await cluster.apply(deployment("web", replicas=_REPLICAS))
        await cluster.settle()

        assert len(made) >= 4 * _REPLICAS
        assert set(made.values()) == {1}
