"""mysqld, mariadbd and mongod, and the clients of databases: they start, log, listen and stop as the real ones.

DIFFERS: upstream speaks each database's protocol; we greet, and refuse what comes after the greeting with an error of that protocol.
"""

from collections.abc import Callable
from typing import Final

from orrery.node.processes.program import Connection
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.postgres import NEWEST
from orrery.node.programs.servers.service import Stop, accept_all
from orrery.node.programs.servers.versions import version_of
from orrery.node.programs.system.moments import format_moment

_MYSQL: Final = "9.5.0"
_MARIADB: Final = "12.1.2"
_MONGO: Final = "8.2.1"
_NOT_PLAYED: Final = "Orrery plays this server's life, not its data"


async def _serve(call: Call, ports: list[int], greet: Callable[[Connection], bytes], answer: bytes, stop: Stop) -> None:
    listeners = [call.process.network.listen("0.0.0.0", port) for port in ports]

    async def talk(connection: Connection) -> None:
        hello = greet(connection)
        if hello:
            await connection.write(hello)
        if await connection.read():
            await connection.write(answer)

    await call.process.first_of(stop.wait(), *(accept_all(call.process, listener, talk) for listener in listeners))
    for listener in listeners:
        listener.close()


def _mysql_greeting(version: str) -> bytes:
    body = (
        b"\x0a"
        + version.encode()
        + b"\0"
        + (1).to_bytes(4, "little")
        + b"orrery00"
        + b"\0"
        + b"\xff\xf7"
        + b"\xff"
        + b"\x02\0"
        + b"\xff\xdf"
    )
    body += b"\x15" + bytes(10) + b"orreryorrery\0" + b"caching_sha2_password\0"
    return len(body).to_bytes(3, "little") + b"\0" + body


def _mysql_refusal() -> bytes:
    body = b"\xff" + (1045).to_bytes(2, "little") + b"#28000" + f"Access denied: {_NOT_PLAYED}".encode()
    return len(body).to_bytes(3, "little") + b"\x02" + body


def _option(call: Call, name: str, default: int) -> int:
    text = next((word.partition("=")[2] for word in call.arguments if word.startswith(name + "=")), "")
    return int(text) if text.isdigit() else default


async def mysqld(call: Call) -> int:
    process, is_maria = call.process, call.name == "mariadbd" or call.family.image == "mariadb"
    version = f"{version_of(call, 'mariadb', _MARIADB)}-MariaDB-ubu2404" if is_maria else version_of(call, "mysql", _MYSQL)
    if "--version" in call.arguments or "-V" in call.arguments:
        await call.print(f"/usr/sbin/{call.name}  Ver {version} for Linux on x86_64\n")
        return 0
    stop = Stop(call, (15, 2, 3))
    port = _option(call, "--port", 3306)

    async def log(text: str, code: str = "", level: str = "System", part: str = "Server") -> None:
        if is_maria:
            stamp = format_moment("%Y-%m-%d %k:%M:%S", process.clock.now_s())
            await process.complain(f"{stamp} 0 [Note] {text}")
        else:
            stamp = format_moment("%Y-%m-%dT%H:%M:%S.%N", process.clock.now_s())[:-3]
            await process.complain(f"{stamp}Z 0 [{level}] [{code}] [{part}] {text}")

    name = f"mariadbd (server {version})" if is_maria else f"/usr/sbin/mysqld (mysqld {version})"
    await log(
        f"{'Starting MariaDB ' + version + ' source revision' if is_maria else name + ' starting'} as process {process.pid}", "MY-010116"
    )
    await log(
        "InnoDB initialization has started." if not is_maria else "InnoDB: Initializing buffer pool, total size = 128.000MiB",
        "MY-013576",
        part="InnoDB",
    )
    await log(
        "InnoDB initialization has ended." if not is_maria else "InnoDB: log sequence number 47391; transaction id 14",
        "MY-013577",
        part="InnoDB",
    )
    if not is_maria:
        await log("CA certificate ca.pem is self signed.", "MY-010068", "Warning")
        await log("X Plugin ready for connections. Bind-address: '::' port: 33060, socket: /var/run/mysqld/mysqlx.sock", "MY-011323")
    ready = f"ready for connections. Version: '{version}'  socket: '/var/run/mysqld/mysqld.sock'  port: {port}"
    try:
        await log(
            (
                f"{'mariadbd' if is_maria else '/usr/sbin/mysqld'}: {ready}  "
                f"{'mariadb.org binary distribution' if is_maria else 'MySQL Community Server - GPL.'}"
            ),
            "MY-010931",
        )
        await _serve(call, [port] if is_maria else [port, 33060], lambda _: _mysql_greeting(version), _mysql_refusal(), stop)
    except OSError as error:
        await log(f"Can't start server: Bind on TCP/IP port: {reason(error)}", "MY-010262", "ERROR")
        return 1
    await log(
        "mariadbd (initiated by: unknown): Normal shutdown"
        if is_maria
        else "Received SHUTDOWN from user <via user signal>. Shutting down mysqld (Version: " + version + ").",
        "MY-013172",
    )
    await process.sleep(1.0)
    await log(
        (
            f"{'mariadbd' if is_maria else '/usr/sbin/mysqld'}: Shutdown "
            f"complete{'' if is_maria else f' (mysqld {version})  MySQL Community Server - GPL.'}"
        ),
        "MY-010910",
    )
    return 0


