"""Watches in WebSockets: a message per event, and the ways they end."""

import asyncio
import base64
import json

from tests.api.reach import PODS, Reach

_HANDSHAKE = {"Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}


async def test_every_event_is_a_message_until_the_watch_ends(reached: Reach) -> None:
    client = await reached.websocket(f"{PODS}?watch=true", "")
    events = [json.loads(text) for text in await client.texts(2)]

    reached.served.app.streams.end()

    assert client.answer.status == 101
    assert [(event["type"], event["object"]["metadata"]["name"]) for event in events] == [("ADDED", "p"), ("ADDED", "unbound")]
    assert await client.messages() == []


async def test_a_client_that_leaves_ends_its_watch(reached: Reach) -> None:
    client = await reached.websocket(f"{PODS}?watch=true", "")
    await client.texts(1)
    assert len(reached.served.app.streams) == 1

    client.writer.close()
    await asyncio.wait(reached.state.tasks)

    assert len(reached.served.app.streams) == 0


async def test_what_cannot_be_watched_is_refused_before_the_handshake(reached: Reach) -> None:
    answer, _, writer = await reached.upgrade(f"{PODS}?watch=true&fieldSelector=nope=1", "websocket", **_HANDSHAKE)

    assert answer.status == 400
    writer.close()


async def test_a_token_among_the_protocols_is_none_of_them(reached: Reach) -> None:
    token = base64.urlsafe_b64encode(b"secret").decode().rstrip("=")
    protocols = f"base64url.bearer.authorization.k8s.io.{token}, mine"

    client = await reached.websocket(f"{PODS}?watch=true", protocols)

    assert (client.answer.status, client.answer.headers["sec-websocket-protocol"]) == (101, "mine")
    client.writer.close()
