"""Stories 1 and 2: a Deployment rolls out, gets stuck, goes back; the promises hold at every event in between."""

from typing import Any

import pytest

from orrery.machinery.objects import Object, annotations_of, name_of
from orrery.store.log import Event, Operation
from orrery.testing import Simulation
from orrery.testing.simulation import deployment
from tests.scenarios.rollout_watcher import PLAIN_STAGES, STAGES, RolloutWatcher
from tests.scenarios.workloads import READINESS

each_way_to_ready = pytest.mark.parametrize(
    ("probes", "stages"), [({"readinessProbe": READINESS}, STAGES), ({}, PLAIN_STAGES)], ids=["probed", "plain"]
)


def web(probes: Object, **spec: Any) -> Object:
    made = deployment("web", **spec)
    made["spec"]["template"]["spec"]["containers"][0].update(probes)
    return made


@each_way_to_ready
async def test_every_pod_is_seen_in_every_stage_in_order(cluster: Simulation, probes: Object, stages: tuple[str, ...]) -> None:
    """Pods do not teleport to Running, at either pace."""
    watcher = RolloutWatcher(cluster, "web")

    await cluster.apply(web(probes, replicas=3))
    await cluster.settle()

    assert len(watcher.stages) == 3
    for seen in watcher.stages.values():
        assert tuple(seen) == stages


@each_way_to_ready
@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "most", "least"),
    [
        (4, "25%", "25%", 5, 3),
        (3, "25%", "25%", 4, 3),  # 25 % of 3: surge 0.75 up to 1, unavailable 0.75 down to 0.
        (10, "25%", "25%", 13, 8),
        (5, 2, 0, 7, 5),
        (5, 0, 2, 5, 3),
        (1, 1, 0, 2, 1),
        (4, "0%", "10%", 4, 3),  # Both resolve to nothing: upstream lets one be unavailable.
    ],
)
async def test_a_rolling_update_keeps_its_limits_at_every_event(
    cluster: Simulation,
    probes: Object,
    stages: tuple[str, ...],
    replicas: int,
    surge: int | str,
    unavailable: int | str,
    most: int,
    least: int,
) -> None:
    limits = {"maxSurge": surge, "maxUnavailable": unavailable}
    await cluster.apply(web(probes, replicas=replicas, strategy={"type": "RollingUpdate", "rollingUpdate": limits}))
    await cluster.settle()
    watcher = RolloutWatcher(cluster, "web")
    watcher.forget()

    await cluster.set_image("web", "nginx:1.26")
    await cluster.settle()

    assert set(cluster.images(app="web")) == {"nginx:1.26"}
    assert watcher.most <= most
    assert watcher.least_available >= least
    assert {tuple(seen) for seen in watcher.stages.values() if seen[:1] == ["Pending"]} == {stages}


async def test_recreate_has_no_pod_in_between(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=3, strategy={"type": "Recreate"}))
    await cluster.settle()
    watcher = RolloutWatcher(cluster, "web")
    old = {name_of(pod) for pod in cluster.pods(app="web")}
    mixed = []
    cluster.client.subscribe("pods", lambda event: mixed.append(bool(old & watcher.pods.keys()) and bool(watcher.pods.keys() - old)))

    await cluster.set_image("web", "nginx:1.26")
    await cluster.settle()

    assert len(cluster.pods(app="web")) == 3
    assert not any(mixed)


async def test_min_ready_seconds_hold_up_each_step(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=3, minReadySeconds=10))
    await cluster.settle()
    watcher = RolloutWatcher(cluster, "web", min_ready_s=10)
    watcher.forget()
    begin_s = cluster.clock.now_s()

    await cluster.set_image("web", "nginx:1.26")
    await cluster.settle()

    assert watcher.least_available >= 3
    assert cluster.clock.now_s() - begin_s >= 30  # One Pod at a time, ten seconds each.
    assert cluster.get("deployments.apps", "web")["status"]["availableReplicas"] == 3


async def test_a_change_outside_the_template_makes_no_revision(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=2))
    await cluster.settle()

    await cluster.scale("web", 4)
    await cluster.edit("web", lambda draft: draft["metadata"].setdefault("labels", {}).update(team="blue"))
    await cluster.settle()

    assert cluster.revision("web") == 1
    assert len(cluster.list("replicasets.apps")) == 1
    assert len(cluster.pods(app="web")) == 4


