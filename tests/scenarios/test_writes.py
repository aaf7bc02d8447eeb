"""The budget of writes: how often each thing is written on a Pod's way to Ready and out again. Speed follows from these counts."""

from collections import Counter
from collections.abc import Callable

from orrery.settings import Settings
from orrery.store.log import Event, Operation
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


async def test_a_pod_is_written_five_times_until_it_is_ready_and_five_until_it_is_gone() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        writes = _count(cluster)

        await cluster.apply(deployment("web", replicas=_REPLICAS))
        await cluster.settle()
        assert writes["pods", Operation.CREATED] == _REPLICAS
        assert writes["pods", Operation.UPDATED] == 4 * _REPLICAS  # Bound, being created, sandbox ready, running.
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
