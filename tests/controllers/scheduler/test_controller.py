"""The scheduler binds, refuses with upstream's words, and tries again when that may help."""

from collections import Counter
from typing import Any

import pytest

from orrery.machinery.objects import FrozenObject, Object, name_of
from tests.controllers.world import NAMESPACE, World, node, template

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
HOSTNAME = "kubernetes.io/hostname"
NO_VICTIMS = "No preemption victims found for incoming pod"
NO_HELP = "Preemption is not helpful for scheduling"
VOLUME: Object = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/data"}}


def pod(name: str, *, cpu: str = "", ports: tuple[int, ...] = (), labels: dict[str, str] | None = None, **spec: Any) -> Object:
    body = template()["spec"] | spec
    container = dict(body["containers"][0])
    if cpu:
        container["resources"] = {"requests": {"cpu": cpu}}
    if ports:
        container["ports"] = [{"containerPort": port, "hostPort": port, "protocol": "TCP"} for port in ports]
    body["containers"] = [container]
    return {"metadata": {"name": name, "namespace": NAMESPACE, "labels": labels or {}}, "spec": body}


def anti_affinity(**labels: str) -> Object:
    term = {"topologyKey": HOSTNAME, "labelSelector": {"matchLabels": labels}}
    return {"podAntiAffinity": {REQUIRED: [term]}}


def affinity(**labels: str) -> Object:
    term = {"topologyKey": HOSTNAME, "labelSelector": {"matchLabels": labels}}
    return {"podAffinity": {REQUIRED: [term]}}


def refusal(reasons: str, preemption: str, nodes: int = 3) -> str:
    head = f"0/{nodes} nodes are available"
    return f"{head}: {reasons}. no new claims to deallocate, preemption: {head}: {preemption}."


async def node_of(world: World, body: Object) -> str:
    await world.create("pods", body)
    await world.clock.idle()
    return str(world.get("pods", body["metadata"]["name"])["spec"].get("nodeName", ""))


def scheduled(world: World, name: str) -> FrozenObject:
    return world.condition("pods", name, "PodScheduled")


async def test_a_pod_is_bound_and_told_where(world: World) -> None:
    await world.start(kubelet=False)

    chosen = await node_of(world, pod("a"))

    assert chosen in ("node-0", "node-1", "node-2")
    assert scheduled(world, "a")["status"] == "True"
    assert await world.messages("Scheduled") == [f"Successfully assigned default/a to {chosen}"]
    event = next(event for event in world.client.list("events", NAMESPACE) if event["reason"] == "Scheduled")
    assert (event["action"], event["reportingComponent"], event["firstTimestamp"]) == ("Binding", "default-scheduler", None)


async def test_pods_spread_over_the_nodes(world: World) -> None:
    await world.start(kubelet=False)

    nodes = Counter([await node_of(world, pod(f"p-{number}")) for number in range(9)])

    assert set(nodes.values()) == {3}


async def test_many_pods_at_once_never_take_more_than_there_is(world: World) -> None:
    await world.start(kubelet=False)
    for number in range(9):
        await world.create("pods", pod(f"p-{number}", cpu="1500m"))
    await world.clock.idle()

    nodes = Counter(one["spec"].get("nodeName", "") for one in world.pods())

    assert nodes == {"node-0": 2, "node-1": 2, "node-2": 2, "": 3}
    waiting = next(one for one in world.pods() if not one["spec"].get("nodeName"))
    assert scheduled(world, name_of(waiting))["message"] == refusal("3 Insufficient cpu", f"3 {NO_VICTIMS}")


async def test_a_pod_too_large_for_any_node_waits_and_says_so(world: World) -> None:
    await world.start(kubelet=False)

    assert await node_of(world, pod("big", cpu="5")) == ""

    message = refusal("3 Insufficient cpu", f"3 {NO_HELP}")
    condition = scheduled(world, "big")
    assert (condition["status"], condition["reason"], condition["message"]) == ("False", "Unschedulable", message)
    assert await world.messages("FailedScheduling") == [message]


@pytest.mark.parametrize(
    ("body", "reasons", "preemption"),
    [
        (pod("p", nodeSelector={"disk": "ssd"}), "3 node(s) didn't match Pod's node affinity/selector", f"3 {NO_HELP}"),
        (pod("p", affinity=affinity(app="gone")), "3 node(s) didn't match pod affinity rules", f"3 {NO_HELP}"),
        (
            pod(
                "p",
                affinity={
                    "nodeAffinity": {
                        REQUIRED: {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["x"]}]}]}
                    }
                },
            ),
            "3 node(s) didn't satisfy plugin(s) [NodeAffinity]",
            f"3 {NO_HELP}",
        ),
    ],
)
async def test_each_refusal_has_upstreams_words(world: World, body: Object, reasons: str, preemption: str) -> None:
    await world.start(kubelet=False)

    assert await node_of(world, body) == ""

    assert scheduled(world, "p")["message"] == refusal(reasons, preemption)


