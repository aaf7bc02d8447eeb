"""The conditions a kubelet keeps."""

from typing import Any

from orrery.node.conditions import OWNED, plan_conditions

NOW = "2026-01-02T03:04:05Z"
LATER = "2026-01-02T03:05:00Z"


def pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web", "generation": 1}, "spec": {"containers": [{"name": "web"}], **spec}}


def status(*, ready: bool, state: str = "running", started: bool = True) -> dict[str, Any]:
    return {"ready": ready, "state": {state: {}}, "lastState": {}, "started": started}


def plan(subject: dict[str, Any], statuses: dict[str, Any], *, phase: str = "Running", old: list[Any] | None = None, now: str = NOW) -> Any:
    conditions = plan_conditions(subject, statuses, phase=phase, has_sandbox=True, old=old or [], now=now)
    return {condition["type"]: condition for condition in conditions}


def test_a_container_that_is_not_ready_is_named() -> None:
    conditions = plan(pod(), {"web": status(ready=False)})

    assert list(conditions) == list(OWNED)
    for type_ in ("Ready", "ContainersReady"):
        assert conditions[type_]["status"] == "False"
        assert conditions[type_]["reason"] == "ContainersNotReady"
        assert conditions[type_]["message"] == "containers with unready status: [web]"
    assert conditions["Initialized"]["status"] == "True"
    assert conditions["Ready"]["observedGeneration"] == 1
    assert conditions["Ready"]["lastProbeTime"] is None


def test_several_names_stand_in_one_pair_of_brackets() -> None:
    subject = pod(containers=[{"name": "a"}, {"name": "b"}])

    conditions = plan(subject, {"a": status(ready=False), "b": status(ready=False)})

    assert conditions["Ready"]["message"] == "containers with unready status: [a b]"


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    before = list(plan(pod(), {"web": status(ready=False)}).values())

    same = plan(pod(), {"web": status(ready=False)}, old=before, now=LATER)
    changed = plan(pod(), {"web": status(ready=True)}, old=before, now=LATER)

    assert same["Ready"]["lastTransitionTime"] == NOW
    assert changed["Ready"]["lastTransitionTime"] == LATER
    assert changed["PodScheduled"]["lastTransitionTime"] == NOW
    assert "reason" not in changed["Ready"]


def test_init_containers_that_are_not_done_keep_the_pod_uninitialized() -> None:
    subject = pod(initContainers=[{"name": "one"}, {"name": "two"}])
    statuses = {"one": status(ready=True, state="terminated"), "two": status(ready=False), "web": status(ready=False, state="waiting")}

    conditions = plan(subject, statuses, phase="Pending")

    assert conditions["Initialized"]["status"] == "False"
    assert conditions["Initialized"]["reason"] == "ContainersNotInitialized"
    assert conditions["Initialized"]["message"] == "containers with incomplete status: [two]"


def test_the_end_of_a_pod_gives_its_conditions_their_last_reason() -> None:
    done = status(ready=False, state="terminated")

    succeeded = plan(pod(), {"web": done}, phase="Succeeded")
    failed = plan(pod(), {"web": done}, phase="Failed")

    assert [succeeded[kind].get("reason") for kind in ("Initialized", "Ready", "ContainersReady")] == ["PodCompleted"] * 3
    assert [failed[kind].get("reason") for kind in ("Initialized", "Ready", "ContainersReady")] == [None, "PodFailed", "PodFailed"]


def test_readiness_gates_hold_back_ready_but_not_containers_ready() -> None:
    subject = pod(readinessGates=[{"conditionType": "example.com/a"}, {"conditionType": "example.com/b"}])
    theirs = [{"type": "example.com/b", "status": "False"}]

    held = plan(subject, {"web": status(ready=True)}, old=theirs)
    both = [{"type": "example.com/a", "status": "True"}, {"type": "example.com/b", "status": "True"}]
    open_ = plan(subject, {"web": status(ready=True)}, old=both)

    assert held["ContainersReady"]["status"] == "True"
    assert held["Ready"]["reason"] == "ReadinessGatesNotReady"
    assert held["Ready"]["message"] == (
        'corresponding condition of pod readiness gate "example.com/a" does not exist., '
        'the status of pod readiness gate "example.com/b" is not "True", but False'
    )
    assert held["example.com/b"] == theirs[0]
    assert open_["Ready"]["status"] == "True"
