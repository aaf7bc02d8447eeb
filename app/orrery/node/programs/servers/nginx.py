"""nginx: a master and its workers, start-up and access log, files under a root, the few directives that examples use.

DIFFERS: upstream reads its whole configuration language; we read listen, server_name, root, index, location, return, proxy_pass, upstream,
error_page, stub_status, error_log and access_log of the files it includes, and take the other directives as they are.
"""

import errno
from typing import Final

from orrery.node.kernel import RELEASE
from orrery.node.processes.program import Listener, Process
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.net.http import REASONS, BadMessage, Incoming, Request, Response, header, parse_url
from orrery.node.programs.patterns.glob import matches_glob
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.nginx_conf import ConfError, Directive, check, parse_conf
from orrery.node.programs.servers.nginx_outlets import ACCESS_LOG, ERROR_LOG, Outlets, Upstreams
from orrery.node.programs.servers.nginx_sites import Location, Server, default_servers, match_location, server_of
from orrery.node.programs.servers.service import HttpService, Stop, accept_all
from orrery.node.programs.servers.static import file_response, find_file
from orrery.node.programs.system.moments import format_moment

VERSION: Final = "1.29.4"
_REOPEN: Final = 10
"""SIGUSR1."""
_CONF: Final = "/etc/nginx/nginx.conf"
_WORKERS: Final = 4
_HTTP_PORT: Final = 80
_CACHE: Final = "/var/cache/nginx"
_FOLDERS: Final = {
    "client_body_temp_path": "client_temp",
    "proxy_temp_path": "proxy_temp",
    "fastcgi_temp_path": "fastcgi_temp",
    "uwsgi_temp_path": "uwsgi_temp",
    "scgi_temp_path": "scgi_temp",
}
"""What they are called without those directives."""
_WORKER_UID: Final = 101
"""The user nginx of its images."""
_TRIES: Final = 5
_TRY_AGAIN_S: Final = 0.5


