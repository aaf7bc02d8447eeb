"""All conversations of the server: what answers which subresource, and how they end when the server stops."""

import asyncio
from collections.abc import Mapping

from orrery.api.access import attributes_of
from orrery.api.connect.commands import Commands
from orrery.api.connect.forwards import Forwards
from orrery.api.connect.logs import PodLogs
from orrery.api.connect.proxies import Proxies
from orrery.api.requests import Request
from orrery.api.resources import Connect
from orrery.machinery.clock import Clock
from orrery.machinery.errors import Forbidden
from orrery.verbs.access import Authorizer, is_privileged
from orrery.verbs.call import Call
from orrery.verbs.client import Client
from orrery.verbs.containers import Containers


class Conversations:
    """Those that are going on."""

    def __init__(self) -> None:
        self._open: set[asyncio.Task[None]] = set()
        self._is_ending = False

    def __len__(self) -> int:
        return len(self._open)

    def end(self) -> None:
        """End all of them, and each new one at once."""
        self._is_ending = True
        for task in tuple(self._open):
            task.cancel()

    def holding(self, connect: Connect) -> Connect:
        """`connect`, so that `end` can end it."""

        async def hold(request: Request, call: Call) -> None:
            task = asyncio.ensure_future(connect(request, call))
            assert isinstance(task, asyncio.Task)
            self._open.add(task)
            if self._is_ending:
                task.cancel()
            try:
                await asyncio.wait((task,))
            finally:
                self._open.discard(task)
                task.cancel()
            if not task.cancelled():
                task.result()

        return hold


def for_creators(connect: Connect, authorizer: Authorizer) -> Connect:
    """`connect` for those who may create: a WebSocket begins with a GET, but reaches as far as a POST."""

    async def check(request: Request, call: Call) -> None:
        if request.method == "GET" and not is_privileged(request.user):
            decision = authorizer.authorize(request.user, attributes_of(request.path, "POST", request.raw_query))
            if not decision.allowed:
                raise Forbidden("pods", call.name, decision.reason)
        await connect(request, call)

    return check


def new_connects(
    client: Client, containers: Containers, clock: Clock, authorizer: Authorizer
) -> tuple[Mapping[tuple[str, str], Connect], Conversations]:
    """For `new_app`: what answers each conversation, and what ends them all."""
    logs, commands = PodLogs(client, containers), Commands(client, containers, clock)
    forwards, proxies = Forwards(client, containers, clock), Proxies(client, containers)
    conversations = Conversations()
    connects: dict[tuple[str, str], Connect] = {
        ("pods", "log"): logs.answer,
        ("pods", "exec"): for_creators(commands.execute, authorizer),
        ("pods", "attach"): for_creators(commands.attach, authorizer),
        ("pods", "portforward"): for_creators(forwards.answer, authorizer),
        ("pods", "proxy"): proxies.pod,
        ("services", "proxy"): proxies.service,
        ("nodes", "proxy"): proxies.node,
    }
    return {key: conversations.holding(connect) for key, connect in connects.items()}, conversations
