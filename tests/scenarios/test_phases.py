"""Story 8: how a Pod comes to each phase, and the conditions, states, reasons, counts and codes that tell why."""

from typing import Any

import pytest

from orrery.machinery.clock import parse_timestamp
from orrery.machinery.objects import FrozenObject, Object
from orrery.node.failure import Failure
from orrery.settings import Settings
from orrery.testing import Simulation
from orrery.testing.simulation import pod
from orrery.verbs.containers import NodeRefusal
from tests.scenarios.lesson import back_offs, condition, container, ended, ran_s, title, told_of
from tests.scenarios.workloads import READINESS

CONDITIONS = ("PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready")
NOT_PULLED = (
    'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:1.161": '
    'failed to resolve reference "docker.io/library/nginx:1.161": docker.io/library/nginx:1.161: not found'
)


def phase(cluster: Simulation, name: str) -> str:
    return str(cluster.get("pods", name)["status"]["phase"])


def conditions(made: FrozenObject) -> str:
    """`TTTFF`: whether each of CONDITIONS is true; `-` where it is not there yet."""
    found = {one["type"]: one["status"][0] for one in made["status"].get("conditions", ())}
    return "".join(found.get(name, "-") for name in CONDITIONS)


async def run(
    cluster: Simulation, name: str, *command: str, image: str = "busybox", probes: Object | None = None, **spec: Any
) -> FrozenObject:
    """As `kubectl run NAME --image=IMAGE -- COMMAND`, and what has become of it once all is quiet."""
    fields: Object = {**({"args": list(command)} if command else {}), **(probes or {})}
    await cluster.apply(pod(name, containers=[container(name, image, **fields)], **spec))
    await cluster.settle()
    return cluster.get("pods", name)


