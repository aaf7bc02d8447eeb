"""Load comes and goes, and an autoscaler follows: the walkthrough of the documentation, and what goes wrong."""

from typing import Any

import pytest

from orrery.machinery.errors import NotFound
from orrery.machinery.objects import FrozenObject, Object, name_of
from orrery.settings import Settings
from orrery.testing import Simulation
from orrery.testing.simulation import deployment, pod
from orrery.verbs.call import SYSTEM_ADMIN, Call, ListOptions

AUTOSCALERS = "horizontalpodautoscalers.autoscaling"
LOAD = "while sleep 0.01; do wget -q -O- http://php-apache; done"


def autoscaler(name: str = "web", *, kind: str = "Deployment", target: str = "", most: int = 10, **spec: Any) -> Object:
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": target or name}
    meta = {"name": name, "namespace": "default"}
    wanted = {"scaleTargetRef": reference, "minReplicas": 1, "maxReplicas": most, "metrics": [utilization(50)], **spec}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": wanted}


def utilization(percent: int, resource: str = "cpu") -> Object:
    return {"type": "Resource", "resource": {"name": resource, "target": {"type": "Utilization", "averageUtilization": percent}}}


def web(name: str = "web", *, replicas: int = 1, image: str = "nginx:1.25", request: str = "200m", **limits: str) -> Object:
    made = deployment(name, image=image, replicas=replicas)
    resources = {"requests": {"cpu": request}, **({"limits": limits} if limits else {})}
    made["spec"]["template"]["spec"]["containers"][0]["resources"] = resources
    return made


def replicas(cluster: Simulation, name: str = "web") -> int:
    return int(cluster.get("deployments.apps", name)["spec"]["replicas"])


def status(cluster: Simulation, name: str = "web") -> FrozenObject:
    found: FrozenObject = cluster.get(AUTOSCALERS, name)["status"]
    return found


def condition(cluster: Simulation, type_: str, name: str = "web") -> tuple[str, str, str]:
    found = next(one for one in status(cluster, name)["conditions"] if one["type"] == type_)
    return found["status"], found["reason"], found["message"]


async def load(cluster: Simulation, amount: str, name: str = "web") -> None:
    """All Pods of the workload together use that much from now on."""
    await cluster.edit(name, lambda draft: draft["metadata"].setdefault("annotations", {}).update({"usage.orrery.dev/total-cpu": amount}))


async def test_the_walkthrough_of_the_documentation_scales_up_and_down() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        await cluster.apply(web("php-apache", image="registry.k8s.io/hpa-example", cpu="500m"))
        ports = {"ports": [{"port": 80}], "selector": {"app": "php-apache"}}
        meta = {"name": "php-apache", "namespace": "default"}
        await cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": ports})
        await cluster.apply(autoscaler("php-apache"))
        await cluster.advance(60)
        assert status(cluster, "php-apache")["currentMetrics"][0]["resource"]["current"]["averageUtilization"] == 0

        await cluster.apply(
            pod("load", image="busybox:1.28", containers=[{"name": "load", "image": "busybox:1.28", "args": ["sh", "-c", LOAD]}])
        )
        await cluster.advance(120)
        assert replicas(cluster, "php-apache") > 4
        grown = replicas(cluster, "php-apache")
        assert "SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target" in cluster.events(
            "php-apache"
        )

        await cluster.delete("pods", "load", grace_period_s=0)
        await cluster.advance(240)
        assert replicas(cluster, "php-apache") == grown
        assert condition(cluster, "AbleToScale", "php-apache")[1] == "ScaleDownStabilized"

        await cluster.advance(150)
        assert replicas(cluster, "php-apache") == 1
        assert "SuccessfulRescale: New size: 1; reason: All metrics below target" in cluster.events("php-apache")


async def test_a_total_load_is_met_by_so_many_replicas_as_it_needs() -> None:
    """1.5 cores at half of 200m each: fifteen are needed, ten allowed; steps double at most."""
    async with Simulation(Settings(pace="fast")) as cluster:
        await cluster.apply(web())
        await cluster.apply(autoscaler())
        await cluster.advance(60)
        await load(cluster, "1500m")
        sizes = []
        for _ in range(12):
            await cluster.advance(15)
            sizes.append(replicas(cluster))

        assert sorted(set(sizes)) == [4, 8, 10]
        assert condition(cluster, "ScalingLimited") == (
            "True",
            "TooManyReplicas",
            "the desired replica count is more than the maximum replica count",
        )
        assert status(cluster)["currentMetrics"] == [
            {"type": "Resource", "resource": {"name": "cpu", "current": {"averageValue": "150m", "averageUtilization": 75}}}
        ]