async def test_undo_brings_back_the_previous_image_as_a_new_revision(cluster: Simulation) -> None:
    """A rollback is a new rollout of an old template: the old ReplicaSet works again, the revision number still goes up."""
    await cluster.apply(deployment("web", image="nginx:1.25"))
    await cluster.settle()
    first = name_of(cluster.list("replicasets.apps")[0])
    await cluster.set_image("web", "nginx:1.26")
    await cluster.settle()

    await cluster.undo("web")
    await cluster.settle()

    assert cluster.images(app="web") == ["nginx:1.25"] * 3
    assert cluster.revision("web") == 3
    assert len(cluster.list("replicasets.apps")) == 2
    assert annotations_of(cluster.get("replicasets.apps", first))["deployment.kubernetes.io/revision-history"] == "1"


async def test_a_bad_image_stands_at_its_limits_while_the_old_pods_serve(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=4, progressDeadlineSeconds=60))
    await cluster.settle()

    await cluster.set_image("web", "nginx:1.161")
    await cluster.advance(50)

    bad = [pod for pod in cluster.pods(app="web") if pod["spec"]["containers"][0]["image"] == "nginx:1.161"]
    reasons = {pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] for pod in bad}
    status = cluster.get("deployments.apps", "web")["status"]
    assert len(bad) == 2
    assert reasons <= {"ErrImagePull", "ImagePullBackOff"}
    assert status["availableReplicas"] == 3
    assert progressing(cluster)["status"] == "True"

    await cluster.advance(30)

    assert progressing(cluster)["reason"] == "ProgressDeadlineExceeded"

    await cluster.undo("web")
    await cluster.settle()

    assert cluster.images(app="web") == ["nginx:1.25"] * 4
    assert progressing(cluster)["reason"] == "NewReplicaSetAvailable"


def progressing(cluster: Simulation) -> Object:
    conditions = cluster.get("deployments.apps", "web")["status"]["conditions"]
    return dict(next(condition for condition in conditions if condition["type"] == "Progressing"))


async def test_a_paused_deployment_waits_and_still_scales(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=2))
    await cluster.settle()
    await cluster.edit("web", lambda draft: draft["spec"].update(paused=True))
    await cluster.set_image("web", "nginx:1.26")
    await cluster.scale("web", 3)
    await cluster.settle()

    assert cluster.images(app="web") == ["nginx:1.25"] * 3
    assert progressing(cluster)["reason"] == "DeploymentPaused"

    await cluster.edit("web", lambda draft: draft["spec"].pop("paused"))
    await cluster.settle()

    assert cluster.images(app="web") == ["nginx:1.26"] * 3


async def test_a_change_in_the_middle_of_a_rollout_turns_to_the_newest(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=6))
    await cluster.settle()
    watcher = RolloutWatcher(cluster, "web")
    watcher.forget()

    await cluster.set_image("web", "nginx:1.26")
    await cluster.clock.idle()
    await cluster.set_image("web", "nginx:1.27")
    await cluster.settle()

    assert set(cluster.images(app="web")) == {"nginx:1.27"}
    assert watcher.most <= 8
    assert watcher.least_available >= 5


async def test_history_beyond_its_limit_is_forgotten(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=1, revisionHistoryLimit=2))
    for minor in range(20, 26):
        await cluster.set_image("web", f"nginx:1.{minor}")
        await cluster.settle()

    assert len(cluster.list("replicasets.apps")) == 3


async def test_deleting_a_deployment_takes_its_pods_along(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=3))
    await cluster.settle()

    await cluster.delete("deployments.apps", "web")
    await cluster.settle()

    assert not cluster.list("replicasets.apps")
    assert not cluster.pods(app="web")


async def test_deleting_in_the_foreground_keeps_the_deployment_until_last(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=2))
    await cluster.settle()
    order: list[str] = []

    def note(event: Event) -> None:
        if event.operation is Operation.DELETED:
            order.append(event.record.key.split("/", 1)[0])

    for bucket in ("pods", "replicasets.apps", "deployments.apps"):
        cluster.client.subscribe(bucket, note)

    await cluster.delete("deployments.apps", "web", propagation="Foreground")
    await cluster.settle()

    assert order == ["pods", "pods", "replicasets.apps", "deployments.apps"]


async def test_deleting_with_orphans_leaves_pods_that_a_new_deployment_adopts(cluster: Simulation) -> None:
    await cluster.apply(deployment("web", replicas=2))
    await cluster.settle()
    before = {name_of(pod) for pod in cluster.pods(app="web")}

    await cluster.delete("deployments.apps", "web", propagation="Orphan")
    await cluster.settle()
    assert {name_of(pod) for pod in cluster.pods(app="web")} == before
    assert "ownerReferences" not in cluster.list("replicasets.apps")[0]["metadata"]

    await cluster.apply(deployment("web", replicas=2))
    await cluster.settle()
    assert {name_of(pod) for pod in cluster.pods(app="web")} == before
    assert len(cluster.list("replicasets.apps")) == 1
