"""Story 3: what a container runs, for how long, and what is seen when it ends or cannot be started."""

from functools import partial
from typing import Any

import pytest

from orrery.machinery.clock import timestamp
from orrery.machinery.errors import Invalid
from orrery.machinery.objects import Object
from orrery.testing import Simulation
from orrery.testing.simulation import pod
from tests.scenarios.lesson import back_offs, container, ended, has_restarted, ran_s, title

NOT_FOUND = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start "
    'container process: error during container init: exec: "sleep2.0": executable file not found in $PATH: unknown'
)


def sleeper(*, policy: str = "Always", **fields: Any) -> Object:
    """The lesson's Pod of the image whose ENTRYPOINT is `sleep` and whose CMD is `5`."""
    return pod("ubuntu-sleeper-pod", containers=[container("ubuntu-sleeper", "ubuntu-sleeper", **fields)], restartPolicy=policy)


async def test_ubuntu_without_a_terminal_completes_at_once_and_falls_into_crash_loop_back_off(cluster: Simulation) -> None:
    shown = cluster.watch_shown("ubuntu")

    await cluster.apply(pod("ubuntu", image="ubuntu"))
    await cluster.settle()

    assert shown[-1] == cluster.shown("ubuntu") == "0/1 CrashLoopBackOff"
    assert shown.index("0/1 Completed") < shown.index("0/1 CrashLoopBackOff")
    assert "0/1 Error" not in shown
    end = ended(cluster, "ubuntu")
    assert (end["exitCode"], end["reason"]) == (0, "Completed")
    assert ran_s(end) <= 1
    assert cluster.container("ubuntu")["restartCount"] == 1
    assert cluster.get("pods", "ubuntu")["status"]["phase"] == "Running"
    assert await cluster.logs("ubuntu") == ""


async def test_its_events_come_in_the_kubelets_order_and_words(fast: Simulation) -> None:
    await fast.apply(pod("ubuntu", image="ubuntu"))
    await fast.settle()

    told = fast.events("ubuntu")
    assert [line.partition(":")[0] for line in told] == ["Scheduled", "Pulling", "Pulled", "Created", "Started", "BackOff"]
    assert told[1] == 'Pulling: Pulling image "ubuntu"'
    assert told[3:5] == ["Created: Container created", "Started: Container started"]
    assert told[5] == f"BackOff: Back-off restarting failed container web in pod {title(fast, 'ubuntu')}"


async def test_a_repeated_event_is_one_that_counts_and_tells_its_first_and_last_time(fast: Simulation) -> None:
    begin = timestamp(fast.clock.now_s())
    await fast.apply(pod("ubuntu", image="ubuntu"))
    await fast.settle()
    await fast.until(partial(has_restarted, fast, "ubuntu", 3))
    await fast.settle()

    told = {one["reason"]: one for one in fast.list("events") if one["involvedObject"]["name"] == "ubuntu"}
    last = ended(fast, "ubuntu")["startedAt"]
    assert [(told[reason]["count"], told[reason]["firstTimestamp"]) for reason in ("Created", "Started", "BackOff")] == [
        (4, begin),
        (4, begin),
        (3, begin),  # The first restart did not wait.
    ]
    assert told["Started"]["lastTimestamp"] == last


async def test_each_restart_waits_twice_as_long_up_to_five_minutes(fast: Simulation) -> None:
    """The delay counts from the end of the last run; the kubelet comes up to half of it late, as upstream's jitter has it."""
    seen = fast.watch("pods")

    await fast.apply(pod("ubuntu", image="ubuntu"))
    await fast.settle()
    begin_s = fast.clock.now_s()
    starts: list[float] = []
    for count in range(2, 8):
        await fast.until(partial(has_restarted, fast, "ubuntu", count))
        starts.append(fast.clock.now_s())

    delays = [10, 20, 40, 80, 160, 300]
    waited = [now - before for before, now in zip([begin_s, *starts], starts, strict=False)]
    assert all(delay <= wait <= delay * 1.5 for delay, wait in zip(delays, waited, strict=True))
    assert back_offs(seen, "web") == ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s"]


@pytest.mark.parametrize(
    ("fields", "argv", "seconds"),
    [
        ({}, "sleep 5", 5),
        ({"args": ["10"]}, "sleep 10", 10),
        ({"command": ["sleep", "10"]}, "sleep 10", 10),
        ({"command": ["sleep"], "args": ["7"]}, "sleep 7", 7),
    ],
)
async def test_args_replace_cmd_and_command_replaces_both(fast: Simulation, fields: dict[str, Any], argv: str, seconds: int) -> None:
    await fast.apply(sleeper(policy="Never", **fields))
    await fast.settle()

    listed = await fast.exec("ubuntu-sleeper-pod", ["ps", "-o", "pid,args"])
    assert listed.stdout.splitlines()[1].split(maxsplit=1) == ["1", argv]
    await fast.until(lambda: fast.get("pods", "ubuntu-sleeper-pod")["status"]["phase"] == "Succeeded")

    end = ended(fast, "ubuntu-sleeper-pod")
    assert (end["exitCode"], end["reason"], ran_s(end)) == (0, "Completed", seconds)


