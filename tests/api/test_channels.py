"""Channels in a WebSocket, byte for byte, against wsproto as the client."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

from orrery.api.connect.callers import Sizes
from orrery.api.connect.channels import PLAIN_BASE64, V4, V4_BASE64, V5, ChannelData, Channels
from orrery.api.connect.websocket import BinaryTunnel, WebSocket
from orrery.machinery.byte_queue import ByteQueue


class Wire:
    """The server's connection; the client is wsproto."""

    def __init__(self) -> None:
        self.incoming = ByteQueue()
        self.client = Connection(ConnectionType.CLIENT)
        self.came: list[Event] = []
        self.is_closed = False

    async def read(self) -> bytes:
        return await self.incoming.get()

    async def write(self, data: bytes) -> None:
        self.client.receive_data(data)
        self.came += list(self.client.events())

    def close(self) -> None:
        self.is_closed = True

    async def say(self, *events: Event) -> None:
        for event in events:
            await self.incoming.put(self.client.send(event))


async def _received(wire: Wire, protocol: str) -> list[ChannelData]:
    wire.incoming.finish()
    channels = Channels(WebSocket(wire), protocol)
    return [came async for came in _all(channels)]


async def _all(channels: Channels) -> AsyncIterator[ChannelData]:
    while (came := await channels.receive()) is not None:
        yield came


async def test_the_first_byte_of_a_binary_message_names_its_channel() -> None:
    wire = Wire()
    await wire.say(BytesMessage(data=b"\0hello"), BytesMessage(data=b'\4{"Width":80,"Height":24}'))

    assert await _received(wire, V4) == [ChannelData(0, b"hello"), ChannelData(4, b'{"Width":80,"Height":24}')]


async def test_a_message_in_fragments_belongs_to_one_channel() -> None:
    wire = Wire()
    await wire.say(BytesMessage(data=b"\0", message_finished=False), BytesMessage(data=b"\1\2", message_finished=False))
    await wire.say(BytesMessage(data=b"\3"))

    came = await _received(wire, V5)

    assert {one.channel for one in came} == {0}
    assert b"".join(one.data for one in came) == b"\1\2\3"


async def test_text_messages_count_as_bytes() -> None:
    wire = Wire()
    await wire.say(TextMessage(data="\0gr\u00fc\u00df"))

    assert await _received(wire, V4) == [ChannelData(0, "gr\u00fc\u00df".encode())]


async def test_base64_channels_are_digits_and_groups_may_be_split() -> None:
    wire = Wire()
    await wire.say(
        TextMessage(data="0aGV", message_finished=False), TextMessage(data="sbG8="), TextMessage(data="0!!!"), TextMessage(data="0eA==")
    )

    came = await _received(wire, PLAIN_BASE64)

    assert b"".join(one.data for one in came) == b"hellox"


@pytest.mark.parametrize("pieces", [(b"\xff\0",), (b"\xff", b"\0")])
async def test_v5_closes_one_channel(pieces: tuple[bytes, ...]) -> None:
    wire = Wire()
    for piece in pieces[:-1]:
        await wire.say(BytesMessage(data=piece, message_finished=False))
    await wire.say(BytesMessage(data=pieces[-1]))

    assert await _received(wire, V5) == [ChannelData(0, b"", is_close=True)]


async def test_before_v5_channel_255_is_a_channel_like_any() -> None:
    wire = Wire()
    await wire.say(BytesMessage(data=b"\xff\0"))

    assert await _received(wire, V4) == [ChannelData(255, b"\0")]


async def test_sending_prefixes_the_channel_in_either_coding() -> None:
    wire = Wire()

    await Channels(WebSocket(wire), V4).send(1, b"out")
    await Channels(WebSocket(wire), V4_BASE64).send(2, b"err")

    assert [event.data for event in wire.came if isinstance(event, BytesMessage | TextMessage)] == [b"\1out", "2ZXJy"]


async def test_pings_are_answered_and_a_close_is_too() -> None:
    wire = Wire()
    await wire.say(Ping(payload=b"are you there"), CloseConnection(code=1000))

    assert await WebSocket(wire).receive() is None

    assert [type(event) for event in wire.came] == [Pong, CloseConnection]


async def test_after_our_goodbye_the_clients_words_are_still_read() -> None:
    wire = Wire()
    socket = WebSocket(wire)
    await socket.say_goodbye()
    with pytest.raises(ConnectionResetError):
        await socket.send(b"more")

    await wire.say(CloseConnection(code=1000))
    assert await socket.receive() is None


async def test_a_message_of_forty_megabytes_is_handed_out_in_pieces() -> None:
    wire = Wire()
    raw = wire.client.send(BytesMessage(data=b"\0" + bytes(40_000_000)))
    channels = Channels(WebSocket(wire), V4)

    async def write() -> None:
        for at in range(0, len(raw), 262_144):
            await wire.incoming.put(raw[at : at + 262_144])
        wire.incoming.finish()

    writing = asyncio.create_task(write())
    sizes = [len(came.data) async for came in _all(channels)]
    await writing

    assert sum(sizes) == 40_000_000
    assert max(sizes) <= 65_536


async def test_spdy_in_a_websocket_is_a_stream_of_bytes() -> None:
    wire = Wire()
    tunnel = BinaryTunnel(WebSocket(wire))
    await wire.say(BytesMessage(data=b"ab"), BytesMessage(data=b""), BytesMessage(data=b"c"))
    wire.incoming.finish()

    await tunnel.write(b"reply")

    assert [await tunnel.read() for _ in range(3)] == [b"ab", b"c", b""]
    assert [event.data for event in wire.came if isinstance(event, BytesMessage)] == [b"reply"]


def test_terminal_sizes_come_in_any_pieces_and_nonsense_is_passed_over() -> None:
    told: list[tuple[int, int]] = []
    sizes = Sizes()
    sizes.feed(b'{"Width":80,"Hei')
    sizes.feed(b'ght":24}{"Width":"x"}')

    sizes.start(lambda width, height: told.append((width, height)))
    sizes.feed(b'[]}{"width":100,"height":50}{"Width":-1,"Height":1}')
    sizes.feed(b"x" * 5000)
    sizes.feed(b'{"Width":1,"Height":2}')

    assert told == [(80, 24), (100, 50), (1, 2)]