async def test_a_pod_that_no_node_will_have_is_pending(fast: Simulation) -> None:
    made = await run(fast, "picky", image="nginx", nodeSelector={"disk": "ssd"})

    assert (fast.shown("picky"), made["status"]["phase"], conditions(made)) == ("0/1 Pending", "Pending", "F----")
    scheduled = condition(made, "PodScheduled")
    words = (
        "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, "
        "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    )
    assert (scheduled["reason"], scheduled["message"]) == ("Unschedulable", words)
    assert fast.events("picky") == [f"FailedScheduling: {words}"]


async def test_it_runs_once_a_node_fits(fast: Simulation) -> None:
    await run(fast, "picky", image="nginx", nodeSelector={"disk": "ssd"})

    def label(draft: dict[str, Any]) -> bool:
        draft["metadata"]["labels"]["disk"] = "ssd"
        return True

    await fast.client.change("nodes", "", "orrery-worker2", label)
    await fast.settle()

    assert (fast.shown("picky"), fast.get("pods", "picky")["spec"]["nodeName"]) == ("1/1 Running", "orrery-worker2")


@pytest.mark.parametrize(("probes", "between"), [({}, []), ({"readinessProbe": READINESS}, ["TTTFF"])], ids=["plain", "probed"])
async def test_a_pod_that_serves_is_running_with_every_condition_true(fast: Simulation, probes: Object, between: list[str]) -> None:
    seen = fast.watch("pods")
    made = await run(fast, "web", image="nginx:1.25", probes=probes)

    assert (fast.shown("web"), made["status"]["phase"], conditions(made)) == ("1/1 Running", "Running", "TTTTT")
    assert fast.container("web")["state"] == {"running": {"startedAt": "2026-01-02T03:04:05Z"}}
    assert (fast.container("web")["started"], fast.container("web")["restartCount"]) == (True, 0)
    steps = list(dict.fromkeys(conditions(event.record.object) for event in seen))
    assert steps == ["-----", "T----", "TFTFF", *between, "TTTTT"]
    assert told_of(fast, "web") == [
        ("", "Scheduled"),
        *(("spec.containers{web}", reason) for reason in ("Pulling", "Pulled", "Created", "Started")),
    ]


@pytest.mark.parametrize(("probes", "between"), [({}, []), ({"readinessProbe": READINESS}, ["0/1 Running"])], ids=["plain", "probed"])
async def test_at_a_real_pace_the_same_states_take_their_time_and_events_carry_it(probes: Object, between: list[str]) -> None:
    async with Simulation(Settings(pace="real")) as cluster:
        shown, begin_s = cluster.watch_shown("web"), cluster.clock.now_s()
        await run(cluster, "web", image="nginx:1.25", probes=probes)

        assert shown == ["0/1 Pending", "0/1 ContainerCreating", *between, "1/1 Running"]
        events = sorted(cluster.list("events"), key=lambda one: int(one["metadata"]["resourceVersion"]))
        times = [
            parse_timestamp(one["firstTimestamp"]) for one in events if one["involvedObject"]["name"] == "web" and one["firstTimestamp"]
        ]
        assert len(times) == 4
        assert times == sorted(times)
        assert begin_s <= times[0] < times[-1] <= begin_s + 10


@pytest.mark.parametrize(
    ("command", "policy", "told", "state", "word"),
    [
        ("true", "Never", "Succeeded", (0, "Completed"), "0/1 Completed"),
        ("true", "OnFailure", "Succeeded", (0, "Completed"), "0/1 Completed"),
        ("false", "Never", "Failed", (1, "Error"), "0/1 Error"),
    ],
)
async def test_a_pod_that_is_not_restarted_ends_in_its_last_phase(
    fast: Simulation, command: str, policy: str, told: str, state: tuple[int, str], word: str
) -> None:
    made = await run(fast, "end", command, restartPolicy=policy)

    end = ended(fast, "end")
    assert (fast.shown("end"), made["status"]["phase"], (end["exitCode"], end["reason"])) == (word, told, state)
    why = "PodCompleted" if told == "Succeeded" else "PodFailed"
    assert [condition(made, name)["reason"] for name in ("ContainersReady", "Ready")] == [why, why]
    assert conditions(made) == "TFTFF"
    assert fast.container("end")["restartCount"] == 0


async def test_an_ended_pod_keeps_its_log_and_refuses_commands(fast: Simulation) -> None:
    await run(fast, "end", "sh", "-c", "echo done", restartPolicy="Never")

    assert await fast.logs("end") == "done\n"
    with pytest.raises(NodeRefusal, match=r'container not found \("end"\)'):
        await fast.exec("end", ["true"])


async def test_a_failure_that_is_restarted_counts_until_it_succeeds(fast: Simulation) -> None:
    script = "echo x >> /data/tries; sleep 1; test $(wc -l < /data/tries) -ge 4 || exit 7"
    one = container("job", script=script, volumeMounts=[{"name": "data", "mountPath": "/data"}])
    seen, begin_s = fast.watch("pods"), fast.clock.now_s()
    await fast.apply(pod("job", containers=[one], restartPolicy="OnFailure", volumes=[{"name": "data", "emptyDir": {}}]))
    await fast.until(lambda: phase(fast, "job") == "Succeeded", within_s=60)

    assert fast.container("job")["restartCount"] == 3
    assert fast.container("job")["lastState"]["terminated"]["exitCode"] == 7
    assert ended(fast, "job")["exitCode"] == 0
    assert back_offs(seen, "job") == ["10s", "20s"]
    assert 34 <= fast.clock.now_s() - begin_s <= 34 + 15


async def test_ubuntu_stays_in_phase_running_while_it_backs_off(fast: Simulation) -> None:
    made = await run(fast, "ubuntu", image="ubuntu")

    assert (fast.shown("ubuntu"), made["status"]["phase"], conditions(made)) == ("0/1 CrashLoopBackOff", "Running", "TTTFF")
    assert fast.container("ubuntu")["state"]["waiting"] == {
        "reason": "CrashLoopBackOff",
        "message": f"back-off 10s restarting failed container=ubuntu pod={title(fast, 'ubuntu')}",
    }
    unready = condition(made, "Ready")
    assert (unready["reason"], unready["message"]) == ("ContainersNotReady", "containers with unready status: [ubuntu]")


async def test_an_image_that_does_not_exist_keeps_it_pending(fast: Simulation) -> None:
    made = await run(fast, "typo", image="nginx:1.161")

    assert (fast.shown("typo"), made["status"]["phase"], conditions(made)) == ("0/1 ErrImagePull", "Pending", "TTTFF")
    assert fast.container("typo")["state"]["waiting"] == {"reason": "ErrImagePull", "message": NOT_PULLED}
    assert fast.events("typo")[1:] == [
        'Pulling: Pulling image "nginx:1.161"',
        f'Failed: Failed to pull image "nginx:1.161": {NOT_PULLED}',
        "Failed: Error: ErrImagePull",
        'BackOff: Back-off pulling image "nginx:1.161"',
        "Failed: Error: ImagePullBackOff",
    ]

    await fast.advance(15)
    assert fast.shown("typo") == "0/1 ImagePullBackOff"
    await fast.edit("typo", lambda draft: draft["spec"]["containers"][0].update(image="nginx:1.16.1"), "pods")
    await fast.until(lambda: fast.shown("typo") == "1/1 Running", within_s=60)
    assert fast.container("typo")["restartCount"] == 0


async def test_a_command_that_is_not_there_fails_a_pod_that_is_not_restarted(fast: Simulation) -> None:
    one = container("sleeper", "ubuntu", command=["sleep2.0", "10"])
    await fast.apply(pod("sleeper", containers=[one], restartPolicy="Never"))
    await fast.settle()

    assert (fast.shown("sleeper"), phase(fast, "sleeper")) == ("0/1 StartError", "Failed")
    assert ended(fast, "sleeper")["exitCode"] == 128
    assert ended(fast, "sleeper")["message"].endswith('exec: "sleep2.0": executable file not found in $PATH: unknown')


@pytest.mark.parametrize(
    ("script", "code", "reason"),
    [
        ("exit 3", 3, "Error"),
        ("nosuch", 127, "Error"),
        ("/etc/passwd", 126, "Error"),
        ("kill -9 1; kill -TERM 1; exit 4", 4, "Error"),  # Process 1 does not hear what it has no handler for.
        ("sh -c 'kill -9 $$$$'; exit $?", 137, "Error"),
        ("sh -c 'kill -TERM $$$$'; exit $?", 143, "Error"),  # In a manifest $$ is one $.
        ("x=aaaaaaaa; while true; do x=$x$x; done", 137, "OOMKilled"),
    ],
)
async def test_exit_codes_say_how_a_container_ended(fast: Simulation, script: str, code: int, reason: str) -> None:
    one = container("main", script=f"{script}\n", resources={"limits": {"memory": "16Mi"}})
    await fast.apply(pod("code", containers=[one], restartPolicy="Never"))
    await fast.settle()
    await fast.until(lambda: phase(fast, "code") == "Failed", within_s=30)

    assert (ended(fast, "code")["exitCode"], ended(fast, "code")["reason"]) == (code, reason)


async def test_a_termination_message_is_shown_with_the_end(fast: Simulation) -> None:
    script = "echo disk on fire > /dev/termination-log; echo bye; exit 1"
    await fast.apply(pod("said", containers=[container("main", script=script)], restartPolicy="Never"))
    await fast.settle()

    assert ended(fast, "said")["message"] == "disk on fire\n"


async def test_a_liveness_probe_that_fails_restarts_the_container(fast: Simulation) -> None:
    probe = {"exec": {"command": ["cat", "/tmp/healthy"]}, "initialDelaySeconds": 5, "periodSeconds": 5}
    script = "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"
    main = container("main", script=script, livenessProbe=probe)
    await fast.apply(pod("liveness", containers=[main], terminationGracePeriodSeconds=10))
    await fast.until(lambda: bool(fast.pods()[0]["status"].get("containerStatuses")) and fast.container("liveness")["restartCount"] == 1)

    told = fast.events("liveness")
    assert "Unhealthy: Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory\n" in told
    assert "Killing: Container main failed liveness probe, will be restarted" in told
    end = fast.container("liveness")["lastState"]["terminated"]
    assert (end["exitCode"], end["reason"]) == (137, "Error")
    assert 50 <= ran_s(end) <= 56  # Three failures in a row after 30 s, then the grace period.


async def test_a_pod_with_a_deadline_fails_when_it_has_passed(fast: Simulation) -> None:
    await run(fast, "late", "sleep", "3600", activeDeadlineSeconds=20, terminationGracePeriodSeconds=5)
    begin_s = fast.clock.now_s()
    await fast.until(lambda: phase(fast, "late") == "Failed", within_s=60)

    status = fast.get("pods", "late")["status"]
    assert (status["reason"], status["message"]) == ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
    assert fast.clock.now_s() - begin_s == pytest.approx(25, abs=1)
    assert ended(fast, "late")["exitCode"] == 137


async def test_a_pod_on_a_lost_node_seems_to_run_until_it_is_told_to_go(fast: Simulation) -> None:
    """The phase Unknown has not been set for years: what is unknown is the node; its Pods are not ready, and go after five minutes."""
    await run(fast, "web", image="nginx:1.25", nodeName="orrery-worker2")
    await fast.cluster.kubelet.machines.fail("orrery-worker2", Failure.CRASH)
    await fast.advance(60)

    ready = condition(fast.get("nodes", "orrery-worker2", ""), "Ready")
    assert (ready["status"], ready["reason"]) == ("Unknown", "NodeStatusUnknown")
    assert (fast.shown("web"), phase(fast, "web"), conditions(fast.get("pods", "web"))) == ("1/1 Running", "Running", "TTTTF")

    await fast.advance(310)
    assert fast.shown("web") == "1/1 Terminating"