async def test_a_sleeper_that_is_always_restarted_counts_its_restarts(fast: Simulation) -> None:
    shown = fast.watch_shown("ubuntu-sleeper-pod")

    await fast.apply(sleeper(args=["10"]))
    await fast.settle()
    await fast.advance(21)

    assert fast.container("ubuntu-sleeper-pod")["restartCount"] == 1
    assert fast.shown("ubuntu-sleeper-pod") == "0/1 CrashLoopBackOff"
    once = ["1/1 Running", "0/1 Completed"]  # The first restart is immediate, the second waits.
    assert shown == ["0/1 Pending", "0/1 ContainerCreating", *once, *once, "0/1 CrashLoopBackOff"]


async def test_a_command_that_does_not_exist_fails_to_start_with_the_runtimes_message_and_code_128(fast: Simulation) -> None:
    shown = fast.watch_shown("ubuntu-sleeper-pod")

    await fast.apply(sleeper(command=["sleep2.0"], args=["10"]))
    await fast.settle()

    end = ended(fast, "ubuntu-sleeper-pod")
    assert (end["exitCode"], end["reason"], end["message"]) == (128, "StartError", NOT_FOUND)
    assert end["startedAt"] == "1970-01-01T00:00:00Z"
    assert shown[-2:] == ["0/1 RunContainerError", "0/1 CrashLoopBackOff"]
    assert "1/1 Running" not in shown
    assert f"Failed: Error: {NOT_FOUND}" in fast.events("ubuntu-sleeper-pod")
    assert "Started: Container started" not in fast.events("ubuntu-sleeper-pod")


async def test_where_nothing_is_restarted_it_fails_the_pod(fast: Simulation) -> None:
    await fast.apply(sleeper(policy="Never", command=["sleep2.0"]))
    await fast.settle()

    assert fast.shown("ubuntu-sleeper-pod") == "0/1 StartError"
    assert fast.get("pods", "ubuntu-sleeper-pod")["status"]["phase"] == "Failed"
    assert fast.container("ubuntu-sleeper-pod")["restartCount"] == 0


async def test_a_program_that_complains_ends_with_its_own_words_and_code(fast: Simulation) -> None:
    await fast.apply(sleeper(args=["ten"]))
    await fast.settle()

    words = "sleep: invalid time interval 'ten'\nTry 'sleep --help' for more information.\n"
    assert await fast.logs("ubuntu-sleeper-pod") == await fast.logs("ubuntu-sleeper-pod", previous=True) == words
    end = ended(fast, "ubuntu-sleeper-pod")
    assert (end["exitCode"], end["reason"]) == (1, "Error")


async def test_sleep_as_process_1_takes_the_whole_grace_period_and_ends_with_137(fast: Simulation) -> None:
    await fast.apply(sleeper(command=["sleep", "3600"]))
    await fast.settle()
    shown, seen, begin_s = fast.watch_shown("ubuntu-sleeper-pod"), fast.watch("pods"), fast.clock.now_s()

    await fast.delete("pods", "ubuntu-sleeper-pod")
    await fast.until(lambda: not fast.pods())

    assert fast.clock.now_s() - begin_s == pytest.approx(30, abs=1)
    assert shown == ["1/1 Terminating", "0/1 Error"]  # As printed since a deleted Pod reaches its last phase first.
    last = seen[-1].record.object["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (last["exitCode"], last["reason"]) == (137, "Error")
    assert fast.events("ubuntu-sleeper-pod")[-1] == "Killing: Stopping container ubuntu-sleeper"


async def test_a_shell_with_a_trap_ends_at_once_when_asked_to(fast: Simulation) -> None:
    script = "trap 'echo bye; exit 0' TERM; while true; do sleep 1 & wait $!; done"
    await fast.apply(pod("polite", containers=[container("web", script=script)]))
    await fast.settle()
    seen, begin_s = fast.watch("pods"), fast.clock.now_s()

    await fast.delete("pods", "polite")
    await fast.until(lambda: not fast.pods())

    assert fast.clock.now_s() - begin_s < 2
    assert seen[-1].record.object["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 0


async def test_a_pods_command_cannot_be_changed(fast: Simulation) -> None:
    await fast.apply(sleeper(args=["10"]))

    with pytest.raises(Invalid, match="pod updates may not change fields other than"):
        await fast.edit("ubuntu-sleeper-pod", lambda draft: draft["spec"]["containers"][0].update(command=["sleep", "20"]), "pods")