async def test_taints_and_cordons_keep_pods_away_unless_tolerated(world: World) -> None:
    await world.start(kubelet=False, nodes=0)
    taint = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
    await world.create("nodes", node("tainted", taints=[taint]))
    await world.create("nodes", node("cordoned", unschedulable=True))

    assert await node_of(world, pod("plain")) == ""
    assert await node_of(world, pod("tolerant", tolerations=[{"key": "dedicated", "operator": "Exists"}])) == "tainted"
    assert scheduled(world, "plain")["message"] == refusal(
        "1 node(s) had untolerated taint(s), 1 node(s) were unschedulable", f"2 {NO_HELP}", nodes=2
    )


async def test_without_nodes_there_is_nothing_to_count(world: World) -> None:
    await world.start(kubelet=False, nodes=0)

    await node_of(world, pod("a"))

    assert scheduled(world, "a")["message"] == "no nodes available to schedule pods"


async def test_a_host_port_is_given_once_per_node(world: World) -> None:
    await world.start(kubelet=False)

    nodes = [await node_of(world, pod(f"p-{number}", ports=(80,))) for number in range(4)]

    assert sorted(nodes) == ["", "node-0", "node-1", "node-2"]
    message = refusal("3 node(s) didn't have free ports for the requested pod ports", f"3 {NO_VICTIMS}")
    assert scheduled(world, "p-3")["message"] == message


async def test_anti_affinity_keeps_alike_pods_apart_in_both_directions(world: World) -> None:
    await world.start(kubelet=False, nodes=2)
    web = {"app": "web"}

    nodes = [await node_of(world, pod(f"p-{number}", labels=web, affinity=anti_affinity(app="web"))) for number in range(3)]
    assert sorted(nodes) == ["", "node-0", "node-1"]
    assert "didn't match pod anti-affinity rules" in scheduled(world, "p-2")["message"] or (
        "didn't satisfy existing pods anti-affinity rules" in scheduled(world, "p-2")["message"]
    )
    assert await node_of(world, pod("plain", labels=web)) == ""
    assert scheduled(world, "plain")["message"] == refusal(
        "2 node(s) didn't satisfy existing pods anti-affinity rules", f"2 {NO_VICTIMS}", nodes=2
    )


async def test_affinity_brings_pods_together_and_lets_the_first_one_begin(world: World) -> None:
    await world.start(kubelet=False)
    web = {"app": "web"}

    nodes = {await node_of(world, pod(f"p-{number}", labels=web, affinity=affinity(app="web"))) for number in range(3)}

    assert len(nodes) == 1
    assert "" not in nodes


async def test_a_hard_spread_keeps_zones_even(world: World) -> None:
    await world.start(kubelet=False, nodes=0)
    for name, zone in (("a-1", "a"), ("a-2", "a"), ("b-1", "b"), ("none", "")):
        made = node(name, unschedulable=zone == "b")
        made["metadata"]["labels"] |= {"zone": zone} if zone else {}
        await world.create("nodes", made)
    web = {"app": "web"}
    rule = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": web}}

    nodes = [await node_of(world, pod(f"p-{number}", labels=web, topologySpreadConstraints=[rule])) for number in range(2)]

    assert nodes[0] in ("a-1", "a-2")
    assert nodes[1] == ""
    assert scheduled(world, "p-1")["message"] == refusal(
        "1 node(s) didn't match pod topology spread constraints (missing required label), 1 node(s) were unschedulable, "
        "2 node(s) didn't match pod topology spread constraints",
        f"2 {NO_VICTIMS}, 2 {NO_HELP}",
        nodes=4,
    )

    await world.client.change("nodes", "", "b-1", lambda draft: draft["spec"].pop("unschedulable"))
    await world.settle()
    assert world.get("pods", "p-1")["spec"]["nodeName"] == "b-1"


async def test_a_pod_that_waits_for_a_neighbour_is_bound_when_it_comes(world: World) -> None:
    await world.start(kubelet=False)
    assert await node_of(world, pod("follower", affinity=affinity(app="db"))) == ""

    leader = await node_of(world, pod("leader", labels={"app": "db"}))
    await world.settle()

    assert world.get("pods", "follower")["spec"]["nodeName"] == leader


