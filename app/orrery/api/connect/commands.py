"""pods/exec and pods/attach: from the request to a session with the client's streams on it.

The API server's checks come first, as a Status. Then there are two ways, and clients see the difference: v5 WebSockets are
translated by the API server, which accepts the connection and tells the kubelet's refusals on the error channel; everything else
is passed to the kubelet, whose refusals are plain HTTP answers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from orrery.api.connect.callers import (
    SPDY_PROTOCOLS,
    STDERR,
    STDOUT,
    WEBSOCKET_PROTOCOLS,
    Caller,
    SpdyCaller,
    WebSocketCaller,
)
from orrery.api.connect.channels import V5, Channels
from orrery.api.connect.pods import check_has_host, choose_container, find_pod
from orrery.api.connect.upgrades import WEBSOCKET, agree_on_spdy, agree_on_websocket, send_refusal, take_over, upgrade_of
from orrery.api.connect.websocket import WebSocket
from orrery.api.options import Query, flag
from orrery.api.requests import Request
from orrery.api.responses import unexpected
from orrery.machinery.byte_queue import ByteQueue
from orrery.machinery.clock import Clock
from orrery.machinery.errors import InternalError
from orrery.machinery.objects import Object
from orrery.verbs.call import Call
from orrery.verbs.client import Client
from orrery.verbs.containers import Containers, ExecOptions, ExitStatus, NodeRefusal, NodeUnreachable, Session

_SUCCESS: Final[Object] = {"metadata": {}, "status": "Success"}


def exec_options(query: Query, container: str) -> ExecOptions:
    tty = bool(flag(query, "tty"))
    return ExecOptions(
        container=container,
        command=tuple(query.get("command", ())),
        stdin=bool(flag(query, "stdin")),
        stdout=bool(flag(query, "stdout")),
        stderr=bool(flag(query, "stderr")) and not tty,
        tty=tty,
    )


def exit_status(end: ExitStatus, options: ExecOptions, *, translated: bool) -> Object:
    """What the error channel tells. `translated` statuses went through the API server's own client, and show it."""
    if end.message:
        text = f"error {'executing command in' if options.command else 'attaching to'} container: {end.message}"
        return internal_error(f"Internal error occurred: {text}" if translated else text)
    if end.code == 0 or not options.command:
        return _SUCCESS
    why = f"error executing command [{' '.join(options.command)}], exit code {end.code}"
    return {
        "metadata": {},
        "status": "Failure",
        "message": "command terminated with non-zero exit code: "
        + (f"command terminated with exit code {end.code}" if translated else why),
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(end.code)}]},
    }


def internal_error(text: str) -> Object:
    """An InternalError's Status, as it is written into a stream: without kind and version."""
    return {key: value for key, value in InternalError(text).status().items() if key not in ("kind", "apiVersion")}


