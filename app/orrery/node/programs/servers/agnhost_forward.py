"""agnhost port-forward-tester: takes one connection, reads what it expects, sends chunks, and ends. Variables say how."""

from orrery.node.processes.program import Connection, Exited
from orrery.node.programs.call import Call, encode
from orrery.node.programs.reasons import reason

_LINGERS_S = 0.5


async def port_forward_tester(call: Call, options: dict[str, str], operands: list[str]) -> int:
    environment = call.process.environment
    address, port = environment.get("BIND_ADDRESS") or "localhost", environment.get("BIND_PORT", "")
    try:
        listener = call.process.network.listen(address, int(port or "0"))
    except ValueError:
        await call.print(f"Error resolving: lookup tcp/{port}: unknown port\n")
        return 1
    except OSError as error:
        await call.print(f"Error listening: listen tcp {address}:{port}: bind: {reason(error).lower()}\n")
        return 1
    connection = await listener.accept()
    await call.print("Accepted client connection\n")
    try:
        return await _serve(call, connection, encode(environment.get("EXPECTED_CLIENT_DATA", "")))
    finally:
        connection.close()
        listener.close()


async def _serve(call: Call, connection: Connection, expected: bytes) -> int:
    if expected:
        got = await connection.read(len(expected))
        if len(got) != len(expected):
            await call.print(f"Expected to read {len(expected)} bytes from client, but got {len(got)} instead. err=<nil>\n")
            return 2
        if got != expected:
            await call.print(f'Expect to read "{expected.decode()}", but got "{got.decode("utf-8", "replace")}". err=<nil>\n')
            return 3
        await call.print("Received expected client data\n")
    count, size, interval_ms = [await _number(call, name) for name in ("CHUNKS", "CHUNK_SIZE", "CHUNK_INTERVAL")]
    for index in range(count):
        try:
            await connection.write(b"x" * size)
        except OSError as error:
            await call.print(f"Expected to write {size} bytes from client, but wrote 0 instead. err=write: {reason(error).lower()}\n")
            return 4
        if index + 1 < count:
            await call.process.sleep(interval_ms / 1000)
    await call.print("Shutting down connection\n")
    connection.close_writing()
    await call.process.sleep(_LINGERS_S)
    await call.print("Done\n")
    return 0


async def _number(call: Call, name: str) -> int:
    text = call.process.environment.get(name, "")
    if not text.lstrip("+-").isdigit():
        await call.print(f'Error parsing {name} "{text}": strconv.Atoi: parsing "{text}": invalid syntax\n')
        raise Exited(1)
    return int(text)
