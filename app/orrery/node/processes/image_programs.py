"""Programs of an image that nobody has written: its server, which listens and waits, and the script that starts it."""

from orrery.node.images.image import Image
from orrery.node.images.layout import family_of, own_programs
from orrery.node.processes.program import Listener, Process, Program
from orrery.node.processes.signals import SIGINT, SIGQUIT, SIGTERM
from orrery.node.processes.system import Find
from orrery.node.programs import registry


def find_for(image: Image, *, find: Find | None = None, believed: str = "") -> Find:
    """How the image's binaries become programs. `believed`: a command of an image whose programs nobody knows."""
    family = family_of(image)
    own = {path.rpartition("/")[2] for path in [*own_programs(image), believed]} - {""}

    def look_up(name: str) -> Program | None:
        program = find(name) if find is not None else registry.find(name, family)
        if program is not None or name not in own:
            return program
        return entry_script(image) if name.endswith("entrypoint.sh") else quiet_server(image)

    return look_up


def quiet_server(image: Image) -> Program:
    """DIFFERS: upstream runs the image's server; for one that is not simulated we listen on its ports, say nothing, and end on SIGTERM."""

    async def serve(process: Process) -> int:
        if image.needs_one_of and not any(process.environment.get(name) for name in image.needs_one_of):
            await process.complain(f"one of these variables must be set: {', '.join(image.needs_one_of)}")
            return 1
        if not image.is_server:
            return 0
        stops: list[int] = []
        for signal in (SIGTERM, SIGINT, SIGQUIT):
            process.handle(signal, stops.append)
        listeners = [process.network.listen("0.0.0.0", port) for port in image.ports]
        try:
            await process.first_of(_until_stopped(process), *(_refuse(listener) for listener in listeners))
        finally:
            for listener in listeners:
                listener.close()
        await process.sleep(image.stop_s)
        return image.stop_code

    return serve


def entry_script(image: Image) -> Program:
    """A docker-entrypoint.sh: it starts what it is given."""

    async def start(process: Process) -> int:
        return await process.replace(process.argv[1:]) if len(process.argv) > 1 else await quiet_server(image)(process)

    return start


async def _until_stopped(process: Process) -> None:
    try:
        while True:
            await process.sleep(1e9)
    except InterruptedError:
        return


async def _refuse(listener: Listener) -> None:
    """Take connections and say nothing."""
    while True:
        (await listener.accept()).close()
