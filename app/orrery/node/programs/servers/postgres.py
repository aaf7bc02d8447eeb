"""postgres: what its image's entry point does and says before a first start, and the server's life and log.

DIFFERS: upstream speaks SQL; we take connections and refuse them with an error of the protocol. Scripts of docker-entrypoint-initdb.d run,
SQL files in there are named and skipped.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from orrery.node.processes.program import Connection
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.service import Stop, accept_all
from orrery.node.programs.servers.versions import compiler_of, numbers_of, version_of
from orrery.node.programs.system.moments import format_moment

NEWEST: Final = "18.1"
_SCRIPTS: Final = "/docker-entrypoint-initdb.d"
_NOT_PLAYED: Final = "Orrery plays this server's life, not its data"
_NO_PASSWORD: Final = """Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".

       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all
       connections without a password. This is *not* recommended.

       See PostgreSQL documentation about "trust":
       https://www.postgresql.org/docs/current/auth-trust.html"""
_BEGUN: Final = """The files belonging to this database system will be owned by user "postgres".
This user must also own the server process.

The database cluster will be initialized with locale "en_US.utf8".
The default database encoding has accordingly been set to "UTF8".
The default text search configuration will be set to "english".

Data page checksums are {checksums}.

fixing permissions on existing directory {data} ... ok
creating subdirectories ... ok
selecting dynamic shared memory implementation ... posix
selecting default "max_connections" ... 100
selecting default "shared_buffers" ... 128MB
selecting default time zone ... Etc/UTC
"""
_MADE: Final = """creating configuration files ... ok
running bootstrap script ... ok
performing post-bootstrap initialization ... ok
syncing data to disk ... ok


Success. You can now start the database server using:

    pg_ctl -D {data} -l logfile start

"""
_TRUST: Final = (
    'initdb: warning: enabling "trust" authentication for local connections\n'
    "initdb: hint: You can change this by editing pg_hba.conf or using the option -A, or --auth-local and --auth-host, the next time you run"
    " initdb."
)


async def start(call: Call, words: list[str], become: Callable[[Call, list[str]], Awaitable[int]]) -> int:
    """The entry point: it checks the variables, makes a database where there is none, and becomes the server."""
    process, environment = call.process, call.process.environment
    data = environment.get("PGDATA") or "/var/lib/postgresql/data"
    if process.files.exists(f"{data}/PG_VERSION"):
        await call.print("\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n")
        return await become(call, words)
    is_trusted = environment.get("POSTGRES_HOST_AUTH_METHOD") == "trust"
    if not (environment.get("POSTGRES_PASSWORD") or environment.get("POSTGRES_PASSWORD_FILE") or is_trusted):
        await process.complain(_NO_PASSWORD)
        return 1
    version = version_of(call, "postgres", NEWEST)
    checksums = "enabled" if numbers_of(version) >= (18,) else "disabled"
    try:
        _make_directories(call, data)
        if process.files.list(data):
            listed = f'initdb: error: directory "{data}" exists but is not empty'
            await process.complain(f"{listed}\n{_not_empty_hint(call, data)}")
            return 1
        await call.print(_BEGUN.format(data=data, checksums=checksums))
        await process.sleep(1.0)
        process.files.write(f"{data}/PG_VERSION", f"{version.partition('.')[0]}\n".encode(), mode=0o600)
        for name in ("postgresql.conf", "pg_hba.conf", "pg_ident.conf", "postgresql.auto.conf"):
            process.files.write(f"{data}/{name}", b"# made by initdb\n", mode=0o600)
        for name in ("base", "global", "pg_wal", "pg_xact", "pg_stat"):
            process.files.make_directory(f"{data}/{name}", 0o700)
    except OSError as error:
        await process.complain(f'initdb: error: could not create directory "{data}": {reason(error)}')
        return 1
    await call.print(_MADE.format(data=data))
    await process.complain(_TRUST)
    await _first_server(call, version)
    await call.print("PostgreSQL init process complete; ready for start up.\n\n")
    return await become(call, words)


def _make_directories(call: Call, path: str) -> None:
    files, position = call.process.files, 0
    while (position := path.find("/", position + 1)) > 0:
        if not files.exists(path[:position]):
            files.make_directory(path[:position])
    if not files.exists(path):
        files.make_directory(path, 0o700)


def _not_empty_hint(call: Call, data: str) -> str:
    if "lost+found" in call.process.files.list(data):
        return (
            "initdb: detail: It contains a lost+found directory, perhaps due to it being a mount point.\n"
            "initdb: hint: Using a mount point directly as the data directory is not recommended.\n"
            "Create a subdirectory under the mount point."
        )
    return (
        "initdb: hint: If you want to create a new database system, either remove or empty the directory "
        f'"{data}" or run initdb with an argument other than "{data}".'
    )