async def test_a_total_that_is_taken_back_is_a_load_no_longer() -> None:
    """The ReplicaSet keeps its copy of the annotation, as upstream's does."""
    async with Simulation(Settings(pace="fast")) as cluster:
        await cluster.apply(web())
        await load(cluster, "1")
        await cluster.advance(45)
        usage, (one,) = cluster.cluster.verbs.ports.usage, cluster.pods(app="web")
        before = usage.pod(one)
        await cluster.edit("web", lambda draft: draft["metadata"]["annotations"].pop("usage.orrery.dev/total-cpu"))
        after = usage.pod(one)

        assert before is not None
        assert after is not None
        assert (before.containers["web"].cpu_nano, after.containers["web"].cpu_nano) == (10**9, 0)


async def test_a_behavior_sets_pace_and_patience() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        up = {"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}
        down = {"stabilizationWindowSeconds": 0, "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}
        await cluster.apply(web())
        await cluster.apply(autoscaler(behavior={"scaleUp": up, "scaleDown": down}))
        await cluster.advance(60)
        await load(cluster, "1")
        await cluster.advance(20)
        assert replicas(cluster) == 2
        assert condition(cluster, "ScalingLimited")[1] == "ScaleUpLimit"

        await load(cluster, "0")
        await cluster.advance(45)
        assert replicas(cluster) == 1


async def test_a_tolerance_of_the_behavior_counts() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        await cluster.apply(web())
        await cluster.apply(autoscaler(behavior={"scaleUp": {"tolerance": "0.5"}}))
        await cluster.advance(60)
        await load(cluster, "140m")
        await cluster.advance(45)
        assert replicas(cluster) == 1

        await cluster.edit("web", lambda draft: draft["spec"].pop("behavior"), AUTOSCALERS)
        await cluster.advance(45)
        assert replicas(cluster) == 2


async def test_limits_hold_without_any_metric() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        await cluster.apply(web(replicas=7))
        await cluster.apply(autoscaler(most=5))
        await cluster.advance(16)
        assert replicas(cluster) == 5
        assert "SuccessfulRescale: New size: 5; reason: Current number of replicas above Spec.MaxReplicas" in cluster.events("web")

        await cluster.scale("web", 0)
        await cluster.advance(30)
        assert replicas(cluster) == 0
        assert condition(cluster, "ScalingActive")[:2] == ("False", "ScalingDisabled")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("StatefulSet", 'statefulsets.apps "nope" not found'),
        ("DaemonSet", "the server could not find the requested resource"),
        ("Fnord", 'no matches for kind "Fnord" in group "apps"'),
    ],
)
async def test_a_target_that_cannot_be_scaled_is_told(kind: str, message: str) -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        await cluster.apply(autoscaler("lost", kind=kind, target="nope"))
        await cluster.advance(16)

        assert cluster.events("lost") == [f"FailedGetScale: {message}"]
        told = f"the HPA controller was unable to get the target's current scale: {message}"
        assert condition(cluster, "AbleToScale", "lost") == ("False", "FailedGetScale", told)
        assert status(cluster, "lost")["currentMetrics"] is None


