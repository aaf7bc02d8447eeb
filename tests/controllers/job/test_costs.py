"""What Jobs cost, in counts that no machine changes."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from orrery.controllers.job import JobController, JobFinalizerController
from orrery.controllers.ttl_after_finished import TtlAfterFinishedController
from orrery.machinery.clock import timestamp
from orrery.machinery.objects import Object, name_of
from tests.controllers.world import NAMESPACE, World, template

_NAMES = ("job-controller", "job-orphan-pod-controller", "ttl-after-finished-controller")


def add_controllers(world: World) -> None:
    world.runner.add(JobController(world.client, world.recorder("job-controller")), world.client)
    world.runner.add(JobFinalizerController(world.client), world.client)
    world.runner.add(TtlAfterFinishedController(world.client), world.client)


def job(name: str, **spec: Any) -> Object:
    pod = {**template()["spec"], "restartPolicy": "Never"}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": {"template": {"spec": pod}, **spec}}


def finished(name: str, **spec: Any) -> Object:
    end = {"status": "True", "reason": "CompletionsReached", "message": "", "lastTransitionTime": "2026-01-02T03:00:00Z"}
    conditions = [{"type": "SuccessCriteriaMet", **end}, {"type": "Complete", **end}]
    times = {"startTime": "2026-01-02T02:00:00Z", "completionTime": "2026-01-02T03:00:00Z"}
    return {**job(name, **spec), "status": {"succeeded": 1, "conditions": conditions, **times}}


def reconciles(world: World) -> int:
    return sum(world.runner.counts(name).reconciles for name in _NAMES)


async def add_finished(world: World, count: int) -> None:
    for number in range(count):
        made = finished(f"old-{number}", ttlSecondsAfterFinished=10**6)
        stored = await world.create("jobs.batch", made)
        await world.client.update_status("jobs.batch", {**stored, "status": made["status"]})


def counted(monkeypatch: pytest.MonkeyPatch, target: Any) -> Counter[str]:
    """Counts the records that look-ups of the log hand out."""
    reads: Counter[str] = Counter()

    def count(name: str) -> None:
        read: Callable[..., Any] = getattr(target, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            found = read(*args, **kwargs)
            reads[name] += len(found.records if name == "list" else found)
            return found

        monkeypatch.setattr(target, name, wrapped)

    for name in ("list", "owned_by", "by_label", "by_field"):
        count(name)
    return reads


@pytest.mark.parametrize("others", [0, 200])
async def test_finished_jobs_cost_nothing_when_another_runs(world: World, monkeypatch: pytest.MonkeyPatch, others: int) -> None:
    await world.create("namespaces", {"metadata": {"name": NAMESPACE}})
    await add_finished(world, others)
    add_controllers(world)
    await world.start_controllers(kubelet=False)
    await world.clock.idle()
    assert world.runner.counts("job-controller").reconciles == 0
    before = reconciles(world)
    reads = counted(monkeypatch, world.log)

    await world.create("jobs.batch", job("new", completions=3, parallelism=3))
    await world.settle()
    for pod in world.pods(**{"batch.kubernetes.io/job-name": "new"}):
        await succeed(world, name_of(pod))
    await world.settle()

    assert world.get("jobs.batch", "new")["status"]["succeeded"] == 3
    assert reconciles(world) - before <= 12
    assert sum(reads.values()) <= 60


async def succeed(world: World, name: str) -> None:
    now = timestamp(world.clock.now_s())

    def end(draft: Object) -> bool:
        ready = {"type": "Ready", "status": "False", "lastTransitionTime": now}
        draft["status"].update(phase="Succeeded", conditions=[ready])
        return True

    await world.client.change("pods", NAMESPACE, name, end, subresource="status")


async def test_a_finished_job_is_left_alone(world: World) -> None:
    add_controllers(world)
    await world.start(kubelet=False)
    await add_finished(world, 20)
    await world.settle()
    before = reconciles(world)

    await world.clock.advance(86_400)

    assert reconciles(world) == before
