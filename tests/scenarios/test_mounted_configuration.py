"""Story 5, the mounted half: ConfigMaps and Secrets as files, what an update reaches and when, and what a Pod waits for."""

from typing import Any

import pytest

from orrery.machinery.errors import Invalid
from orrery.machinery.objects import Object
from orrery.settings import Settings
from orrery.testing import Simulation
from orrery.testing.simulation import pod
from tests.scenarios.lesson import configmap, container, secret

SECRETS = "/opt/app-secret-volumes"
REFRESH_S = (20, 75)
"""What the kubelet needs until a change reaches a file: its sync period of a minute, and the age of what it holds."""


def mounted(volume: Object, path: str, *, mount: Object | None = None, **fields: Any) -> Object:
    """A Pod that sleeps, with one volume."""
    mounts = [{"name": "v", "mountPath": path, **(mount or {})}]
    one = container("app", "busybox", command=["sleep", "3600"], volumeMounts=mounts, **fields)
    return pod("mounted", containers=[one], volumes=[{"name": "v", **volume}])


async def run(cluster: Simulation, made: Object) -> None:
    await cluster.apply(made)
    await cluster.settle()
    assert cluster.shown("mounted") == "1/1 Running"


async def sh(cluster: Simulation, script: str) -> str:
    """What a script in the container prints, errors included."""
    return (await cluster.exec("mounted", ["sh", "-c", f"exec 2>&1; {script}"])).stdout


async def app_secret(cluster: Simulation) -> None:
    await cluster.apply(secret("app-secret", DB_Host="mysql", DB_User="root", DB_Password="paswrd"))


async def test_a_mounted_secret_is_a_file_per_key_with_the_decoded_value(fast: Simulation) -> None:
    await app_secret(fast)
    await run(fast, mounted({"secret": {"secretName": "app-secret"}}, SECRETS))

    assert await sh(fast, f"ls {SECRETS}") == "DB_Host\nDB_Password\nDB_User\n"
    assert await sh(fast, f"cat {SECRETS}/DB_Password") == "paswrd"
    assert fast.get("secrets", "app-secret")["data"]["DB_Password"] == "cGFzd3Jk"


async def test_what_is_not_canonical_base64_is_mounted_as_what_it_decodes_to(fast: Simulation) -> None:
    slip = secret("app-secret")
    slip["data"] = {"DB_Host": "bXlzcWk="}  # What the notes' `bXlzcWn=` comes back as.
    await fast.apply(slip)
    await run(fast, mounted({"secret": {"secretName": "app-secret"}}, SECRETS))

    assert await sh(fast, f"cat {SECRETS}/DB_Host") == "mysqi"


async def test_the_files_are_links_through_one_link_so_that_all_change_at_once(fast: Simulation) -> None:
    await app_secret(fast)
    await run(fast, mounted({"secret": {"secretName": "app-secret"}}, SECRETS))

    listed = await sh(fast, f"cd {SECRETS}; readlink DB_Host; readlink ..data; ls -A | wc -l")
    link, data, count = listed.split()
    assert (link, count) == ("..data/DB_Host", "5")
    assert data.startswith("..2026_01_02_03_04_05.")


async def test_nobody_writes_to_a_mounted_secret(fast: Simulation) -> None:
    await app_secret(fast)
    await run(fast, mounted({"secret": {"secretName": "app-secret"}}, SECRETS, mount={"readOnly": True}))

    tried = await fast.exec("mounted", ["sh", "-c", f"echo mysql > {SECRETS}/DB_Host"])
    assert (tried.code, tried.stderr) == (1, f"sh: can't create {SECRETS}/DB_Host: Read-only file system\n")


async def test_items_choose_keys_and_give_them_paths_and_modes(fast: Simulation) -> None:
    await fast.apply(configmap("app-config", APP_COLOR="blue", APP_MODE="prod"))
    items = [{"key": "APP_COLOR", "path": "ui/color", "mode": 0o400}, {"key": "APP_MODE", "path": "mode"}]
    await run(fast, mounted({"configMap": {"name": "app-config", "defaultMode": 0o440, "items": items}}, "/etc/app"))

    assert await sh(fast, "cd /etc/app; ls; ls ui") == "mode\nui\ncolor\n"
    assert await sh(fast, "cd /etc/app; stat -L -c '%a %n' ui/color mode; cat ui/color") == "400 ui/color\n440 mode\nblue"


async def test_a_key_that_is_not_there_keeps_the_pod_from_starting(fast: Simulation) -> None:
    await fast.apply(configmap("app-config", APP_COLOR="blue"))
    await fast.apply(mounted({"configMap": {"name": "app-config", "items": [{"key": "nope", "path": "nope"}]}}, "/etc/app"))
    await fast.settle()

    assert fast.shown("mounted") == "0/1 ContainerCreating"
    words = 'FailedMount: MountVolume.SetUp failed for volume "v" : configmap references non-existent config key: nope'
    assert words in fast.events("mounted")


@pytest.mark.parametrize(
    ("volume", "missing", "words"),
    [
        ({"configMap": {"name": "app-config"}}, configmap("app-config", A="1"), 'configmap "app-config" not found'),
        ({"secret": {"secretName": "app-secret"}}, secret("app-secret", A="1"), 'secret "app-secret" not found'),
    ],
)
async def test_a_pod_waits_for_what_it_mounts_and_starts_once_it_is_there(
    fast: Simulation, volume: Object, missing: Object, words: str
) -> None:
    await fast.apply(mounted(volume, "/etc/app"))
    await fast.settle()

    assert fast.shown("mounted") == "0/1 ContainerCreating"
    assert fast.events("mounted")[1:] == [f'FailedMount: MountVolume.SetUp failed for volume "v" : {words}']

    await fast.apply(missing)
    await fast.until(lambda: fast.shown("mounted") == "1/1 Running", within_s=200)

    assert await sh(fast, "cat /etc/app/A") == "1"


