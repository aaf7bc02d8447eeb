"""socat between the addresses that ambassadors use: TCP-LISTEN, TCP and STDIO.

DIFFERS: upstream knows some fifty kinds of addresses and their options; we know these three, and of the options `fork` and `bind`.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from orrery.node.processes.program import Connection, Process, Program, Stream
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.reasons import reason
from orrery.node.programs.system.moments import format_moment
from orrery.node.programs.text.numbers import is_digits

_LISTEN: Final = ("TCP-LISTEN", "TCP-L", "TCP4-LISTEN", "TCP4-L")
_CONNECT: Final = ("TCP", "TCP4", "TCP-CONNECT", "TCP4-CONNECT")
_STDIO: Final = ("STDIO", "-")


class _Address(NamedTuple):
    """One side: `TCP-LISTEN:7000,fork` is kind, words and options."""

    kind: str
    words: list[str]
    options: Mapping[str, str]


class _End(NamedTuple):
    """One side, open: where to read and where to write."""

    source: Stream
    sink: Stream


class _Failed(Exception):
    """One side cannot be opened; the message is socat's."""


async def socat(call: Call) -> int:
    operands = call.options("dvxuUhVl:b:t:T:").operands
    try:
        if len(operands) != 2:
            raise _Failed(f'exactly 2 addresses required (there are {len(operands)}); use option "-h" for help')
        left, right = map(_parse, operands)
        if left.kind in _LISTEN:
            await _serve(call.process, left, right)
        else:
            await _join(call.process, await _open(call.process, left), await _open(call.process, right))
    except _Failed as failure:
        await _tell(call.process, failure)
        return 1
    return 0


def _parse(text: str) -> _Address:
    head, *options = text.split(",")
    kind, *words = head.split(":")
    if kind.upper() not in (*_LISTEN, *_CONNECT, *_STDIO):
        raise _Failed(f'unknown device/address "{kind}"')
    return _Address(kind.upper(), words, {name: value for name, _, value in (one.partition("=") for one in options)})


async def _tell(process: Process, failure: _Failed) -> None:
    stamp = format_moment("%Y/%m/%d %H:%M:%S", process.clock.now_s())
    await process.complain(f"{stamp} socat[{process.pid}] E {failure}")


async def _serve(process: Process, left: _Address, right: _Address) -> None:
    """Take a connection; with `fork` each has a child of its own, and more can come."""
    port, host = "".join(left.words[:1]), left.options.get("bind") or "0.0.0.0"
    if not is_digits(port):
        raise _Failed(f'parseport("{port}"): Servname not supported for ai_socktype')
    try:
        listener = process.network.listen(host, int(port))
    except OSError as error:
        raise _Failed(f"bind(5, {{AF=2 {host}:{port}}}, 16): {reason(error)}") from None
    try:
        while True:
            connection = await listener.accept()
            if "fork" not in left.options:
                await _pass_on(process, connection, right)
                return
            await process.spawn_call(_child(connection, right))
    finally:
        listener.close()


def _child(connection: Connection, right: _Address) -> Program:
    async def run(process: Process) -> int:
        try:
            await _pass_on(process, connection, right)
        except _Failed as failure:
            await _tell(process, failure)
            return 1
        return 0

    return run


async def _pass_on(process: Process, connection: Connection, right: _Address) -> None:
    try:
        await _join(process, _End(connection, connection), await _open(process, right))
    finally:
        connection.close()


async def _open(process: Process, address: _Address) -> _End:
    if address.kind in _STDIO:
        return _End(process.stdin, process.stdout)
    host, port = (*address.words, "", "")[:2]
    if address.kind in _LISTEN or not is_digits(port):
        raise _Failed(f"{address.kind}: wrong number of parameters ({len(address.words)} instead of 2)")
    try:
        connection = await process.network.connect(host, int(port))
    except OSError as error:
        words = reason(error) if error.errno and error.errno > 0 else "Name or service not known"
        raise _Failed(f"connect(5, AF=2 {host}:{port}, 16): {words}") from None
    return _End(connection, connection)


async def _join(process: Process, left: _End, right: _End) -> None:
    """Copy both ways until both sides have nothing more to say, or one is gone."""
    back = await process.spawn_call(_copier(right.source, left.sink))
    await _copy(left.source, right.sink)
    await back.wait()
    for end in (left, right):
        end.sink.close()


def _copier(source: Stream, sink: Stream) -> Program:
    async def run(_: Process) -> int:
        await _copy(source, sink)
        return 0

    return run


async def _copy(source: Stream, sink: Stream) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        while piece := await source.read():
            await sink.write(piece)
        if (finish := getattr(sink, "close_writing", None)) is not None:
            finish()


PROGRAMS: dict[str, Applet] = {"socat": socat}