class _Nginx:
    """The master's view: configuration, log, answers."""

    def __init__(self, call: Call, conf: str) -> None:
        self._call = call
        self._conf = conf
        self.servers: list[Server] = []
        self.stays = False
        """Whether the configuration itself says `daemon off`."""
        self.version = _version(call)
        self.upstreams = Upstreams(call.process.network)
        self._outlets = Outlets(call.process)
        self._error_log = ERROR_LOG
        self._main: list[Directive] = []
        self._http: list[Directive] = []

    async def notice(self, *texts: str, level: str = "notice") -> None:
        """A line for each of the texts, written at once."""
        stamp = format_moment("%Y/%m/%d %H:%M:%S", self._call.process.clock.now_s())
        head = f"{stamp} [{level}] {self._call.process.pid}#{self._call.process.pid}: "
        await self._outlets.write(self._error_log, "".join([f"{head}{text}\n" for text in texts]).encode())

    async def refuse(self, text: str) -> None:
        """What keeps nginx from starting is told in the log and to whoever started it."""
        await self.notice(text, level="emerg")
        await self._call.process.complain(f"nginx: [emerg] {text}")

    def load(self) -> None:
        """Read the configuration; ConfError with nginx's words."""
        files = self._call.process.files
        if not files.exists(self._conf):
            if self._conf != _CONF or files.exists("/etc/nginx"):
                raise ConfError(f'open() "{self._conf}" failed (2: No such file or directory)')
            self.servers = default_servers()
            return
        tree = self._included(parse_conf(files.read(self._conf).decode("utf-8", "replace"), self._conf), "main", 0)
        self._main = tree
        self.stays = any(one.name == "daemon" and one.words == ["off"] for one in tree)
        self._error_log = next((one.words[0] for one in tree if one.name == "error_log" and one.words), ERROR_LOG)
        self._http = next((one.block or [] for one in tree if one.name == "http"), [])
        self.servers = [server_of(one) for one in self._http if one.name == "server"]
        self.upstreams.read(self._http)

    def open_logs(self) -> None:
        """Make the log files that the configuration names, except those of single locations."""
        scopes = [self._http, *(server.directives for server in self.servers)]
        named = [one.words[0] for scope in scopes for one in scope if one.name == "access_log" and one.words]
        self._outlets.forget()
        for path in (self._error_log, *(named or [ACCESS_LOG])):
            self._outlets.make(path)

    async def check(self) -> None:
        """Look up the names that requests are passed on to; ConfError for one that nobody knows."""
        await self.upstreams.check([one for server in self.servers for place in server.locations for one in place.directives])

    def make_folders(self) -> None:
        """The folders for what does not fit in memory: the image has none of them. ConfError when they cannot be made."""
        files = self._call.process.files
        for name, folder in _FOLDERS.items():
            path = next((one.words[0] for one in self._http if one.name == name and one.words), f"{_CACHE}/{folder}")
            if files.exists(path) or not files.exists(path.rpartition("/")[0]):
                continue
            try:
                files.make_directory(path, 0o700)
                if self._call.process.uid == 0:
                    files.change_owner(path, _WORKER_UID, -1)
            except OSError as error:
                what = f'chown("{path}", {_WORKER_UID})' if files.exists(path) else f'mkdir() "{path}"'
                raise ConfError(f"{what} failed ({error.errno}: {reason(error)})") from None

    def note_pid(self) -> None:
        """Write the number of the master where `nginx -s` looks for it."""
        path = self.pid_path
        try:
            if not self._call.process.files.exists("/run"):
                self._call.process.files.make_directory("/run")
            self._call.process.files.write(path, f"{self._call.process.pid}\n".encode())
        except OSError as error:
            raise ConfError(f'open() "{path}" failed ({error.errno}: {reason(error)})') from None

    @property
    def pid_path(self) -> str:
        return next((one.words[0] for one in self._main if one.name == "pid" and one.words), "/run/nginx.pid")

    async def warn(self) -> None:
        """What is odd, and does not keep nginx from starting."""
        user = next((one for one in self._main if one.name == "user"), None)
        if user is not None and self._call.process.uid:
            text = f'the "user" directive makes sense only if the master process runs with super-user privileges, ignored in {user.place}'
            await self.notice(text, level="warn")
            await self._call.process.complain(f"nginx: [warn] {text}")

    def _included(self, tree: list[Directive], parent: str, depth: int) -> list[Directive]:
        out: list[Directive] = []
        for one in tree:
            check(one, parent)
            if one.name == "include" and one.words and depth < 8:
                for path in self._matching(one.words[0]):
                    text = self._call.process.files.read(path).decode("utf-8", "replace")
                    out += self._included(parse_conf(text, path), parent, depth + 1)
                continue
            if one.block is not None:
                one.block = self._included(one.block, one.name, depth)
            out.append(one)
        return out

    def _matching(self, pattern: str) -> list[str]:
        path = pattern if pattern.startswith("/") else f"/etc/nginx/{pattern}"
        if "*" not in path:
            if not self._call.process.files.exists(path):
                if path.endswith("mime.types"):
                    return []
                raise ConfError(f'open() "{path}" failed (2: No such file or directory) in {self._conf}')
            return [] if path.endswith("mime.types") else [path]
        folder, _, name = path.rpartition("/")
        try:
            return [f"{folder}/{one}" for one in self._call.process.files.list(folder) if matches_glob(name, one)]
        except OSError:
            return []

    def ports(self) -> list[int]:
        return sorted({port for server in self.servers for port in server.ports})

    async def answer(self, request: Request) -> Response:
        server = self._pick(request)
        location = match_location(server, request.path) if server is not None else None
        response = await self._respond(request, server, location)
        if (response.status >= 400 and not response.body and response.pieces is None) or (
            response.status in (301, 302, 307, 308) and not response.body
        ):
            response = self._error_page(response)
        return response

    def _pick(self, request: Request) -> Server | None:
        name = (request.header("Host") or "").partition(":")[0]
        fitting = [server for server in self.servers if request.local[1] in server.ports]
        return next((server for server in fitting if name in server.names), fitting[0] if fitting else None)

    async def _respond(self, request: Request, server: Server | None, location: Location | None) -> Response:
        if server is None:
            return Response(404)
        scopes = [scope for scope in (location, server) if scope is not None]
        for scope in scopes:
            if (words := scope.value("return")) is not None:
                return self._returned(request, words, scope.value("default_type"), scope.directives)
        if location is not None and (proxy := location.value("proxy_pass")):
            return await self._proxy(request, proxy[0], location)
        if location is not None and location.value("stub_status") is not None:
            return Response(
                200,
                b"Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n",
                type="text/plain",
            )
        if request.method not in ("GET", "HEAD"):
            return Response(405)
        root = next((words[0] for scope in scopes if (words := scope.value("root"))), "/etc/nginx/html")
        path = request.path
        if location is not None and (alias := location.value("alias")):
            root, path = alias[0], "/" + path[len(location.path) :].lstrip("/")
        index = next((tuple(words) for scope in scopes if (words := scope.value("index"))), ("index.html",))
        if location is not None and (tries := location.value("try_files")):
            path = self._tried(root, path, tries, index)
            if path.startswith("="):
                return Response(int(path[1:]) if path[1:].isdigit() else 404)
        status, full = find_file(self._call, root, path, index)
        if status == 301:
            return Response(301, headers=[("Location", _absolute(request, f"{path}/"))])
        if status != 200:
            await self._file_error(request, status, full)
            return Response(status)
        return file_response(self._call, full, request)

    def _tried(self, root: str, path: str, tries: list[str], index: tuple[str, ...]) -> str:
        for one in tries[:-1]:
            candidate = one.replace("$uri", path)
            if find_file(self._call, root, candidate, index)[0] == 200:
                return candidate
        return tries[-1].replace("$uri", path).partition("?")[0]

    def _returned(self, request: Request, words: list[str], type_: list[str] | None, directives: list[Directive]) -> Response:
        status = int(words[0]) if words and words[0].isdigit() else 302
        text = " ".join(words[1:]) if words[0].isdigit() else words[0]
        text = self._expanded(request, text)
        if status in (301, 302, 303, 307, 308):
            return Response(status, headers=[("Location", _absolute(request, text))])
        kind = type_[0] if type_ else "text/plain"
        return Response(status, encode(text), type=kind if text else "text/html")

    def _expanded(self, request: Request, text: str) -> str:
        for name, value in (("$request_uri", request.target), ("$hostname", self._call.process.network.hostname), ("$uri", request.path),
                            ("$host", (request.header("Host") or "").partition(":")[0]), ("$remote_addr", request.remote[0]),
                            ("$server_addr", request.local[0]), ("$server_port", str(request.local[1])),
                            ("$request_method", request.method), ("$scheme", "http"), ("$http_host", request.header("Host") or "")):  # fmt: skip
            text = text.replace(name, value)
        return text.replace("\\n", "\n")

    async def _proxy(self, request: Request, goal: str, location: Location) -> Response:
        url = parse_url(goal)
        if url is None:
            return Response(500)
        rest = goal.partition("://")[2]
        target = url.target.rstrip("/") + request.target[len(location.path.rstrip("/")) :] if "/" in rest else request.target
        network = self._call.process.network
        try:
            connection = await network.connect(*self.upstreams.pick(url.host, url.port), timeout_s=60)
        except (OSError, TimeoutError) as error:
            why = (
                f"connect() failed (111: Connection refused) while connecting to upstream, client: {request.remote[0]}"
                if isinstance(error, ConnectionRefusedError)
                else reason(error)
            )
            await self.notice(why, level="error")
            return Response(504 if isinstance(error, TimeoutError) else 502)
        skipped = ("connection", "host", "content-length", "transfer-encoding")
        lines = [f"{request.method} {target or '/'} HTTP/1.1", f"Host: {rest.partition('/')[0]}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in request.headers if name.lower() not in skipped]
        if request.body:
            lines.append(f"Content-Length: {len(request.body)}")
        try:
            await connection.write(encode("\r\n".join(lines) + "\r\n\r\n") + request.body)
            return await _upstream(Incoming(connection))
        except (EOFError, BadMessage, OSError):
            return Response(502)
        finally:
            connection.close()

    async def _file_error(self, request: Request, status: int, full: str) -> None:
        stamp = format_moment("%Y/%m/%d %H:%M:%S", self._call.process.clock.now_s())
        host = request.header("Host") or ""
        what = f'open() "{full}" failed (2: No such file or directory)' if status == 404 else f'directory index of "{full}" is forbidden'
        line = (
            f"{stamp} [error] {self.worker}#{self.worker}: *1 {what}, client: {request.remote[0]}, server:"
            f' localhost, request: "{request.method} {request.target} {request.version}", host: "{host}"\n'
        )
        await self._outlets.write(self._error_log, encode(line))

    worker = 29

    def _error_page(self, response: Response) -> Response:
        title = f"{response.status} {REASONS.get(response.status, '').replace('Method Not Allowed', 'Not Allowed')}"
        body = (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}"
            f"</h1></center>\r\n<hr><center>nginx/{self.version}</center>\r\n</body>\r\n</html>\r\n"
        )
        return Response(response.status, body.encode(), headers=response.headers, type="text/html")

    async def log(self, request: Request, response: Response) -> None:
        place = self._access_log(request)
        if place == "off":
            return
        stamp = format_moment("%d/%b/%Y:%H:%M:%S +0000", self._call.process.clock.now_s())
        size = response.length if response.pieces is not None else len(response.body)
        size = 0 if request.method == "HEAD" else size
        referer, agent = request.header("Referer") or "-", request.header("User-Agent") or "-"
        forwarded = request.header("X-Forwarded-For") or "-"
        line = (
            f'{request.remote[0]} - - [{stamp}] "{request.method} {request.target} '
            f'{request.version}" {response.status} {size} "{referer}" "{agent}" "{forwarded}"\n'
        )
        await self._outlets.write(place, encode(line))

    def _access_log(self, request: Request) -> str:
        """Where this request is logged: the innermost `access_log` counts."""
        server = self._pick(request)
        location = match_location(server, request.path) if server is not None else None
        for words in (scope.value("access_log") for scope in (location, server) if scope is not None):
            if words:
                return words[0]
        return next((one.words[0] for one in self._http if one.name == "access_log" and one.words), ACCESS_LOG)


