"""The entry point scripts of official images: what they check and say before the server takes over. Which one depends on the image."""

import re
from collections.abc import Awaitable, Callable
from typing import Final

from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers import postgres
from orrery.node.programs.system.moments import format_moment

_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_MYSQL_WAYS: Final = ("MYSQL_ROOT_PASSWORD", "MYSQL_ALLOW_EMPTY_PASSWORD", "MYSQL_RANDOM_ROOT_PASSWORD")
_MARIADB_WAYS: Final = ("MARIADB_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD_HASH", "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "MARIADB_RANDOM_ROOT_PASSWORD",
                        *_MYSQL_WAYS)  # fmt: skip


_ENDINGS: Final = (2, 3, 15)
"""SIGINT, SIGQUIT, SIGTERM."""


async def _become(call: Call, words: list[str]) -> int:
    try:
        return await call.process.replace(words)
    except OSError as error:
        code = 127 if isinstance(error, FileNotFoundError) else 126
        raise Fault(f"exec: line 47: {words[0]}: not found" if code == 127 else f"exec: {words[0]}: {reason(error)}", code) from None


async def _nginx(call: Call, words: list[str]) -> int:
    if words[:1] in (["nginx"], ["nginx-debug"]):
        me = "/docker-entrypoint.sh"
        scripts = _scripts(call)
        say = call.print if not call.process.environment.get("NGINX_ENTRYPOINT_QUIET_LOGS") else _silent
        if not scripts:
            await say(f"{me}: No files found in /docker-entrypoint.d/, skipping configuration\n")
        else:
            await say(
                f"{me}: /docker-entrypoint.d/ is not empty, will attempt to perform configuration\n"
                f"{me}: Looking for shell scripts in /docker-entrypoint.d/\n"
            )
            for name in scripts:
                await _nginx_script(call, name, me, say)
            await say(f"{me}: Configuration complete; ready for start up\n")
    return await _become(call, words)


async def _silent(_: str) -> None:
    return None


def _scripts(call: Call) -> list[str]:
    try:
        return [name for name in call.process.files.list("/docker-entrypoint.d") if name.endswith((".sh", ".envsh"))]
    except OSError:
        return ["10-listen-on-ipv6-by-default.sh", "15-local-resolvers.envsh", "20-envsubst-on-templates.sh", "30-tune-worker-processes.sh"]


async def _nginx_script(call: Call, name: str, me: str, say: Callable[[str], Awaitable[None]]) -> None:
    path = f"/docker-entrypoint.d/{name}"
    if name.endswith(".envsh"):
        await say(f"{me}: Sourcing {path}\n")
        return
    await say(f"{me}: Launching {path}\n")
    if name == "10-listen-on-ipv6-by-default.sh":
        conf = "/etc/nginx/conf.d/default.conf"
        files = call.process.files
        if files.exists(conf) and not files.access(conf, 2):
            await say(f"{name}: info: can not modify /{conf.lstrip('/')} (read-only file system?)\n")
        else:
            await say(f"{name}: info: Getting the checksum of {conf}\n{name}: info: Enabled listen on IPv6 in {conf}\n")
    elif name == "20-envsubst-on-templates.sh":
        await _nginx_templates(call, say)
    elif name != "30-tune-worker-processes.sh":
        child = await call.process.spawn([path])
        await child.wait()


async def _nginx_templates(call: Call, say: Callable[[str], Awaitable[None]]) -> None:
    """Templates of configuration: variables that are set are put in, all others stay."""
    files, environment = call.process.files, call.process.environment
    folder = environment.get("NGINX_ENVSUBST_TEMPLATE_DIR") or "/etc/nginx/templates"
    ending = environment.get("NGINX_ENVSUBST_TEMPLATE_SUFFIX") or ".template"
    target = environment.get("NGINX_ENVSUBST_OUTPUT_DIR") or "/etc/nginx/conf.d"
    if not files.is_directory(folder):
        return
    for name in files.list(folder):
        if not name.endswith(ending) or files.is_directory(f"{folder}/{name}"):
            continue
        path = f"{target}/{name.removesuffix(ending)}"
        text = files.read(f"{folder}/{name}").decode("utf-8", "surrogateescape")
        await say(f"20-envsubst-on-templates.sh: Running envsubst on {folder}/{name} to {path}\n")
        try:
            files.write(path, encode(_VARIABLE.sub(lambda found: environment.get(found[1] or found[2], found[0]), text)))
        except OSError as error:
            await call.process.complain(f"/docker-entrypoint.d/20-envsubst-on-templates.sh: cannot create {path}: {reason(error)}")


def _lacks(call: Call, ways: tuple[str, ...]) -> bool:
    environment = call.process.environment
    return not any(environment.get(way) or environment.get(f"{way}_FILE") for way in ways)


