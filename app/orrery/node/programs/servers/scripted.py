"""The program of a user's image that is told by a script: log lines, HTTP answers, ports, failing, ending (`images/user_images.py`)."""

import asyncio
import re
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Final

from orrery.node.processes.cpu_use import compute, occupied
from orrery.node.processes.program import Connection, Process, Program
from orrery.node.programs.call import Call, encode
from orrery.node.programs.flavours import Family, Flavour
from orrery.node.programs.net.http import Request, Response
from orrery.node.programs.reasons import reason
from orrery.node.programs.servers.service import Stop, accept_all, serve_http

if TYPE_CHECKING:
    from orrery.node.images.user_images import HttpAnswer, Run

_FIELD: Final = re.compile(r"\{(hostname|path|n|env:(\w+))\}")
_FAMILY: Final = Family(Flavour.DEBIAN, "script")


def scripted(run: "Run", *, port: int, before: int) -> Program:
    """The program of one container. `port` is where HTTP answers come from that name none, `before` how many starts there were."""

    async def program(process: Process) -> int:
        return await _Script(process, run, port).play(before)

    return program


class _Script:
    """One run of a script."""

    def __init__(self, process: Process, run: "Run", port: int) -> None:
        self._process = process
        self._run = run
        self._port = port
        self._is_ready = run.ready is None
        self._requests = 0
        self._call = Call(process, _FAMILY, process.argv[0].rpartition("/")[2], process.argv[1:])

    async def play(self, before: int) -> int:
        run, process = self._run, self._process
        if run.memory:
            process.allocate(run.memory)
        if run.fail is not None and before < run.fail.times:
            return await self._fail()
        stop = Stop(self._call, () if run.stop.ignore else (2, 15))
        if run.stop.ignore:
            process.handle(15, lambda _: None)
        try:
            with occupied(process.clock, run.cpu):
                ended = await process.first_of(stop.wait(), self._talk_and_end(), *self._services())
        except OSError as error:
            await process.complain(f"listen: {reason(error)}")
            return 1
        if ended == 0:
            return await self._stopped()
        return run.exit.code if run.exit is not None else 0

    async def _fail(self) -> int:
        fail = self._run.fail
        assert fail is not None
        await self._process.sleep(fail.after)
        if fail.line:
            await self._process.complain(fail.line)
        return fail.code

    async def _stopped(self) -> int:
        stop = self._run.stop
        if stop.line:
            await self._process.print(f"{stop.line}\n")
        await self._process.sleep(stop.after)
        return stop.code

    async def _talk_and_end(self) -> None:
        """The log, and the end when there is one."""
        clock = self._process.clock
        if self._run.ready is not None:
            self._process.begin(self._become_ready())
        for one in self._run.log:
            await clock.sleep(one.after, background=True)
            await self._say(one.line, one.stream)
        if self._run.repeat is not None:
            self._process.begin(self._repeat())
        if self._run.exit is not None:
            await clock.sleep(self._run.exit.after, background=True)
            return
        await asyncio.Event().wait()

    async def _become_ready(self) -> None:
        ready = self._run.ready
        assert ready is not None
        await self._process.clock.sleep(ready.after, background=True)
        self._is_ready = True
        if ready.file:
            self._process.files.write(ready.file, b"")

    async def _repeat(self) -> None:
        repeat, count = self._run.repeat, 0
        assert repeat is not None
        while True:
            await self._process.clock.sleep(repeat.every, background=True)
            count += 1
            await self._say(repeat.line.replace("{n}", str(count)), repeat.stream)

    async def _say(self, line: str, stream: str) -> None:
        sink = self._process.stderr if stream == "stderr" else self._process.stdout
        await sink.write(encode(self._filled(line) + "\n"))

    def _filled(self, text: str, path: str = "") -> str:
        """`{hostname}`, `{path}`, `{n}` and `{env:NAME}` put in."""

        def value(found: re.Match[str]) -> str:
            if found[2]:
                return self._process.environment.get(found[2], "")
            return {"hostname": self._process.network.hostname, "path": path, "n": str(self._requests)}[found[1]]

        return _FIELD.sub(value, text)

    # The network.

    def _services(self) -> list[Awaitable[None]]:
        ports: dict[int, list[HttpAnswer]] = {}
        for answer in self._run.http:
            ports.setdefault(answer.port or self._port, []).append(answer)
        return [*(self._serve(port, answers) for port, answers in ports.items()), *(self._listen(port) for port in self._run.listen)]

    async def _serve(self, port: int, answers: "list[HttpAnswer]") -> None:
        async def respond(request: Request) -> Response:
            return await self._respond(request, answers)

        await serve_http(self._call, port, respond)

    async def _respond(self, request: Request, answers: "list[HttpAnswer]") -> Response:
        if not self._is_ready:
            return Response(503, b"not ready\n")
        answer = next((one for one in answers if _fits(one, request)), None)
        if answer is None:
            return Response(404, b"404 page not found\n")
        self._requests += 1
        await self._process.clock.sleep(answer.delay, background=True)
        if answer.cpu:
            await compute(self._process.clock, answer.cpu)
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() != "content-type"]
        type_ = next((value for name, value in answer.headers.items() if name.lower() == "content-type"), "text/plain; charset=utf-8")
        return Response(answer.status, encode(self._filled(answer.body, request.path)), headers=headers, type=type_)

    async def _listen(self, port: int) -> None:
        """Take connections and hold them, and read what comes."""
        if self._run.ready is not None:
            await self._process.clock.sleep(self._run.ready.after, background=True)

        async def talk(connection: Connection) -> None:
            while await connection.read():
                await self._process.tick()

        await accept_all(self._process, self._process.network.listen("0.0.0.0", port), talk)


def _fits(answer: "HttpAnswer", request: Request) -> bool:
    if answer.method and answer.method.upper() != request.method:
        return False
    return request.path.startswith(answer.path[:-1]) if answer.path.endswith("*") else request.path == answer.path