async def _upstream(incoming: Incoming) -> Response:
    parts = (await incoming.line()).decode("latin-1").split(" ", 2)
    if len(parts) < 2 or not parts[1].isdigit():
        raise BadMessage
    headers = await incoming.headers()
    pieces: list[bytes] = []
    if (header(headers, "Transfer-Encoding") or "").lower() == "chunked":
        pieces = [piece async for piece in incoming.chunked()]
    else:
        while piece := await incoming.some():
            pieces.append(piece)
    skipped = ("content-length", "transfer-encoding", "connection", "content-type", "date", "server")
    kept = [(name, value) for name, value in headers if name.lower() not in skipped]
    return Response(int(parts[1]), b"".join(pieces), headers=kept, type=header(headers, "Content-Type") or "text/plain")


def _absolute(request: Request, place: str) -> str:
    """A place of this server as a whole address: with the port it listens on, which may not be the one the client knows."""
    if not place.startswith("/"):
        return place
    host, port = (request.header("Host") or request.local[0]).partition(":")[0], request.local[1]
    return f"http://{host}{'' if port == _HTTP_PORT else f':{port}'}{place}"


def _version(call: Call) -> str:
    """The images tell it in a variable: `1.14.2-1~stretch`."""
    return (call.process.environment.get("NGINX_VERSION") or VERSION).partition("-")[0]


