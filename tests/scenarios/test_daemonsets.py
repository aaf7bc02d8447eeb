"""A DaemonSet's Pods on their nodes: as nodes come, change and go, and through updates."""

from typing import Any

import pytest

from orrery.machinery.objects import FrozenObject, Object, controller_of, is_deleting, labels_of, name_of, uid_of
from orrery.testing import Simulation
from tests.scenarios.rollout_watcher import is_ready
from tests.scenarios.workloads import DAEMONSETS, REVISIONS, daemonset, lives, names, revisions, rolling, set_image

WORKERS = ["orrery-worker", "orrery-worker2", "orrery-worker3"]


def status_of(cluster: Simulation, name: str = "agent") -> FrozenObject:
    found: FrozenObject = cluster.get(DAEMONSETS, name)["status"]
    return found


def nodes_of(cluster: Simulation) -> list[str]:
    return sorted(pod["spec"].get("nodeName", "") for pod in cluster.pods(app="agent"))


async def test_every_node_has_one_pod(cluster: Simulation) -> None:
    await cluster.apply(daemonset())
    await cluster.settle()

    assert nodes_of(cluster) == WORKERS
    assert status_of(cluster) == {
        "currentNumberScheduled": 3,
        "desiredNumberScheduled": 3,
        "numberAvailable": 3,
        "numberMisscheduled": 0,
        "numberReady": 3,
        "observedGeneration": 1,
        "updatedNumberScheduled": 3,
    }
    assert sorted(cluster.events("agent")) == sorted(f"SuccessfulCreate: Created pod: {name}" for name in names(cluster, "agent"))
    (revision,) = cluster.list(REVISIONS, app="agent")
    hashed = labels_of(revision)["controller-revision-hash"]
    assert name_of(revision) == f"agent-{hashed}"
    expected = {"app": "agent", "controller-revision-hash": hashed, "pod-template-generation": "1"}
    assert all(labels_of(pod) == expected for pod in cluster.pods(app="agent"))


async def label(cluster: Simulation, node: str, **labels: str) -> None:
    def change(draft: Object) -> bool:
        draft["metadata"]["labels"].update(labels)
        return True

    await cluster.client.change("nodes", "", node, change)


async def taint(cluster: Simulation, node: str, *taints: Object) -> None:
    def change(draft: Object) -> bool:
        draft["spec"]["taints"] = list(taints)
        return True

    await cluster.client.change("nodes", "", node, change)


async def test_pods_follow_the_labels_of_nodes(cluster: Simulation) -> None:
    await label(cluster, WORKERS[0], disk="ssd")
    await cluster.apply(daemonset(pod={"nodeSelector": {"disk": "ssd"}}))
    await cluster.settle()
    assert nodes_of(cluster) == WORKERS[:1]

    await label(cluster, WORKERS[2], disk="ssd")
    await label(cluster, WORKERS[0], disk="hdd")
    await cluster.settle()

    assert nodes_of(cluster) == WORKERS[2:]
    assert status_of(cluster)["desiredNumberScheduled"] == 1


async def test_taints_keep_newcomers_away_or_end_what_runs(cluster: Simulation) -> None:
    await taint(cluster, WORKERS[0], {"key": "gpu", "effect": "NoSchedule"})
    await cluster.apply(daemonset())
    await cluster.settle()
    assert nodes_of(cluster) == WORKERS[1:]

    await taint(cluster, WORKERS[1], {"key": "gpu", "effect": "NoSchedule"})
    await set_image(cluster, DAEMONSETS, "agent", "nginx:1.25")
    await cluster.settle()
    assert nodes_of(cluster) == WORKERS[1:]

    await cluster.edit("agent", lambda draft: draft["metadata"].setdefault("labels", {}).update(touched="yes"), DAEMONSETS)
    await cluster.settle()
    assert status_of(cluster)["numberMisscheduled"] == 1
    assert status_of(cluster)["desiredNumberScheduled"] == 1

    await taint(cluster, WORKERS[1], {"key": "gpu", "effect": "NoExecute"})
    await cluster.settle()
    assert nodes_of(cluster) == WORKERS[2:]

    await taint(cluster, WORKERS[0])
    await cluster.settle()
    assert nodes_of(cluster) == [WORKERS[0], WORKERS[2]]


