"""Pods: what no dry run shows, from deletion to status, and the slips people make most."""

from typing import Any

import pytest

from orrery.kinds.pods.features import app_armor_profile
from orrery.kinds.pods.pod import BEHAVIOUR
from orrery.kinds.pods.resources import aggregate_requests, quality_of_service
from orrery.kinds.pods.status import should_restart
from orrery.machinery.objects import Object


def pod(*, meta: Object | None = None, status: Object | None = None, **container: Any) -> Object:
    """A Pod with one container, defaulted."""
    obj: Object = {"metadata": {"name": "p", **(meta or {})}, "spec": {"containers": [{"name": "c", "image": "nginx", **container}]}}
    assert BEHAVIOUR.default is not None
    BEHAVIOUR.default(obj)
    return obj if status is None else {**obj, "status": status}


def causes(obj: Object) -> list[str]:
    assert BEHAVIOUR.validate is not None
    return [str(error) for error in BEHAVIOUR.validate(obj)]


def status_causes(obj: Object, old: Object) -> list[str]:
    assert BEHAVIOUR.validate_status is not None
    return [str(error) for error in BEHAVIOUR.validate_status(obj, old)]


def test_defaults_twice_are_defaults_once() -> None:
    obj = pod(ports=[{"containerPort": 80}], livenessProbe={"httpGet": {"port": 80}}, resources={"limits": {"cpu": "1"}})
    again = {**obj, "spec": {**obj["spec"], "containers": [{**obj["spec"]["containers"][0]}]}}

    assert BEHAVIOUR.default is not None
    BEHAVIOUR.default(again)

    assert again == obj
    assert obj["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "1"}


def test_an_env_entry_split_in_two_list_items_is_two_entries() -> None:
    obj = pod(env=[{"name": "A"}, {"valueFrom": {"configMapKeyRef": {"name": "app", "key": "colour"}}}])

    assert causes(obj) == ["spec.containers[0].env[1].name: Required value"]


def test_a_config_map_ref_under_value_from_leaves_no_source() -> None:
    assert causes(pod(env=[{"name": "A", "valueFrom": {}}])) == [
        'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: '
        "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
    ]


@pytest.mark.parametrize(
    ("node", "phase", "requested", "granted"),
    [
        ("n", "Running", None, 30),
        ("n", "Running", 5, 5),
        ("n", "Running", 0, 0),
        ("n", "Running", -7, 1),
        ("", "Pending", None, 0),
        ("n", "Succeeded", 9, 0),
        ("n", "Failed", None, 0),
    ],
)
def test_only_a_living_pod_on_a_node_is_given_time_to_end(node: str, phase: str, requested: int | None, granted: int) -> None:
    obj = pod(status={"phase": phase})
    obj["spec"]["nodeName"] = node

    assert BEHAVIOUR.graceful is not None
    assert BEHAVIOUR.graceful(obj, requested) == granted


def test_pods_are_selected_by_where_they_run_and_how_they_are() -> None:
    obj = pod(status={"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]})
    obj["spec"] |= {"nodeName": "node-1", "serviceAccountName": "default"}

    assert BEHAVIOUR.selectable is not None
    assert BEHAVIOUR.selectable(obj) == {
        "spec.nodeName": "node-1",
        "spec.restartPolicy": "Always",
        "spec.schedulerName": "default-scheduler",
        "spec.serviceAccountName": "default",
        "spec.hostNetwork": "false",
        "status.phase": "Running",
        "status.podIP": "10.0.0.1",
        "status.nominatedNodeName": "",
    }


def test_a_status_write_keeps_owners_service_class_and_observed_generations() -> None:
    old = pod(meta={"ownerReferences": [{"name": "rs"}]}, status={"qosClass": "Burstable", "observedGeneration": 3})
    old["status"]["conditions"] = [{"type": "Ready", "observedGeneration": 2}]
    obj = pod(status={"phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready"}, {"type": "New"}]})

    assert BEHAVIOUR.prepare_status is not None
    BEHAVIOUR.prepare_status(obj, old)

    assert obj["metadata"]["ownerReferences"] == [{"name": "rs"}]
    assert obj["status"] == {
        "phase": "Running",
        "qosClass": "Burstable",
        "observedGeneration": 3,
        "podIP": "10.0.0.1",
        "podIPs": [{"ip": "10.0.0.1"}],
        "conditions": [{"type": "Ready", "observedGeneration": 2}, {"type": "New"}],
    }


def test_a_container_that_may_not_restart_stays_ended() -> None:
    ended = {"name": "c", "state": {"terminated": {"exitCode": 0}}}
    old, obj = (pod(status={"containerStatuses": [state]}) for state in (ended, {"name": "c", "state": {"running": {}}}))
    old["spec"]["restartPolicy"] = obj["spec"]["restartPolicy"] = "Never"

    assert status_causes(obj, old) == [
        "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state",
    ]
    old["spec"]["restartPolicy"] = "Always"
    assert status_causes(obj, old) == []


def test_a_status_may_not_change_the_service_class_or_hold_two_addresses_of_a_family() -> None:
    old = pod(status={"qosClass": "Burstable"})
    obj = pod(status={"qosClass": "Guaranteed", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]})

    assert status_causes(obj, old) == [
        'status.qosClass: Invalid value: "Guaranteed": field is immutable',
        'status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family',
    ]


def test_a_containers_own_rules_come_before_its_policy() -> None:
    def restarts(exit_code: int, *, policy: str, operator: str = "") -> bool:
        rules = [{"exitCodes": {"operator": operator, "values": [42]}}] if operator else []
        return should_restart({"restartPolicyRules": rules, "restartPolicy": policy}, {"restartPolicy": "Always"}, exit_code)

    assert restarts(1, policy="OnFailure")
    assert not restarts(0, policy="OnFailure")
    assert restarts(42, policy="Never", operator="In")
    assert not restarts(42, policy="Never", operator="NotIn")


def test_init_containers_and_sidecars_count_for_what_a_pod_asks_for() -> None:
    def asking(cpu: str, **more: str) -> Object:
        return {"resources": {"requests": {"cpu": cpu}}, **more}

    spec = {"containers": [asking("100m")], "initContainers": [asking("50m", restartPolicy="Always"), asking("500m")]}

    # While the plain init container runs, so does the sidecar that started before it: 500m and 50m.
    assert aggregate_requests(spec) == {"cpu": "550m"}


def test_quality_of_service_needs_both_limits_on_every_container() -> None:
    both = {"cpu": "1", "memory": "1Gi"}
    full: Object = {"resources": {"limits": both, "requests": both}}

    assert quality_of_service({"containers": [full]}) == "Guaranteed"
    assert quality_of_service({"containers": [full, {}]}) == "Burstable"
    assert quality_of_service({"containers": [{}], "initContainers": [full]}) == "Burstable"
    assert quality_of_service({"containers": [{}]}) == "BestEffort"


def test_an_app_armor_annotation_becomes_a_field() -> None:
    assert app_armor_profile("localhost/strict") == {"type": "Localhost", "localhostProfile": "strict"}
    assert app_armor_profile("localhost/") is None
