"""Apache httpd of the official image, and busybox's httpd under the same name."""

from html import escape
from typing import Final
from urllib.parse import quote

from orrery.node.processes.cpu_use import compute
from orrery.node.processes.program import Process
from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault
from orrery.node.programs.net.http import REASONS, Request, Response
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.service import HttpService, Stop, accept_all, serve_http
from orrery.node.programs.servers.static import apache_tag, file_response, find_file
from orrery.node.programs.servers.versions import version_of
from orrery.node.programs.system.moments import format_moment

VERSION: Final = "2.4.66"
_WORKER_UID: Final = 33
"""Debian's www-data."""
_ROOT: Final = "/usr/local/apache2/htdocs"
_SQUARE_ROOTS_S: Final = 0.05
"""What a request of hpa-example costs: its page draws a million square roots."""
IT_WORKS: Final = "<html><body><h1>It works!</h1></body></html>\n"


async def apache(call: Call) -> int:
    version = version_of(call, "httpd", VERSION)
    if "-v" in call.arguments:
        await call.print(f"Server version: Apache/{version} (Unix)\n")
        return 0
    if "-t" in call.arguments:
        await call.process.complain("Syntax OK")
        return 0
    if call.is_busybox and call.name == "httpd" and call.family.image != "httpd":
        return await _busybox_httpd(call)
    process, is_php = call.process, call.name == "apache2-foreground"
    stop, me = Stop(call, (15, 28, 2)), "apache2" if is_php else "httpd"
    shown = f"Apache/{version} (Debian)" if is_php else f"Apache/{version} (Unix)"
    module = "mpm_prefork:notice" if is_php else "mpm_event:notice"
    title = f"{me} -DFOREGROUND"
    process.show_as(title, worker=title, count=5 if is_php else 3, uid=process.uid or _WORKER_UID)
    address = next(iter(process.network.addresses), "127.0.0.1")
    for _ in range(2):
        await process.complain(
            f"AH00558: {me}: Could not reliably determine the server's fully qualified domain name, using {address}."
            " Set the 'ServerName' directive globally to suppress this message"
        )
    try:
        listener = process.network.listen("0.0.0.0", 80)
    except OSError as error:
        await process.complain(
            f"({error.errno}){reason(error)}: AH00072: make_sock: could not bind to address 0.0.0.0:"
            "80\nno listening sockets available, shutting down\nAH00015: Unable to open logs"
        )
        return 1
    number, extra = ("AH00163", " PHP/8.3.27") if is_php else ("AH00489", "")
    await _notice(call, module, f"{number}: {shown}{extra} configured -- resuming normal operations")
    await _notice(call, "core:notice", f"AH00094: Command line: '{me} -D FOREGROUND'")

    async def answer(request: Request) -> Response:
        if call.family.image == "hpa-example" and request.path in ("/", "/index.php"):
            await compute(process.clock, _SQUARE_ROOTS_S)
            return Response(200, b"OK!", type="text/html; charset=UTF-8")
        return _answer(call, request, "/var/www/html" if is_php else _ROOT)

    async def log(request: Request, response: Response) -> None:
        stamp = format_moment("%d/%b/%Y:%H:%M:%S +0000", process.clock.now_s())
        size = response.length if response.pieces is not None else len(response.body)
        await call.print(
            f'{request.remote[0]} - - [{stamp}] "{request.method} {request.target} {request.version}" {response.status} {size}\n'
        )

    service = HttpService(call, answer, server=shown, log=log)
    await process.first_of(stop.wait(), accept_all(process, listener, service.talk))
    listener.close()
    text = "AH00492: caught SIGWINCH, shutting down gracefully" if stop.signal == 28 else "AH00491: caught SIGTERM, shutting down"
    await _notice(call, module, text)
    return 0


async def _notice(call: Call, module: str, text: str) -> None:
    stamp = format_moment("%a %b %d %H:%M:%S.%N", call.process.clock.now_s())[:-3]
    year = format_moment("%Y", call.process.clock.now_s())
    await call.process.complain(f"[{stamp} {year}] [{module}] [pid {call.process.pid}:tid {call.process.pid}] {text}")


