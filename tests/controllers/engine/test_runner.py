"""Workers, retries and counts, on the real verbs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from functools import partial

import pytest

from orrery.controllers.engine.controller import DONE, Outcome, key_of_object, requeue_after, split_key
from orrery.controllers.engine.informer import Change, Informer
from orrery.controllers.engine.runner import Runner
from orrery.machinery.errors import Conflict, NotFound
from orrery.machinery.objects import Object
from tests.controllers.world import NAMESPACE, World


class Recording:
    """A controller of ConfigMaps that notes what it is asked, and fails or comes back when told to."""

    name = "recording"

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.failures: list[Exception] = []
        self.outcome = DONE
        self.hold: asyncio.Event | None = None
        self.at_once = 0
        self.most_at_once = 0

    def watch(self, informer: Informer) -> None:
        informer.on("configmaps", self._keys)

    def _keys(self, change: Change) -> Iterable[str]:
        return (key_of_object(change.any),)

    async def reconcile(self, key: str) -> Outcome:
        self.seen.append(key)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.hold is not None:
                await self.hold.wait()
        finally:
            self.at_once -= 1
        if self.failures:
            raise self.failures.pop(0)
        return self.outcome


@pytest.fixture
async def runner() -> AsyncIterator[Runner]:
    made = Runner()
    yield made
    await made.stop()


@pytest.fixture
async def controller(world: World, runner: Runner) -> Recording:
    await world.create("namespaces", {"metadata": {"name": NAMESPACE}})
    made = Recording()
    runner.add(made, world.client, workers=3)
    return made


def configmap(name: str) -> Object:
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "data": {}}


def put(value: str, draft: Object) -> None:
    draft["data"]["n"] = value


async def test_what_exists_at_the_start_and_what_comes_later_is_reconciled(world: World, runner: Runner, controller: Recording) -> None:
    await world.create("configmaps", configmap("before"))
    runner.start()
    await world.clock.idle()
    await world.create("configmaps", configmap("after"))
    await world.client.delete("configmaps", NAMESPACE, "after")
    await world.clock.idle()

    assert controller.seen[0] == "default/before"
    assert set(controller.seen) == {"default/before", "default/after"}
    assert not runner.is_busy


async def test_many_events_of_one_object_are_one_reconcile(world: World, runner: Runner, controller: Recording) -> None:
    runner.start()
    await world.create("configmaps", configmap("a"))
    for number in map(str, range(20)):
        await world.change("configmaps", "a", partial(put, number))
    await world.clock.idle()

    assert runner.counts("recording").reconciles <= 2


async def test_different_keys_run_at_once_and_one_key_never_does(world: World, runner: Runner, controller: Recording) -> None:
    controller.hold = asyncio.Event()
    runner.start()
    for name in ("a", "b"):
        await world.create("configmaps", configmap(name))
    await world.clock.idle()
    await world.change("configmaps", "a", lambda draft: draft["data"].update(n="1"))
    await world.clock.idle()
    assert controller.seen == ["default/a", "default/b"]

    controller.hold.set()
    await world.clock.idle()

    assert controller.seen == ["default/a", "default/b", "default/a"]
    assert controller.most_at_once == 2


async def test_an_error_is_logged_once_and_tried_again_with_back_off(
    world: World, runner: Runner, controller: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    controller.failures = [NotFound("things", "x") for _ in range(4)]
    runner.start()
    start_s = world.clock.now_s()
    with caplog.at_level(logging.WARNING):
        await world.create("configmaps", configmap("a"))
        await world.clock.until(lambda: len(controller.seen) == 5)

    assert world.clock.now_s() - start_s == pytest.approx(0.005 + 0.01 + 0.02 + 0.04, abs=1e-3)
    assert [record.getMessage() for record in caplog.records] == ['recording: default/a: things "x" not found']
    assert runner.counts("recording").errors == 4


async def test_a_lost_race_is_tried_again_without_a_word(
    world: World, runner: Runner, controller: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    controller.failures = [Conflict("things", "x")]
    runner.start()
    with caplog.at_level(logging.DEBUG, logger="orrery"):
        await world.create("configmaps", configmap("a"))
        await world.clock.until(lambda: len(controller.seen) == 2)

    assert not caplog.records
    assert (runner.counts("recording").conflicts, runner.counts("recording").errors) == (1, 0)


async def test_a_defect_of_one_key_does_not_stop_the_others(world: World, runner: Runner, controller: Recording) -> None:
    controller.failures = [RuntimeError("defect")]
    runner.start()
    for name in ("a", "b", "c"):
        await world.create("configmaps", configmap(name))
    await world.clock.advance(1)

    assert sorted(controller.seen) == ["default/a", "default/a", "default/b", "default/c"]


async def test_an_outcome_may_ask_to_come_back(world: World, runner: Runner, controller: Recording) -> None:
    controller.outcome = requeue_after(30)
    runner.start()
    await world.create("configmaps", configmap("a"))

    await world.clock.advance(61)

    assert controller.seen == ["default/a"] * 3
    assert runner.counts("recording").requeues == 3


async def test_a_stopped_runner_hears_nothing(world: World, runner: Runner, controller: Recording) -> None:
    runner.start()
    await runner.stop()

    await world.create("configmaps", configmap("a"))
    await world.clock.idle()

    assert controller.seen == []


async def test_a_name_is_taken_once(world: World, runner: Runner, controller: Recording) -> None:
    with pytest.raises(ValueError, match="two controllers are called recording"):
        runner.add(Recording(), world.client)


def test_keys_split_into_namespace_and_name() -> None:
    assert split_key("default/web") == ("default", "web")
    assert split_key("/node-1") == ("", "node-1")
