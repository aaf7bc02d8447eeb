"""What happens in the middle of a rollout: other images, other sizes, probes that take their time."""

import pytest

from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, annotations_of, is_deleting, name_of
from orrery.store.log import Event, Operation
from orrery.testing import Simulation
from orrery.testing.simulation import deployment
from tests.scenarios.rollout_watcher import STAGES, RolloutWatcher, is_ready

PROBE = {"httpGet": {"port": 80}, "initialDelaySeconds": 7, "periodSeconds": 1}


def rolling(surge: int | str, unavailable: int | str) -> dict[str, object]:
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}


def sizes(cluster: Simulation) -> dict[str, int]:
    """Wanted replicas by image."""
    found = cluster.list("replicasets.apps", app="web")
    return {one["spec"]["template"]["spec"]["containers"][0]["image"]: one["spec"]["replicas"] for one in found}


@pytest.mark.parametrize(
    ("surge", "unavailable", "most", "least"), [("25%", "25%", 10, 6), ("50%", "0%", 12, 8), ("0%", "50%", 8, 4), ("10%", "10%", 9, 8)]
)
async def test_limits_hold_while_one_rollout_overtakes_another(
    cluster: Simulation, surge: str, unavailable: str, most: int, least: int
) -> None:
    """Eight replicas: 25 % up is 2, 10 % up is 1, 10 % down is 0."""
    await cluster.apply(deployment("web", replicas=8, strategy=rolling(surge, unavailable)))
    await cluster.settle()
    watcher = RolloutWatcher(cluster, "web")
    watcher.forget()

    for minor in (26, 27, 28):
        await cluster.set_image("web", f"nginx:1.{minor}")
        await cluster.advance(0.7)
    await cluster.settle()

    assert set(cluster.images(app="web")) == {"nginx:1.28"}
    assert watcher.most <= most
    assert watcher.least_available >= least


async def test_a_stuck_rollout_is_scaled_in_proportion(cluster: Simulation) -> None:
    """Upstream's own example: ten replicas, surge 3, unavailable 2, stuck at 8 old and 5 new; scaled to fifteen they become 11 and 7."""
    await cluster.apply(deployment("web", replicas=10, strategy=rolling(3, 2)))
    await cluster.settle()
    await cluster.set_image("web", "nginx:1.161")
    await cluster.advance(20)
    assert sizes(cluster) == {"nginx:1.25": 8, "nginx:1.161": 5}

    await cluster.scale("web", 15)
    await cluster.advance(20)

    assert sizes(cluster) == {"nginx:1.25": 11, "nginx:1.161": 7}
    wanted = {annotations_of(one)["deployment.kubernetes.io/desired-replicas"] for one in cluster.list("replicasets.apps", app="web")}
    assert wanted == {"15"}


async def test_scaling_in_the_middle_ends_at_the_new_size(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=6))
    await cluster.settle()
    watcher = RolloutWatcher(cluster, "web")

    await cluster.set_image("web", "nginx:1.26")
    await cluster.advance(0.3)
    await cluster.scale("web", 12)
    await cluster.settle()

    assert cluster.images(app="web") == ["nginx:1.26"] * 12
    assert watcher.most <= 15
    assert cluster.revision("web") == 2


async def test_recreate_never_mixes_revisions_even_when_overtaken(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=3, strategy={"type": "Recreate"}))
    await cluster.settle()
    running: dict[str, str] = {}
    mixed: list[set[str]] = []

    def note(event: Event) -> None:
        pod = event.record.object
        running[name_of(pod)] = pod["spec"]["containers"][0]["image"]
        if event.operation is Operation.DELETED:
            del running[name_of(pod)]
        if len(set(running.values())) > 1:
            mixed.append(set(running.values()))

    for pod in cluster.pods(app="web"):
        running[name_of(pod)] = "nginx:1.25"
    cluster.client.subscribe("pods", note)
    for minor in (26, 27):
        await cluster.set_image("web", f"nginx:1.{minor}")
        await cluster.advance(0.3)
    await cluster.settle()

    assert cluster.images(app="web") == ["nginx:1.27"] * 3
    assert mixed == []


async def test_no_pod_is_ready_before_its_probe_has_looked(cluster: Simulation) -> None:
    made = deployment("web", replicas=2)
    made["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = PROBE
    watcher = RolloutWatcher(cluster, "web")

    await cluster.apply(made)
    await cluster.until(lambda: settled(cluster, 2))

    assert all(tuple(stages) == STAGES for stages in watcher.stages.values())
    for pod in cluster.pods(app="web"):
        assert ready_at_s(pod) - started_at_s(pod) >= 7


def started_at_s(pod: FrozenObject) -> float:
    return parse_timestamp(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"])


def ready_at_s(pod: FrozenObject) -> float:
    assert is_ready(pod)
    return parse_timestamp(next(one for one in pod["status"]["conditions"] if one["type"] == "Ready")["lastTransitionTime"])


async def test_a_rollout_moves_at_the_pace_of_its_probes(cluster: Simulation) -> None:
    """Three replicas, one more at a time: each of three steps waits for the probe."""
    made = deployment("web", replicas=3, strategy=rolling(1, 0))
    made["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = PROBE
    await cluster.apply(made)
    await cluster.until(lambda: settled(cluster, 3))
    await cluster.advance(10)
    watcher, begin_s = RolloutWatcher(cluster, "web"), cluster.clock.now_s()
    watcher.forget()

    await cluster.set_image("web", "nginx:1.26")
    await cluster.until(lambda: settled(cluster, 3) and set(cluster.images(app="web")) == {"nginx:1.26"}, within_s=120)

    assert cluster.clock.now_s() - begin_s >= 21
    assert watcher.least_available >= 3
    assert watcher.most <= 4


def settled(cluster: Simulation, replicas: int) -> bool:
    pods = cluster.pods(app="web")
    return len(pods) == replicas and all(is_ready(pod) and not is_deleting(pod) for pod in pods)


async def test_min_ready_seconds_are_kept_when_a_pod_falters(cluster: Simulation) -> None:
    """A Pod counts as available only after ten unbroken seconds; until then no old one goes."""
    await cluster.apply(deployment("web", replicas=2, minReadySeconds=10, strategy=rolling(1, 0)))
    await cluster.settle()
    await cluster.set_image("web", "nginx:1.26")
    await cluster.advance(8)
    new = next(pod for pod in cluster.pods(app="web") if pod["spec"]["containers"][0]["image"] == "nginx:1.26")

    await cluster.delete("pods", name_of(new), grace_period_s=0)
    await cluster.advance(8)

    assert sizes(cluster)["nginx:1.25"] == 2
    await cluster.settle()
    assert cluster.images(app="web") == ["nginx:1.26"] * 2