def _answer(call: Call, request: Request, root: str) -> Response:
    status, full = find_file(call, root, request.path, ("index.html",))
    if status == 200:
        return file_response(call, full, request, tag_of=apache_tag)
    if status in (403, 404) and request.path == "/" and not call.process.files.exists(root):
        return Response(200, IT_WORKS.encode(), type="text/html")
    if status == 403 and root == _ROOT and request.path.endswith("/") and call.process.files.is_directory(full):
        return _listing(call, request.path, full)
    headers = []
    title = f"{status} {REASONS.get(status, '')}"
    why = "The requested URL was not found on this server." if status == 404 else "You don't have permission to access this resource."
    if status == 301:
        place = f"http://{request.header('Host') or 'localhost'}{request.path}/"
        headers, why = [("Location", place)], f'The document has moved <a href="{escape(place)}">here</a>.'
    body = (
        f'<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>{title}</title>'
        f"\n</head><body>\n<h1>{REASONS.get(status, '')}</h1>\n<p>{why}</p>\n</body></html>\n"
    )
    return Response(status, encode(body), headers, "text/html; charset=iso-8859-1")


def _listing(call: Call, path: str, full: str) -> Response:
    """What is in a folder without a first page: the image's settings allow that to be shown, without frills."""
    try:
        names = call.process.files.list(full)
    except OSError:
        return Response(403)
    shown = [f"{name}/" if call.process.files.is_directory(f"{full}/{name}") else name for name in names]
    above = path.rstrip("/").rpartition("/")[0] + "/"
    rows = [] if path == "/" else [f'<li><a href="{escape(above)}"> Parent Directory</a></li>']
    rows += [f'<li><a href="{quote(name)}"> {escape(name)}</a></li>' for name in shown]
    title = f"Index of {escape(path.rstrip('/') or '/')}"
    body = (
        f'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<html>\n <head>\n  <title>{title}</title>\n </head>\n <body>\n'
        f"<h1>{title}</h1>\n<ul>" + "\n".join(rows) + "\n</ul>\n</body></html>\n"
    )
    return Response(200, encode(body), type="text/html;charset=ISO-8859-1")


async def _busybox_httpd(call: Call) -> int:
    options = call.options("fivp:u:r:h:c:d:m:e:")
    port_text = (options.value("p") or "80").rpartition(":")[2]
    root = options.value("h") or call.process.directory
    if not port_text.isdigit():
        raise Fault(f"invalid number '{port_text}'")
    port = int(port_text)

    async def answer(request: Request) -> Response:
        status, full = find_file(call, root, request.path, ("index.html",))
        if status == 200:
            return file_response(call, full, request)
        if status == 301:
            return Response(302, headers=[("Location", request.path + "/")])
        status = 404 if status == 403 else status
        why = "The requested URL was not found" if status == 404 else "Unsupported method"
        name = REASONS.get(status, "")
        body = f"<HTML><HEAD><TITLE>{status} {name}</TITLE></HEAD>\n<BODY><H1>{status} {name}</H1>\n{why}\n</BODY></HTML>\n"
        return Response(status, body.encode(), type="text/html")

    async def log(request: Request, response: Response) -> None:
        if options.has("v"):
            await call.process.complain(f"[::ffff:{request.remote[0]}]:{request.remote[1]}: response:{response.status}")

    if not options.has("f"):

        async def daemon(process: Process) -> int:
            own = Call(process, call.family, call.name, call.arguments)
            await serve_http(own, port, answer, log=log)
            return 0

        await call.process.spawn_call(daemon)
        return 0
    try:
        await serve_http(call, port, answer, log=log)
    except OSError as error:
        raise Fault(f"bind: {reason(error)}") from None
    return 0


PROGRAMS: dict[str, Applet] = {"httpd": apache, "httpd-foreground": apache, "apache2-foreground": apache}
