"""agnhost guestbook: the tests' guestbook, which keeps its store itself: a primary, its replicas, and a front end."""

import json
from typing import Final

from orrery.node.programs.call import Call, encode
from orrery.node.programs.net.http import Request, Response
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.agnhost_calls import Options, get, log, number, serve

_PATIENCE_S: Final = 15
_STORE_MAX: Final = 10_000


class _Guestbook:
    """One node of it."""

    def __init__(self, call: Call, options: Options) -> None:
        self._call = call
        self._port = number(options, "http-port", 80)
        self._backend = number(options, "backend-port", 6379)
        self._primary = options.get("replicaof", "")
        self._replicas: list[str] = []
        self._store: dict[str, str] = {}

    async def run(self) -> int:
        if self._primary:
            self._call.process.begin(self._register())
        await serve(self._call, self._port, self._answer)
        return 0

    async def _register(self) -> None:
        """Ask the primary for its store, and to be told of what comes."""
        address, place = next(iter(self._call.process.network.addresses), "127.0.0.1"), f"{self._primary}:{self._backend}"
        for _ in range(_PATIENCE_S):
            await log(self._call, f"Registering to primary: {place}/register?host={address}")
            try:
                _, text = await get(self._call, self._primary, self._backend, f"/register?host={address}", timeout_s=5)
                self._store = json.loads(text)["data"]
            except (OSError, EOFError, ValueError, KeyError) as error:
                why = reason(error) if isinstance(error, OSError) else str(error)
                await log(self._call, f"encountered error while registering to primary: {why}. Retrying in 1s.")
                await self._call.process.clock.sleep(1.0, background=True)
                continue
            await log(self._call, f"Registered to node: {self._primary}")
            return
        await log(self._call, "Timed out while registering to primary.", level="F")
        self._call.process.kill(self._call.process.pid, 9)

    async def _answer(self, request: Request) -> Response:
        query = request.query
        await log(self._call, f"GET {request.target}")
        if request.path == "/register":
            self._replicas.append(query.get("host", ""))
            await log(self._call, f"Node '{query.get('host', '')}' registered.")
            return _json({"data": self._store})
        if request.path == "/get":
            key = query.get("key", "")
            return _json({"data": self._store.get(key, "") if key else self._store})
        if request.path == "/set":
            return await self._set(query.get("key", ""), query.get("value", ""))
        if request.path == "/guestbook":
            return await self._pass_on(query.get("cmd", "").lower(), query.get("key", ""), query.get("value", ""))
        return Response(404, b"404 page not found\n")

    async def _set(self, key: str, value: str) -> Response:
        if not key:
            return Response(400, b"cannot set with empty key.\n")
        if len(self._store) < _STORE_MAX:
            self._store[key] = value
        for replica in self._replicas:
            try:
                await get(self._call, replica, self._backend, f"/set?key={key}&value={value}", timeout_s=5)
            except (OSError, EOFError) as error:
                return Response(417, encode(f"encountered error while propagating to replica '{replica}': {error}\n"))
        return _json({"message": "Updated"})

    async def _pass_on(self, command: str, key: str, value: str) -> Response:
        if command not in ("get", "set"):
            return Response(400, encode(f"unsupported cmd: '{command}'\n"))
        if command == "set" and not key:
            return Response(400, b"cannot set with empty key.\n")
        host = "agnhost-primary" if command == "set" else "agnhost-replica"
        try:
            _, text = await get(self._call, host, self._backend, f"/{command}?key={key}&value={value}", timeout_s=5)
        except (OSError, EOFError) as error:
            return Response(417, encode(f"encountered error: {error}\n"))
        return Response(200, encode(text))


def _json(value: object) -> Response:
    return Response(200, json.dumps(value, separators=(",", ":")).encode())


async def guestbook(call: Call, options: Options, _: list[str]) -> int:
    return await _Guestbook(call, options).run()