async def mongod(call: Call) -> int:
    process, version = call.process, version_of(call, "mongo", _MONGO)
    if "--version" in call.arguments:
        await call.print(f"db version v{version}\n")
        return 0
    stop = Stop(call, (15, 2))

    async def log(text: str, number: int, part: str = "CONTROL", attributes: str = "") -> None:
        stamp = format_moment("%Y-%m-%dT%H:%M:%S.%N", process.clock.now_s())[:-6]
        tail = f',"attr":{attributes}' if attributes else ""
        await call.print(
            f'{{"t":{{"$date":"{stamp}+00:00"}},"s":"I",  "c":"{part + chr(34) + ",":<11}'
            f'"id":{number},   "ctx":"initandlisten","msg":"{text}"{tail}}}\n'
        )

    host = process.network.hostname
    await log(
        "MongoDB starting",
        4615611,
        attributes=f'{{"pid":{process.pid},"port":27017,"dbPath":"/data/db","architecture":"64-bit","host":"{host}"}}',
    )
    await log("Build Info", 23403, attributes=f'{{"buildInfo":{{"version":"{version}"}}}}')
    await log("Opening WiredTiger", 22315, "STORAGE")
    await log("Listening on", 23015, "NETWORK", '{"address":"0.0.0.0"}')
    await log("Waiting for connections", 23016, "NETWORK", '{"port":27017,"ssl":"off"}')
    try:
        await _serve(call, [_option(call, "--port", 27017)], lambda _: b"", b"", stop)
    except OSError as error:
        await log("Failed to set up listener", 23024, "NETWORK", f'{{"error":"{reason(error)}"}}')
        return 48
    await log("Received signal", 23377, attributes=f'{{"signal":{stop.signal}}}')
    await log("Shutting down", 4784900, "REPL")
    await process.sleep(0.3)
    await log("Now exiting", 20565)
    return 0


async def client(call: Call) -> int:
    """mysql, psql, mongosh and their like."""
    host, port = "127.0.0.1", {"psql": 5432, "pg_isready": 5432, "mongosh": 27017, "mongo": 27017}.get(call.name, 3306)
    words = call.arguments
    for index, word in enumerate(words):
        if word in ("-h", "--host") and index + 1 < len(words):
            host = words[index + 1]
        elif word.startswith("--host="):
            host = word.partition("=")[2]
        elif word.startswith("-h") and len(word) > 2 and word != "-help":
            host = word[2:]
    if "--version" in words or "-V" in words:
        await call.print(_client_version(call, port))
        return 0
    try:
        connection = await call.process.network.connect(host, port, timeout_s=5)
    except OSError as error:
        return await _unreachable(call, host, port, reason(error) if (error.errno or 0) > 0 else "Name or service not known")
    connection.close()
    if call.name == "pg_isready":
        await call.print(f"{'/var/run/postgresql' if host == '127.0.0.1' else host}:{port} - accepting connections\n")
        return 0
    if call.name == "mysqladmin":
        await call.print("mysqld is alive\n" if "ping" in words else "")
        return 0
    await call.process.complain(f"{call.name}: {_NOT_PLAYED}")
    return 1


def _client_version(call: Call, port: int) -> str:
    if port == 5432:
        return f"{call.name} (PostgreSQL) {version_of(call, 'postgres', NEWEST)}\n"
    if port == 27017:
        return "2.5.9\n"
    if call.family.image == "mariadb":
        return f"{call.name} from {version_of(call, 'mariadb', _MARIADB)}-MariaDB, client 15.2 for debian-linux-gnu (x86_64)\n"
    return f"{call.name}  Ver {version_of(call, 'mysql', _MYSQL)} for Linux on x86_64 (MySQL Community Server - GPL)\n"


async def _unreachable(call: Call, host: str, port: int, why: str) -> int:
    if call.name == "pg_isready":
        await call.print(f"{'/var/run/postgresql' if host == '127.0.0.1' else host}:{port} - no response\n")
        return 2
    if port == 5432:
        await call.process.complain(
            f'psql: error: connection to server at "{host}", port {port} failed: {why}'
            "\n\tIs the server running on that host and accepting TCP/IP connections?"
        )
        return 2
    if port == 27017:
        await call.process.complain(f"MongoNetworkError: connect ECONNREFUSED {host}:{port}")
        return 1
    number = 2005 if "known" in why else 2003
    words = f"Unknown MySQL server host '{host}' (-2)" if number == 2005 else f"Can't connect to MySQL server on '{host}:{port}' (111)"
    if call.name == "mysqladmin":
        await call.process.complain(f"mysqladmin: connect to server at '{host}' failed\nerror: '{words}'")
    else:
        await call.process.complain(f"ERROR {number} (HY000): {words}")
    return 1


PROGRAMS: dict[str, Applet] = {
    "mysqld": mysqld, "mariadbd": mysqld, "mongod": mongod, "mysql": client, "mariadb": client, "mysqladmin": client,
    "psql": client, "pg_isready": client, "mongosh": client, "mongo": client,
}  # fmt: skip
