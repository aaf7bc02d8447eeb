"""redis-server and redis-cli."""

from collections.abc import Awaitable, Callable
from typing import Final

from orrery.node.processes.program import Connection
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault
from orrery.node.programs.lines import LineReader
from orrery.node.programs.net.http import BadMessage, Incoming
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.redis_settings import RedisSettings
from orrery.node.programs.servers.redis_store import VERSION, Session, Store, array
from orrery.node.programs.servers.service import Stop, accept_all
from orrery.node.programs.servers.versions import numbers_of, version_of
from orrery.node.programs.system.moments import format_moment

_BULK_MAX: Final = 8 << 20


async def _read_command(incoming: Incoming) -> list[bytes]:
    """A command as an array of bulk strings, or in one line."""
    line = await incoming.line()
    if not line.startswith(b"*"):
        return line.split()
    words: list[bytes] = []
    if not line[1:].isdigit() or int(line[1:]) > 100_000:
        raise BadMessage
    for _ in range(int(line[1:])):
        size = await incoming.line()
        if not size.startswith(b"$") or not size[1:].isdigit() or int(size[1:]) > _BULK_MAX:
            raise BadMessage
        words.append(b"".join([piece async for piece in incoming.exactly(int(size[1:]))]))
        await incoming.line()
    return words


async def redis_server(call: Call) -> int:
    process, version = call.process, version_of(call, "redis", VERSION)
    is_old = numbers_of(version) < (7, 2)
    if "--version" in call.arguments or "-v" in call.arguments:
        await call.print(f"Redis server v={version} sha=00000000:1 malloc=jemalloc-5.3.0 bits=64 build=0000000000000000\n")
        return 0
    stop = Stop(call, (15, 2))
    try:
        settings = RedisSettings(call)
    except Fault as fault:
        await call.print(f"{process.pid}:C {_moment(process.clock.now_s())} # {fault}\n")
        return 1
    port = settings.port

    async def log(text: str, mark: str = "*", letter: str = "M") -> None:
        await call.print(f"{process.pid}:{letter} {_moment(process.clock.now_s())} {mark} {text}\n")

    await log("oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", "#" if is_old else "*", "C")
    await log(
        f"Redis version={version}, bits=64, commit=00000000, modified={int(not is_old)}, pid={process.pid}, just started",
        "#" if is_old else "*",
        "C",
    )
    if settings.has_file or call.arguments:
        await log("Configuration loaded", "#" if is_old else "*", "C")
    else:
        await log(
            (
                "Warning: no config file specified, using the default config. In "
                "order to specify a config file use redis-server /path/to/redis.conf"
            ),
            "#",
            "C",
        )
    await log("monotonic clock: POSIX clock_gettime")
    try:
        listener = process.network.listen("0.0.0.0", port)
    except OSError as error:
        await log(f"Warning: Could not create server TCP listening socket *:{port}: bind: {reason(error)}", "#")
        await log(f"Failed listening on port {port} (tcp), aborting.", "#")
        return 1
    await log(f"Running mode=standalone, port={port}.")
    await log("Server initialized", "#" if is_old else "*")
    await log("Ready to accept connections" if is_old else "Ready to accept connections tcp")
    store = Store(call, settings)

    async def talk(connection: Connection) -> None:
        incoming, session = Incoming(connection), Session()
        while True:
            try:
                command = await _read_command(incoming)
            except BadMessage:
                await connection.write(b"-ERR Protocol error: invalid multibulk length\r\n")
                return
            if not command:
                continue
            await process.tick()
            await connection.write(store.run(command, session))
            if command[0].upper() == b"QUIT":
                return
            if command[0].upper() == b"SHUTDOWN":
                stop.set()

    await process.first_of(stop.wait(), accept_all(process, listener, talk))
    name = "SIGINT" if stop.signal == 2 else "SIGTERM"
    if stop.signal:
        await log(f"Received {name} scheduling shutdown...")
    await log("User requested shutdown...")
    await log("Saving the final RDB snapshot before exiting.")
    await log("DB saved on disk")
    await log("Redis is now ready to exit, bye bye...", "#")
    return 0


