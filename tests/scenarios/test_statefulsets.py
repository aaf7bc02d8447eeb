"""A StatefulSet's Pods in their row: in order, with their names, their claims and their revisions."""

from typing import Any

import pytest

from orrery.machinery.objects import FrozenObject, controller_of, labels_of, name_of, owner_references_of, uid_of
from orrery.testing import Simulation
from orrery.testing.simulation import pod
from tests.scenarios.workloads import (
    CLAIMS,
    REVISIONS,
    STATEFULSETS,
    claim_template,
    lives,
    names,
    revisions,
    rolling,
    set_image,
    statefulset,
)


def status_of(cluster: Simulation, name: str = "web") -> FrozenObject:
    found: FrozenObject = cluster.get(STATEFULSETS, name)["status"]
    return found


async def scale(cluster: Simulation, replicas: int) -> None:
    await cluster.edit("web", lambda draft: draft["spec"].update(replicas=replicas), STATEFULSETS)


async def test_pods_come_one_after_the_other_and_go_backwards(cluster: Simulation) -> None:
    seen = cluster.watch("pods")
    await cluster.apply(statefulset())
    await cluster.settle()
    assert lives(seen) == ["+web-0", "+web-1", "+web-2"]

    seen.clear()
    await scale(cluster, 1)
    await cluster.settle()

    assert lives(seen) == ["~web-2", "-web-2", "~web-1", "-web-1"]
    assert cluster.events("web")[:4] == [
        "SuccessfulCreate: Create Pod web-0 in StatefulSet web successful",
        "SuccessfulCreate: Create Pod web-1 in StatefulSet web successful",
        "SuccessfulCreate: Create Pod web-2 in StatefulSet web successful",
        "SuccessfulDelete: Delete Pod web-2 in StatefulSet web successful",
    ]


async def test_each_pod_waits_until_the_one_before_is_ready(cluster: Simulation) -> None:
    await cluster.apply(statefulset(image="nginx:1.161"))
    await cluster.advance(60)

    assert names(cluster, "web") == ["web-0"]
    assert status_of(cluster)["replicas"] == 1
    assert status_of(cluster)["availableReplicas"] == 0
    assert "readyReplicas" not in status_of(cluster)


async def test_parallel_pods_wait_for_nobody(cluster: Simulation) -> None:
    seen = cluster.watch("pods")
    await cluster.apply(statefulset(replicas=4, podManagementPolicy="Parallel"))
    await cluster.until(lambda: len(seen) >= 4)
    assert lives(seen)[:4] == ["+web-0", "+web-1", "+web-2", "+web-3"]
    await cluster.settle()

    seen.clear()
    await scale(cluster, 0)
    await cluster.settle()

    assert lives(seen)[:4] == ["~web-3", "~web-2", "~web-1", "~web-0"]
    assert not names(cluster, "web")


async def test_the_complete_status_reads_as_on_a_real_cluster(cluster: Simulation) -> None:
    await cluster.apply(statefulset(replicas=2))
    await cluster.settle()

    (revision,) = cluster.list(REVISIONS, app="web")
    assert labels_of(revision)["controller.kubernetes.io/hash"] == name_of(revision).removeprefix("web-")
    assert status_of(cluster) == {
        "availableReplicas": 2,
        "collisionCount": 0,
        "currentReplicas": 2,
        "currentRevision": name_of(revision),
        "observedGeneration": 1,
        "readyReplicas": 2,
        "replicas": 2,
        "updateRevision": name_of(revision),
        "updatedReplicas": 2,
    }


async def test_min_ready_seconds_hold_up_each_pod(cluster: Simulation) -> None:
    begin_s = cluster.clock.now_s()

    await cluster.apply(statefulset(minReadySeconds=10))
    await cluster.settle()

    assert cluster.clock.now_s() - begin_s >= 30
    assert status_of(cluster)["availableReplicas"] == 3


