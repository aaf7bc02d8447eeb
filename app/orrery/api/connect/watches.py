"""Watches in WebSockets: one text message per event, for clients that prefer them (fabric8's for Java is one) and for web pages.

Follows `WatchServer.HandleWS` of upstream's endpoint handlers: what the client sends is ignored, and its leaving ends the watch.
"""

import asyncio
from collections.abc import Sequence

from orrery.api.connect.upgrades import WEBSOCKET, agree_on_websocket, asked_protocols, send_refusal, take_over
from orrery.api.connect.websocket import WebSocket
from orrery.api.requests import Request
from orrery.api.responses import unexpected
from orrery.api.streams import error_line, plain_lines, viewed_lines
from orrery.api.table import View
from orrery.machinery.errors import ApiError
from orrery.verbs.containers import NodeRefusal
from orrery.verbs.results import Watch, WatchEvent


async def watch_by_websocket(request: Request, watch: Watch, view: View | None) -> None:
    """Write the watch until its time is over, its client is gone, or it is closed."""
    try:
        # Upstream agrees to whatever a client names, as it means nothing here, but to one thing only.
        protocol = agree_on_websocket(request, (*asked_protocols(request)[:1], ""))
    except NodeRefusal as refusal:
        await send_refusal(request, refusal)
        return
    websocket = WebSocket(take_over(request, WEBSOCKET, protocol))
    leaving = asyncio.create_task(_close_when_gone(websocket, watch))
    try:
        await _write(websocket, watch, view)
        await websocket.say_goodbye()
    except ConnectionError:
        pass  # The client has left while we were writing.
    finally:
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        websocket.abandon()


async def _write(websocket: WebSocket, watch: Watch, view: View | None) -> None:
    try:
        async for batch in watch:
            for event in batch:
                await websocket.send_text(_message((event,), view))
    except ApiError as error:
        await websocket.send_text(error_line(error).decode())
    except ConnectionError:
        raise
    except Exception as fault:
        await websocket.send_text(error_line(unexpected(fault)).decode())


def _message(events: Sequence[WatchEvent], view: View | None) -> str:
    return (plain_lines(events) if view is None else viewed_lines(events, view)).decode()


async def _close_when_gone(websocket: WebSocket, watch: Watch) -> None:
    while await websocket.receive() is not None:
        pass
    watch.close()