async def test_a_waiting_pod_is_bound_when_room_comes(world: World) -> None:
    await world.start(kubelet=False, nodes=1)
    assert await node_of(world, pod("first", cpu="3")) == "node-0"
    assert await node_of(world, pod("second", cpu="3")) == ""

    await world.client.delete("pods", NAMESPACE, "first", grace_period_s=0)
    await world.settle()

    assert world.get("pods", "second")["spec"]["nodeName"] == "node-0"


async def test_a_waiting_pod_is_bound_when_a_node_comes_or_is_uncordoned(world: World) -> None:
    await world.start(kubelet=False, nodes=0)
    await world.create("nodes", node("node-a", unschedulable=True))
    assert await node_of(world, pod("a")) == ""

    await world.client.change("nodes", "", "node-a", lambda draft: draft["spec"].pop("unschedulable"))
    await world.settle()
    assert world.get("pods", "a")["spec"]["nodeName"] == "node-a"

    assert await node_of(world, pod("picky", nodeSelector={HOSTNAME: "node-b"})) == ""
    await world.create("nodes", node("node-b"))
    await world.settle()
    assert world.get("pods", "picky")["spec"]["nodeName"] == "node-b"


async def test_waiting_costs_nothing_until_something_happens(world: World) -> None:
    await world.start(kubelet=False)
    await node_of(world, pod("big", cpu="5"))
    before = world.runner.counts("default-scheduler").reconciles

    await world.clock.advance(200)

    assert world.runner.counts("default-scheduler").reconciles == before


async def test_events_that_cannot_help_wake_nobody(world: World) -> None:
    await world.start(kubelet=False)
    assert await node_of(world, pod("other"))
    for number in range(5):
        await node_of(world, pod(f"picky-{number}", nodeSelector={"disk": "ssd"}))
    before = world.runner.counts("default-scheduler").reconciles

    await world.client.delete("pods", NAMESPACE, "other", grace_period_s=0)
    await world.create("nodes", node("slow"))
    await world.create("persistentvolumes", {"metadata": {"name": "pv-1"}, "spec": VOLUME})
    await world.clock.idle()
    assert world.runner.counts("default-scheduler").reconciles == before

    await world.client.change("nodes", "", "slow", lambda draft: draft["metadata"]["labels"].update(disk="ssd") is None)
    await world.settle()
    assert {one["spec"].get("nodeName") for one in world.pods()} == {"slow"}


async def test_of_many_that_want_the_same_only_as_many_are_tried_as_fit_and_one_more(world: World) -> None:
    await world.start(kubelet=False, nodes=1)
    await node_of(world, pod("first", cpu="4"))
    for number in range(50):
        await world.create("pods", pod(f"p-{number:02}", cpu="2"))
    await world.clock.idle()
    before = world.runner.counts("default-scheduler").reconciles

    await world.client.delete("pods", NAMESPACE, "first", grace_period_s=0)
    await world.settle()

    assert [name_of(one) for one in world.pods() if one["spec"].get("nodeName")] == ["p-00", "p-01"]
    assert world.runner.counts("default-scheduler").reconciles == before + 3


async def test_who_is_woken_and_goes_is_stood_in_for(world: World) -> None:
    await world.start(kubelet=False, nodes=1)
    await node_of(world, pod("first", cpu="4"))
    for name in ("p", "q"):
        await node_of(world, pod(name, cpu="4"))

    await world.client.delete("pods", NAMESPACE, "first", grace_period_s=0)
    await world.client.delete("pods", NAMESPACE, "p", grace_period_s=0)
    await world.settle()

    assert world.get("pods", "q")["spec"]["nodeName"] == "node-0"


