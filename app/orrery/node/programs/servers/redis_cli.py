"""redis-cli."""

import shlex
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.lines import LineReader
from orrery.node.programs.net.http import Incoming, parse_url
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.redis_info import server_version
from orrery.node.programs.servers.redis_protocol import OddReply, read_reply
from orrery.node.programs.servers.redis_values import array

_LISTENING: Final = (b"SUBSCRIBE", b"PSUBSCRIBE", b"MONITOR")
_MARKS: Final = {b"MULTI": "(TX)", b"EXEC": "", b"DISCARD": ""}
"""What the prompt says of a transaction."""
_VALUED: Final = ("-h", "-p", "-a", "--pass", "-n", "--user", "-i", "-r", "-t", "-u", "-s", "-d", "--pattern")


@dataclass(slots=True)
class _Order:
    """What the command line asks for."""

    host: str = "127.0.0.1"
    port: int = 6379
    password: str = ""
    database: int = 0
    times: int = 1
    pause_s: float = 0.0
    timeout_s: float | None = None
    is_raw: bool | None = None
    reads_last: bool = False
    scans: str = ""
    shows_warning: bool = True
    has_password: bool = False

    def read(self, words: list[str]) -> None:
        """Take the options away from the words."""
        while words and words[0].startswith("-"):
            word = words.pop(0)
            value = words.pop(0) if word in _VALUED and words else ""
            self._take(word, value)

    def _take(self, word: str, value: str) -> None:
        if word == "-h":
            self.host = value
        elif word == "-p" and value.isdigit():
            self.port = int(value)
        elif word in ("-a", "--pass"):
            self.password, self.has_password = value, True
        elif word == "-n" and value.isdigit():
            self.database = int(value)
        elif word == "-r":
            self.times = int(value) if value.isdigit() else 1 << 40
        elif word == "-i":
            self.pause_s = float(value)
        elif word == "-t":
            self.timeout_s = float(value)
        elif word == "-u" and (url := parse_url(value.replace("redis://", "http://", 1))) is not None:
            self.host, self.port = url.host, url.port if url.has_port else self.port
            self.password = url.user.rpartition(":")[2]
            self.database = int(url.target.strip("/")) if url.target.strip("/").isdigit() else 0
        elif word in ("--raw", "--no-raw"):
            self.is_raw = word == "--raw"
        elif word == "--scan":
            self.scans = "*"
        elif word == "--pattern":
            self.scans = value
        elif word == "-x":
            self.reads_last = True
        elif word == "--no-auth-warning":
            self.shows_warning = False


async def redis_cli(call: Call) -> int:
    process, words = call.process, list(call.arguments)
    if words[:1] in (["-v"], ["--version"]):
        await call.print(f"redis-cli {server_version(call)}\n")
        return 0
    order = _Order(password=process.environment.get("REDISCLI_AUTH", ""))
    order.read(words)
    if order.has_password and order.shows_warning:
        await process.complain("Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.")
    try:
        connection = await process.network.connect(order.host, order.port, timeout_s=order.timeout_s)
    except OSError as error:
        why = (
            reason(error)
            if error.errno and error.errno > 0
            else "Name does not resolve"
            if call.is_busybox
            else "Name or service not known"
        )
        await process.complain(f"Could not connect to Redis at {order.host}:{order.port}: {why}")
        return 1
    incoming = Incoming(connection)
    plain = not process.stdout.is_terminal if order.is_raw is None else order.is_raw

    async def ask(command: list[bytes]) -> None:
        await connection.write(array(command))
        await call.write(await read_reply(incoming, plain=plain))
        if command[0].upper() in _LISTENING:
            if not plain and command[0].upper() != b"MONITOR":
                await call.print("Reading messages... (press Ctrl-C to quit)\n")
            while True:
                await call.write(await read_reply(incoming, plain=plain))

    try:
        if order.password:
            await connection.write(array([b"AUTH", encode(order.password)]))
            if (answer := await incoming.line()).startswith(b"-"):
                await process.complain(f"AUTH failed: {answer[1:].decode()}")
        if order.database:
            await connection.write(array([b"SELECT", b"%d" % order.database]))
            if (answer := await incoming.line()).startswith(b"-"):
                await process.complain(f"SELECT {order.database} failed: {answer[1:].decode()}")
        return await _said(call, order, ask, words)
    except (EOFError, OSError):
        await process.complain("Error: Server closed the connection")
        return 1
    except OddReply as odd:
        await process.complain(f"Error: {odd}")
        return 1
    finally:
        connection.close()


async def _said(call: Call, order: _Order, ask: Callable[[list[bytes]], Awaitable[None]], words: list[str]) -> int:
    if order.scans:
        words = ["KEYS", order.scans]
    if not words:
        await _interactive(call, ask, order)
        return 0
    command = [encode(word) for word in words]
    if order.reads_last:
        pieces = []
        while piece := await call.process.stdin.read():
            pieces.append(piece)
        command.append(b"".join(pieces))
    for turn in range(order.times):
        await ask(command)
        if order.pause_s and turn + 1 < order.times:
            await call.process.sleep(order.pause_s)
    return 0


async def _interactive(call: Call, ask: Callable[[list[bytes]], Awaitable[None]], order: _Order) -> None:
    reader = LineReader(call.process, call.process.stdin)
    shows = call.process.stdin.is_terminal
    database, mark = order.database, ""

    async def prompt() -> None:
        if shows:
            await call.print(f"{order.host}:{order.port}{f'[{database}]' if database else ''}{mark}> ")

    await prompt()
    while batch := await reader.batch():
        for line in batch:
            try:
                command = [encode(word) for word in shlex.split(line.decode("utf-8", "surrogateescape"))]
            except ValueError:
                await call.print("Invalid argument(s)\n")
                command = []
            if command and command[0].lower() in (b"quit", b"exit"):
                return
            if command:
                await ask(command)
            if len(command) == 2 and command[0].upper() == b"SELECT" and command[1].isdigit():
                database = int(command[1])
            mark = _MARKS.get(command[0].upper(), mark) if command else mark
            await prompt()


PROGRAMS: dict[str, Applet] = {"redis-cli": redis_cli}
