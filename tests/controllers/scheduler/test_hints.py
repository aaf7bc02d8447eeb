"""Which events are worth another attempt, plugin by plugin."""

from typing import Any

import pytest

from orrery.controllers.scheduler.cluster import NodeNews, PodNews
from orrery.controllers.scheduler.hints import News, OtherNews, may_help, may_help_itself
from orrery.controllers.scheduler.refusals import (
    INTER_POD_AFFINITY,
    NO_NODE,
    NODE_AFFINITY,
    NODE_PORTS,
    NODE_RESOURCES_FIT,
    NODE_UNSCHEDULABLE,
    POD_TOPOLOGY_SPREAD,
    TAINT_TOLERATION,
    VOLUME_BINDING,
    VOLUME_RESTRICTIONS,
)
from orrery.controllers.scheduler.waiting import WaitingPods, backoff_s
from orrery.controllers.scheduler.wishes import Shape, shape_of, wish_of
from tests.controllers.scheduler.pieces import HOSTNAME, labels_of_namespace, pod, view

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
TAINT = {"key": "k", "effect": "NoSchedule"}
SOFT = {"key": "k", "effect": "PreferNoSchedule"}
WEB = {"app": "web"}


def came(**more: Any) -> NodeNews:
    return NodeNews(None, view(**more))


def became(before: dict[str, Any], after: dict[str, Any]) -> NodeNews:
    return NodeNews(view(**before), view(**after))


def placed(**more: Any) -> PodNews:
    return PodNews(None, shape_of(pod("other", **more)))


def left(**more: Any) -> PodNews:
    return PodNews(shape_of(pod("other", **more)), None)


def shape(**more: Any) -> Shape:
    return shape_of(pod("waiting", **more))


def terms(side: str, **labels: str) -> dict[str, Any]:
    return {"affinity": {side: {REQUIRED: [{"topologyKey": HOSTNAME, "labelSelector": {"matchLabels": labels}}]}}}


SPREAD = {
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": WEB}}
    ]
}


@pytest.mark.parametrize(
    ("plugin", "waiting", "news", "helps"),
    [
        (NODE_UNSCHEDULABLE, {}, became({"unschedulable": True}, {}), True),
        (NODE_UNSCHEDULABLE, {}, came(unschedulable=True), False),
        (NODE_UNSCHEDULABLE, {}, left(), False),
        (TAINT_TOLERATION, {}, became({"taints": [TAINT]}, {"taints": [SOFT]}), True),
        (TAINT_TOLERATION, {}, became({"taints": [SOFT]}, {}), False),
        (TAINT_TOLERATION, {}, came(taints=[TAINT]), False),
        (TAINT_TOLERATION, {}, NodeNews(view(), None), False),
        (NODE_AFFINITY, {"nodeSelector": {"disk": "ssd"}}, became({}, {"labels": {"disk": "ssd"}}), True),
        (NODE_AFFINITY, {"nodeSelector": {"disk": "ssd"}}, became({}, {"labels": {"disk": "hdd"}}), False),
        (
            NODE_AFFINITY,
            {"nodeSelector": {"disk": "ssd"}},
            became({"labels": {"disk": "ssd"}}, {"cpu": "8", "labels": {"disk": "ssd"}}),
            False,
        ),
        (NODE_PORTS, {"ports": [80]}, left(ports=[80]), True),
        (NODE_PORTS, {"ports": [80]}, left(ports=[81]), False),
        (NODE_PORTS, {"ports": [80]}, became({}, {"cpu": "8"}), False),
        (NODE_RESOURCES_FIT, {}, left(), True),
        (NODE_RESOURCES_FIT, {}, placed(), False),
        (NODE_RESOURCES_FIT, {}, PodNews(shape(cpu="3"), shape(cpu="2")), True),
        (NODE_RESOURCES_FIT, {}, PodNews(shape(cpu="2"), shape(cpu="3")), False),
        (NODE_RESOURCES_FIT, {"cpu": "6"}, came(), False),
        (NODE_RESOURCES_FIT, {"cpu": "6"}, became({}, {"cpu": "8"}), True),
        (NODE_RESOURCES_FIT, {}, became({}, {"labels": {"a": "b"}}), False),
        (POD_TOPOLOGY_SPREAD, SPREAD, placed(labels=WEB), True),
        (POD_TOPOLOGY_SPREAD, SPREAD, placed(), False),
        (POD_TOPOLOGY_SPREAD, SPREAD, left(labels=WEB, namespace="other"), False),
        (POD_TOPOLOGY_SPREAD, SPREAD, came(labels={"zone": "a"}), True),
        (POD_TOPOLOGY_SPREAD, SPREAD, came(), False),
        (POD_TOPOLOGY_SPREAD, SPREAD, NodeNews(view(labels={"zone": "a"}), None), True),
        (INTER_POD_AFFINITY, terms("podAffinity", app="web"), placed(labels=WEB), True),
        (INTER_POD_AFFINITY, terms("podAffinity", app="web"), placed(), False),
        (INTER_POD_AFFINITY, terms("podAntiAffinity", app="web"), left(labels=WEB), True),
        (INTER_POD_AFFINITY, terms("podAntiAffinity", app="web"), left(), False),
        (INTER_POD_AFFINITY, terms("podAntiAffinity", app="web"), came(), True),
        (INTER_POD_AFFINITY, terms("podAffinity", app="web"), became({}, {"cpu": "8"}), False),
        (VOLUME_BINDING, {}, OtherNews.VOLUME, True),
        (VOLUME_BINDING, {}, left(), False),
        (VOLUME_BINDING, {}, became({}, {"labels": {"zone": "a"}}), True),
        (VOLUME_RESTRICTIONS, {}, left(), True),
        (NO_NODE, {}, came(), True),
    ],
)
def test_an_event_helps_those_it_can_help(plugin: str, waiting: dict[str, Any], news: News, *, helps: bool) -> None:
    assert may_help(shape(**waiting), frozenset({plugin}), news, labels_of_namespace) is helps