async def test_a_rolling_update_goes_from_the_last_to_the_first(cluster: Simulation) -> None:
    await cluster.apply(statefulset())
    await cluster.settle()
    before = status_of(cluster)["currentRevision"]
    seen = cluster.watch("pods")

    await set_image(cluster, STATEFULSETS, "web", "nginx:1.26")
    await cluster.settle()

    assert [one for one in lives(seen) if one[0] != "~"] == ["-web-2", "+web-2", "-web-1", "+web-1", "-web-0", "+web-0"]
    assert cluster.images(app="web") == ["nginx:1.26"] * 3
    assert status_of(cluster)["currentRevision"] == status_of(cluster)["updateRevision"] != before
    assert status_of(cluster)["currentReplicas"] == 3


async def test_a_partition_keeps_the_first_pods_as_they_are(cluster: Simulation) -> None:
    await cluster.apply(statefulset(updateStrategy=rolling(partition=2)))
    await cluster.settle()

    await set_image(cluster, STATEFULSETS, "web", "nginx:1.26")
    await cluster.settle()

    assert cluster.images(app="web") == ["nginx:1.25", "nginx:1.25", "nginx:1.26"]
    assert (status_of(cluster)["currentReplicas"], status_of(cluster)["updatedReplicas"]) == (2, 1)
    assert status_of(cluster)["currentRevision"] != status_of(cluster)["updateRevision"]

    await cluster.delete("pods", "web-0")
    await cluster.settle()

    assert cluster.images(app="web") == ["nginx:1.25", "nginx:1.25", "nginx:1.26"]

    await cluster.edit("web", lambda draft: draft["spec"].update(updateStrategy=rolling(partition=0)), STATEFULSETS)
    await cluster.settle()

    assert cluster.images(app="web") == ["nginx:1.26"] * 3
    assert status_of(cluster)["currentRevision"] == status_of(cluster)["updateRevision"]


async def test_on_delete_replaces_only_what_is_deleted(cluster: Simulation) -> None:
    await cluster.apply(statefulset(updateStrategy={"type": "OnDelete"}))
    await cluster.settle()

    await set_image(cluster, STATEFULSETS, "web", "nginx:1.26")
    await cluster.settle()
    assert cluster.images(app="web") == ["nginx:1.25"] * 3
    assert "updatedReplicas" not in status_of(cluster)

    await cluster.delete("pods", "web-1")
    await cluster.settle()

    assert cluster.images(app="web") == ["nginx:1.25", "nginx:1.26", "nginx:1.25"]
    assert status_of(cluster)["updatedReplicas"] == 1


async def test_a_broken_update_stands_until_its_pod_is_deleted(cluster: Simulation) -> None:
    """Upstream's known behaviour: a better template alone does not mend it, since the Pod never got ready."""
    await cluster.apply(statefulset())
    await cluster.settle()
    await set_image(cluster, STATEFULSETS, "web", "nginx:1.161")
    await cluster.advance(120)
    assert cluster.images(app="web") == ["nginx:1.25", "nginx:1.25", "nginx:1.161"]

    await set_image(cluster, STATEFULSETS, "web", "nginx:1.25")
    await cluster.advance(120)
    assert cluster.images(app="web") == ["nginx:1.25", "nginx:1.25", "nginx:1.161"]

    await cluster.delete("pods", "web-2")
    await cluster.settle()

    assert cluster.images(app="web") == ["nginx:1.25"] * 3


async def test_a_former_template_takes_its_revision_up_again(cluster: Simulation) -> None:
    await cluster.apply(statefulset())
    await cluster.settle()
    await set_image(cluster, STATEFULSETS, "web", "nginx:1.26")
    await cluster.settle()
    assert revisions(cluster, "web") == {1: "nginx:1.25", 2: "nginx:1.26"}

    await set_image(cluster, STATEFULSETS, "web", "nginx:1.25")
    await cluster.settle()

    assert revisions(cluster, "web") == {2: "nginx:1.26", 3: "nginx:1.25"}