async def _mysql(call: Call, words: list[str]) -> int:
    is_maria = call.family.image == "mariadb"
    words = ["mariadbd" if is_maria else "mysqld", *words] if words[:1] and words[0].startswith("-") else words
    if words[:1] not in (["mysqld"], ["mariadbd"]):
        return await _become(call, words)
    variable, default = ("MARIADB_VERSION", "1:12.1.2+maria~ubu2404") if is_maria else ("MYSQL_VERSION", "9.5.0-1.el9")
    version = call.process.environment.get(variable) or default
    product = "MariaDB" if is_maria else "MySQL"

    async def note(text: str, level: str = "Note") -> None:
        stamp = format_moment("%Y-%m-%d %H:%M:%S+00:00", call.process.clock.now_s())
        line = f"{stamp} [{level}] [Entrypoint]: {text}\n"
        await (call.process.stderr if level != "Note" else call.process.stdout).write(line.encode())

    await note(f"Entrypoint script for {product} Server {version} started.")
    await note(f"Switching to dedicated user '{'mysql'}'")
    await note(f"Entrypoint script for {product} Server {version} started.")
    fresh = not call.process.files.exists("/var/lib/mysql/mysql")
    if fresh:
        if _lacks(call, _MARIADB_WAYS if is_maria else _MYSQL_WAYS):
            await note("Database is uninitialized and password option is not specified", "ERROR")
            names = (
                ("MARIADB_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD_HASH", "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "MARIADB_RANDOM_ROOT_PASSWORD")
                if is_maria
                else _MYSQL_WAYS
            )
            await call.process.complain(
                "    You need to specify one of the following as an environment variable:\n" + "\n".join(f"    - {name}" for name in names)
            )
            return 1
        await note("Initializing database files")
        await call.process.sleep(2.0)
        await note("Database files initialized")
        await note("Starting temporary server")
        await call.process.sleep(1.0)
        await note("Temporary server started.")
        await note("Stopping temporary server")
        await note("Temporary server stopped")
        await note(f"{product} init process done. Ready for start up.")
        _mark(call, "/var/lib/mysql/mysql")
    return await _become(call, words)


def _mark(call: Call, path: str) -> None:
    """Leave a trace in the data directory, so that a restart finds a database there."""
    files = call.process.files
    position = 0
    try:
        while (position := path.find("/", position + 1)) > 0:
            if not files.exists(path[:position]):
                files.make_directory(path[:position])
        if not files.exists(path):
            files.make_directory(path)
    except OSError:
        return


async def _postgres(call: Call, words: list[str]) -> int:
    words = ["postgres", *words] if words[:1] and words[0].startswith("-") else words
    if words[:1] != ["postgres"]:
        return await _become(call, words)
    return await postgres.start(call, words, _become)


async def _plain(call: Call, words: list[str]) -> int:
    server = {"redis": "redis-server", "memcached": "memcached", "mongo": "mongod", "node": "node", "curl": "curl"}.get(call.family.image)
    is_unknown = server in ("node", "curl") and bool(words) and call.process.find_program(words[0]) is None
    if server and (not words or words[0].startswith("-") or is_unknown):
        words = [server, *words]
    if server == "redis-server" and words and words[0].endswith(".conf"):
        words = [server, *words]
    return await _become(call, words or ["sh"])


async def _wordpress(call: Call, words: list[str]) -> int:
    if words[:1] == ["apache2-foreground"] and not call.process.files.exists(f"{call.process.directory}/index.php"):
        where = call.process.directory
        await call.process.complain(f"WordPress not found in {where} - copying now...")
        try:
            call.process.files.write(f"{where}/index.php", b"<?php\n")
        except OSError as error:
            await call.process.complain(f"tar: .: Cannot utime: {reason(error)}")
            return 2
        await call.process.complain(f"Complete! WordPress has been successfully copied to {where}")
        environment = call.process.environment
        if any(name.startswith("WORDPRESS_") for name in environment):
            names = " ".join(sorted(name for name in environment if name.startswith("WORDPRESS_")))
            await call.process.complain(
                f"No 'wp-config.php' found in {where}, but 'WORDPRESS_...' variables supplied; copying 'wp-config-docker.php' ({names})"
            )
    return await _become(call, words)


def _followed(call: Call) -> list[str]:
    """Whom the guestbook's follower follows: by name, or where GET_HOSTS_FROM says so by variables."""
    variables = call.process.environment
    old = "slave" in call.family.image
    host = variables.get("REDIS_MASTER_SERVICE_HOST" if old else "REDIS_LEADER_SERVICE_HOST", "")
    name = "redis-master" if old else "redis-leader"
    return ["--slaveof", host if variables.get("GET_HOSTS_FROM", "dns") == "env" else name, "6379"]


async def entrypoint(call: Call) -> int:
    # DIFFERS: upstream's script is deaf to SIGTERM until it execs the server; ours ends at once, since a thousand may start together.
    for signal in _ENDINGS:
        call.process.handle(signal, call.process.end)
    image = call.family.image
    words = list(call.arguments)
    if call.name == "run.sh" and image.startswith(("gb-redis", "guestbook-redis")):
        return await _become(call, ["redis-server", *_followed(call)])
    if call.name == "run.sh" and image == "redis":
        return await _become(call, ["redis-server"])
    if call.name == "run.sh" or image == "log-agent":
        return await _become(call, ["log-agent", *words])
    handlers = {
        "nginx": _nginx,
        "nginx-unprivileged": _nginx,
        "mysql": _mysql,
        "mariadb": _mysql,
        "postgres": _postgres,
        "wordpress": _wordpress,
    }
    return await handlers.get(image, _plain)(call, words)


PROGRAMS: dict[str, Applet] = {"docker-entrypoint.sh": entrypoint, "entrypoint.sh": entrypoint, "run.sh": entrypoint}
