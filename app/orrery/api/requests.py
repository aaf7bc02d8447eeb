"""One request as the resource API reads it: its parts, looked at once, and its body, read up to the limit."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from orrery.api.negotiation import Format, is_pretty
from orrery.api.options import Query, parse_query
from orrery.api.responses import Receive, Scope, Send
from orrery.machinery.errors import BadRequest, RequestTooLarge
from orrery.verbs.call import User


class Request:
    """What came in, and the way out."""

    __slots__ = ("__dict__", "headers", "method", "path", "raw_query", "receive", "scope", "send", "user", "warnings")

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, headers: Mapping[bytes, bytes], user: User) -> None:
        self.scope = scope
        self.path: str = scope["path"]
        self.method: str = scope["method"]
        self.raw_query: bytes = scope["query_string"]
        self.headers = headers
        self.user = user
        self.receive = receive
        self.send = send
        self.warnings: list[str] = []
        """Shared with the call, so that errors carry them too."""

    @cached_property
    def query(self) -> Query:
        return parse_query(self.raw_query)

    @property
    def accept(self) -> bytes | None:
        return self.headers.get(b"accept")

    @property
    def user_agent(self) -> bytes:
        return self.headers.get(b"user-agent", b"")

    def humanized(self, wanted: Format) -> Format:
        """The format, indented when a human asks; the very object given when nothing changes."""
        if not wanted.pretty and wanted.encoding == "json" and is_pretty(self.query, self.user_agent):
            return replace(wanted, pretty=True)
        return wanted

    async def body(self, bytes_max: int) -> bytes:
        """The whole body; RequestTooLarge as soon as it is known to be longer than `bytes_max`."""
        declared = self.headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > bytes_max:
            raise RequestTooLarge(f"limit is {bytes_max}")
        message = await self.receive()
        if not message.get("more_body"):
            return self._checked(message.get("body", b""), bytes_max)
        pieces = [message.get("body", b"")]
        size = len(pieces[0])
        while message.get("more_body"):
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise BadRequest("the client went away before its request was complete")
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > bytes_max:
                raise RequestTooLarge(f"limit is {bytes_max}")
        return b"".join(pieces)

    @staticmethod
    def _checked(body: bytes, bytes_max: int) -> bytes:
        if len(body) > bytes_max:
            raise RequestTooLarge(f"limit is {bytes_max}")
        return body