async def test_history_is_kept_up_to_its_limit(cluster: Simulation) -> None:
    await cluster.apply(statefulset(replicas=1, revisionHistoryLimit=1))
    await cluster.settle()

    for minor in (26, 27, 28):
        await set_image(cluster, STATEFULSETS, "web", f"nginx:1.{minor}")
        await cluster.settle()

    assert revisions(cluster, "web") == {3: "nginx:1.27", 4: "nginx:1.28"}


async def test_ordinals_may_begin_anywhere(cluster: Simulation) -> None:
    await cluster.apply(statefulset(replicas=2, ordinals={"start": 5}))
    await cluster.settle()
    assert names(cluster, "web") == ["web-5", "web-6"]

    await cluster.edit("web", lambda draft: draft["spec"].update(ordinals={"start": 6}), STATEFULSETS)
    await cluster.settle()

    assert names(cluster, "web") == ["web-6", "web-7"]


async def test_a_deleted_pod_comes_back_under_its_name(cluster: Simulation) -> None:
    await cluster.apply(statefulset())
    await cluster.settle()
    before = uid_of(cluster.get("pods", "web-1"))

    await cluster.delete("pods", "web-1")
    await cluster.settle()

    after = cluster.get("pods", "web-1")
    assert uid_of(after) != before
    assert labels_of(after)["statefulset.kubernetes.io/pod-name"] == "web-1"
    assert (after["spec"]["hostname"], after["spec"]["subdomain"]) == ("web-1", "web")


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
async def test_a_pod_that_ended_is_made_anew(cluster: Simulation, phase: str) -> None:
    """As after an eviction: the node has ended it for good."""
    await cluster.apply(statefulset(replicas=2))
    await cluster.settle()
    before = uid_of(cluster.get("pods", "web-0"))

    def end(draft: dict[str, Any]) -> bool:
        draft["status"] = {**draft["status"], "phase": phase, "reason": "Evicted"}
        return True

    await cluster.client.change("pods", "default", "web-0", end, subresource="status")
    await cluster.settle()

    assert uid_of(cluster.get("pods", "web-0")) != before
    assert cluster.get("pods", "web-0")["status"]["phase"] == "Running"
    assert "SuccessfulDelete: Delete Pod web-0 in StatefulSet web successful" in cluster.events("web")


async def test_claims_come_before_their_pods_and_stay(cluster: Simulation) -> None:
    await cluster.apply(statefulset(replicas=2, volumeClaimTemplates=[claim_template()]))
    await cluster.settle()
    assert cluster.events("web") == [
        "SuccessfulCreate: Create Claim data-web-0 Pod web-0 in StatefulSet web success",
        "SuccessfulCreate: Create Pod web-0 in StatefulSet web successful",
        "SuccessfulCreate: Create Claim data-web-1 Pod web-1 in StatefulSet web success",
        "SuccessfulCreate: Create Pod web-1 in StatefulSet web successful",
    ]
    before = [uid_of(one) for one in cluster.list(CLAIMS)]

    await scale(cluster, 0)
    await cluster.settle()
    await scale(cluster, 2)
    await cluster.settle()

    assert [uid_of(one) for one in cluster.list(CLAIMS)] == before
    assert [name_of(one) for one in cluster.list(CLAIMS, app="web")] == ["data-web-0", "data-web-1"]
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-1"}}
    assert volume in cluster.get("pods", "web-1")["spec"]["volumes"]