class Commands:
    """Answers pods/exec and pods/attach."""

    def __init__(self, client: Client, containers: Containers, clock: Clock) -> None:
        self._client = client
        self._containers = containers
        self._clock = clock

    async def execute(self, request: Request, call: Call) -> None:
        await self._answer(request, call, self._containers.execute)

    async def attach(self, request: Request, call: Call) -> None:
        await self._answer(request, call, self._containers.attach)

    async def _answer(self, request: Request, call: Call, start: Callable[[str, str, ExecOptions], Awaitable[Session]]) -> None:
        pod = find_pod(self._client, call.namespace, call.name)
        options = exec_options(request.query, choose_container(pod, request.query.get("container", [""])[0]))
        check_has_host(pod)

        async def begin() -> Session:
            if not (options.stdin or options.stdout or options.stderr):
                raise NodeRefusal("you must specify at least 1 of stdin, stdout, stderr", 400)
            return await start(call.namespace, call.name, options)

        try:
            upgrade = upgrade_of(request)
            agree, supported = (agree_on_websocket, WEBSOCKET_PROTOCOLS) if upgrade == WEBSOCKET else (agree_on_spdy, SPDY_PROTOCOLS)
            protocol = agree(request, supported)
            if protocol == V5:
                await self._translate(request, options, begin)
                return
            session = await begin()
        except NodeRefusal as refusal:
            await send_refusal(request, refusal)
            return
        wire = take_over(request, upgrade, protocol)
        caller: Caller
        if upgrade == WEBSOCKET:
            caller = WebSocketCaller(Channels(WebSocket(wire), protocol), options, protocol, self._clock)
        else:
            caller = SpdyCaller(wire, options, protocol, self._clock)
        await converse(caller, session, options)

    async def _translate(self, request: Request, options: ExecOptions, begin: Callable[[], Awaitable[Session]]) -> None:
        """v5: the connection stands before the kubelet is asked."""
        wire = take_over(request, WEBSOCKET, V5)
        caller = WebSocketCaller(Channels(WebSocket(wire), V5), options, V5, self._clock)
        try:
            session = await begin()
        except NodeRefusal as refusal:
            await _tell(caller, internal_error(f"unable to upgrade connection: {refusal.text}"))
            return
        except NodeUnreachable as problem:
            await _tell(caller, problem.translated().status())
            return
        await converse(caller, session, options, translated=True)


async def _tell(caller: Caller, status: Object) -> None:
    """Nothing but a status."""
    listening = asyncio.create_task(caller.listen())
    try:
        await caller.open()
        await caller.finish(status)
    except ConnectionError:
        pass
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        caller.abandon()


async def converse(caller: Caller, session: Session, options: ExecOptions, *, translated: bool = False) -> None:
    """Join client and session until the session ends or the client leaves; afterwards nothing of either is left."""
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(caller.listen())]
    try:
        if await caller.open():
            caller.sizes.start(session.resize)
            end = await _serve(caller, session, options, tasks)
            if end is not None:
                await caller.finish(exit_status(end, options, translated=translated))
    except ConnectionError:
        pass  # The client has left while we were writing.
    except Exception as fault:
        unexpected(fault)  # It is too late for an HTTP answer.
    finally:
        caller.stdin.drop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.close()
        caller.abandon()


async def _serve(caller: Caller, session: Session, options: ExecOptions, tasks: list[asyncio.Task[Any]]) -> ExitStatus | None:
    """Copy all ways until the session has ended, and say how; None when the client has left before. Adds what it starts to `tasks`."""
    relaying = asyncio.create_task(_relay(caller, session, options))
    leaving = asyncio.create_task(caller.gone.wait())
    feeding = asyncio.create_task(_feed(caller.stdin, session)) if options.stdin else None
    tasks += [task for task in (leaving, feeding) if task is not None]
    try:
        await asyncio.wait((relaying, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not relaying.done() and feeding is not None and not options.tty:
            # Clients without v5 end stdin by leaving: what they sent before still reaches the command.
            await asyncio.wait((relaying, feeding), return_when=asyncio.FIRST_COMPLETED)
        return relaying.result() if relaying.done() else None
    finally:
        relaying.cancel()
        await asyncio.gather(relaying, return_exceptions=True)


async def _relay(caller: Caller, session: Session, options: ExecOptions) -> ExitStatus:
    """All of the session's output, then how it ended."""
    pumps = []
    if options.stdout:
        pumps.append(_pump(session.read_stdout, caller, STDOUT))
    if options.stderr:
        pumps.append(_pump(session.read_stderr, caller, STDERR))
    await asyncio.gather(*pumps)
    return await session.wait()


async def _pump(read: Callable[[], Awaitable[bytes]], caller: Caller, channel: int) -> None:
    while data := await read():
        await caller.send(channel, data)


async def _feed(stdin: ByteQueue, session: Session) -> None:
    try:
        while data := await stdin.get():
            await session.write_stdin(data)
        await session.close_stdin()
    except BrokenPipeError:
        stdin.drop()  # Nobody reads it any more: what the client still sends is thrown away.
