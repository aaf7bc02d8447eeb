"""The in-process client: the same rules, at once, without touching what the caller holds."""

import asyncio

import pytest

from orrery.machinery.errors import Conflict, Invalid, NotFound
from orrery.machinery.objects import FrozenObject, Object, thaw
from orrery.verbs.call import SYSTEM_ADMIN
from tests.verbs.world import Api, config_map, pod


async def test_a_write_is_readable_at_once(api: Api) -> None:
    client = api.verbs.client(SYSTEM_ADMIN, "test")
    obj = pod()
    obj["metadata"]["namespace"] = "default"
    before = thaw(obj)

    created = await client.create("pods", obj)
    assert client.get("pods", "default", "web") == created
    assert obj == before


async def test_changes_made_at_once_are_all_kept(api: Api) -> None:
    client = api.verbs.client(SYSTEM_ADMIN, "test")
    await api.create("configmaps", config_map())

    async def add(number: int) -> None:
        def change(obj: Object) -> bool:
            obj.setdefault("data", {})[str(number)] = "x"
            return True

        await client.change("configmaps", "default", "a", change)

    await asyncio.gather(*(add(number) for number in range(10)))
    assert len((await api.get("configmaps", "a"))["data"]) == 10


async def test_a_change_of_nothing_is_not_written_and_one_of_nobody_is_none(api: Api) -> None:
    client = api.verbs.client(SYSTEM_ADMIN, "test")
    created = await api.create("configmaps", config_map())

    assert await client.change("configmaps", "default", "a", lambda obj: False) == created
    assert await client.change("configmaps", "default", "none", lambda obj: True) is None


async def test_a_status_is_renewed_from_the_newest_object_and_nothing_else_of_it_changes(api: Api) -> None:
    client = api.verbs.client(SYSTEM_ADMIN, "test")
    created = await api.create("pods", pod())

    def plan(old: FrozenObject) -> Object:
        return {**old["status"], "message": old["status"].get("message", "") + "x"}

    await asyncio.gather(*(client.renew_status("pods", "default", "web", plan) for _ in range(3)))
    renewed = await api.get("pods", "web")
    assert renewed["status"]["message"] == "xxx"
    assert renewed["spec"] == created["spec"]
    assert "message" not in created["status"]
    assert await client.renew_status("pods", "default", "web", lambda old: None) == renewed
    assert await client.renew_status("pods", "default", "none", plan) is None


async def test_labels_narrow_a_list_by_index(api: Api) -> None:
    client = api.verbs.client(SYSTEM_ADMIN, "test")
    for name, labels in (("a", {"x": "1", "y": "1"}), ("b", {"x": "1"}), ("c", {"x": "1", "y": "1"})):
        await api.create("configmaps", config_map(name, labels=labels))

    found = client.list("configmaps", "default", labels={"x": "1", "y": "1"})
    assert [obj["metadata"]["name"] for obj in found] == ["a", "c"]


async def test_errors_are_those_of_http(api: Api) -> None:
    client = api.verbs.client(SYSTEM_ADMIN, "test")
    created = await api.create("configmaps", config_map())

    with pytest.raises(NotFound):
        await client.delete("configmaps", "default", "none")
    with pytest.raises(Conflict):
        await client.delete("configmaps", "default", "a", resource_version="1")
    with pytest.raises(Invalid):
        await client.create("configmaps", {"metadata": {"name": "B_", "namespace": "default"}})
    with pytest.raises(Conflict):
        await client.update("configmaps", {**thaw(created), "metadata": {**created["metadata"], "resourceVersion": "1"}})