async def test_claims_go_with_pods_that_are_scaled_away_when_asked_to(cluster: Simulation) -> None:
    retention = {"whenScaled": "Delete", "whenDeleted": "Retain"}
    owned = statefulset(replicas=3, volumeClaimTemplates=[claim_template()], persistentVolumeClaimRetentionPolicy=retention)
    await cluster.apply(owned)
    await cluster.settle()
    first = uid_of(cluster.get(CLAIMS, "data-web-2"))

    await scale(cluster, 2)
    await cluster.settle()
    assert [name_of(one) for one in cluster.list(CLAIMS)] == ["data-web-0", "data-web-1"]

    await scale(cluster, 3)
    await cluster.settle()
    assert uid_of(cluster.get(CLAIMS, "data-web-2")) != first

    await cluster.delete(STATEFULSETS, "web")
    await cluster.settle()

    assert not names(cluster, "web")
    assert len(cluster.list(CLAIMS)) == 3


async def test_scaling_back_at_once_waits_until_the_old_claim_is_gone(cluster: Simulation) -> None:
    retention = {"whenScaled": "Delete", "whenDeleted": "Delete"}
    owned = statefulset(replicas=2, volumeClaimTemplates=[claim_template()], persistentVolumeClaimRetentionPolicy=retention)
    await cluster.apply(owned)
    await cluster.settle()
    first = uid_of(cluster.get(CLAIMS, "data-web-1"))

    await scale(cluster, 1)
    await cluster.until(lambda: "web-1" not in names(cluster, "web"))
    await scale(cluster, 2)
    await cluster.settle()

    assert uid_of(cluster.get(CLAIMS, "data-web-1")) != first
    assert cluster.get("pods", "web-1")["status"]["phase"] == "Running"


async def test_claims_go_with_the_statefulset_when_asked_to(cluster: Simulation) -> None:
    retention = {"whenScaled": "Retain", "whenDeleted": "Delete"}
    owned = statefulset(replicas=2, volumeClaimTemplates=[claim_template()], persistentVolumeClaimRetentionPolicy=retention)
    await cluster.apply(owned)
    await cluster.settle()
    assert [one["kind"] for one in owner_references_of(cluster.get(CLAIMS, "data-web-0"))] == ["StatefulSet"]

    await scale(cluster, 1)
    await cluster.settle()
    assert len(cluster.list(CLAIMS)) == 2

    await cluster.delete(STATEFULSETS, "web")
    await cluster.settle()

    assert not cluster.list(CLAIMS)


async def test_orphaned_pods_and_revisions_are_adopted_by_a_namesake(cluster: Simulation) -> None:
    await cluster.apply(statefulset())
    await cluster.settle()
    before = [uid_of(pod) for pod in cluster.pods(app="web")]

    await cluster.delete(STATEFULSETS, "web", propagation="Orphan")
    await cluster.settle()
    assert [controller_of(pod) for pod in cluster.pods(app="web")] == [None] * 3
    assert controller_of(cluster.list(REVISIONS, app="web")[0]) is None

    await cluster.apply(statefulset())
    await cluster.settle()

    owner = uid_of(cluster.get(STATEFULSETS, "web"))
    assert [uid_of(pod) for pod in cluster.pods(app="web")] == before
    assert {controller["uid"] for pod in cluster.pods(app="web") if (controller := controller_of(pod))} == {owner}
    (revision,) = cluster.list(REVISIONS, app="web")
    assert controller_of(revision) is not None


async def test_a_pod_that_lost_its_label_is_given_up_and_blocks_its_place(cluster: Simulation) -> None:
    await cluster.apply(statefulset(replicas=2))
    await cluster.settle()

    await cluster.edit("web-1", lambda draft: draft["metadata"]["labels"].update(app="other"), "pods")
    await cluster.advance(5)

    assert controller_of(cluster.get("pods", "web-1")) is None
    assert status_of(cluster)["replicas"] == 1

    await cluster.delete("pods", "web-1")
    await cluster.advance(120)

    assert controller_of(cluster.get("pods", "web-1")) is not None
    assert status_of(cluster)["readyReplicas"] == 2


