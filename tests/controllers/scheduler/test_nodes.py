"""Running totals of nodes, and which node is best."""

from random import Random

from orrery.controllers.engine.informer import Change
from orrery.controllers.scheduler.nodes import Cluster, Effect
from orrery.controllers.scheduler.scores import choose, least_allocated, score
from orrery.controllers.scheduler.wishes import wish_of
from orrery.machinery.objects import Object, name_of, namespace_of
from orrery.store.log import Index, key_of
from orrery.store.records import CachedRecord, ParseCache


def node(name: str, cpu: str = "4", memory: str = "16Gi", **spec: object) -> Object:
    return {"metadata": {"name": name}, "spec": spec, "status": {"allocatable": {"cpu": cpu, "memory": memory, "pods": "110"}}}


def pod(name: str, on: str = "", *, cpu: str = "1", phase: str = "Running", owner: str = "") -> Object:
    metadata: Object = {"name": name, "namespace": "default", "uid": name, "generation": 1}
    if owner:
        metadata["ownerReferences"] = [{"uid": owner, "controller": True}]
    spec: Object = {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}}]}
    if on:
        spec["nodeName"] = on
    return {"metadata": metadata, "spec": spec, "status": {"phase": phase}}


def appears(obj: Object) -> Change:
    """The event of an object that is there."""
    parses = ParseCache(1)
    parses.keep(1, obj)
    return Change(None, CachedRecord(key_of("any", namespace_of(obj), name_of(obj)), 1, b"", Index(), parses))


def cluster(*objects: Object) -> Cluster:
    made = Cluster()
    for obj in objects:
        see = made.see_node if "status" in obj and "allocatable" in obj["status"] else made.see_pod
        see(appears(obj))
    return made


def test_totals_follow_pods_that_come_and_end() -> None:
    seen = cluster(node("node-1"), pod("a", "node-1"), pod("b", "node-1", cpu="500m"))
    assert (seen.usage("node-1").pods, seen.usage("node-1").requested["cpu"]) == (2, 1500)

    assert seen.see_pod(appears(pod("a", "node-1", phase="Succeeded"))) is Effect.ROOM

    assert (seen.usage("node-1").pods, seen.usage("node-1").requested["cpu"]) == (1, 500)


def test_seeing_a_pod_twice_counts_it_once() -> None:
    seen = cluster(node("node-1"), pod("a", "node-1"))

    assert seen.see_pod(appears(pod("a", "node-1"))) is Effect.NONE
    assert seen.usage("node-1").pods == 1


def test_an_assumed_pod_counts_until_its_binding_is_seen_or_fails() -> None:
    seen = cluster(node("node-1"))
    wish = wish_of(pod("a"))

    seen.assume(wish, "node-1")
    assert seen.usage("node-1").pods == 1
    assert seen.see_pod(appears(pod("a"))) is Effect.NONE  # A status change on the way.
    assert seen.usage("node-1").pods == 1

    assert seen.see_pod(appears(pod("a", "node-1"))) is Effect.NEIGHBOUR
    seen.forget(wish)
    assert seen.usage("node-1").pods == 1

    seen.assume(wish_of(pod("b")), "node-1")
    seen.forget(wish_of(pod("b")))
    assert seen.usage("node-1").pods == 1


def test_a_namesake_with_another_uid_replaces_the_pod() -> None:
    seen = cluster(node("node-1"), pod("a", "node-1"))
    namesake = pod("a")
    namesake["metadata"]["uid"] = "another"

    seen.see_pod(appears(namesake))

    assert seen.usage("node-1").pods == 0


def test_a_heartbeat_of_a_node_is_no_news() -> None:
    seen = cluster(node("node-1"))

    assert seen.see_node(appears(node("node-1"))) is Effect.NONE
    assert seen.see_node(appears(node("node-1", unschedulable=True))) is Effect.ROOM


def test_the_emptier_node_scores_higher() -> None:
    seen = cluster(node("node-1"), node("node-2"), pod("a", "node-1", cpu="2"))
    wish = wish_of(pod("new"))

    assert least_allocated(wish, seen.nodes["node-1"], seen) == (25 + 87) // 2
    assert choose(wish, list(seen.in_order()), seen, Random(1)).name == "node-2"


def test_pods_of_one_owner_spread_even_against_the_emptier_node() -> None:
    seen = cluster(node("node-1"), node("node-2", cpu="64", memory="256Gi"), pod("a", "node-2", owner="rs"))
    wish = wish_of(pod("new", owner="rs"))

    assert choose(wish, list(seen.in_order()), seen, Random(1)).name == "node-1"


def test_a_discouraging_taint_weighs_more_than_room() -> None:
    taint = {"key": "k", "effect": "PreferNoSchedule"}
    seen = cluster(node("node-1", taints=[taint], cpu="64", memory="256Gi"), node("node-2"))

    first, second = score(wish_of(pod("new")), list(seen.in_order()), seen)

    assert first < second