async def test_a_cordoned_node_still_gets_its_pod(cluster: Simulation) -> None:
    def cordon(draft: Object) -> bool:
        draft["spec"]["unschedulable"] = True
        return True

    await cluster.client.change("nodes", "", WORKERS[1], cordon)
    await cluster.settle()

    await cluster.apply(daemonset())
    await cluster.settle()

    assert nodes_of(cluster) == WORKERS


async def test_a_deleted_pod_is_replaced_on_its_node(cluster: Simulation) -> None:
    await cluster.apply(daemonset())
    await cluster.settle()
    victim = cluster.pods(app="agent")[0]

    await cluster.delete("pods", name_of(victim))
    await cluster.settle()

    assert nodes_of(cluster) == WORKERS
    assert name_of(victim) not in names(cluster, "agent")


@pytest.mark.parametrize("pod", [{"nodeSelector": {"kubernetes.io/hostname": "orrery-worker2"}}, {"nodeName": "orrery-worker2"}])
async def test_one_node_can_be_asked_for(cluster: Simulation, pod: Object) -> None:
    await cluster.apply(daemonset(pod=pod))
    await cluster.settle()

    assert nodes_of(cluster) == ["orrery-worker2"]


async def test_an_update_goes_node_by_node(cluster: Simulation) -> None:
    await cluster.apply(daemonset())
    await cluster.settle()
    seen = cluster.watch("pods")

    await set_image(cluster, DAEMONSETS, "agent", "nginx:1.26")
    await cluster.settle()

    assert [one[0] for one in lives(seen)] == ["~", "-", "+"] * 3
    assert cluster.images(app="agent") == ["nginx:1.26"] * 3
    assert status_of(cluster)["updatedNumberScheduled"] == 3
    assert revisions(cluster, "agent") == {1: "nginx:1.25", 2: "nginx:1.26"}


async def test_an_update_may_surge(cluster: Simulation) -> None:
    await cluster.apply(daemonset(updateStrategy=rolling(maxSurge=1, maxUnavailable=0)))
    await cluster.settle()
    seen = cluster.watch("pods")
    serving, most = [], []

    def look(_: object) -> None:
        pods = [pod for pod in cluster.pods(app="agent") if not is_deleting(pod)]
        serving.append(sum(is_ready(pod) for pod in pods))
        most.append(len(pods))

    cluster.client.subscribe("pods", look)
    await set_image(cluster, DAEMONSETS, "agent", "nginx:1.26")
    await cluster.settle()

    assert [one[0] for one in lives(seen)][:2] == ["+", "~"]
    assert (min(serving), max(most)) == (3, 4)
    assert cluster.images(app="agent") == ["nginx:1.26"] * 3


async def test_a_bad_update_stops_at_its_limit_and_goes_back(cluster: Simulation) -> None:
    await cluster.apply(daemonset())
    await cluster.settle()

    await set_image(cluster, DAEMONSETS, "agent", "nginx:1.161")
    await cluster.advance(120)
    assert sorted(cluster.images(app="agent")) == ["nginx:1.161", "nginx:1.25", "nginx:1.25"]
    assert (status_of(cluster)["numberUnavailable"], status_of(cluster)["updatedNumberScheduled"]) == (1, 1)

    await set_image(cluster, DAEMONSETS, "agent", "nginx:1.25")
    await cluster.settle()

    assert cluster.images(app="agent") == ["nginx:1.25"] * 3
    assert revisions(cluster, "agent") == {2: "nginx:1.161", 3: "nginx:1.25"}