def test_one_refusal_that_may_be_lifted_is_enough() -> None:
    assert may_help(shape(), frozenset({TAINT_TOLERATION, NODE_RESOURCES_FIT}), left(), labels_of_namespace)


def test_its_own_change_helps_a_pod_when_it_concerns_who_refused_it() -> None:
    tolerant = shape(tolerations=[{"operator": "Exists"}])

    assert may_help_itself(shape(), tolerant, frozenset({TAINT_TOLERATION}))
    assert not may_help_itself(shape(), tolerant, frozenset({NODE_RESOURCES_FIT}))
    assert not may_help_itself(shape(), shape(labels=WEB), frozenset({INTER_POD_AFFINITY}))
    assert may_help_itself(shape(), shape(labels=WEB), frozenset({POD_TOPOLOGY_SPREAD}))


def test_waiting_pods_are_found_by_what_they_wait_for_and_how_important_they_are() -> None:
    waiting = WaitingPods(labels_of_namespace)
    waiting.put(wish_of(pod("a")), frozenset({NODE_RESOURCES_FIT}), 0.0)
    waiting.put(wish_of(pod("b", priority=10)), frozenset({NODE_RESOURCES_FIT}), 0.0)
    waiting.put(wish_of(pod("c")), frozenset({TAINT_TOLERATION}), 0.0)

    assert list(waiting.helped_by(left())) == ["default/a", "default/b"]
    assert list(waiting.helped_by(left(), 5)) == ["default/a"]
    assert list(waiting.helped_by(came())) == ["default/a", "default/b", "default/c"]

    waiting.pop("default/a")
    assert list(waiting.helped_by(left(), 5)) == []


def test_pods_that_want_the_same_stand_in_one_line_and_those_with_claims_alone() -> None:
    waiting = WaitingPods(labels_of_namespace)
    for name in ("a", "b", "c"):
        waiting.put(wish_of(pod(name)), frozenset({NODE_RESOURCES_FIT}), 0.0)
    waiting.put(wish_of(pod("d")), frozenset({NODE_RESOURCES_FIT}), 0.0, is_alone=True)

    assert list(waiting.helped_by(left())) == ["default/a", "default/d"]
    assert list(waiting.behind("default/a")) == ["default/b"]
    assert list(waiting.behind("default/d")) == []

    assert list(waiting.leave("default/a")) == []  # It has been tried.
    assert list(waiting.leave("default/b")) == ["default/c"]  # It has not.


def test_every_attempt_holds_a_pod_back_for_longer() -> None:
    waiting = WaitingPods(labels_of_namespace)
    for _ in range(3):
        waiting.put(wish_of(pod("a")), frozenset({NODE_RESOURCES_FIT}), 100.0)

    found = waiting.get("default/a")
    assert found is not None
    assert (found.attempts, found.again_s) == (3, 104.0)
    assert [backoff_s(attempts) for attempts in (1, 2, 3, 4, 5, 50)] == [1, 2, 4, 8, 10, 10]
