"""The container runtime that runs simulated programs: it builds a container as containerd and runc do, and starts its command.

Entrypoint, user, working directory, variables and refusals follow the OCI rules with runc's words. Nothing of the host goes in.
"""

import asyncio
import errno
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from orrery.machinery.clock import Clock
from orrery.machinery.quantities import parse
from orrery.node.believed import Believed
from orrery.node.files.accounts import Root, account_of, groups_of, is_directory
from orrery.node.files.filesystem import FileSystem, Mounted, MountTable, new_filesystem, new_table, over_layer
from orrery.node.files.inodes import Directory, File
from orrery.node.files.opened import null
from orrery.node.files.plant import plant, plant_devices, plant_directory, plant_file
from orrery.node.files.space import Space
from orrery.node.files.walk import walk
from orrery.node.images.brought import Start
from orrery.node.images.layout import family_of, layer_of
from orrery.node.logs import LogLimits, Logs, LogStream, RunLog
from orrery.node.network.pod_network import Names, Route, Wire
from orrery.node.pace import Pace
from orrery.node.processes import cgroup_files
from orrery.node.processes.container import SimulatedContainer, Streams
from orrery.node.processes.execution import DEFAULT_PATH, binary
from orrery.node.processes.handlers import why_not_started
from orrery.node.processes.image_programs import SHELLS, find_for
from orrery.node.processes.memory_pool import MemoryPool
from orrery.node.processes.pipes import new_pipe
from orrery.node.processes.proc_files import proc_filesystem
from orrery.node.processes.program import Process, Program, Stream
from orrery.node.processes.sandbox import Sandbox, new_sandbox
from orrery.node.processes.system import Find, Limits, PidSpace, System, User
from orrery.node.processes.terminal import Terminal
from orrery.node.processes.turns import Turns
from orrery.node.programs import registry
from orrery.node.runtime import ContainerConfig, ContainerHandle, CreateFailed, SandboxConfig, StartFailed
from orrery.settings import Settings

_NOT_STARTED: Final = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: error during container init: {why}: unknown"
)

_EXEC_FAILED: Final = 255
_TURNS_TO_END: Final = 8
_DEVICES_SIZE: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RuntimeLimits:
    """What containers may take of this process's memory."""

    container_memory_bytes: int = 256 * 1024 * 1024
    """For containers without a limit of their own."""
    container_disk_bytes: int = 128 * 1024 * 1024
    disks_bytes: int = 1024 * 1024 * 1024
    """All containers together."""
    processes_max: int = 1024
    memory_bytes: int = 1024 * 1024 * 1024
    """All containers together."""
    logs: LogLimits = field(default_factory=LogLimits)
    disk_size: int = 100 * 1024 * 1024 * 1024
    """How large a node's disk seems."""


def limits_of(settings: Settings) -> RuntimeLimits:
    return RuntimeLimits(
        settings.container_memory_bytes_max,
        settings.container_disk_bytes_max,
        settings.disks_bytes_max,
        settings.container_processes_max,
        settings.containers_memory_bytes_max,
        logs=LogLimits(settings.container_log_bytes_max, settings.container_log_bytes_per_s_max),
        disk_size=int(parse(settings.node_ephemeral_storage).value),
    )