async def test_a_refused_pod_is_told_and_tried_later_and_later(cluster: Simulation) -> None:
    """No busy loop: admission refuses every Pod of an account that is not there."""
    owned = statefulset()
    owned["spec"]["template"]["spec"]["serviceAccountName"] = "nobody"
    await cluster.apply(owned)
    await cluster.advance(60)

    assert not names(cluster, "web")
    told = (
        'FailedCreate: Create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: '
        'error looking up service account default/nobody: serviceaccount "nobody" not found'
    )
    assert cluster.events("web") == [told]
    counts = cluster.cluster.runner.counts("statefulset-controller")
    assert counts.errors < 20

    await cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody"}})
    await cluster.advance(120)

    assert len(names(cluster, "web")) == 3


async def test_events_of_other_pods_wake_no_statefulset(cluster: Simulation) -> None:
    await cluster.apply(statefulset(replicas=1))
    await cluster.apply(statefulset("other", replicas=1))
    await cluster.settle()
    before = cluster.cluster.runner.counts("statefulset-controller").reconciles

    await cluster.delete("pods", "other-0")
    await cluster.settle()

    events_of_one_pod = 12
    assert cluster.cluster.runner.counts("statefulset-controller").reconciles - before <= events_of_one_pod


async def test_a_name_taken_by_another_template_is_counted(cluster: Simulation) -> None:
    await cluster.apply(statefulset(replicas=1))
    await cluster.settle()
    taken = status_of(cluster)["currentRevision"]
    await cluster.delete(STATEFULSETS, "web")
    await cluster.settle()
    foreign = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "data": {"spec": {}}, "revision": 1}
    await cluster.client.create(REVISIONS, {**foreign, "metadata": {"name": taken, "namespace": "default"}})

    await cluster.apply(statefulset(replicas=1))
    await cluster.settle()

    assert status_of(cluster)["collisionCount"] == 1
    assert status_of(cluster)["currentRevision"] != taken
    assert names(cluster, "web") == ["web-0"]


async def test_foreground_deletion_waits_for_the_pods(cluster: Simulation) -> None:
    await cluster.apply(statefulset())
    await cluster.settle()

    await cluster.delete(STATEFULSETS, "web", propagation="Foreground")
    assert cluster.client.get(STATEFULSETS, "default", "web") is not None
    await cluster.settle()

    assert not names(cluster, "web")
    assert cluster.client.get(STATEFULSETS, "default", "web") is None
    assert not cluster.list(REVISIONS, app="web")


async def test_a_foreign_pod_in_the_way_is_left_alone(cluster: Simulation) -> None:
    """A Pod of the wanted name that the selector does not match: nothing is told, and it is tried again when it is gone."""
    await cluster.apply(pod("web-0"))
    await cluster.apply(statefulset(replicas=1))
    await cluster.advance(30)
    assert controller_of(cluster.get("pods", "web-0")) is None
    assert cluster.events("web") == []

    await cluster.delete("pods", "web-0")
    await cluster.advance(60)

    assert controller_of(cluster.get("pods", "web-0")) is not None


async def test_a_waiting_pod_gets_a_claim_back_that_somebody_deleted(cluster: Simulation) -> None:
    nowhere = claim_template()
    nowhere["spec"]["storageClassName"] = "nonesuch"
    await cluster.apply(statefulset(replicas=1, volumeClaimTemplates=[nowhere]))
    await cluster.advance(30)
    first = uid_of(cluster.get(CLAIMS, "data-web-0"))

    def let_go(draft: dict[str, Any]) -> None:
        draft["metadata"]["finalizers"] = []

    await cluster.delete(CLAIMS, "data-web-0")
    await cluster.edit("data-web-0", let_go, CLAIMS)
    await cluster.edit("web-0", lambda draft: draft["metadata"].setdefault("annotations", {}).update(touched="yes"), "pods")
    await cluster.advance(30)

    assert uid_of(cluster.get(CLAIMS, "data-web-0")) != first