async def nginx(call: Call) -> int:
    options = call.options("vVtTqs:p:c:g:e:?h")
    if options.has("v", "V"):
        await call.process.complain(f"nginx version: nginx/{_version(call)}")
        return 0
    conf = options.value("c") or _CONF
    server = _Nginx(call, conf)
    try:
        server.load()
        await server.warn()
        await server.check()
        server.make_folders()
    except (ConfError, OSError) as error:
        text = str(error) if isinstance(error, ConfError) else reason(error)
        await server.notice(text, level="emerg")
        await call.process.complain(f"nginx: [emerg] {text}")
        if options.has("t"):
            await call.process.complain(f"nginx: configuration file {conf} test failed")
        return 1
    if options.has("t", "T"):
        await call.process.complain(
            f"nginx: the configuration file {conf} syntax is ok\nnginx: configuration file {conf} test is successful"
        )
        return 0
    if (signal := options.value("s")) is not None:
        return await _signal_master(call, server, signal)
    if "daemon off" in " ".join(options.values("g")) or server.stays:
        return await _run(call, server)

    async def daemon(process: Process) -> int:
        own = Call(process, call.family, call.name, call.arguments)
        background = _Nginx(own, conf)
        background.load()
        return await _run(own, background)

    await call.process.spawn_call(daemon)
    return 0


