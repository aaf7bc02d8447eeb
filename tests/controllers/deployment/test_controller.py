"""A Deployment rolls out, back, pauses, scales, gives up and tidies up."""

from typing import Any

import pytest

from orrery.controllers.deployment.template import new_replicaset
from orrery.machinery.objects import annotations_of, controller_of, is_deleting, name_of, thaw, uid_of
from orrery.store.log import Event
from tests.controllers.world import DEPLOYMENTS, NAMESPACE, REPLICASETS, World, deployment, image_of, replicaset

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
OLD, NEW, BAD = "nginx:1.25", "nginx:1.26", "nginx:1.161"


def status(world: World) -> dict[str, Any]:
    found = world.get(DEPLOYMENTS, "web")["status"]
    return {key: value for key, value in found.items() if key not in ("conditions", "observedGeneration")}


def progress(world: World) -> tuple[str, str, str]:
    condition = world.condition(DEPLOYMENTS, "web", "Progressing")
    return condition["status"], condition["reason"], condition["message"]


async def rolled_out(world: World, **spec: Any) -> None:
    """A Deployment of OLD, ready."""
    await world.create(DEPLOYMENTS, deployment(**spec))
    await world.settle()


class Watcher:
    """Looks at Pods after every event, as someone with `kubectl get pods -w` would."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.total: list[int] = []
        self.available: list[int] = []
        self.mixed = False
        world.client.subscribe("pods", self._look)

    def _look(self, event: Event) -> None:
        live = [pod for pod in self.world.pods(app="web") if not is_deleting(pod)]
        ready = [pod for pod in live if any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or ())]
        self.total.append(len(live))
        self.available.append(len(ready))
        self.mixed |= len({image_of(pod) for pod in self.world.pods(app="web")}) > 1


async def test_a_new_deployment_makes_a_replicaset_and_says_when_it_is_available(world: World) -> None:
    await world.start()
    await rolled_out(world)

    made = world.replicaset_of(OLD)
    assert name_of(made) == f"web-{made['metadata']['labels']['pod-template-hash']}"
    assert annotations_of(made) == {
        REVISION: "1",
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
    }
    assert annotations_of(world.get(DEPLOYMENTS, "web"))[REVISION] == "1"
    assert status(world) == {"replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3, "terminatingReplicas": 0}
    assert progress(world) == ("True", "NewReplicaSetAvailable", f'ReplicaSet "{name_of(made)}" has successfully progressed.')
    available = world.condition(DEPLOYMENTS, "web", "Available")
    assert (available["status"], available["reason"]) == ("True", "MinimumReplicasAvailable")
    assert await world.messages("ScalingReplicaSet") == [f"Scaled up replica set {name_of(made)} from 0 to 3"]


async def test_progress_is_told_step_by_step(world: World) -> None:
    await world.start()
    seen: list[str] = []

    def look(event: Event) -> None:
        for condition in event.record.object.get("status", {}).get("conditions") or ():
            if condition["type"] == "Progressing" and condition["reason"] not in seen:
                seen.append(condition["reason"])

    world.client.subscribe(DEPLOYMENTS, look)
    await rolled_out(world)

    assert seen == ["NewReplicaSetCreated", "ReplicaSetUpdated", "NewReplicaSetAvailable"]


async def test_a_rolling_update_stays_within_its_limits(world: World) -> None:
    await world.start()
    await rolled_out(world, replicas=10, surge=3, unavailable=2)
    watcher = Watcher(world)

    await world.set_image("web", NEW)
    await world.settle()

    assert world.sizes() == {OLD: 0, NEW: 10}
    assert max(watcher.total) <= 13
    assert min(watcher.available) >= 8
    assert [image_of(pod) for pod in world.pods()] == [NEW] * 10
    assert status(world)["updatedReplicas"] == 10
    assert progress(world)[1] == "NewReplicaSetAvailable"


async def test_the_events_of_a_rollout_tell_every_step(world: World) -> None:
    await world.start()
    await rolled_out(world, replicas=2, surge=1, unavailable=0)
    old = name_of(world.replicaset_of(OLD))

    await world.set_image("web", NEW)
    await world.settle()

    new = name_of(world.replicaset_of(NEW))
    assert (await world.messages("ScalingReplicaSet"))[1:] == [
        f"Scaled up replica set {new} from 0 to 1",
        f"Scaled down replica set {old} from 2 to 1",
        f"Scaled up replica set {new} from 1 to 2",
        f"Scaled down replica set {old} from 1 to 0",
    ]


async def test_recreate_leaves_no_moment_with_both(world: World) -> None:
    await world.start()
    await rolled_out(world, strategy={"type": "Recreate"})
    watcher = Watcher(world)

    await world.set_image("web", NEW)
    await world.settle()

    assert not watcher.mixed
    assert min(watcher.available) == 0
    assert [image_of(pod) for pod in world.pods()] == [NEW] * 3
    assert progress(world)[1] == "NewReplicaSetAvailable"


async def test_an_undo_is_a_new_revision_of_the_old_replicaset(world: World) -> None:
    await world.start()
    await rolled_out(world)
    await world.set_image("web", NEW)
    await world.settle()

    await world.set_image("web", OLD)
    await world.settle()

    assert len(world.replicasets()) == 2
    assert annotations_of(world.replicaset_of(OLD))[REVISION] == "3"
    assert annotations_of(world.replicaset_of(OLD))[HISTORY] == "1"
    assert annotations_of(world.get(DEPLOYMENTS, "web"))[REVISION] == "3"
    assert world.sizes() == {OLD: 3, NEW: 0}


async def test_a_change_outside_the_template_makes_no_revision(world: World) -> None:
    await world.start()
    await rolled_out(world)

    await world.change(DEPLOYMENTS, "web", lambda draft: draft["metadata"].setdefault("labels", {}).update(team="a"))
    await world.set_spec(DEPLOYMENTS, "web", replicas=5)
    await world.settle()

    assert len(world.replicasets()) == 1
    assert annotations_of(world.get(DEPLOYMENTS, "web"))[REVISION] == "1"
    assert status(world)["availableReplicas"] == 5


async def test_a_change_cause_travels_to_the_replicaset(world: World) -> None:
    await world.start()
    await rolled_out(world)

    cause = {"kubernetes.io/change-cause": "try it"}
    await world.change(DEPLOYMENTS, "web", lambda draft: draft["metadata"]["annotations"].update(cause))
    await world.settle()

    assert annotations_of(world.replicaset_of(OLD))["kubernetes.io/change-cause"] == "try it"


async def test_a_bad_image_stands_at_its_limits_times_out_and_is_undone(world: World) -> None:
    await world.start()
    await rolled_out(world, replicas=4)
    assert world.kubelet is not None
    world.kubelet.broken_images.add(BAD)

    await world.set_image("web", BAD)
    await world.settle()
    assert world.sizes() == {OLD: 3, BAD: 2}
    assert (status(world)["availableReplicas"], status(world)["unavailableReplicas"]) == (3, 2)
    assert progress(world)[1] == "ReplicaSetUpdated"

    await world.clock.advance(603)
    bad = name_of(world.replicaset_of(BAD))
    assert progress(world) == ("False", "ProgressDeadlineExceeded", f'ReplicaSet "{bad}" has timed out progressing.')
    assert world.sizes() == {OLD: 3, BAD: 2}

    await world.set_image("web", OLD)
    await world.settle()
    assert world.sizes() == {OLD: 4, BAD: 0}
    assert progress(world)[1] == "NewReplicaSetAvailable"


async def test_a_third_template_takes_over_in_the_middle_of_a_rollout(world: World) -> None:
    await world.start()
    await rolled_out(world, replicas=10)
    assert world.kubelet is not None
    world.kubelet.broken_images.add(BAD)
    await world.set_image("web", BAD)
    await world.settle()

    await world.set_image("web", NEW)
    await world.settle()

    assert world.sizes() == {OLD: 0, BAD: 0, NEW: 10}
    assert annotations_of(world.get(DEPLOYMENTS, "web"))[REVISION] == "3"


async def test_a_resize_in_the_middle_of_a_rollout_keeps_the_proportions(world: World) -> None:
    await world.start()
    await rolled_out(world, replicas=10, surge=3, unavailable=2)
    assert world.kubelet is not None
    world.kubelet.broken_images.add(BAD)
    await world.set_image("web", BAD)
    await world.settle()
    assert world.sizes() == {OLD: 8, BAD: 5}

    await world.set_spec(DEPLOYMENTS, "web", replicas=15)
    await world.settle()

    assert world.sizes() == {OLD: 11, BAD: 7}
    assert annotations_of(world.replicaset_of(OLD))["deployment.kubernetes.io/desired-replicas"] == "15"
    assert annotations_of(world.replicaset_of(BAD))["deployment.kubernetes.io/max-replicas"] == "18"


async def test_a_paused_deployment_scales_but_does_not_roll(world: World) -> None:
    await world.start()
    await rolled_out(world)
    await world.set_spec(DEPLOYMENTS, "web", paused=True)
    await world.set_image("web", NEW)
    await world.set_spec(DEPLOYMENTS, "web", replicas=4)
    await world.settle()
    assert world.sizes() == {OLD: 4}
    assert progress(world) == ("Unknown", "DeploymentPaused", "Deployment is paused")

    await world.set_spec(DEPLOYMENTS, "web", paused=False)
    await world.clock.idle()
    assert NEW in world.sizes()
    await world.settle()

    assert world.sizes() == {OLD: 0, NEW: 4}
    assert progress(world)[1] == "NewReplicaSetAvailable"


async def test_pausing_stops_the_deadline(world: World) -> None:
    await world.start()
    await rolled_out(world)
    assert world.kubelet is not None
    world.kubelet.broken_images.add(BAD)
    await world.set_image("web", BAD)
    await world.settle()

    await world.set_spec(DEPLOYMENTS, "web", paused=True)
    await world.clock.advance(2000)

    assert progress(world)[1] == "DeploymentPaused"


async def test_old_replicasets_beyond_the_limit_go_oldest_first(world: World) -> None:
    await world.start()
    await rolled_out(world, revisionHistoryLimit=2)

    for number in range(5):
        await world.set_image("web", f"nginx:1.{number}")
        await world.settle()

    assert set(world.sizes()) == {"nginx:1.4", "nginx:1.3", "nginx:1.2"}


async def test_a_name_that_is_taken_counts_as_a_collision(world: World) -> None:
    await world.start()
    body = deployment()
    stranger = new_replicaset({**body, "metadata": {**body["metadata"], "uid": "x"}}, {}, replicas=0)
    del stranger["metadata"]["ownerReferences"]
    stranger["metadata"]["labels"] = {"app": "other"}
    await world.create(REPLICASETS, stranger)

    await world.create(DEPLOYMENTS, body)
    await world.settle()

    assert status(world)["collisionCount"] == 1
    assert status(world)["availableReplicas"] == 3
    assert len(world.replicasets()) == 2


async def test_an_orphan_with_the_template_is_adopted_as_the_new_replicaset(world: World) -> None:
    await world.start()
    orphan = replicaset("by-hand", replicas=3)
    orphan["metadata"]["labels"] = {"app": "web"}
    await world.create(REPLICASETS, orphan)
    await world.settle()

    await world.create(DEPLOYMENTS, deployment())
    await world.settle()

    only = world.replicasets()
    assert [name_of(one) for one in only] == ["by-hand"]
    owner = controller_of(only[0])
    assert owner is not None
    assert owner["uid"] == uid_of(world.get(DEPLOYMENTS, "web"))
    assert annotations_of(world.get(DEPLOYMENTS, "web"))[REVISION] == "1"
    assert progress(world)[1] in ("FoundNewReplicaSet", "NewReplicaSetAvailable")


async def test_a_replicaset_whose_labels_no_longer_match_is_let_go(world: World) -> None:
    await world.start()
    await rolled_out(world)
    name = name_of(world.replicaset_of(OLD))

    await world.change(REPLICASETS, name, lambda draft: draft["metadata"]["labels"].update(app="other"))
    await world.settle()

    assert controller_of(world.get(REPLICASETS, name)) is None


async def test_min_ready_seconds_slow_the_rollout_down(world: World) -> None:
    await world.start(ready_after_s=1)
    await rolled_out(world, replicas=2, surge=1, unavailable=0, minReadySeconds=10)
    start_s = world.clock.now_s()

    await world.set_image("web", NEW)
    await world.settle()

    assert world.clock.now_s() - start_s >= 20
    assert world.sizes() == {OLD: 0, NEW: 2}


async def test_scaling_to_zero_and_back(world: World) -> None:
    await world.start()
    await rolled_out(world)

    await world.set_spec(DEPLOYMENTS, "web", replicas=0)
    await world.settle()
    assert status(world) == {"terminatingReplicas": 0}
    await world.set_spec(DEPLOYMENTS, "web", replicas=2)
    await world.settle()

    assert status(world)["availableReplicas"] == 2


@pytest.mark.parametrize("replicas", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("strategy", [("25%", "25%"), (1, 0), (0, 1), ("100%", "50%"), (0, "1%")])
async def test_every_rollout_ends_within_its_limits(world: World, replicas: int, strategy: tuple[Any, Any]) -> None:
    await world.start()
    surge, unavailable = strategy
    await rolled_out(world, replicas=replicas, surge=surge, unavailable=unavailable)
    watcher = Watcher(world)

    await world.set_image("web", NEW)
    await world.settle()

    assert world.sizes() == {OLD: 0, NEW: replicas}
    limit = annotations_of(world.replicaset_of(NEW))["deployment.kubernetes.io/max-replicas"]
    assert max(watcher.total) <= int(limit)


async def test_a_deployment_that_is_being_deleted_only_reports(world: World) -> None:
    await world.start()
    body = thaw(deployment())
    body["metadata"]["finalizers"] = ["example.com/wait"]
    await world.create(DEPLOYMENTS, body)
    await world.settle()

    await world.client.delete(DEPLOYMENTS, NAMESPACE, "web", propagation="Background")
    await world.set_image("web", NEW)
    await world.settle()

    assert world.sizes() == {OLD: 3}