class SimulatedRuntime:
    """Implements `ContainerRuntime` for all nodes."""

    def __init__(
        self,
        *,
        clock: Clock,
        pace: Pace,
        limits: RuntimeLimits | None = None,
        find: Find | None = None,
        names: Callable[[ContainerConfig], Names] | None = None,
        route: Route | None = None,
    ) -> None:
        self.wire = Wire(clock)
        self.logs = Logs()
        self.containers: dict[tuple[str, str], SimulatedContainer] = {}
        """The newest run of every container, by Pod uid and name."""
        self.disks = Space((limits or RuntimeLimits()).disk_size, real_max=(limits or RuntimeLimits()).disks_bytes)
        self._clock = clock
        self._pace = pace
        self._limits = limits or RuntimeLimits()
        self._find = find
        self._names = names
        self._route = route
        self._turns = Turns(clock)
        self._memory = MemoryPool(self._limits.memory_bytes)
        self._sandboxes: dict[str, Sandbox] = {}
        self._devices = new_filesystem(parent=self.disks)
        plant_devices(self._devices)
        plant_file(self._devices, "/termination-log", b"", 0o666)

    def check(self, config: ContainerConfig) -> None:
        if not config.argv:
            raise CreateFailed(f'failed to generate container "{config.id}" spec: failed to generate spec: no command specified')
        target = self.containers.get((config.pod_uid, config.target)) if config.target else None
        if target is not None and target.exited.done():
            raise CreateFailed(
                f'failed to generate container "{config.id}" spec: invalid target container: '
                f'container "{target.config.id}" is not running - in state CONTAINER_EXITED'
            )

    async def start(self, config: ContainerConfig) -> ContainerHandle:
        await self._clock.sleep(self._pace.start_s())
        container = self._build(config)
        self._run(container)
        self.containers[(config.pod_uid, config.name)] = container
        return container

    async def stop(self) -> None:
        for container in self.containers.values():
            container.kill()
        for _ in range(_TURNS_TO_END):  # A process that is killed ends at its next step, and its waits after that.
            await asyncio.sleep(0)

    def crash(self, pod_uids: Collection[str]) -> None:
        for uid in pod_uids:
            for name in self.logs.books.get(uid, ()):
                if (container := self.containers.get((uid, name))) is not None:
                    container.kill()
            self.drop_sandbox(uid)

    def drop_sandbox(self, pod_uid: str) -> None:
        if (sandbox := self._sandboxes.pop(pod_uid, None)) is not None:
            sandbox.leave()

    def forget(self, pod_uid: str) -> None:
        self.drop_sandbox(pod_uid)
        for name in self.logs.books.get(pod_uid, ()):
            self.containers.pop((pod_uid, name), None)
        self.logs.forget(pod_uid)

    # Building.

    def _build(self, config: ContainerConfig) -> SimulatedContainer:
        sandbox = self._sandbox(config)
        root = over_layer(self._layer(config), size=self._limits.disk_size, real_max=self._limits.container_disk_bytes, parent=self.disks)
        mounts = self._mounts(config, root, sandbox)
        believed = config.believed or Believed(config.argv[0] if not config.image.programs else "")
        system = System(
            clock=self._clock,
            turns=self._turns,
            mounts=mounts,
            network=sandbox.network,
            find=find_for(config.image, config.tag, find=self._find, believed=believed, ports=config.ports, start=_start_of(config)),
            hostname=sandbox.config.hostname,
            toolbox="gnu" if family_of(config.image).startswith("debian") else "busybox",
            limits=Limits(config.memory_bytes or self._limits.container_memory_bytes, self._limits.processes_max),
            pool=self._memory,
            pids=self._pids(config, sandbox),
            privileges=config.privileges,
        )
        mounts.add(Mounted("/proc", proc_filesystem(system), source="proc"))
        user, home = _user(config, mounts)
        environment = _environment(config, sandbox.config.hostname, home)
        log = self.logs.begin(config.pod_uid, config.name, RunLog(self._clock, self._limits.logs, id_=config.id))
        usual = self._limits.container_memory_bytes
        streams = Streams(log)
        container = SimulatedContainer(config, system, root=root, streams=streams, user=user, environment=environment, usual_memory=usual)
        mounts.add(Mounted(cgroup_files.PATH, cgroup_files.cgroup_filesystem(container), source="cgroup", is_read_only=True))
        return container

    def _layer(self, config: ContainerConfig) -> FileSystem:
        if config.image.programs:
            return layer_of(config.image)
        return layer_of(config.image, frozenset(registry.HOMES) | SHELLS)

    def _sandbox(self, config: ContainerConfig) -> Sandbox:
        sandbox = self._sandboxes.get(config.pod_uid)
        if sandbox is None:
            wanted = config.sandbox or SandboxConfig(hostname=config.pod_name)
            names = self._names(config) if self._names is not None else None
            sandbox = self._sandboxes[config.pod_uid] = new_sandbox(wanted, self.wire, names=names, route=self._route)
            sandbox.etc.space.size = self._limits.disk_size
            if wanted.shares_processes or wanted.is_on_host:
                sandbox.share_processes(self._clock, self._turns)
        return sandbox

    def _pids(self, config: ContainerConfig, sandbox: Sandbox) -> PidSpace | None:
        """The processes it shares: those of the container it is to look at, or those of its Pod; None: it has its own."""
        if sandbox.pause is not None:
            return sandbox.pause.pids
        target = self.containers.get((config.pod_uid, config.target)) if config.target else None
        return None if target is None else target.system.pids

    def _mounts(self, config: ContainerConfig, root: FileSystem, sandbox: Sandbox) -> MountTable:
        table = new_table(root, is_read_only=config.is_root_read_only)
        devices = over_layer(self._devices, size=_DEVICES_SIZE, real_max=1 << 20, parent=self.disks)
        devices.type = "tmpfs"
        table.add(Mounted("/dev", devices, source="tmpfs"))
        for mounted in [*sandbox.mounts(), self._termination(config), *config.mounts]:
            _make_mount_point(root, mounted, self._clock.now_s())
            table.add(mounted)
        _make_workdir(root, config.workdir)
        return table

    def _termination(self, config: ContainerConfig) -> Mounted:
        """The file a container leaves its last words in: one of its own, wherever it is to be."""
        filesystem = new_filesystem(size=self._limits.disk_size, parent=self.disks, type_="ext4")
        file = plant_file(filesystem, "/log", b"", 0o666)
        return Mounted(config.termination_path, filesystem, file, source="/dev/vda1")

    # Running.

    def _run(self, container: SimulatedContainer) -> None:
        config, system = container.config, container.system
        if not is_directory(system.mounts, config.workdir or "/"):
            raise StartFailed(_NOT_STARTED.format(why=f'chdir to cwd ("{config.workdir}") set in config.json failed: not a directory'))
        _plant_believed(container)
        descriptors = self._descriptors(container)
        try:
            self._start_init(container, descriptors, None)
        except OSError as error:
            if error.errno != errno.ENOEXEC and not _is_script(error, config.argv[0]):
                raise StartFailed(_NOT_STARTED.format(why=why_not_started(system.mounts, config.argv, error))) from None
            self._start_init(container, descriptors, _refusal(config.argv[0], error))

    def _start_init(self, container: SimulatedContainer, descriptors: dict[int, Stream], program: Program | None) -> None:
        container.system.start(
            container.config.argv,
            environment=container.environment,
            descriptors=descriptors,
            directory=container.config.workdir or "/",
            user=container.user,
            terminal=container.streams.terminal,
            program=program,
        )

    def _descriptors(self, container: SimulatedContainer) -> dict[int, Stream]:
        config, log = container.config, container.streams.log
        if config.has_tty:
            terminal = container.streams.terminal = Terminal(container.system.signal_group)
            container.show_terminal(terminal)
            return {number: terminal.open() for number in range(3)}
        stdin: Stream = null(self._clock)
        if config.has_stdin:
            stdin, container.streams.stdin = new_pipe()
        container.streams.stdout, container.streams.stderr = LogStream(log, "stdout"), LogStream(log, "stderr")
        return {0: stdin, 1: container.streams.stdout, 2: container.streams.stderr}


