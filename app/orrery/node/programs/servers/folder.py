"""`python3 -m http.server`: files of a directory, and lists of directories."""

from html import escape
from urllib.parse import quote

from orrery.node.programs.call import Call, encode
from orrery.node.programs.net.http import Request, Response
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.service import serve_http
from orrery.node.programs.servers.static import file_response, find_file
from orrery.node.programs.servers.versions import version_of
from orrery.node.programs.system.moments import format_moment


async def serve_folder(call: Call, words: list[str]) -> int:
    """Serve until a signal; like the real one as process 1, it is deaf to SIGTERM."""
    port, root = 8000, call.process.directory
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in ("--directory", "-d") and rest:
            root = rest.pop(0)
        elif word in ("--bind", "-b") and rest:
            rest.pop(0)
        elif word.isdigit():
            port = int(word)

    async def answer(request: Request) -> Response:
        return _answer(call, request, root)

    async def log(request: Request, response: Response) -> None:
        stamp = format_moment("%d/%b/%Y %H:%M:%S", call.process.clock.now_s())
        line = f'"{request.method} {request.target} {request.version}" {response.status} -'
        await call.process.complain(f"{request.remote[0]} - - [{stamp}] {line}")

    call.process.begin(_greet(call, port))
    try:
        await serve_http(call, port, answer, server=f"SimpleHTTP/0.6 Python/{version_of(call, 'python', '3.14.2')}", log=log)
    except OSError as error:
        await call.process.complain(f"OSError: [Errno {error.errno}] {reason(error)}")
        return 1
    return 0


async def _greet(call: Call, port: int) -> None:
    await call.print(f"Serving HTTP on 0.0.0.0 port {port} (http://0.0.0.0:{port}/) ...\n")


def _answer(call: Call, request: Request, root: str) -> Response:
    if request.method not in ("GET", "HEAD"):
        return Response(501, encode(f"Unsupported method ({request.method!r})\n"))
    status, full = find_file(call, root, request.path, ("index.html", "index.htm"))
    if status == 200:
        return file_response(call, full, request)
    if status == 301:
        return Response(301, headers=[("Location", f"{request.path}/")])
    if status == 403 and call.process.files.is_directory(full):
        return _listing(call, full, request.path)
    return Response(
        404, b"<!DOCTYPE HTML>\n<title>Error response</title>\n<h1>Error response</h1>\n<p>Error code: 404</p>\n", type="text/html"
    )


def _listing(call: Call, full: str, path: str) -> Response:
    folder = full.rstrip("/")
    names = [f"{name}/" if call.process.files.is_directory(f"{folder}/{name}") else name for name in call.process.files.list(full)]
    rows = "".join(f'<li><a href="{quote(name)}">{escape(name)}</a></li>\n' for name in sorted(names, key=str.lower))
    title = f"Directory listing for {escape(path)}"
    text = (
        f'<!DOCTYPE HTML>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n</head>\n<body>\n'
        f"<h1>{title}</h1>\n<hr>\n<ul>\n{rows}</ul>\n<hr>\n</body>\n</html>\n"
    )
    return Response(200, encode(text), type="text/html; charset=utf-8")
