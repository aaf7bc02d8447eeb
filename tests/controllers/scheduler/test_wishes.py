"""What a Pod asks of its node."""

from typing import Any

import pytest

from orrery.controllers.scheduler.wishes import HostPort, keeps_shape, requests_of, wish_of
from orrery.machinery.objects import Object, thaw


def container(cpu: str = "", memory: str = "", **more: Any) -> Object:
    requests = {key: value for key, value in (("cpu", cpu), ("memory", memory)) if value}
    return {"name": "c", "resources": {"requests": requests} if requests else {}, **more}


def test_containers_add_up() -> None:
    spec = {"containers": [container("100m", "1Gi"), container("1.5"), container()]}

    assert requests_of(spec) == {"cpu": 1600, "memory": 1024**3}


def test_init_containers_count_at_their_largest_moment() -> None:
    sidecar = container("500m", restartPolicy="Always")
    containers = [container("300m"), container("300m")]

    assert requests_of({"containers": containers, "initContainers": [container("2"), sidecar, container("1")]}) == {"cpu": 2000}
    assert requests_of({"containers": containers, "initContainers": [sidecar, container("1")]}) == {"cpu": 1500}
    assert requests_of({"containers": containers, "initContainers": [container("1"), sidecar]}) == {"cpu": 1100}


def test_overhead_comes_on_top_and_pod_level_requests_replace_the_sum() -> None:
    spec = {"containers": [container("100m", "1Mi")], "overhead": {"cpu": "50m"}}
    assert requests_of(spec) == {"cpu": 150, "memory": 1024**2}

    assert requests_of({**spec, "resources": {"requests": {"cpu": "1"}}}) == {"cpu": 1050, "memory": 1024**2}


def test_containers_without_requests_count_for_something_when_nodes_are_compared() -> None:
    pod = {"metadata": {"name": "a", "namespace": "n", "uid": "u"}, "spec": {"containers": [container(), container("1", "1Gi")]}}

    wish = wish_of(pod)

    assert wish.shape.requests == {"cpu": 1000, "memory": 1024**3}
    assert (wish.shape.cpu_for_score, wish.shape.memory_for_score) == (1100, 1024**3 + 200 * 1024**2)


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        (HostPort("0.0.0.0", "TCP", 80), HostPort("0.0.0.0", "TCP", 80), True),
        (HostPort("0.0.0.0", "TCP", 80), HostPort("127.0.0.1", "TCP", 80), True),
        (HostPort("127.0.0.2", "TCP", 80), HostPort("127.0.0.1", "TCP", 80), False),
        (HostPort("0.0.0.0", "UDP", 80), HostPort("0.0.0.0", "TCP", 80), False),
        (HostPort("0.0.0.0", "TCP", 81), HostPort("0.0.0.0", "TCP", 80), False),
    ],
)
def test_host_ports_collide_on_one_address_and_on_the_wildcard(one: HostPort, other: HostPort, *, collide: bool) -> None:
    assert one.collides(other) is collide
    assert other.collides(one) is collide


def test_a_shape_is_kept_by_writes_that_hand_on_the_spec_and_by_no_other() -> None:
    pod: Object = {"metadata": {"name": "a", "namespace": "n", "uid": "u", "labels": {"a": "b"}}, "spec": {"containers": [container("1")]}}

    assert keeps_shape({**pod, "status": {"phase": "Running"}}, pod)
    assert keeps_shape({**pod, "spec": {**pod["spec"], "nodeName": "node-1"}}, pod)
    assert not keeps_shape({**pod, "spec": {**pod["spec"], "tolerations": [{"operator": "Exists"}]}}, pod)
    assert not keeps_shape({**pod, "metadata": {**pod["metadata"], "labels": {"app": "b"}}}, pod)
    assert not keeps_shape({**pod, "metadata": {**pod["metadata"], "generation": 2}}, pod)
    assert not keeps_shape(thaw(pod), pod), "a copy may differ: it is read anew"
