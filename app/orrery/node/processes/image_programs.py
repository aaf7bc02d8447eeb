"""Programs of an image that nobody has written: its server, which listens and waits, and the script that starts it."""

from contextlib import suppress
from math import inf
from typing import Final

from orrery.node.believed import NOBODY, Believed
from orrery.node.images.brought import NO_START, Start
from orrery.node.images.image import Image
from orrery.node.images.layout import family_of, own_programs
from orrery.node.network import grpc_health
from orrery.node.processes.program import Connection, Listener, Process, Program
from orrery.node.processes.signals import SIGINT, SIGQUIT, SIGTERM
from orrery.node.processes.system import Find
from orrery.node.programs import registry

_PATIENCE_S: Final = 10.0
SHELLS: Final = frozenset({"sh", "bash", "ash", "dash"})


def find_for(
    image: Image,
    tag: str = "",
    *,
    find: Find | None = None,
    believed: Believed = NOBODY,
    ports: tuple[int, ...] = (),
    start: Start = NO_START,
) -> Find:
    """How the image's binaries become programs. `believed`: those of an image whose programs nobody knows."""
    family = f"{family_of(image)}:{image.version or tag}"
    own = {path.rpartition("/")[2] for path in [*own_programs(image), believed.server]} - {""}
    helpers = {path.rpartition("/")[2] for path in believed.helpers}
    brought = image.brought.programs_for(start) if image.brought is not None else {}
    played = registry.own_programs_of(image.repository.rpartition("/")[2])

    def look_up(name: str) -> Program | None:
        if name in brought:
            return brought[name]
        if name in helpers:
            return _succeed
        program = find(name) if find is not None else registry.find(name, family) or shell(name)
        is_refused = image.is_server and name not in played and registry.HOMES.get(name) == registry.REFUSALS
        if (program is not None and not is_refused) or name not in own:
            return program
        return entry_script(image, ports) if name.endswith("entrypoint.sh") else quiet_server(image, ports)

    return look_up


async def _succeed(process: Process) -> int:
    """What nobody knows and is not the server of its image: it has done what it is for."""
    return 0


def shell(name: str) -> Program | None:
    """The shells; they are imported when the first one starts."""
    if name not in SHELLS:
        return None
    from orrery.node.shell import main

    return {"sh": main.sh, "bash": main.bash, "ash": main.ash, "dash": main.dash}[name]


def quiet_server(image: Image, ports: tuple[int, ...] = ()) -> Program:
    """DIFFERS: upstream runs the image's server; for one that is not simulated we answer HTTP with 200 on its ports until SIGTERM."""

    async def serve(process: Process) -> int:
        if not image.is_server:
            return 0
        for signal in (SIGTERM, SIGINT, SIGQUIT):
            process.handle(signal, _wake)
        listeners = _listen(process, image.ports or ports)
        try:
            await process.first_of(_until_stopped(process), *(_answer(process, listener) for listener in listeners))
        finally:
            for listener in listeners:
                listener.close()
        return 0

    return serve


def entry_script(image: Image, ports: tuple[int, ...]) -> Program:
    """A docker-entrypoint.sh: it starts what it is given."""

    async def start(process: Process) -> int:
        return await process.replace(process.argv[1:]) if len(process.argv) > 1 else await quiet_server(image, ports)(process)

    return start


def _wake(signal: int) -> None:
    """A handler whose signal only ends a sleep."""


def _listen(process: Process, ports: tuple[int, ...]) -> list[Listener]:
    listeners = []
    for port in ports:
        with suppress(OSError):  # Another container of the Pod has it.
            listeners.append(process.network.listen("0.0.0.0", port))
    return listeners


async def _until_stopped(process: Process) -> None:
    with suppress(InterruptedError):
        await process.sleep(inf)


async def _answer(process: Process, listener: Listener) -> None:
    """One client after the other: HTTP gets an empty answer, everybody else silence."""
    while True:
        connection = await listener.accept()
        with suppress(OSError):
            await process.first_of(_talk(connection), process.sleep(_PATIENCE_S))
        connection.close()


async def _talk(connection: Connection) -> None:
    read = await connection.read()
    if read.startswith(grpc_health.PREFACE):
        with suppress(grpc_health.NotHttp2):
            await grpc_health.answer(connection, lambda service: grpc_health.SERVING, read=read)
    elif b" HTTP/1" in read:
        await connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
