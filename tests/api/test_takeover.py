"""Connections that leave HTTP, and those that were only asked to."""

import asyncio

import pytest

from tests.api.reach import PODS, Reach, read_answer

EXEC = f"{PODS}/p/exec?stdin=1&stdout=1&stderr=1"


async def test_a_request_that_cannot_be_upgraded_leaves_the_connection_to_http(reached: Reach) -> None:
    """Java's HTTP client asks every plain server for HTTP/2 this way."""
    answer, reader, writer = await reached.upgrade("/version", "h2c", HTTP2_Settings="AAMAAABkAAQCAAAAAAIAAAAA")
    writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")

    following = await read_answer(reader)

    assert (answer.status, following.status, following.body) == (200, 200, b"ok")
    writer.close()


async def test_a_request_right_behind_such_a_one_is_answered_too(reached: Reach) -> None:
    reader, writer = await reached.connect()
    head = b" HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    writer.write(b"GET /version" + head + b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")

    answers = [await read_answer(reader), await read_answer(reader)]

    assert [answer.status for answer in answers] == [200, 200]
    assert answers[1].body == b"ok"
    writer.close()


@pytest.mark.parametrize("framing", ["Content-Length: 52", "Transfer-Encoding: chunked"])
async def test_a_body_after_such_a_request_is_read(reached: Reach, framing: str) -> None:
    body = b'{"metadata":{"name":"a"},"data":{"key":"some text"}}'
    reader, writer = await reached.connect()
    lines = ["POST /api/v1/namespaces/default/configmaps HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA", framing, "", ""]
    raw = "\r\n".join(lines).encode() + (b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if "chunked" in framing else body)
    raw += b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for at in range(0, len(raw), 100):
        writer.write(raw[at : at + 100])
        await writer.drain()

    answers = [await read_answer(reader), await read_answer(reader)]

    assert [answer.status for answer in answers] == [201, 200]
    assert b'"key":"some text"' in answers[0].body
    writer.close()


async def test_a_refused_upgrade_is_a_status_and_http_goes_on(reached: Reach) -> None:
    answer, reader, writer = await reached.upgrade(f"{PODS}/none/exec?command=ls&stdout=1", "SPDY/3.1")
    writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert answer.status == 404
    assert b'pods \\"none\\" not found' in answer.body
    assert (await read_answer(reader)).status == 200
    writer.close()


async def test_host_and_origin_are_checked_before_anything_is_taken_over(reached: Reach) -> None:
    answer, _, writer = await reached.upgrade(EXEC, "websocket", Origin="http://evil.example", Sec_WebSocket_Protocol="v5.channel.k8s.io")

    assert answer.status == 403
    assert reached.containers.sessions == []
    writer.close()


async def test_what_comes_with_the_request_for_an_upgrade_is_not_lost(reached: Reach) -> None:
    reader, writer = await reached.connect()
    lines = [
        f"GET {EXEC}&command=cat HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: v5.channel.k8s.io",
        "",
        "",
    ]
    hello = b"\x82\x84\0\0\0\0\0hey" + b"\x82\x82\0\0\0\0\xff\0"
    writer.write("\r\n".join(lines).encode() + hello)

    await reader.readuntil(b"\r\n\r\n")

    assert await reader.readexactly(9) == b"\x82\x01\x01" + b"\x82\x04\x01hey"
    writer.close()


async def test_a_client_that_leaves_frees_its_session(reached: Reach) -> None:
    client = await reached.websocket(f"{EXEC}&command=hang", "v5.channel.k8s.io")
    session = await reached.containers.first_session()
    assert not session.is_closed

    client.writer.close()
    while reached.state.tasks:
        await asyncio.wait(reached.state.tasks)

    assert session.is_closed


async def test_a_server_that_stops_ends_sessions_and_logs(reached: Reach) -> None:
    client = await reached.websocket(f"{EXEC}&command=hang", "v5.channel.k8s.io")
    reader, writer = await reached.connect()
    writer.write(f"GET {PODS}/p/log?follow=true HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await reader.readuntil(b"two\n\r\n")

    reached.served.app.end_watches()

    assert await reader.readuntil(b"0\r\n\r\n") == b"0\r\n\r\n"
    await client.messages()
    assert reached.containers.following == 0
    assert all(session.is_closed for session in reached.containers.sessions)
    writer.close()


async def test_a_request_for_no_path_finds_no_page(reached: Reach) -> None:
    reader, writer = await reached.connect()
    writer.write(b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert (await read_answer(reader)).status == 404
    writer.close()