async def _first_server(call: Call, version: str) -> None:
    """The server that is up while the database is made ready: on its socket only."""
    log = _Log(call, 48)
    await call.print("waiting for server to start....")
    await log.line(_starting(call, version))
    await log.line('listening on Unix socket "/var/run/postgresql/.s.PGSQL.5432"')
    await log.line(f"database system was shut down at {log.stamp()[:19]} UTC", pid=51)
    await log.line("database system is ready to accept connections")
    await call.process.sleep(0.1)
    await call.print(" done\nserver started\n")
    if (name := call.process.environment.get("POSTGRES_DB", "postgres")) != "postgres" and name:
        await call.print("CREATE DATABASE\n")
    await call.print("\n")
    await _run_scripts(call)
    await call.print("\nwaiting for server to shut down....")
    await log.line("received fast shutdown request")
    await log.line("aborting any active transactions")
    await log.line('background worker "logical replication launcher" (PID 54) exited with exit code 1')
    await log.line("shutting down", pid=49)
    await log.line("checkpoint starting: shutdown immediate", pid=49)
    await log.line("database system is shut down")
    await call.process.sleep(0.1)
    await call.print(" done\nserver stopped\n\n")


async def _run_scripts(call: Call) -> None:
    me = "/usr/local/bin/docker-entrypoint.sh"
    try:
        names = call.process.files.list(_SCRIPTS)
    except OSError:
        names = ()
    if not names:
        await call.print(f"{me}: ignoring {_SCRIPTS}/*\n")
    for name in names:
        path = f"{_SCRIPTS}/{name}"
        if name.endswith(".sh"):
            is_program = call.process.files.access(path, 1)
            await call.print(f"{me}: {'running' if is_program else 'sourcing'} {path}\n")
            child = await call.process.spawn([path] if is_program else ["bash" if call.process.find_program("bash") else "sh", path])
            await child.wait()
        elif name.endswith((".sql", ".sql.gz", ".sql.xz", ".sql.zst")):
            await call.print(f"{me}: running {path}\n")
            await call.process.complain(f"psql:{path}: {_NOT_PLAYED}")
        else:
            await call.print(f"{me}: ignoring {path}\n")


class _Log:
    """The server's log on standard error."""

    def __init__(self, call: Call, pid: int) -> None:
        self._call = call
        self._pid = pid

    def stamp(self) -> str:
        now_s = self._call.process.clock.now_s()
        return format_moment("%Y-%m-%d %H:%M:%S", now_s) + f".{int(now_s % 1 * 1000):03}"

    async def line(self, text: str, level: str = "LOG", pid: int = 0) -> None:
        await self._call.process.complain(f"{self.stamp()} UTC [{pid or self._pid}] {level}:  {text}")


def _starting(call: Call, version: str) -> str:
    compiler = compiler_of(call)
    if "Alpine" in compiler:
        return f"starting PostgreSQL {version} on x86_64-pc-linux-musl, compiled by {compiler}, 64-bit"
    package = (call.process.environment.get("PG_VERSION") or f"{version}-1.pgdg13+1").partition(" ")[0]
    return f"starting PostgreSQL {version} (Debian {package}) on x86_64-pc-linux-gnu, compiled by {compiler}, 64-bit"


async def postgres(call: Call) -> int:
    process, version = call.process, version_of(call, "postgres", NEWEST)
    if "--version" in call.arguments or "-V" in call.arguments:
        await call.print(f"postgres (PostgreSQL) {version}\n")
        return 0
    if process.uid == 0 and call.family.image != "postgres":
        await process.complain(
            '"root" execution of the PostgreSQL server is not permitted.\nThe server must be started under an unprivileged user ID to prevent\n'
            "possible system security compromise.  See the documentation for\nmore information on how to properly start the server."
        )
        return 1
    stop, log, port = Stop(call, (15, 2, 3)), _Log(call, process.pid), _port(call)
    await log.line(_starting(call, version))
    try:
        listener = process.network.listen("0.0.0.0", port)
    except OSError as error:
        await log.line(f'could not bind IPv4 address "0.0.0.0": {reason(error)}')
        await log.line('could not create listen socket for "*"', "WARNING")
        await log.line("could not create any TCP/IP sockets", "FATAL")
        return 1
    await log.line(f'listening on IPv4 address "0.0.0.0", port {port}')
    await log.line(f'listening on IPv6 address "::", port {port}')
    await log.line(f'listening on Unix socket "/var/run/postgresql/.s.PGSQL.{port}"')
    await log.line(f"database system was shut down at {log.stamp()[:19]} UTC", pid=process.pid + 28)
    await log.line("database system is ready to accept connections")
    await process.first_of(stop.wait(), accept_all(process, listener, _refuse))
    listener.close()
    kind = {15: "smart", 2: "fast", 3: "immediate"}.get(stop.signal, "fast")
    await log.line(f"received {kind} shutdown request")
    if kind == "fast":
        await log.line("aborting any active transactions")
    if kind != "immediate":
        await log.line("shutting down", pid=process.pid + 26)
        await log.line("checkpoint starting: shutdown immediate", pid=process.pid + 26)
    await process.sleep(0.1)
    await log.line("database system is shut down")
    return 0


def _port(call: Call) -> int:
    words = call.arguments
    value = next((words[index + 1] for index, word in enumerate(words[:-1]) if word == "-p"), "")
    return int(value) if value.isdigit() else 5432


async def _refuse(connection: Connection) -> None:
    text = f"SFATAL\0VFATAL\0C0A000\0M{_NOT_PLAYED}\0\0".encode()
    if len(await connection.read()) == 8:  # A client asks for TLS first.
        await connection.write(b"N")
        await connection.read()
    await connection.write(b"E" + (len(text) + 4).to_bytes(4, "big") + text)


PROGRAMS: dict[str, Applet] = {"postgres": postgres}
