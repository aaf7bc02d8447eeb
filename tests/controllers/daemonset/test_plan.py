"""One Pod on every node that takes one, and updates within their limits."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from orrery.controllers.daemonset.placement import Verdict, by_target
from orrery.controllers.daemonset.plan import View, Work, next_available_s, plan_nodes, plan_status, plan_update
from orrery.machinery.clock import timestamp
from orrery.machinery.objects import FrozenObject, Object, name_of

NOW_S = 1_000_000.0
RUN, STAY, NO = Verdict(True, True), Verdict(False, True), Verdict(False, False)
EVERYWHERE = {"a": RUN, "b": RUN, "c": RUN}


def pod(
    name: str, *, of: str = "new", phase: str = "Running", ready_s: float | None = 60, age_s: float = 60, deleting: bool = False
) -> Object:
    """`a-1` is a Pod on node `a`; one whose name begins with `?` waits to be put there."""
    node = name.removeprefix("?").split("-")[0]
    metadata: Object = {"name": name, "labels": {"controller-revision-hash": of}, "creationTimestamp": timestamp(NOW_S - age_s)}
    if deleting:
        metadata["deletionTimestamp"] = timestamp(NOW_S)
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    terms = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [field]}]}}
    spec: Object = {"affinity": {"nodeAffinity": terms}} if name.startswith("?") else {"nodeName": node}
    status: Object = {"phase": phase}
    if ready_s is not None:
        status["conditions"] = [{"type": "Ready", "status": "True", "lastTransitionTime": timestamp(NOW_S - ready_s)}]
    return {"metadata": metadata, "spec": spec, "status": status}


def view(
    pods: Sequence[FrozenObject], verdicts: Mapping[str, Verdict] = EVERYWHERE, *, surge: Any = 0, unavailable: Any = 1, **spec: Any
) -> View:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    daemonset = {"metadata": {"name": "agent", "generation": 3}, "spec": {"updateStrategy": rolling, **spec}}
    return View(daemonset, "new", verdicts, by_target(pods), NOW_S)


def told(work: Work) -> tuple[list[str], list[str]]:
    ended = [name_of(one) for one, _ in (*work.failed, *work.succeeded)]
    return work.create, [name_of(one) for one in work.delete] + [f"{name}!" for name in ended]


@pytest.mark.parametrize(
    ("pods", "verdicts", "surge", "create", "delete"),
    [
        ([], EVERYWHERE, 0, ["a", "b", "c"], []),
        ([pod("a-1"), pod("?b-1")], EVERYWHERE, 0, ["c"], []),
        ([pod("a-1"), pod("a-2", age_s=99)], {"a": RUN}, 0, [], ["a-1"]),
        ([pod("?a-1", age_s=99), pod("a-2")], {"a": RUN}, 0, [], ["?a-1"]),
        ([pod("a-1", deleting=True)], {"a": RUN}, 0, [], []),
        ([pod("a-1", deleting=True)], {"a": RUN}, 1, ["a"], []),
        ([pod("a-1"), pod("b-1"), pod("c-1")], {"a": RUN, "b": STAY, "c": NO}, 0, [], ["c-1"]),
        ([], {"a": STAY, "b": NO}, 0, [], []),
        ([pod("a-1", phase="Failed"), pod("b-1", phase="Succeeded")], {"a": RUN, "b": RUN}, 0, [], ["a-1!", "b-1!"]),
        ([pod("a-1"), pod("?gone-1"), pod("gone-2")], {"a": RUN}, 0, [], ["?gone-1"]),
        ([pod("a-1", of="old"), pod("a-2", ready_s=None)], {"a": RUN}, 1, [], []),
        ([pod("a-1", of="old"), pod("a-2")], {"a": RUN}, 1, [], ["a-1"]),
        ([pod("a-1", of="old", ready_s=None), pod("a-2", ready_s=None)], {"a": RUN}, 1, [], ["a-1"]),
        ([pod("a-1"), pod("a-2", age_s=1), pod("a-3", of="old")], {"a": RUN}, 1, [], ["a-2", "a-3"]),
    ],
)
def test_every_node_gets_what_it_needs(
    pods: Sequence[FrozenObject], verdicts: Mapping[str, Verdict], surge: int, create: list[str], delete: list[str]
) -> None:
    assert told(plan_nodes(view(pods, verdicts, surge=surge, unavailable=int(not surge)))) == (create, delete)


def old(name: str, **more: Any) -> Object:
    return pod(name, of="old", **more)


@pytest.mark.parametrize(
    ("pods", "unavailable", "delete"),
    [
        ([old("a-1"), old("b-1"), old("c-1")], 1, ["a-1"]),
        ([old("a-1"), old("b-1"), old("c-1")], 2, ["a-1", "b-1"]),
        ([old("a-1"), old("b-1"), old("c-1")], "34%", ["a-1", "b-1"]),
        ([old("a-1"), old("b-1"), old("c-1")], "1%", ["a-1"]),
        ([old("a-1"), old("b-1"), old("c-1")], 0, ["a-1"]),
        ([pod("a-1", ready_s=None), old("b-1"), old("c-1")], 1, []),
        ([pod("a-1"), old("b-1"), old("c-1")], 1, ["b-1"]),
        ([old("a-1", deleting=True), old("b-1"), old("c-1")], 1, []),
        ([old("a-1"), old("b-1", ready_s=None), old("c-1")], 1, ["b-1"]),
        ([old("a-1"), old("b-1")], 1, []),
        ([old("a-1"), old("a-2"), old("b-1"), pod("c-1")], 1, []),
        ([pod("a-1"), pod("b-1"), pod("c-1")], 1, []),
    ],
)
def test_an_update_replaces_old_pods_within_max_unavailable(pods: Sequence[FrozenObject], unavailable: Any, delete: list[str]) -> None:
    assert told(plan_update(view(pods, unavailable=unavailable))) == ([], delete)


@pytest.mark.parametrize(
    ("pods", "verdicts", "surge", "create", "delete"),
    [
        ([old("a-1"), old("b-1"), old("c-1")], EVERYWHERE, 1, ["a"], []),
        ([old("a-1"), old("b-1"), old("c-1")], EVERYWHERE, "50%", ["a", "b"], []),
        ([old("a-1"), pod("a-2", ready_s=None), old("b-1"), old("c-1")], EVERYWHERE, 1, [], []),
        ([old("a-1"), pod("a-2"), old("b-1"), old("c-1")], EVERYWHERE, 1, ["b"], ["a-1"]),
        ([old("a-1"), old("b-1", ready_s=None), old("c-1")], EVERYWHERE, 1, ["b", "a"], []),
        ([old("a-1", ready_s=None)], {"a": STAY}, 1, [], ["a-1"]),
        ([old("a-1"), pod("b-1")], {"a": STAY, "b": RUN}, 1, [], ["a-1"]),
        ([old("a-1"), pod("b-1", ready_s=None)], {"a": STAY, "b": RUN}, 1, [], []),
    ],
)
def test_an_update_surges_within_max_surge(
    pods: Sequence[FrozenObject], verdicts: Mapping[str, Verdict], surge: Any, create: list[str], delete: list[str]
) -> None:
    assert told(plan_update(view(pods, verdicts, surge=surge, unavailable=0))) == (create, delete)


def test_a_pod_of_the_template_generation_is_up_to_date() -> None:
    seen = view([old("a-1")], {"a": RUN})
    seen.daemonset["metadata"]["annotations"] = {"deprecated.daemonset.template.generation": "7"}
    seen.pods["a"][0]["metadata"]["labels"]["pod-template-generation"] = "7"

    assert told(plan_update(seen)) == ([], [])
    assert plan_status(seen)["updatedNumberScheduled"] == 1


def test_the_status_counts_nodes() -> None:
    pods = [pod("a-1"), old("b-1", ready_s=5), pod("c-1", ready_s=None), pod("d-1")]
    verdicts = {**EVERYWHERE, "d": STAY, "e": RUN, "f": NO}

    assert plan_status(view(pods, verdicts, minReadySeconds=10)) == {
        "currentNumberScheduled": 3,
        "numberMisscheduled": 1,
        "desiredNumberScheduled": 4,
        "numberReady": 2,
        "observedGeneration": 3,
        "updatedNumberScheduled": 2,
        "numberAvailable": 1,
        "numberUnavailable": 3,
    }


def test_the_next_look_is_when_the_next_pod_becomes_available() -> None:
    pods = [pod("a-1", ready_s=20), pod("b-1", ready_s=7), pod("c-1", ready_s=4)]

    assert next_available_s(view(pods, minReadySeconds=10)) == NOW_S + 3
    assert next_available_s(view(pods)) is None
