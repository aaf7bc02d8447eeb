"""A tiny container for tests of programs and shells: run a command on the virtual clock, collect what it wrote and how it ended.

`run(["ls", "-l"], files={"/a": "text"})` or `run("for x in 1 2; do echo $x; done")`. Programs come from the registry; `programs`
adds or replaces some. `Box` keeps one container for several commands.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from orrery.machinery.clock import VirtualClock
from orrery.node.files.filesystem import FileSystem, Mounted, new_filesystem, new_table
from orrery.node.files.plant import plant_devices, plant_directory, plant_file, plant_link
from orrery.node.network.pod_network import PodNetwork, Wire
from orrery.node.processes.execution import binary
from orrery.node.processes.pipes import PipeEnd, new_pipe
from orrery.node.processes.proc_files import proc_filesystem
from orrery.node.processes.process import SimulatedProcess
from orrery.node.processes.program import Process, Program, Stream
from orrery.node.processes.signals import SIGKILL
from orrery.node.processes.system import Limits, System, User
from orrery.node.processes.turns import Turns
from orrery.node.programs import registry

PASSWD = "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
GROUP = "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n"
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "HOSTNAME": "box"}


class Result(NamedTuple):
    code: int
    out: str
    err: str


class Sink:
    """Collects all that is written, without a limit."""

    is_terminal = False

    def __init__(self) -> None:
        self.data = bytearray()

    async def read(self, count: int = 0) -> bytes:
        return b""

    async def write(self, data: bytes) -> None:
        self.data += data

    def close(self) -> None: ...

    def share(self) -> "Sink":
        return self

    @property
    def text(self) -> str:
        return self.data.decode(errors="replace")


async def _idle(process: Process) -> int:
    await process.sleep(1e9)
    return 0


class Box:
    """A container with PID 1 asleep and `/bin` full of the registry's programs."""

    def __init__(
        self,
        *,
        family: str = "debian",
        files: Mapping[str, str | bytes] | None = None,
        env: Mapping[str, str] | None = None,
        programs: Mapping[str, Program] | None = None,
        limits: Limits | None = None,
        user: User | None = None,
        directory: str = "/",
        clock: VirtualClock | None = None,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.root = _root(family, {**registry.HOMES, **dict.fromkeys(programs or (), "")}, files or {})
        mounts = new_table(self.root)
        extra = programs or {}
        self.wire = Wire(self.clock)
        self.network = PodNetwork(self.wire, addresses=("10.244.0.5",), hostname="box")
        self.system = System(
            clock=self.clock,
            turns=Turns(self.clock),
            mounts=mounts,
            network=self.network,
            find=lambda name: extra.get(name) or registry.find(name, family),
            hostname="box",
            toolbox="gnu" if family.startswith("debian") else "busybox",
            limits=limits,
        )
        devices = new_filesystem()
        plant_devices(devices)
        mounts.add(Mounted("/dev", devices, source="tmpfs"))
        mounts.add(Mounted("/proc", proc_filesystem(self.system), source="proc"))
        self.environment = {**ENVIRONMENT, **(env or {})}
        self.user = user or User()
        self.directory = directory
        self.init = self.start(["init"], program=_idle)

    def start(
        self, argv: Sequence[str], *, descriptors: Mapping[int, Stream] | None = None, program: Program | None = None
    ) -> SimulatedProcess:
        streams = descriptors or {0: _input(b""), 1: Sink(), 2: Sink()}
        return self.system.start(
            argv, environment=self.environment, descriptors=streams, directory=self.directory, user=self.user, program=program
        )

    async def run(
        self, command: Sequence[str] | str, *, stdin: str | bytes = b"", program: Program | None = None, within_s: float = 3600
    ) -> Result:
        """Run a command, or a script by `sh -c`, to its end."""
        argv = ["sh", "-c", command] if isinstance(command, str) else list(command)
        out, err = Sink(), Sink()
        process = self.start(argv, descriptors={0: _input(stdin), 1: out, 2: err}, program=program)
        await self.clock.until(lambda: process.exit_code is not None, within_s=within_s)
        return Result(process.exit_code or 0, out.text, err.text)

    async def close(self) -> None:
        """End all that still runs."""
        self.system.signal(1, SIGKILL)
        await self.clock.idle()

    def read(self, path: str) -> str:
        return self.init.files.read(path).decode()


async def run(
    command: Sequence[str] | str,
    *,
    files: Mapping[str, str | bytes] | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | bytes = b"",
    family: str = "debian",
    programs: Mapping[str, Program] | None = None,
    user: User | None = None,
    directory: str = "/",
    within_s: float = 3600,
) -> Result:
    """Run one command, or a script by `sh -c`, in a container of its own."""
    box = Box(family=family, files=files, env=env, programs=programs, user=user, directory=directory)
    try:
        return await box.run(command, stdin=stdin, within_s=within_s)
    finally:
        await box.close()


def _input(data: str | bytes) -> "Stream":
    """A pipe that holds `data` and then ends."""
    content = data.encode() if isinstance(data, str) else data
    reader, writer = new_pipe(max(len(content), 1))
    if content:
        _fill(writer, content)
    writer.close()
    return reader


def _fill(writer: PipeEnd, content: bytes) -> None:
    """There is room for all of it, so the write never waits."""
    coroutine = writer.write(content)
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the pipe is too small")


def _root(family: str, names: Mapping[str, object], files: Mapping[str, str | bytes]) -> FileSystem:
    root = new_filesystem(type_="overlay")
    for folder in ("/bin", "/etc", "/home", "/root", "/usr/bin", "/usr/sbin", "/sbin", "/var/log", "/dev", "/proc"):
        plant_directory(root, folder)
    plant_directory(root, "/tmp", 0o1777)
    if family.startswith("debian"):
        for name in names:
            plant_file(root, f"/bin/{name}", binary(name), 0o755)
    else:
        plant_file(root, "/bin/busybox", binary("busybox"), 0o755)
        for name in set(names) - {"busybox"}:
            plant_link(root, f"/bin/{name}", "/bin/busybox")
    plant_file(root, "/etc/passwd", PASSWD.encode())
    plant_file(root, "/etc/group", GROUP.encode())
    for path, data in files.items():
        plant_file(root, path, data.encode() if isinstance(data, str) else data, 0o755 if path.endswith(".sh") else 0o644)
    return root
