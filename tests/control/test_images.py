"""The image catalogue over HTTP."""

import httpx

from orrery.cluster import new_cluster
from orrery.machinery.clock import VirtualClock
from orrery.node.images.user_images import Run, UserImage
from orrery.settings import FAST


async def test_the_catalogue_lists_built_in_images_and_those_of_users() -> None:
    mine = UserImage(name="example.com/shop/web", tags=("v1",), ports=(8080,), run=Run())
    cluster = new_cluster(VirtualClock(), FAST, images=(mine,))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(cluster.app()), base_url="http://localhost") as client:
        rows = {row["repository"]: row for row in (await client.get("/orrery/v1/images")).json()["items"]}

    assert rows["nginx"]["ports"] == [80]
    assert rows["example.com/shop/web"] == {
        "repository": "example.com/shop/web",
        "kind": "script",
        "ports": [8080],
        "tags": "v1",
        "latest": "",
        "source": "user",
    }