def _make_mount_point(root: FileSystem, mounted: Mounted, now_s: float) -> None:
    """What a mount covers has to exist: runc makes it."""
    folder, _, name = mounted.path.rpartition("/")
    if folder == "/dev":
        return
    parent = plant_directory(root, folder, modified_s=now_s)
    if name and parent.get(name) is None:
        node = Directory(root, modified_s=now_s) if isinstance(mounted.top, Directory) else File(root, modified_s=now_s)
        plant(root, mounted.path, node)


def _make_workdir(root: FileSystem, path: str) -> None:
    """A working directory that does not exist is made; one that cannot be is told when the command starts."""
    with suppress(NotADirectoryError):
        plant_directory(root, path or "/")


def _user(config: ContainerConfig, mounts: MountTable) -> tuple[User, str]:
    """Who PID 1 runs as, and its home. A user that /etc/passwd does not know has group 0 and / as its home."""
    uid = config.image.uid if config.uid is None else config.uid
    account = account_of(mounts, uid)
    gid = config.gid
    if gid is None:
        gid = config.image.gid if config.uid is None else account.gid if account is not None else 0
    listed = groups_of(mounts, account.name) if account is not None and not config.has_only_these_groups else ()
    groups = tuple(dict.fromkeys((gid, *config.groups, *listed)))
    return User(uid, gid, groups), account.home if account is not None else "/"


def _environment(config: ContainerConfig, hostname: str, home: str) -> dict[str, str]:
    variables = {"PATH": DEFAULT_PATH, "HOSTNAME": hostname, **config.image.environment, **config.environment}
    variables.setdefault("HOME", home)
    return variables


def _start_of(config: ContainerConfig) -> Start:
    return Start(config.pod_namespace, config.pod_uid, config.name, config.attempt)


def _plant_believed(container: SimulatedContainer) -> None:
    """DIFFERS: upstream's image has its programs or not; of an image nobody knows we believe that it has the command it is started with."""
    if container.config.believed is not None:
        for name in {container.config.believed.server, *container.config.believed.helpers}:
            _plant(container, name)
    elif not container.config.image.programs:
        _plant(container, container.config.argv[0])


def _plant(container: SimulatedContainer, name: str) -> None:
    if not name or name.endswith("/"):
        return
    if "/" not in name:
        if name in registry.HOMES or name in SHELLS:
            return
        name = f"/usr/local/bin/{name}"
    path = name if name.startswith("/") else f"{container.config.workdir.rstrip('/')}/{name}"
    try:
        is_there = walk(container.system.mounts, path, Root()).node is not None
    except OSError as error:
        is_there = error.errno != errno.ENOENT
    if not is_there:
        plant_file(container.root, path, binary(path.rpartition("/")[2]), 0o755)


def _is_script(error: OSError, name: str) -> bool:
    """Whether the file is there and what it names as its interpreter is not."""
    return isinstance(error, FileNotFoundError) and error.filename != name and "/" in str(error.filename)


def _refusal(name: str, error: OSError) -> Program:
    """What runc's child says when the kernel will not run the file: by then the container counts as started."""

    async def refuse(process: Process) -> int:
        await process.complain(f"exec {name}: {(error.strerror or '').lower()}")
        return _EXEC_FAILED

    return refuse