async def test_on_delete_replaces_only_what_is_deleted(cluster: Simulation) -> None:
    await cluster.apply(daemonset(updateStrategy={"type": "OnDelete"}))
    await cluster.settle()
    await set_image(cluster, DAEMONSETS, "agent", "nginx:1.26")
    await cluster.settle()
    assert cluster.images(app="agent") == ["nginx:1.25"] * 3
    assert "updatedNumberScheduled" not in status_of(cluster)

    await cluster.delete("pods", names(cluster, "agent")[0])
    await cluster.settle()

    assert sorted(cluster.images(app="agent")) == ["nginx:1.25", "nginx:1.25", "nginx:1.26"]
    assert status_of(cluster)["updatedNumberScheduled"] == 1


async def test_min_ready_seconds_hold_up_each_node(cluster: Simulation) -> None:
    await cluster.apply(daemonset(minReadySeconds=10))
    await cluster.settle()
    begin_s = cluster.clock.now_s()

    await set_image(cluster, DAEMONSETS, "agent", "nginx:1.26")
    await cluster.settle()

    assert cluster.clock.now_s() - begin_s >= 30
    assert status_of(cluster)["numberAvailable"] == 3


async def test_history_is_kept_up_to_its_limit(cluster: Simulation) -> None:
    await cluster.apply(daemonset(revisionHistoryLimit=1))
    await cluster.settle()

    for minor in (26, 27, 28):
        await set_image(cluster, DAEMONSETS, "agent", f"nginx:1.{minor}")
        await cluster.settle()

    assert revisions(cluster, "agent") == {3: "nginx:1.27", 4: "nginx:1.28"}


async def fail(cluster: Simulation, name: str, phase: str = "Failed") -> None:
    def end(draft: dict[str, Any]) -> bool:
        draft["status"] = {**draft["status"], "phase": phase, "reason": "Evicted"}
        return True

    await cluster.client.change("pods", "default", name, end, subresource="status")


async def test_a_failed_pod_is_killed_and_replaced_later_and_later(cluster: Simulation) -> None:
    await cluster.apply(daemonset(pod={"nodeName": WORKERS[0]}))
    await cluster.settle()
    (first,) = names(cluster, "agent")

    await fail(cluster, first)
    await cluster.until(lambda: names(cluster, "agent") not in ([first], []))
    assert f"FailedDaemonPod: Found failed daemon pod default/{first} on node {WORKERS[0]}, will try to kill it" in cluster.events("agent")
    (second,) = names(cluster, "agent")

    await fail(cluster, second)
    begin_s = cluster.clock.now_s()
    await cluster.settle()

    (third,) = names(cluster, "agent")
    assert third not in (first, second)
    assert cluster.clock.now_s() > begin_s


async def test_a_pod_that_ended_well_is_replaced(cluster: Simulation) -> None:
    await cluster.apply(daemonset(pod={"nodeName": WORKERS[0]}))
    await cluster.settle()
    (first,) = names(cluster, "agent")

    await fail(cluster, first, "Succeeded")
    await cluster.settle()

    told = f"SucceededDaemonPod: Found succeeded daemon pod default/{first} on node {WORKERS[0]}, will try to delete it"
    assert told in cluster.events("agent")
    assert names(cluster, "agent") != [first]


async def test_orphaned_pods_are_adopted_by_a_namesake(cluster: Simulation) -> None:
    await cluster.apply(daemonset())
    await cluster.settle()
    before = sorted(uid_of(pod) for pod in cluster.pods(app="agent"))

    await cluster.delete(DAEMONSETS, "agent", propagation="Orphan")
    await cluster.settle()
    assert {controller_of(pod) is None for pod in cluster.pods(app="agent")} == {True}

    await cluster.apply(daemonset())
    await cluster.settle()

    assert sorted(uid_of(pod) for pod in cluster.pods(app="agent")) == before
    assert len(cluster.list(REVISIONS, app="agent")) == 1