async def test_metrics_that_nobody_serves_are_told_as_a_real_cluster_tells_them() -> None:
    """The words are those of a cluster without any metrics API but that of resources."""
    metrics = [
        {"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "10"}}},
        {
            "type": "Object",
            "object": {
                "metric": {"name": "q"},
                "describedObject": {"kind": "Service", "name": "x", "apiVersion": "v1"},
                "target": {"type": "Value", "value": "10"},
            },
        },
        {
            "type": "External",
            "external": {
                "metric": {"name": "e", "selector": {"matchLabels": {"a": "b"}}},
                "target": {"type": "AverageValue", "averageValue": "10"},
            },
        },
    ]
    custom = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered"
    async with Simulation(Settings(pace="fast")) as cluster:
        await cluster.apply(web())
        await cluster.apply(autoscaler(metrics=metrics))
        await cluster.advance(16)

        pods = f"unable to get metric rps: {custom}"
        assert cluster.events("web")[-4:] == [
            f"FailedGetPodsMetric: {pods}",
            f"FailedGetObjectMetric: unable to get metric q: Service on default x/{custom}",
            "FailedGetExternalMetric: unable to get external metric default/e/&LabelSelector{MatchLabels:map[string]string{a: b,},"
            "MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics from external metrics API: "
            "the server could not find the requested resource (get e.external.metrics.k8s.io)",
            f"FailedComputeMetricsReplicas: invalid metrics (3 invalid out of 3), first error is: failed to get pods metric value: {pods}",
        ]
        told = f"the HPA was unable to compute the replica count: {pods}"
        assert condition(cluster, "ScalingActive") == ("False", "FailedGetPodsMetric", told)
        assert status(cluster)["currentMetrics"] == [{"type": ""}, {"type": ""}, {"type": ""}]


async def test_one_metric_that_fails_does_not_hinder_scaling_up() -> None:
    rps = {"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "10"}}}
    async with Simulation(Settings(pace="fast")) as cluster:
        await cluster.apply(web(replicas=2))
        await cluster.apply(autoscaler(metrics=[rps, utilization(50)]))
        await cluster.advance(60)
        assert replicas(cluster) == 2
        assert condition(cluster, "ScalingActive")[1] == "FailedGetPodsMetric"

        await load(cluster, "400m")
        await cluster.advance(45)
        assert replicas(cluster) == 4
        assert condition(cluster, "ScalingActive")[1] == "ValidMetricFound"


async def test_a_container_without_a_request_is_named() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        await cluster.apply(deployment("web", replicas=1))
        await cluster.apply(autoscaler())
        await cluster.advance(60)

        name = name_of(cluster.pods(app="web")[0])
        told = f"failed to get cpu utilization: missing request for cpu in container web of Pod {name}"
        assert f"FailedGetResourceMetric: {told}" in cluster.events("web")


async def test_two_autoscalers_of_the_same_pods_stand_still() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        await cluster.apply(web())
        await cluster.apply(autoscaler("first", target="web"))
        await cluster.apply(autoscaler("second", target="web"))
        await cluster.advance(60)

        told = "pods by selector app=web are controlled by multiple HPAs: [default/first default/second]"
        for name in ("first", "second"):
            assert condition(cluster, "ScalingActive", name) == ("False", "AmbiguousSelector", told)

        await cluster.delete(AUTOSCALERS, "second")
        await cluster.advance(30)
        assert condition(cluster, "ScalingActive", "first")[1] == "ValidMetricFound"


async def test_stateful_sets_and_single_containers_scale_too() -> None:
    target = {"type": "AverageValue", "averageValue": "100Mi"}
    container = {"type": "ContainerResource", "containerResource": {"name": "memory", "container": "web", "target": target}}
    async with Simulation(Settings(pace="fast")) as cluster:
        made = web()
        made |= {"kind": "StatefulSet"}
        made["spec"]["serviceName"] = "web"
        made["spec"]["template"]["metadata"]["annotations"] = {"usage.orrery.dev/memory": "150Mi"}
        await cluster.apply(made)
        await cluster.apply(autoscaler(kind="StatefulSet", metrics=[container], most=3))
        await cluster.advance(60)

        assert len(cluster.pods(app="web")) == 3
        current = status(cluster)["currentMetrics"][0]["containerResource"]
        assert current == {"name": "memory", "current": {"averageValue": "150Mi"}, "container": "web"}


async def test_nothing_happens_without_autoscalers() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        await cluster.apply(web())
        await cluster.advance(120)

        assert cluster.cluster.runner.counts("horizontal-pod-autoscaler-controller").reconciles == 0


async def test_metrics_are_listed_by_namespace_and_label() -> None:
    async with Simulation(Settings(pace="fast")) as cluster:
        await cluster.apply(web(replicas=2))
        await cluster.apply(pod("other"))
        verbs, catalogue = cluster.cluster.verbs, cluster.cluster.catalogue
        kind = catalogue.of("metrics.k8s.io/v1beta1", "PodMetrics")
        assert kind is not None
        with pytest.raises(NotFound, match=r'podmetrics.metrics.k8s.io "default/other" not found'):
            await verbs.get(Call(kind, "default", "other", user=SYSTEM_ADMIN))
        await cluster.advance(45)

        labelled = await verbs.list(Call(kind, "default"), ListOptions(label_selector="app=web"))
        everywhere = await verbs.list(Call(kind), ListOptions())
        one = (await verbs.get(Call(kind, "default", "other"))).object

        assert [record.object["metadata"]["name"] for record in labelled.records] == [name_of(one) for one in cluster.pods(app="web")]
        assert len(everywhere.records) == 3
        assert (one["window"], [each["name"] for each in one["containers"]]) == ("15s", ["web"])
        with pytest.raises(NotFound, match=r'pods "nobody" not found'):
            await verbs.get(Call(kind, "default", "nobody"))
