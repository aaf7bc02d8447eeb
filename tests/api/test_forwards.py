"""port-forward over SPDY, over SPDY in a WebSocket, and over channels."""

import asyncio

import pytest

from orrery.api.spdy import frames
from orrery.api.spdy.frames import Control, Data, Parser, Type
from orrery.api.spdy.headers import HeaderWriter
from tests.api.reach import PODS, Reach

FORWARD = f"{PODS}/p/portforward"
REFUSED = b"error forwarding port 81 to pod abc, uid : connection refused"


def _syn(headers: HeaderWriter, number: int, kind: str, port: str, request: str) -> bytes:
    block = headers.write({"streamtype": kind, "port": port} | ({"requestid": request} if request else {}))
    return frames.control(Type.SYN_STREAM, number.to_bytes(4, "big") + bytes(6) + block)


async def _read_until_fin(reader: asyncio.StreamReader, number: int) -> list[frames.Frame]:
    parser, came = Parser(), list[frames.Frame]()
    while not any(isinstance(one, Data) and one.stream == number and one.fin for one in came):
        came += parser.feed(await reader.read(65_536))
    return came


def _data(came: list[frames.Frame], number: int) -> bytes:
    return b"".join(one.payload for one in came if isinstance(one, Data) and one.stream == number)


@pytest.mark.parametrize("request_id", ["0", ""])
async def test_a_pair_of_spdy_streams_is_a_connection(reached: Reach, request_id: str) -> None:
    """Without request ids, as of old, the data stream follows its error stream."""
    answer, reader, writer = await reached.upgrade(FORWARD, "SPDY/3.1", X_Stream_Protocol_Version="portforward.k8s.io")
    headers = HeaderWriter()
    writer.write(_syn(headers, 1, "error", "80", request_id) + _syn(headers, 3, "data", "80", request_id))
    writer.write(frames.data(1, b"", fin=True) + frames.data(3, b"ping") + frames.data(3, b"", fin=True))

    came = await _read_until_fin(reader, 1)

    assert answer.headers["x-stream-protocol-version"] == "portforward.k8s.io"
    assert (_data(came, 3), _data(came, 1)) == (b"ping", b"")
    writer.close()


async def test_many_connections_share_one(reached: Reach) -> None:
    _, reader, writer = await reached.upgrade(FORWARD, "SPDY/3.1", X_Stream_Protocol_Version="portforward.k8s.io")
    headers = HeaderWriter()
    for pair in range(20):
        error, data = 4 * pair + 1, 4 * pair + 3
        writer.write(_syn(headers, error, "error", "80", str(pair)) + _syn(headers, data, "data", "80", str(pair)))
        writer.write(frames.data(data, b"%d" % pair) + frames.data(data, b"", fin=True))

    parser, came = Parser(), list[frames.Frame]()
    while sum(isinstance(one, Data) and one.fin for one in came) < 40:
        came += parser.feed(await reader.read(65_536))

    assert [_data(came, 4 * pair + 3) for pair in range(20)] == [b"%d" % pair for pair in range(20)]
    writer.close()


async def test_nothing_listening_is_told_on_the_error_stream(reached: Reach) -> None:
    _, reader, writer = await reached.upgrade(FORWARD, "SPDY/3.1", X_Stream_Protocol_Version="portforward.k8s.io")
    headers = HeaderWriter()
    writer.write(_syn(headers, 1, "error", "81", "0") + _syn(headers, 3, "data", "81", "0"))

    came = await _read_until_fin(reader, 1)

    assert _data(came, 1) == REFUSED
    writer.close()


async def test_a_stream_without_a_sensible_port_is_reset(reached: Reach) -> None:
    _, reader, writer = await reached.upgrade(FORWARD, "SPDY/3.1", X_Stream_Protocol_Version="portforward.k8s.io")
    headers = HeaderWriter()
    writer.write(_syn(headers, 1, "error", "0", "0") + _syn(headers, 3, "data", "http", "0") + _syn(headers, 5, "video", "80", "0"))

    parser, came = Parser(), list[frames.Frame]()
    while len(came) < 3:
        came += parser.feed(await reader.read(65_536))

    assert [(one.type, one.number()) for one in came if isinstance(one, Control)] == [(Type.RST_STREAM, number) for number in (1, 3, 5)]
    writer.close()


async def test_spdy_goes_through_a_websocket(reached: Reach) -> None:
    client = await reached.websocket(FORWARD, "SPDY/3.1+portforward.k8s.io")
    headers = HeaderWriter()
    await client.send(_syn(headers, 1, "error", "80", "0") + _syn(headers, 3, "data", "80", "0"))
    await client.send(frames.data(3, b"ping") + frames.data(3, b"", fin=True) + frames.control(Type.GOAWAY, bytes(8)))

    came = list(Parser().feed(b"".join(await client.messages())))

    assert client.answer.headers["sec-websocket-protocol"] == "SPDY/3.1+portforward.k8s.io"
    assert {one.type for one in came if isinstance(one, Control)} == {Type.SYN_REPLY}


async def test_channels_begin_with_their_port_and_come_in_pairs(reached: Reach) -> None:
    client = await reached.websocket(f"{FORWARD}?ports=80&ports=81", "v4.channel.k8s.io")
    await client.send(b"\0ping")
    messages: list[bytes] = []
    while len(messages) < 6:
        client.protocol.receive_data(await client.reader.read(65_536))
        messages += [bytes(getattr(event, "data", b"")) for event in client.protocol.events()]
    client.writer.close()

    assert sorted(messages[:4]) == [b"\0P\0", b"\1P\0", b"\2Q\0", b"\3Q\0"]
    assert sorted(messages[4:]) == [b"\0ping", b"\3" + REFUSED]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", 'query parameter "port" is required'),
        ("?ports=", 'query parameter "port" cannot be empty'),
        ("?ports=x", 'unable to parse "x" as a port: strconv.ParseUint: parsing "x": invalid syntax'),
        ("?ports=70000", 'unable to parse "70000" as a port: strconv.ParseUint: parsing "70000": value out of range'),
        ("?ports=0", 'port "0" must be > 0'),
    ],
)
async def test_channels_need_ports_in_the_query(reached: Reach, query: str, text: str) -> None:
    client = await reached.websocket(FORWARD + query, "v4.channel.k8s.io")

    assert (client.answer.status, client.answer.body.decode()) == (400, text)
    client.writer.close()
