"""nc and telnet."""

import socket
from contextlib import suppress

from orrery.node.processes.program import Connection, Stream
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.options import Options
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.numbers import duration_s, is_digits


async def nc(call: Call) -> int:
    options = call.options("lp:w:zvnuke:q:i:s:N46dC", {})
    operands = options.operands
    if options.has("u"):
        raise Fault("UDP is not simulated by Orrery")  # DIFFERS: upstream nc speaks UDP; the simulated network carries TCP only.
    if options.has("l"):
        return await _listen(call, options)
    if len(operands) < 2 or not is_digits(operands[-1].partition("-")[0]):
        if call.is_busybox:
            raise Misuse
        raise Fault("missing port number" if operands else "no destination")
    low, _, high = operands[1].partition("-")
    code = 1
    for port in range(int(low), min(int(high or low), 65_535) + 1):
        code = await _connect(call, options, operands[0], port)
    return code


async def _listen(call: Call, options: Options) -> int:
    text = options.value("p") or next((word for word in reversed(options.operands) if is_digits(word)), "")
    if not is_digits(text) and not call.is_busybox:
        raise Misuse
    address = options.value("s") or "0.0.0.0"
    try:
        listener = call.process.network.listen(address, int(text or 0))
    except OSError as error:
        raise Fault(f"bind: {reason(error)}" if call.is_busybox else reason(error)) from None
    if options.has("v"):
        await call.process.complain(
            f"listening on [::]:{listener.address[1]} ..." if call.is_busybox else f"listening on [any] {listener.address[1]} ..."
        )
    try:
        while True:
            connection = await listener.accept()
            if options.has("v"):
                where = f"{connection.remote[0]}:{connection.remote[1]}"
                await call.process.complain(f"connect to {connection.local[0]}:{connection.local[1]} from {where} ({where})")
            await _talk(call, options, connection)
            if not options.has("k"):
                return 0
    finally:
        listener.close()


async def _connect(call: Call, options: Options, host: str, port: int) -> int:
    limit = duration_s(options.value("w") or "")
    try:
        connection = await call.process.network.connect(host, port, timeout_s=limit)
    except socket.gaierror:
        raise Fault(
            f"bad address '{host}'" if call.is_busybox else f'getaddrinfo for host "{host}" port {port}: Name or service not known'
        ) from None
    except OSError as error:
        if call.is_busybox:
            found = await call.process.network.resolve(host)
            shown = f"{host} ({found[0]}:{port})" if found and found[0] != host else f"{host} ({host}:{port})"
            if not options.has("z") or options.has("v"):
                await call.complain("timed out" if limit is not None and isinstance(error, TimeoutError) else f"{shown}: {reason(error)}")
        elif options.has("v") or not options.has("z"):
            await call.process.complain(f"nc: connect to {host} port {port} (tcp) failed: {reason(error)}")
        return 1
    if options.has("v"):
        await call.process.complain(
            f"{host} ({connection.remote[0]}:{port}) open" if call.is_busybox else f"Connection to {host} {port} port [tcp/*] succeeded!"
        )
    if options.has("z"):
        connection.close()
        return 0
    await _talk(call, options, connection)
    return 0


async def _talk(call: Call, options: Options, connection: Connection) -> None:
    """Copy both ways; with -e a program takes the connection over."""
    program = options.value("e")
    if program is not None:
        command = [program, *options.operands] if options.has("l") else [program]
        descriptors: dict[int, Stream] = {0: connection, 1: connection, 2: call.process.stderr}
        child = await call.process.spawn(command, descriptors=descriptors)
        await child.wait()
        connection.close()
        return
    limit = duration_s(options.value("w") or "") if not options.has("l") else None

    async def send() -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            while piece := await call.process.stdin.read():
                await connection.write(piece)
            finish = getattr(connection, "close_writing", None)
            if finish is not None:
                finish()
        if options.has("q") and not options.has("l"):
            await call.process.sleep(duration_s(options.value("q") or "0") or 0.0)
            return
        await _never(call)

    async def receive() -> None:
        with suppress(ConnectionResetError):
            while True:
                if limit is None:
                    piece = await connection.read()
                else:
                    piece = await _read_within(call, connection, limit)
                if not piece:
                    return
                await call.write(piece)

    try:
        await call.process.first_of(receive(), send())
    finally:
        connection.close()


async def _read_within(call: Call, connection: Connection, limit_s: float) -> bytes:
    pieces: list[bytes] = []

    async def read() -> None:
        pieces.append(await connection.read())

    await call.process.first_of(read(), call.process.sleep(limit_s))
    return pieces[0] if pieces else b""


async def _never(call: Call) -> None:
    while True:
        await call.process.sleep(1e9)


async def telnet(call: Call) -> int:
    options = call.options("+", {}, minimum=1)
    host = options.operands[0]
    port = int(options.operands[1]) if len(options.operands) > 1 and is_digits(options.operands[1]) else 23
    if not call.is_busybox:
        await call.print(f"Trying {host}...\n")
    try:
        connection = await call.process.network.connect(host, port)
    except socket.gaierror:
        raise Fault(f"bad address '{host}'" if call.is_busybox else f"could not resolve {host}/{port}: Name or service not known") from None
    except OSError as error:
        raise Fault(
            f"can't connect to remote host ({host}): {reason(error)}"
            if call.is_busybox
            else f"Unable to connect to remote host: {reason(error)}"
        ) from None
    await call.write(encode("Connected to " + host + "\n"))
    await _talk(call, options, connection)
    await call.process.complain("Connection closed by foreign host" + ("" if call.is_busybox else "."))
    return 1


PROGRAMS: dict[str, Applet] = {"nc": nc, "telnet": telnet, "ncat": nc, "netcat": nc}