async def test_a_placement_lists_no_pods(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is placed is known by groups, whatever is stored beside it: also with affinity and spreading."""
    await world.start(kubelet=False)
    web = {"app": "web"}
    spread = {"maxSkew": 1, "topologyKey": HOSTNAME, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": web}}
    for number in range(3):
        await node_of(world, pod(f"p-{number}", labels=web))
    lists: list[str] = []
    read = type(world.client).list

    def listed(client: Any, bucket: str, *args: Any, **options: Any) -> Any:
        lists.append(bucket)
        return read(client, bucket, *args, **options)

    monkeypatch.setattr(type(world.client), "list", listed)
    assert await node_of(world, pod("new", labels=web, affinity=affinity(app="web"), topologySpreadConstraints=[spread]))
    assert "pods" not in lists


async def test_the_important_come_first_and_others_in_the_order_they_came(world: World) -> None:
    await world.start(kubelet=False, nodes=0)
    for name, priority in (("a", 0), ("b", 5), ("c", 0), ("d", 9)):
        await world.create("pods", pod(name, priority=priority))
    await world.clock.idle()
    bound: list[str] = []
    world.client.subscribe("pods", lambda event: bound.append(event.record.key.rpartition("/")[2]))

    await world.create("nodes", node("late"))
    await world.settle()

    assert bound == ["d", "b", "a", "c"]


async def test_pods_that_want_devices_are_refused(world: World) -> None:
    await world.start(kubelet=False)
    claims = [{"name": "gpu", "resourceClaimName": "gpu"}]

    assert await node_of(world, pod("p", resourceClaims=claims)) == ""

    head = "0/3 nodes are available"
    message = f"{head}: 3 cannot allocate all claims. still not schedulable, preemption: {head}: 3 {NO_HELP}."
    assert scheduled(world, "p")["message"] == message


async def test_names_that_contradict_each_other_are_said_to(world: World) -> None:
    await world.start(kubelet=False)
    names = [{"key": "metadata.name", "operator": "In", "values": [name]} for name in ("node-0", "node-1")]

    await node_of(world, pod("p", affinity={"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchFields": names}]}}}))

    assert scheduled(world, "p")["message"] == "0/3 nodes are available: pod affinity terms conflict. not found"


async def test_what_was_said_is_not_written_again(world: World) -> None:
    await world.start(kubelet=False)
    await node_of(world, pod("big", cpu="5"))
    said = world.get("pods", "big")["metadata"]["resourceVersion"]

    await world.clock.advance(301)

    assert world.runner.counts("default-scheduler").reconciles >= 2
    assert world.get("pods", "big")["metadata"]["resourceVersion"] == said


async def test_gated_pods_and_those_of_other_schedulers_are_left_alone(world: World) -> None:
    await world.start(kubelet=False)

    assert await node_of(world, pod("foreign", schedulerName="mine")) == ""
    assert await node_of(world, pod("gated", schedulingGates=[{"name": "example.com/wait"}])) == ""
    await world.change("pods", "gated", lambda draft: draft["spec"].pop("schedulingGates"))
    await world.settle()

    assert world.get("pods", "gated")["spec"].get("nodeName")
    assert not world.get("pods", "foreign")["spec"].get("nodeName")


async def test_a_missing_claim_is_named_and_waited_for(world: World) -> None:
    await world.start(kubelet=False)
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    assert await node_of(world, pod("p", volumes=[volume])) == ""
    assert scheduled(world, "p")["message"] == '0/3 nodes are available: persistentvolumeclaim "data" not found. not found'

    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "volumeName": "pv-1"}
    await world.create("persistentvolumes", {"metadata": {"name": "pv-1"}, "spec": VOLUME})
    bound = {"name": "data", "namespace": NAMESPACE, "annotations": {"pv.kubernetes.io/bind-completed": "yes"}}
    await world.create("persistentvolumeclaims", {"metadata": bound, "spec": spec})
    await world.settle()

    assert world.get("pods", "p")["spec"].get("nodeName")


async def test_a_restarted_scheduler_keeps_what_was_promised(world: World) -> None:
    await world.create("namespaces", {"metadata": {"name": NAMESPACE}})
    await world.create("nodes", node("node-0"))
    await world.create("pods", pod("promised", cpu="3", priority=10))

    def promise(draft: Object) -> bool:
        draft.setdefault("status", {})["nominatedNodeName"] = "node-0"
        return True

    await world.client.change("pods", NAMESPACE, "promised", promise, subresource="status")
    await world.create("pods", pod("early", cpu="3", priority=10))

    await world.start_controllers(kubelet=False)
    await world.settle()

    assert [name_of(one) for one in world.pods() if one["spec"].get("nodeName")] == ["promised"]
    assert "nominatedNodeName" not in world.get("pods", "promised")["status"]


async def test_a_restarted_scheduler_counts_what_is_placed_already(world: World) -> None:
    """Totals are built from the list at the start; nothing of them is stored."""
    await world.create("namespaces", {"metadata": {"name": NAMESPACE}})
    await world.create("pods", pod("there", cpu="3", nodeName="node-0"))
    await world.client.create("nodes", {"apiVersion": "v1", "kind": "Node", **node("node-0")})

    await world.start_controllers(kubelet=False)
    assert await node_of(world, pod("new", cpu="3")) == ""


async def test_the_same_seed_gives_the_same_places(world: World) -> None:
    other = World()

    async def places(one: World) -> list[str]:
        await one.start(kubelet=False)
        return [await node_of(one, pod(f"p-{number}")) for number in range(10)]

    assert await places(world) == await places(other)
    await other.stop()