def _moment(now_s: float) -> str:
    return format_moment("%d %b %Y %H:%M:%S", now_s) + f".{int(now_s % 1 * 1000):03}"


async def redis_cli(call: Call) -> int:
    host, port, words = "127.0.0.1", 6379, list(call.arguments)
    password, shows_warning = call.process.environment.get("REDISCLI_AUTH", ""), True
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word in ("-h", "-p", "-a", "--pass", "-n", "--user", "-i", "-r") and words:
            value = words.pop(0)
            host = value if word == "-h" else host
            password = value if word in ("-a", "--pass") else password
            port = int(value) if word == "-p" and value.isdigit() else port
        elif word == "--no-auth-warning":
            shows_warning = False
        elif word in ("-v", "--version"):
            await call.print(f"redis-cli {version_of(call, 'redis', VERSION)}\n")
            return 0
    if shows_warning and any(word in ("-a", "--pass") for word in call.arguments):
        await call.process.complain("Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.")
    try:
        connection = await call.process.network.connect(host, port)
    except OSError as error:
        why = reason(error) if error.errno and error.errno > 0 else "Name or service not known"
        await call.process.complain(f"Could not connect to Redis at {host}:{port}: {why}")
        return 1
    incoming = Incoming(connection)
    plain = not call.process.stdout.is_terminal

    async def ask(command: list[bytes]) -> None:
        await connection.write(array(command))
        await call.write(await _reply(incoming, plain=plain))

    try:
        if password:
            await connection.write(array([b"AUTH", encode(password)]))
            if (answer := await incoming.line()).startswith(b"-"):
                await call.process.complain(f"AUTH failed: {answer[1:].decode()}")
        if words:
            await ask([encode(word) for word in words])
        else:
            await _interactive(call, ask, f"{host}:{port}> ")
    except EOFError:
        await call.process.complain("Error: Server closed the connection")
        return 1
    finally:
        connection.close()
    return 0


async def _interactive(call: Call, ask: Callable[[list[bytes]], Awaitable[None]], prompt: str) -> None:
    reader = LineReader(call.process, call.process.stdin)
    shows = call.process.stdin.is_terminal
    if shows:
        await call.print(prompt)
    while batch := await reader.batch():
        for line in batch:
            command = line.split()
            if command and command[0].lower() in (b"quit", b"exit"):
                return
            if command:
                await ask([word.strip(b"\"'") for word in command])
            if shows:
                await call.print(prompt)


async def _reply(incoming: Incoming, *, plain: bool) -> bytes:
    """A reply as redis-cli prints it: bare when its output is no terminal."""
    line = await incoming.line()
    kind, rest = line[:1], line[1:]
    if kind == b"$":
        if rest == b"-1":
            return b"\n" if plain else b"(nil)\n"
        data = b"".join([piece async for piece in incoming.exactly(int(rest))])
        await incoming.line()
        return data + b"\n" if plain else b'"' + data.replace(b'"', b'\\"') + b'"\n'
    if kind == b"*":
        count = int(rest)
        if count <= 0:
            return b"\n" if plain else b"(empty array)\n"
        rows = [await _reply(incoming, plain=plain) for _ in range(count)]
        return b"".join(rows) if plain else b"".join(b"%d) %b" % (number, row) for number, row in enumerate(rows, 1))
    if kind == b":":
        return rest + b"\n" if plain else b"(integer) " + rest + b"\n"
    if kind == b"-":
        return rest + b"\n\n" if plain else b"(error) " + rest + b"\n"
    return rest + b"\n"


PROGRAMS: dict[str, Applet] = {"redis-server": redis_server, "redis-cli": redis_cli}
