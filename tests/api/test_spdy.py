"""SPDY/3.1 at the level of bytes: frames, header blocks, and the life of streams."""

import asyncio
import zlib

import pytest

from orrery.api.spdy import frames
from orrery.api.spdy.connection import SpdyConnection, SpdyStream
from orrery.api.spdy.frames import BadFrame, Control, Data, Parser, Reset, Type
from orrery.api.spdy.headers import DICTIONARY, BadHeaders, HeaderReader, HeaderWriter
from orrery.machinery.byte_queue import ByteQueue


class Wire:
    """A connection whose other side is the test."""

    def __init__(self) -> None:
        self.incoming = ByteQueue()
        self.sent = bytearray()
        self.is_closed = False

    async def read(self) -> bytes:
        return await self.incoming.get()

    async def write(self, data: bytes) -> None:
        if self.is_closed:
            raise ConnectionResetError
        self.sent += data

    def close(self) -> None:
        self.is_closed = True

    def frames(self) -> list[frames.Frame]:
        return list(Parser().feed(bytes(self.sent)))


class Client:
    """Opens streams and writes to them, as spdystream would."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.headers = HeaderWriter()

    async def open(self, number: int, headers: dict[str, str], flags: int = 0) -> None:
        payload = number.to_bytes(4, "big") + bytes(4) + bytes(2) + self.headers.write(headers)
        await self.wire.incoming.put(frames.control(Type.SYN_STREAM, payload, flags))


def test_the_dictionary_is_the_protocols() -> None:
    assert zlib.adler32(DICTIONARY) == 0xE3C6A7C2
    assert len(DICTIONARY) == 1423


def test_header_blocks_share_one_compression_and_come_back_as_they_were() -> None:
    writer, reader = HeaderWriter(), HeaderReader()
    first, second = {"streamtype": "stdin", "port": "80"}, {"streamtype": "stdout", "port": "80"}

    blocks = [writer.write(first), writer.write(second), writer.write({})]

    assert [reader.read(block) for block in blocks] == [first, second, {}]
    assert len(blocks[1]) < len(blocks[0])


@pytest.mark.parametrize(
    "block",
    [
        b"no zlib",
        zlib.compress(b"\0\0\0\1"),
        zlib.compressobj(zdict=DICTIONARY).compress(b"") + b"\xff" * 9,
    ],
)
def test_a_block_that_cannot_be_read_is_refused(block: bytes) -> None:
    with pytest.raises(BadHeaders):
        HeaderReader().read(block)


def test_a_block_that_inflates_without_end_is_refused() -> None:
    deflate = zlib.compressobj(zdict=DICTIONARY)
    bomb = deflate.compress(bytes(10_000_000)) + deflate.flush(zlib.Z_SYNC_FLUSH)

    with pytest.raises(BadHeaders, match="too large"):
        HeaderReader().read(bomb)


def test_a_block_whose_lengths_lie_is_refused() -> None:
    deflate = zlib.compressobj(zdict=DICTIONARY)
    lie = deflate.compress(b"\0\0\0\1" + b"\x7f\xff\xff\xff" + b"name") + deflate.flush(zlib.Z_SYNC_FLUSH)

    with pytest.raises(BadHeaders, match="cut off"):
        HeaderReader().read(lie)


def test_frames_are_read_from_pieces_of_any_size() -> None:
    raw = frames.data(1, b"hello") + frames.reset(3, Reset.CANCEL) + frames.data(1, b"", fin=True)
    parser = Parser()

    read = [frame for at in range(len(raw)) for frame in parser.feed(raw[at : at + 1])]

    assert b"".join(frame.payload for frame in read if isinstance(frame, Data)) == b"hello"
    assert [frame.number() for frame in read if isinstance(frame, Control)] == [3]
    assert read[-1] == Data(1, b"", True)


def test_a_large_data_frame_is_handed_out_as_it_comes() -> None:
    raw = frames.data(1, bytes(1_000_000), fin=True)
    parser = Parser()

    first = list(parser.feed(raw[:100_000]))
    rest = list(parser.feed(raw[100_000:]))

    assert [len(frame.payload) for frame in [*first, *rest] if isinstance(frame, Data)] == [99_992, 900_008]
    assert isinstance(first[-1], Data) and not first[-1].fin
    assert isinstance(rest[-1], Data) and rest[-1].fin


@pytest.mark.parametrize("raw", [b"\x80\x02\x00\x01\x00\x00\x00\x00", b"\x80\x03\x00\x01\x00\xff\xff\xff"])
def test_what_is_no_frame_is_refused(raw: bytes) -> None:
    with pytest.raises(BadFrame):
        list(Parser().feed(raw))


@pytest.fixture
def streams() -> list[SpdyStream]:
    return []


async def _run(wire: Wire, streams: list[SpdyStream]) -> SpdyConnection:
    def take(stream: SpdyStream) -> bool:
        streams.append(stream)
        return stream.headers.get("streamtype") != "unwanted"

    connection = SpdyConnection(wire, take)
    await connection.run()
    return connection


async def test_a_stream_is_answered_read_and_ended(streams: list[SpdyStream]) -> None:
    wire = Wire()
    client = Client(wire)
    await client.open(1, {"streamtype": "stdin"})
    await wire.incoming.put(frames.data(1, b"abc") + frames.data(1, b"", fin=True))
    wire.incoming.finish()

    await _run(wire, streams)

    assert streams[0].headers == {"streamtype": "stdin"}
    assert await streams[0].incoming.get() == b"abc"
    assert await streams[0].incoming.get() == b""
    (reply,) = wire.frames()
    assert isinstance(reply, Control) and reply.type == Type.SYN_REPLY and HeaderReader().read(reply.payload[4:]) == {}


async def test_pings_are_echoed_and_settings_and_windows_are_passed_over(streams: list[SpdyStream]) -> None:
    wire = Wire()
    await wire.incoming.put(frames.control(Type.SETTINGS, bytes(4)) + frames.control(Type.WINDOW_UPDATE, bytes(8)))
    await wire.incoming.put(frames.control(Type.PING, b"\0\0\0\7") + frames.control(Type.PING, b"\0\0\0\2"))
    wire.incoming.finish()

    await _run(wire, streams)

    assert wire.frames() == [Control(Type.PING, 0, b"\0\0\0\7")]


async def test_an_unwanted_stream_is_reset_and_a_reused_number_too(streams: list[SpdyStream]) -> None:
    wire = Wire()
    client = Client(wire)
    await client.open(1, {"streamtype": "unwanted"})
    await client.open(1, {"streamtype": "data"})
    await client.open(2, {"streamtype": "data"})
    wire.incoming.finish()

    await _run(wire, streams)

    assert [frame.payload for frame in wire.frames() if isinstance(frame, Control)] == [
        (number.to_bytes(4, "big") + reason.to_bytes(4, "big")) for number, reason in ((1, 5), (1, 1), (2, 1))
    ]


async def test_writing_to_a_stream_that_the_client_reset_is_a_broken_pipe(streams: list[SpdyStream]) -> None:
    wire = Wire()
    client = Client(wire)
    await client.open(1, {"streamtype": "stdout"})
    await wire.incoming.put(frames.reset(1, Reset.CANCEL))
    wire.incoming.finish()
    await _run(wire, streams)

    with pytest.raises(BrokenPipeError):
        await streams[0].write(b"late")
    with pytest.raises(ConnectionResetError):
        await streams[0].read()


async def test_a_stream_that_nobody_reads_stops_the_connection_from_reading_on(streams: list[SpdyStream]) -> None:
    wire = Wire()
    client = Client(wire)
    await client.open(1, {"streamtype": "stdin"})
    running = asyncio.create_task(_run(wire, streams))
    writing = asyncio.create_task(_write_forty_megabytes(wire))

    await asyncio.wait((writing,), timeout=0.2)
    assert not writing.done()

    streams[0].incoming.drop()
    await writing
    wire.incoming.finish()
    await running


async def _write_forty_megabytes(wire: Wire) -> None:
    for _ in range(640):
        await wire.incoming.put(frames.data(1, bytes(65_536)))


async def test_nonsense_ends_the_connection_and_its_streams(streams: list[SpdyStream]) -> None:
    wire = Wire()
    client = Client(wire)
    await client.open(1, {"streamtype": "stdin"})
    await wire.incoming.put(b"\x80\x02nonsense")

    await _run(wire, streams)

    assert await streams[0].incoming.get() == b""