async def test_what_is_optional_is_an_empty_folder_until_it_is_there(fast: Simulation) -> None:
    await run(fast, mounted({"configMap": {"name": "app-config", "optional": True}}, "/etc/app"))
    assert await sh(fast, "ls /etc/app") == ""

    await fast.apply(configmap("app-config", APP_COLOR="blue"))
    await fast.advance(REFRESH_S[1])

    assert await sh(fast, "ls /etc/app") == "APP_COLOR\n"


async def test_a_projected_volume_gathers_several_sources(fast: Simulation) -> None:
    await app_secret(fast)
    await fast.apply(configmap("app-config", APP_COLOR="blue"))
    sources: list[Object] = [
        {"secret": {"name": "app-secret", "items": [{"key": "DB_Password", "path": "db/password", "mode": 0o400}]}},
        {"configMap": {"name": "app-config"}},
        {"configMap": {"name": "not-there", "optional": True}},
        {"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}},
    ]
    await run(fast, mounted({"projected": {"defaultMode": 0o440, "sources": sources}}, "/etc/all"))

    found = await sh(fast, "cd /etc/all; for f in APP_COLOR db/password name; do stat -L -c '%a %n' $f; cat $f; echo; done")
    assert found.splitlines() == ["440 APP_COLOR", "blue", "400 db/password", "paswrd", "440 name", "mounted"]


async def test_an_update_reaches_the_file_within_the_sync_period_but_not_the_environment_nor_a_sub_path() -> None:
    async with Simulation(Settings(pace="real")) as cluster:
        await cluster.apply(configmap("app-config", APP_COLOR="blue"))
        made = mounted(
            {"configMap": {"name": "app-config"}},
            "/etc/app",
            env=[{"name": "APP_COLOR", "valueFrom": {"configMapKeyRef": {"name": "app-config", "key": "APP_COLOR"}}}],
        )
        made["spec"]["containers"][0]["volumeMounts"].append({"name": "v", "mountPath": "/etc/color", "subPath": "APP_COLOR"})
        await run(cluster, made)
        read = "cat /etc/app/APP_COLOR; echo; cat /etc/color; echo; echo $APP_COLOR"
        assert (await sh(cluster, read)).split() == ["blue", "blue", "blue"]

        await cluster.apply(configmap("app-config", APP_COLOR="green"))
        await cluster.advance(REFRESH_S[0] - 1)
        assert (await sh(cluster, read)).split() == ["blue", "blue", "blue"]
        await cluster.advance(REFRESH_S[1] - REFRESH_S[0] + 1)

        assert (await sh(cluster, read)).split() == ["green", "blue", "blue"]
        assert cluster.container("mounted")["restartCount"] == 0


@pytest.mark.parametrize(
    "volume",
    [{"secret": {"secretName": "app-secret"}}, {"projected": {"sources": [{"secret": {"name": "app-secret"}}]}}],
    ids=["secret", "projected"],
)
async def test_an_update_of_a_secret_reaches_its_files_as_well(fast: Simulation, volume: Object) -> None:
    await app_secret(fast)
    await run(fast, mounted(volume, SECRETS))

    await fast.apply(secret("app-secret", DB_Host="mysql", DB_User="root", DB_Password="changed"))
    await fast.advance(REFRESH_S[1])

    assert await sh(fast, f"cat {SECRETS}/DB_Password") == "changed"


async def test_keys_that_come_and_go_are_files_that_come_and_go(fast: Simulation) -> None:
    await fast.apply(configmap("app-config", APP_COLOR="blue", APP_MODE="prod"))
    await run(fast, mounted({"configMap": {"name": "app-config"}}, "/etc/app"))
    before = await sh(fast, "readlink /etc/app/..data")

    await fast.apply(configmap("app-config", APP_MODE="prod", LOG_LEVEL="debug"))
    await fast.advance(REFRESH_S[1])

    assert await sh(fast, "ls /etc/app") == "APP_MODE\nLOG_LEVEL\n"
    assert await sh(fast, "readlink /etc/app/..data") != before


async def test_a_running_program_sees_the_new_value(fast: Simulation) -> None:
    await fast.apply(configmap("app-config", APP_COLOR="blue"))
    script = "while true; do cat /etc/app/APP_COLOR; echo; sleep 1; done"
    made = mounted({"configMap": {"name": "app-config"}}, "/etc/app")
    made["spec"]["containers"][0]["command"] = ["sh", "-c", script]
    await run(fast, made)

    await fast.apply(configmap("app-config", APP_COLOR="green"))
    await fast.advance(REFRESH_S[1] + 5)

    lines = (await fast.logs("mounted")).split()
    assert (lines[0], lines[-1]) == ("blue", "green")
    assert lines == sorted(lines)  # Never back.


async def test_what_is_immutable_cannot_be_changed_not_even_back(fast: Simulation) -> None:
    await fast.apply(configmap("app-config", APP_COLOR="blue"))
    await fast.apply({**configmap("app-config", APP_COLOR="blue"), "immutable": True})

    with pytest.raises(Invalid, match="data: Forbidden: field is immutable when `immutable` is set"):
        await fast.apply(configmap("app-config", APP_COLOR="red"))
    with pytest.raises(Invalid, match="immutable: Forbidden: field is immutable when `immutable` is set"):
        await fast.apply({**configmap("app-config", APP_COLOR="blue"), "immutable": False})

    await run(fast, mounted({"configMap": {"name": "app-config"}}, "/etc/app"))
    assert await sh(fast, "cat /etc/app/APP_COLOR") == "blue"
