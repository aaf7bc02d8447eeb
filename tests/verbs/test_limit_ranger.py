"""LimitRanger, held against the answers of a real API server."""

from typing import Any

import pytest

from orrery.machinery.objects import FrozenObject, Object
from tests.verbs.world import Api, pod, refusal

CLAIMS = "persistentvolumeclaims"
LIMITS = [
    {
        "type": "Container",
        "default": {"cpu": "500m", "memory": "256Mi"},
        "defaultRequest": {"cpu": "250m"},
        "max": {"cpu": "1", "memory": "1Gi"},
        "min": {"cpu": "100m"},
        "maxLimitRequestRatio": {"cpu": "4"},
    },
    {"type": "Pod", "max": {"cpu": "2", "memory": "2Gi"}},
    {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "2Gi"}},
]


@pytest.fixture
async def limited(api: Api) -> Api:
    await api.create("limitranges", {"metadata": {"name": "limits"}, "spec": {"limits": LIMITS}})
    return api


def _asking(*resources: Object) -> Object:
    """A Pod of containers with these resources."""
    return pod(containers=[{"name": chr(97 + index), "image": "x", "resources": each} for index, each in enumerate(resources)])


def _claim(storage: str) -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}}
    return {"metadata": {"name": "data"}, "spec": spec}


async def test_a_container_that_asks_for_nothing_gets_the_defaults(limited: Api) -> None:
    made = await limited.create("pods", _asking({}))

    resources = made["spec"]["containers"][0]["resources"]
    assert resources == {"limits": {"cpu": "500m", "memory": "256Mi"}, "requests": {"cpu": "250m", "memory": "256Mi"}}
    note = "LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for container a"
    assert made["metadata"]["annotations"] == {"kubernetes.io/limit-ranger": note}


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        (
            [{"limits": {"cpu": "2", "memory": "3Gi"}}],
            "[maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1Gi, but limit is 3Gi,"
            " maximum memory usage per Pod is 2Gi, but limit is 3Gi]",
        ),
        (
            [{"limits": {"cpu": "1"}, "requests": {"cpu": "50m"}}],
            "[minimum cpu usage per Container is 100m, but request is 50m,"
            " cpu max limit to request ratio per Container is 4, but provided ratio is 20.000000]",
        ),
        (
            [{"limits": {"cpu": "1"}, "requests": {"cpu": "0.5"}}, {"limits": {"cpu": "1"}, "requests": {"cpu": "500m"}}, {}],
            "maximum cpu usage per Pod is 2, but limit is 2500m",
        ),
        (
            [{"limits": {"cpu": "1", "memory": "100M"}, "requests": {"cpu": "200m", "memory": "0.5"}}],
            "cpu max limit to request ratio per Container is 4, but provided ratio is 5.000000",
        ),
    ],
)
async def test_a_pod_beyond_its_limits_is_refused(limited: Api, resources: list[Any], why: str) -> None:
    status = await refusal(limited.create("pods", _asking(*resources)))
    assert (status["code"], status["message"]) == (403, f'pods "web" is forbidden: {why}')


async def test_what_is_invalid_is_told_before_what_is_too_much(limited: Api) -> None:
    status = await refusal(limited.create("pods", _asking({"requests": {"cpu": "2"}})))
    why = 'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 500m'
    assert status["message"] == f'Pod "web" is invalid: {why}'


@pytest.mark.parametrize(
    ("storage", "why"),
    [
        ("500Mi", "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi"),
        ("3Gi", "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi"),
    ],
)
async def test_a_claim_is_held_to_its_size(limited: Api, storage: str, why: str) -> None:
    status = await refusal(limited.create(CLAIMS, _claim(storage)))
    assert status["message"] == f'persistentvolumeclaims "data" is forbidden: {why}'


async def test_a_claim_between_is_admitted(limited: Api) -> None:
    made: FrozenObject = await limited.create(CLAIMS, _claim("1500Mi"))
    assert made["spec"]["resources"]["requests"] == {"storage": "1500Mi"}
