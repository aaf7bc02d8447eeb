"""Anything at any time: a seeded walk of what users do to three Deployments, with promises held at every event, and peace at the end."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import pytest

from orrery.machinery.errors import BadRequest
from orrery.machinery.objects import FrozenObject, controller_of, is_deleting, name_of
from orrery.settings import Settings
from orrery.store.log import Event, Operation
from orrery.testing import Simulation
from orrery.testing.simulation import deployment
from tests.scenarios.rollout_watcher import STAGES, RolloutWatcher

NAMES: Final = ("blue", "green", "red")
IMAGES: Final = ("nginx:1.25", "nginx:1.26", "nginx:1.27", "nginx:1.161")  # The last does not exist.
STRATEGIES: Final = {
    "blue": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
    "green": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 0}},
    "red": {"type": "Recreate"},
}


def surge_of(obj: FrozenObject) -> int:
    rolling = obj["spec"]["strategy"].get("rollingUpdate") or {}
    surge, replicas = rolling.get("maxSurge", 0), obj["spec"]["replicas"]
    return -(-int(replicas) * int(surge[:-1]) // 100) if isinstance(surge, str) else int(surge)


@dataclass
class Witness:
    """Holds what must be true of one Deployment at every event. What is broken is kept, for the test to show."""

    cluster: Simulation
    name: str
    broken: list[str] = field(default_factory=list)
    most: int = 0
    """The largest size that was allowed since the last peace."""
    revision: int = 0

    def __post_init__(self) -> None:
        self.watcher = RolloutWatcher(self.cluster, self.name)
        self.cluster.client.subscribe("deployments.apps", self._see_deployment)
        self.cluster.client.subscribe("pods", self._see_pod)

    def _say(self, text: str) -> None:
        self.broken.append(f"{self.name} at {self.cluster.clock.now_s():.3f}: {text}")

    def _see_deployment(self, event: Event) -> None:
        obj = event.record.object
        if name_of(obj) != self.name or event.operation is Operation.DELETED:
            return
        self.most = max(self.most, obj["spec"]["replicas"] + surge_of(obj))
        status, revision = obj.get("status") or {}, int(obj["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision", 0))
        replicas, ready = status.get("replicas", 0), status.get("readyReplicas", 0)
        if not status.get("availableReplicas", 0) <= ready <= replicas or status.get("updatedReplicas", 0) > replicas:
            self._say(f"numbers that do not fit: {status}")
        if status.get("observedGeneration", 0) > obj["metadata"]["generation"]:
            self._say("a generation seen before it was")
        if revision < self.revision:
            self._say(f"revision {revision} after {self.revision}")
        self.revision = max(self.revision, revision)

    def _see_pod(self, event: Event) -> None:
        live = Counter((controller_of(pod) or {}).get("name", "") for pod in self.watcher.pods.values() if not is_deleting(pod))
        # As upstream, a Deployment counts what its ReplicaSets were told: Pods that one has yet to delete do not hold up another.
        wanted = {name_of(one): one["spec"]["replicas"] for one in self.cluster.list("replicasets.apps", app=self.name)}
        counted = sum(min(count, wanted.get(owner, 0)) for owner, count in live.items())
        if counted > self.most:
            self._say(f"{counted} Pods where {self.most} are allowed")
        for name, stages in self.watcher.stages.items():
            order = [STAGES.index(stage) for stage in stages]
            if order != sorted(order):
                self._say(f"{name} went {stages}")
        self.watcher.stages.clear()

    def rest(self) -> None:
        """Peace: from now on only the present size is allowed."""
        obj = self.cluster.get("deployments.apps", self.name)
        self.most = max(obj["spec"]["replicas"] + surge_of(obj), len(self.watcher.pods))


async def step(cluster: Simulation, chance: random.Random) -> None:
    """One thing that a user does."""
    name, act = chance.choice(NAMES), chance.randrange(9)
    if act <= 1:
        await cluster.scale(name, chance.randrange(9))
    elif act <= 3:
        await cluster.set_image(name, chance.choice(IMAGES))
    elif act == 4:
        await cluster.edit(name, lambda draft: draft["spec"].update(paused=chance.random() < 0.3))
    elif act == 5:
        with suppress(BadRequest):  # Paused, or there is nothing to go back to.
            await cluster.undo(name)
    elif act <= 7:
        pods = [pod for pod in cluster.pods(app=name) if not is_deleting(pod)]
        if pods:
            await cluster.delete("pods", name_of(chance.choice(pods)), grace_period_s=chance.choice([None, 0, 5]))
    else:
        node = name_of(chance.choice(list(cluster.client.list("nodes"))))
        await cluster.client.patch("nodes", "", node, {"spec": {"unschedulable": chance.random() < 0.5}})


@pytest.mark.parametrize("pace", ["real", "fast"])
@pytest.mark.parametrize("seed", range(6))
async def test_a_walk_keeps_every_promise_and_ends_in_peace(pace: str, seed: int) -> None:
    chance = random.Random(seed)
    async with Simulation(Settings.model_validate({"pace": pace}), seed=seed) as cluster:
        witnesses = [Witness(cluster, name) for name in NAMES]
        for name in NAMES:
            await cluster.apply(deployment(name, replicas=4, strategy=STRATEGIES[name], progressDeadlineSeconds=60))
        for number in range(60):
            await step(cluster, chance)
            await cluster.advance(chance.choice([0.0, 0.01, 0.5, 2.0, 10.0]))
            if number % 20 == 19:
                await make_peace(cluster)
                assert_peace(cluster)
                for witness in witnesses:
                    witness.rest()

        assert [line for witness in witnesses for line in witness.broken] == []


async def make_peace(cluster: Simulation) -> None:
    for node in cluster.client.list("nodes"):
        await cluster.client.patch("nodes", "", name_of(node), {"spec": {"unschedulable": None}})
    for name in NAMES:
        await cluster.edit(name, lambda draft: draft["spec"].update(paused=False))
        if image_of(cluster.get("deployments.apps", name)) == IMAGES[-1]:
            await cluster.set_image(name, IMAGES[0])
    await cluster.advance(400)
    await cluster.settle()


def image_of(obj: FrozenObject) -> str:
    return str(obj["spec"]["template"]["spec"]["containers"][0]["image"])


def assert_peace(cluster: Simulation) -> None:
    for name in NAMES:
        obj = cluster.get("deployments.apps", name)
        wanted, status = obj["spec"]["replicas"], obj["status"]
        counts = {key: status.get(key, 0) for key in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")}
        assert set(counts.values()) == {wanted}, (name, status)
        assert status["observedGeneration"] == obj["metadata"]["generation"]
        assert cluster.images(app=name) == [image_of(obj)] * wanted
        owners = {(controller_of(pod) or {})["name"] for pod in cluster.pods(app=name)}
        assert len(owners) <= 1
        assert len(set(revisions(cluster, name))) == len(list(revisions(cluster, name)))


def revisions(cluster: Simulation, name: str) -> Iterator[str]:
    for one in cluster.list("replicasets.apps", app=name):
        yield one["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
