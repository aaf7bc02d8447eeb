"""The phase of a Pod, from its container statuses."""

from typing import Any

import pytest

from orrery.node.phase import phase_of

RUNNING = {"state": {"running": {}}, "lastState": {}, "started": True}
WAITING = {"state": {"waiting": {}}, "lastState": {}, "started": False}


def ended(code: int) -> dict[str, Any]:
    return {"state": {"terminated": {"exitCode": code}}, "lastState": {}, "started": False}


def crashing(code: int) -> dict[str, Any]:
    return {"state": {"waiting": {}}, "lastState": {"terminated": {"exitCode": code}}, "started": False}


@pytest.mark.parametrize(
    ("policy", "statuses", "phase"),
    [
        ("Always", [WAITING], "Pending"),
        ("Always", [RUNNING], "Running"),
        ("Always", [RUNNING, WAITING], "Pending"),
        ("Always", [RUNNING, crashing(1)], "Running"),
        ("Always", [ended(0)], "Running"),
        ("Always", [crashing(1)], "Running"),
        ("Never", [ended(0)], "Succeeded"),
        ("Never", [ended(0), ended(1)], "Failed"),
        ("Never", [ended(0), RUNNING], "Running"),
        ("OnFailure", [ended(0)], "Succeeded"),
        ("OnFailure", [ended(1)], "Running"),
        ("OnFailure", [crashing(1)], "Running"),
        ("OnFailure", [ended(0), ended(0)], "Succeeded"),
    ],
)
def test_regular_containers(policy: str, statuses: list[dict[str, Any]], phase: str) -> None:
    names = [f"c{index}" for index in range(len(statuses))]
    spec = {"restartPolicy": policy, "containers": [{"name": name} for name in names]}

    assert phase_of(spec, dict(zip(names, statuses, strict=True)), is_terminal=False, has_initialized=True) == phase


@pytest.mark.parametrize(
    ("policy", "init", "main", "phase"),
    [
        ("Always", RUNNING, WAITING, "Pending"),
        ("Always", ended(0), WAITING, "Pending"),
        ("Always", ended(0), RUNNING, "Running"),
        ("Always", ended(1), WAITING, "Pending"),
        ("Always", crashing(1), WAITING, "Pending"),
        ("Never", ended(1), WAITING, "Failed"),
        ("OnFailure", ended(1), WAITING, "Pending"),
    ],
)
def test_init_containers(policy: str, init: dict[str, Any], main: dict[str, Any], phase: str) -> None:
    spec = {"restartPolicy": policy, "initContainers": [{"name": "init"}], "containers": [{"name": "main"}]}

    assert phase_of(spec, {"init": init, "main": main}, is_terminal=False, has_initialized="running" in main["state"]) == phase


def test_a_sidecar_that_has_not_started_keeps_the_pod_pending_and_one_that_runs_does_not_keep_it_alive() -> None:
    spec = {
        "restartPolicy": "Never",
        "initContainers": [{"name": "side", "restartPolicy": "Always"}],
        "containers": [{"name": "main"}],
    }
    starting = {**RUNNING, "started": False}

    assert phase_of(spec, {"side": starting, "main": WAITING}, is_terminal=False, has_initialized=False) == "Pending"
    assert phase_of(spec, {"side": RUNNING, "main": RUNNING}, is_terminal=False, has_initialized=True) == "Running"
    assert phase_of(spec, {"side": ended(0), "main": ended(0)}, is_terminal=True, has_initialized=True) == "Succeeded"


def test_a_pod_that_will_not_go_on_is_judged_by_how_it_ended() -> None:
    spec = {"restartPolicy": "Always", "containers": [{"name": "main"}]}

    assert phase_of(spec, {"main": ended(0)}, is_terminal=True, has_initialized=True) == "Succeeded"
    assert phase_of(spec, {"main": ended(137)}, is_terminal=True, has_initialized=True) == "Failed"


@pytest.mark.parametrize(("code", "phase"), [(42, "Running"), (1, "Failed")])
def test_a_containers_own_rules_come_before_the_pods_policy(code: int, phase: str) -> None:
    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
    main = {"name": "main", "restartPolicy": "Never", "restartPolicyRules": rules}
    spec = {"restartPolicy": "Always", "containers": [main]}

    assert phase_of(spec, {"main": ended(code)}, is_terminal=False, has_initialized=True) == phase
