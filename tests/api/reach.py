"""A served API on a real socket, so that connections can be taken over, with one running Pod and containers that are fakes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.server import ServerState
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, TextMessage

from orrery.api.takeover import TakeoverProtocol
from orrery.verbs.call import User
from tests.api.fake_containers import FakeContainers

if TYPE_CHECKING:
    from tests.api.conftest import Served

PODS = "/api/v1/namespaces/default/pods"
_KEY = b"dGhlIHNhbXBsZSBub25jZQ=="


@dataclass
class Answer:
    """The head of an HTTP answer, and the body of one that is no upgrade."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Reach:
    """Where the API listens, and what lies behind it."""

    served: "Served"
    containers: FakeContainers
    port: int
    state: ServerState

    async def connect(self) -> "tuple[asyncio.StreamReader, asyncio.StreamWriter]":
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def upgrade(self, target: str, upgrade: str, **headers: str) -> "tuple[Answer, asyncio.StreamReader, asyncio.StreamWriter]":
        """Ask for an upgrade; underscores in header names are dashes."""
        reader, writer = await self.connect()
        lines = [f"GET {target} HTTP/1.1", "Host: localhost", "Connection: Upgrade", f"Upgrade: {upgrade}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        return await read_answer(reader), reader, writer

    async def websocket(self, target: str, protocol: str) -> "WebSocketClient":
        answer, reader, writer = await self.upgrade(
            target, "websocket", Sec_WebSocket_Version="13", Sec_WebSocket_Key=_KEY.decode(), Sec_WebSocket_Protocol=protocol
        )
        return WebSocketClient(answer, reader, writer)


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(head[0].split()[1]), headers, body)


@dataclass
class WebSocketClient:
    """wsproto over a connection."""

    answer: Answer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    protocol: Connection = field(default_factory=lambda: Connection(ConnectionType.CLIENT))

    async def send(self, data: bytes) -> None:
        self.writer.write(self.protocol.send(BytesMessage(data=data)))
        await self.writer.drain()

    async def messages(self) -> list[bytes]:
        """Everything until the server says goodbye, whole messages; then hang up."""
        whole, part = [], b""
        async for event in self._events():
            if isinstance(event, BytesMessage | TextMessage):
                part += event.data.encode() if isinstance(event.data, str) else bytes(event.data)
                if event.message_finished:
                    whole.append(part)
                    part = b""
            elif isinstance(event, CloseConnection):
                self.writer.write(self.protocol.send(event.response()))
                break
        self.writer.close()
        return whole

    async def texts(self, count: int) -> list[str]:
        """The next so many text messages, none of which comes in parts."""
        texts: list[str] = []
        async for event in self._events():
            if isinstance(event, TextMessage):
                texts.append(event.data)
                if len(texts) == count:
                    break
        return texts

    async def _events(self) -> AsyncIterator[Event]:
        while data := await self.reader.read(65_536):
            self.protocol.receive_data(data)
            for event in self.protocol.events():
                yield event


@asynccontextmanager
async def reach(served: "Served", containers: FakeContainers) -> AsyncIterator[Reach]:
    """Listen with the application of `served`, and put a Pod into it."""
    await make_pod(served)
    config = uvicorn.Config(served.app, http=TakeoverProtocol, ws="none", lifespan="off", access_log=False)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: TakeoverProtocol(config, state, {}), "127.0.0.1", 0)
    try:
        yield Reach(served, containers, server.sockets[0].getsockname()[1], state)
    finally:
        server.close()
        served.app.end_watches()
        for connection in list(state.connections):
            connection.shutdown()
        while state.tasks:
            await asyncio.wait(state.tasks)
        await server.wait_closed()


async def make_pod(served: "Served") -> None:
    client = served.verbs.client(User("system:node", ("system:masters",)), "tests")
    for kind, bucket, name in (("Namespace", "namespaces", "default"), ("ServiceAccount", "serviceaccounts", "default")):
        if client.get(bucket, "" if kind == "Namespace" else "default", name) is None:
            metadata = {"name": name} | ({} if kind == "Namespace" else {"namespace": "default"})
            await client.create(bucket, {"kind": kind, "apiVersion": "v1", "metadata": metadata})
    containers = [{"name": "web", "image": "nginx", "ports": [{"containerPort": 8080}]}]
    for name, node in (("p", "node-1"), ("unbound", "")):
        spec = {"containers": containers, "schedulerName": "nobody"} | ({"nodeName": node} if node else {})
        await client.create("pods", {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name, "namespace": "default"}, "spec": spec})
    status = {"phase": "Running", "podIP": "10.244.0.5", "podIPs": [{"ip": "10.244.0.5"}]}
    await client.change("pods", "default", "p", lambda pod: pod.update(status=status) is None, subresource="status")
