"""The guestbook's front end: a page, and guestbook.php that keeps entries with the leader and reads them from a follower."""

from typing import Final

from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault
from orrery.node.programs.net.http import Incoming, Request, Response
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.redis_values import array
from orrery.node.programs.servers.service import Stop, serve_http
from orrery.node.programs.system.moments import format_moment

_PORT: Final = 80
_REDIS_PORT: Final = 6379
_PATIENCE_S: Final = 5.0
_PAGE: Final = """<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>Guestbook</title></head>
<body>
<h2>Guestbook</h2>
<form id="form">
<p><input id="entry" placeholder="Messages" autofocus></p>
<p><button>Submit</button></p>
</form>
<div id="entries"></div>
<script>
const entries = document.getElementById("entries"), entry = document.getElementById("entry");
let said = [];
function ask(query) { return fetch("guestbook.php?" + query).then((answer) => answer.json()); }
function show() {
  entries.replaceChildren(...said.map((text) => Object.assign(document.createElement("div"), {textContent: text})));
}
ask("cmd=get&key=messages").then((answer) => { said = answer.data.split(","); show(); });
document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  said.push(entry.value);
  entry.value = "";
  ask("cmd=set&key=messages&value=" + encodeURIComponent(said.join(","))).then(show);
});
</script>
</body>
</html>
"""


def _hosts(call: Call) -> tuple[str, str]:
    """Who is written to and who is read from: by name, or where GET_HOSTS_FROM says so by variables."""
    variables, is_old = call.process.environment, call.family.tag in ("v1", "v2", "v3", "v4")
    names = ("redis-master", "redis-slave") if is_old else ("redis-leader", "redis-follower")
    if variables.get("GET_HOSTS_FROM") != "env":
        return names
    first, second = (variables.get(f"{name.upper().replace('-', '_')}_SERVICE_HOST", "") for name in names)
    return first, second


async def guestbook(call: Call) -> int:
    stop = Stop(call, (15, 28))
    leader, follower = _hosts(call)

    async def redis(host: str, *words: str) -> str:
        connection = await call.process.network.connect(host, _REDIS_PORT, timeout_s=_PATIENCE_S)
        try:
            await connection.write(array([encode(word) for word in words]))
            incoming = Incoming(connection)
            line = (await incoming.line()).decode()
            if not line.startswith("$"):
                return line[1:]
            size = int(line[1:])
            return b"".join([piece async for piece in incoming.exactly(size)]).decode("utf-8", "replace") if size > 0 else ""
        finally:
            connection.close()

    async def answer(request: Request) -> Response:
        query, command = request.query, request.query.get("cmd") if request.path.endswith("guestbook.php") else None
        host = leader if command == "set" else follower
        try:
            if command == "set":
                await redis(host, "SET", query.get("key", ""), query.get("value", ""))
                return Response(200, b'{"message": "Updated"}', type="application/json")
            if command is not None:
                value = (await redis(host, "GET", query.get("key", ""))).replace('"', '\\"')
                return Response(200, encode(f'{{"data": "{value}"}}'), type="application/json")
        except (OSError, EOFError) as error:
            why = reason(error) if isinstance(error, OSError) else "connection closed"
            return Response(500, encode(f"Uncaught exception: {why} [tcp://{host}:{_REDIS_PORT}]\n"))
        if request.path in ("/", "/index.html"):
            return Response(200, _PAGE.encode(), type="text/html")
        return Response(404, b"Not Found\n", type="text/html; charset=iso-8859-1")

    async def log(request: Request, response: Response) -> None:
        stamp = format_moment("%d/%b/%Y:%H:%M:%S +0000", call.process.clock.now_s())
        what = f"{request.method} {request.target} {request.version}"
        referer, agent = request.header("Referer") or "-", request.header("User-Agent") or "-"
        line = f'{request.remote[0]} - - [{stamp}] "{what}" {response.status} {len(response.body)} "{referer}" "{agent}"\n'
        await call.print(line)

    try:
        await call.process.first_of(stop.wait(), serve_http(call, _PORT, answer, server="Apache/2.4.66 (Debian)", log=log))
    except OSError as error:
        raise Fault(f"could not bind to address 0.0.0.0:{_PORT}: {reason(error)}") from None
    return 0


PROGRAMS: dict[str, Applet] = {"guestbook": guestbook}