async def _signal_master(call: Call, server: _Nginx, name: str) -> int:
    numbers = {"stop": 15, "quit": 3, "reload": 1, "reopen": _REOPEN}
    if name not in numbers:
        await call.process.complain(f'nginx: invalid option: "-s {name}"')
        return 1
    await server.notice("signal process started")
    path = server.pid_path
    try:
        call.process.kill(int(call.process.files.read(path)), numbers[name])
    except (OSError, ValueError) as error:
        why = f"{error.errno}: {reason(error)}" if isinstance(error, OSError) else "2: No such file or directory"
        await call.process.complain(f'nginx: [error] open() "{path}" failed ({why})')
        return 1
    return 0


async def _run(call: Call, server: _Nginx) -> int:
    process = call.process
    stop = Stop(call, (3, 15, 2))
    title = f"nginx: master process {' '.join(process.argv)}"
    server.worker = process.show_as(title, worker="nginx: worker process", count=_WORKERS, uid=process.uid or _WORKER_UID)
    process.handle(_REOPEN, lambda _: server.open_logs())
    server.open_logs()
    listeners = await _bind(call, server)
    if listeners is None:
        return 1
    try:
        server.note_pid()
    except ConfError as error:
        await server.refuse(str(error))
        return 1
    await server.notice(
        'using the "epoll" event method',
        f"nginx/{server.version}",
        "built by gcc 14.2.0 (Debian 14.2.0-19)" if not call.is_busybox else "built by gcc 15.2.0 (Alpine 15.2.0)",
        f"OS: Linux {RELEASE}",
        "getrlimit(RLIMIT_NOFILE): 1048576:1048576",
        "start worker processes",
        *(f"start worker process {server.worker + number}" for number in range(_WORKERS)),
    )
    process.handle(1, lambda _: process.begin(_reload(server)))
    process.handle(28, lambda _: None)
    service = HttpService(call, server.answer, server=f"nginx/{server.version}", log=server.log)
    await process.first_of(stop.wait(), *(accept_all(process, listener, service.talk) for listener in listeners))
    name, what = {3: ("SIGQUIT", "shutting down"), 15: ("SIGTERM", "exiting"), 2: ("SIGINT", "exiting")}.get(
        stop.signal, ("SIGTERM", "exiting")
    )
    await server.notice(f"signal {stop.signal} ({name}) received, {what}")
    for listener in listeners:
        listener.close()
    await server.notice("exit")
    return 0


async def _bind(call: Call, server: _Nginx) -> list[Listener] | None:
    """Listen on all ports; a port that is taken is tried five times. None: that cannot be, and has been told."""
    bound: list[Listener] = []
    for _ in range(_TRIES):
        for port in server.ports()[len(bound) :]:
            try:
                bound.append(call.process.network.listen("0.0.0.0", port))
            except OSError as error:
                is_taken = error.errno == errno.EADDRINUSE
                await server.refuse(f"bind() to 0.0.0.0:{port} failed ({98 if is_taken else 13}: {reason(error)})")
                if not is_taken:
                    return None
                break
        else:
            return bound
        await server.notice("try again to bind() after 500ms")
        await call.process.sleep(_TRY_AGAIN_S)
    await server.refuse("still could not bind()")
    return None


async def _reload(server: _Nginx) -> None:
    await server.notice("signal 1 (SIGHUP) received, reconfiguring")
    try:
        server.load()
    except (ConfError, OSError) as error:
        await server.notice(str(error), level="emerg")
        return
    await server.notice("reconfiguring")


PROGRAMS: dict[str, Applet] = {"nginx": nginx}
