"""Running totals of nodes, and which node is best."""

from random import Random

from orrery.controllers.engine.informer import Change
from orrery.controllers.scheduler.cluster import Cluster, NodeNews, PodNews
from orrery.controllers.scheduler.resources import balanced, least_allocated
from orrery.controllers.scheduler.scores import choose, image_locality, score
from orrery.controllers.scheduler.wishes import Shape, shape_of, wish_of
from orrery.machinery.selectors import LabelSelector
from tests.controllers.scheduler.pieces import appears, cluster, node, pod


def no_labels(namespace: str) -> dict[str, str]:
    return {}


def best(shape: Shape, seen: Cluster, defaults: LabelSelector | None = None) -> str:
    pairs = seen.in_order()
    selector = defaults if defaults is not None else LabelSelector()
    return choose(score(shape, pairs, seen, no_labels, selector), pairs, Random(1)).name


def test_totals_follow_pods_that_come_and_end() -> None:
    seen = cluster(node("node-1"), pod("a", "node-1"), pod("b", "node-1", cpu="500m"))
    assert (seen.usage("node-1").pods, seen.usage("node-1").requested["cpu"]) == (2, 1500)

    assert seen.see_pod(appears(pod("a", "node-1", phase="Succeeded"))) == PodNews(shape_of(pod("a")), None)

    assert (seen.usage("node-1").pods, seen.usage("node-1").requested["cpu"]) == (1, 500)


def test_pods_that_want_the_same_are_one_shape() -> None:
    assert shape_of(pod("a")) is shape_of(pod("b", "node-1"))
    assert shape_of(pod("a")) is not shape_of(pod("a", cpu="2"))
    assert shape_of(pod("a")) is not shape_of(pod("a", labels={"app": "web"}))


def test_seeing_a_pod_twice_counts_it_once() -> None:
    seen = cluster(node("node-1"), pod("a", "node-1"))

    assert seen.see_pod(appears(pod("a", "node-1"))) is None
    assert seen.usage("node-1").pods == 1


def test_pods_of_the_start_are_read_when_they_are_needed() -> None:
    seen = cluster(node("node-1"))
    there = appears(pod("a", "node-1"))
    assert seen.see_pod(Change(None, there.record)) is None
    assert (seen.usage("node-1").pods, seen.unread) == (0, 1)

    assert not seen.read(10)

    assert (seen.usage("node-1").pods, seen.unread) == (1, 0)


def test_an_assumed_pod_counts_until_its_binding_is_seen_or_fails() -> None:
    seen = cluster(node("node-1"))
    wish = wish_of(pod("a"))

    seen.assume(wish, "node-1")
    assert seen.usage("node-1").pods == 1
    assert seen.see_pod(appears(pod("a"))) is None  # A status change on the way.
    assert seen.usage("node-1").pods == 1

    assert seen.see_pod(appears(pod("a", "node-1"))) == PodNews(None, wish.shape)
    assert seen.forget(wish) is None
    assert seen.usage("node-1").pods == 1

    seen.assume(wish_of(pod("b")), "node-1")
    assert seen.forget(wish_of(pod("b"))) == PodNews(wish.shape, None)
    assert seen.usage("node-1").pods == 1


def test_a_namesake_with_another_uid_replaces_the_pod() -> None:
    seen = cluster(node("node-1"), pod("a", "node-1"))
    namesake = pod("a")
    namesake["metadata"]["uid"] = "another"

    seen.see_pod(appears(namesake))

    assert seen.usage("node-1").pods == 0


def test_a_heartbeat_of_a_node_is_no_news() -> None:
    seen = cluster(node("node-1"))
    before = seen.nodes["node-1"]

    assert seen.see_node(appears(node("node-1"))) is None
    assert seen.see_node(appears(node("node-1", unschedulable=True))) == NodeNews(before, seen.nodes["node-1"])


def test_the_emptier_node_scores_higher() -> None:
    seen = cluster(node("node-1"), node("node-2"), pod("a", "node-1", cpu="2"))
    shape = shape_of(pod("new"))

    assert least_allocated(shape, seen.nodes["node-1"], seen.usage("node-1")) == (25 + 87) // 2
    assert best(shape, seen) == "node-2"


def test_a_node_that_would_be_used_evenly_is_balanced() -> None:
    """A half of the CPU and an eighth of the memory deviate by 3/16 from their mean: 81 of 100 points."""
    seen = cluster(node("node-1"), pod("a", "node-1"))

    assert balanced(shape_of(pod("new")), seen.nodes["node-1"], seen.usage("node-1")) == 81


def test_selected_pods_spread_even_against_the_emptier_node() -> None:
    web = {"app": "web"}
    seen = cluster(node("node-1"), node("node-2", cpu="64", memory="256Gi"), pod("a", "node-2", labels=web))
    shape = shape_of(pod("new", labels=web))

    assert best(shape, seen, LabelSelector.of({"matchLabels": web})) == "node-1"
    assert best(shape, seen) == "node-2"


def test_a_discouraging_taint_weighs_more_than_room() -> None:
    taint = {"key": "k", "effect": "PreferNoSchedule"}
    seen = cluster(node("node-1", taints=[taint], cpu="64", memory="256Gi"), node("node-2"))

    first, second = score(shape_of(pod("new")), seen.in_order(), seen, no_labels)

    assert first < second


def test_a_node_that_holds_a_large_image_is_preferred_less_when_few_do() -> None:
    size = 512 * 1024 * 1024
    with_image = node("node-1")
    with_image["status"]["images"] = [{"names": ["web:latest"], "sizeBytes": size}]
    seen = cluster(with_image, node("node-2"))
    shape = shape_of(pod("new"))

    assert image_locality(shape, seen.nodes["node-1"], seen) == 100 * (size // 2 - 23 * 1024**2) // (977 * 1024**2)
    assert image_locality(shape, seen.nodes["node-2"], seen) == 0
    assert best(shape, seen) == "node-1"