async def test_a_deleted_daemonset_takes_its_pods_and_history_along(cluster: Simulation) -> None:
    await cluster.apply(daemonset())
    await cluster.settle()

    await cluster.delete(DAEMONSETS, "agent")
    await cluster.settle()

    assert not cluster.pods(app="agent")
    assert not cluster.list(REVISIONS, app="agent")


async def test_pods_of_two_revisions_with_one_template_are_told_to_be_of_one(cluster: Simulation) -> None:
    await cluster.apply(daemonset())
    await cluster.settle()
    (first,) = cluster.list(REVISIONS, app="agent")
    double = {key: first[key] for key in ("apiVersion", "kind", "data")}
    metadata = {"name": "agent-double", "namespace": "default", "labels": {"app": "agent"}}

    await cluster.client.create(REVISIONS, {**double, "metadata": metadata, "revision": 7})
    await cluster.settle()

    (kept,) = cluster.list(REVISIONS, app="agent")
    assert (name_of(kept), kept["revision"]) == ("agent-double", 7)
    assert {labels_of(pod)["controller-revision-hash"] for pod in cluster.pods(app="agent")} == {"agent-double"}


async def test_a_node_wakes_only_daemonsets_with_something_to_do_there(cluster: Simulation) -> None:
    await label(cluster, WORKERS[0], disk="ssd")
    await cluster.apply(daemonset(pod={"nodeSelector": {"disk": "ssd"}}))
    await cluster.apply(daemonset("everywhere"))
    await cluster.settle()
    counts = cluster.cluster.runner.counts("daemonset-controller")
    before = counts.reconciles

    await label(cluster, WORKERS[1], color="blue")
    await cluster.settle()

    assert counts.reconciles == before


async def test_a_new_node_gets_its_pod_and_takes_the_unplaced_one_along(cluster: Simulation) -> None:
    """Nothing fits anywhere, so the Pods wait; nobody but the controller would remove the one whose node is gone."""
    owned = daemonset()
    owned["spec"]["template"]["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1k"}}
    await cluster.apply(owned)
    await cluster.settle()
    assert status_of(cluster)["desiredNumberScheduled"] == 3

    await cluster.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "ghost"}, "spec": {}})
    await cluster.advance(5)
    assert len(names(cluster, "agent")) == 4
    assert (status_of(cluster)["desiredNumberScheduled"], status_of(cluster)["currentNumberScheduled"]) == (4, 4)

    await cluster.delete("nodes", "ghost")
    await cluster.advance(60)

    assert len(names(cluster, "agent")) == 3
    assert status_of(cluster)["desiredNumberScheduled"] == 3


async def test_a_name_taken_by_another_template_is_counted(cluster: Simulation) -> None:
    """A hash collision: the next name is tried, and the status says how often that was so."""
    await cluster.apply(daemonset())
    await cluster.settle()
    (first,) = cluster.list(REVISIONS, app="agent")
    await cluster.delete(DAEMONSETS, "agent")
    await cluster.settle()
    foreign = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "data": {"spec": {}}, "revision": 1}
    await cluster.client.create(REVISIONS, {**foreign, "metadata": {"name": name_of(first), "namespace": "default"}})

    await cluster.apply(daemonset())
    await cluster.settle()

    assert status_of(cluster)["collisionCount"] == 1
    (revision,) = cluster.list(REVISIONS, app="agent")
    assert name_of(revision) != name_of(first)
    assert nodes_of(cluster) == WORKERS


async def test_foreground_deletion_waits_for_the_pods(cluster: Simulation) -> None:
    await cluster.apply(daemonset())
    await cluster.settle()

    await cluster.delete(DAEMONSETS, "agent", propagation="Foreground")
    assert cluster.client.get(DAEMONSETS, "default", "agent") is not None
    await cluster.settle()

    assert not cluster.pods(app="agent")
    assert cluster.client.get(DAEMONSETS, "default", "agent") is None
