"""/proc as the processes of a container see it: made up at every look from the system's own tables, never from the host's."""

import errno
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from zlib import crc32

from orrery.node.files.filesystem import FileSystem
from orrery.node.files.inodes import SELF, Directory, Inode, MadeDirectory, MadeFile, RootLink, StreamInode, Symlink
from orrery.node.files.space import Space
from orrery.node.kernel import RELEASE, VERSION
from orrery.node.privileges import RANGE
from orrery.node.processes.process import SimulatedProcess
from orrery.node.processes.system import System
from orrery.node.sysctls import DEFAULTS

Make = Callable[[], bytes]
CPUS: Final = 4
_CPU: Final = b"processor\t: %d\nvendor_id\t: Orrery\nmodel name\t: Orrery Simulated CPU\ncpu MHz\t\t: 2000.000\ncpu cores\t: %d\n\n"
_HOSTNAME: Final = "kernel.hostname"
MEMORY_KB: Final = 16 * 1024 * 1024
_VERSION: Final = f"Linux version {RELEASE} (orrery@orrery) {VERSION}\n".encode()


def proc_filesystem(system: System) -> FileSystem:
    """Mounted at /proc. Nothing of it exists until it is looked at."""

    def look_up(name: str) -> Inode | None:
        if name.isdigit():
            process = system.processes.get(int(name))
            return None if process is None else _process_directory(process, system)
        make = _ENTRIES.get(name)
        return None if make is None else make(system)

    def enumerate_() -> Iterable[str]:
        return [*(str(pid) for pid in system.processes), *_ENTRIES]

    return FileSystem(MadeDirectory(look_up, enumerate_), Space(0, real_max=0), "proc", "proc", device=2)


def _tree(entries: Mapping[str, Inode]) -> MadeDirectory:
    return MadeDirectory(entries.get, lambda: entries)


def _process_directory(process: SimulatedProcess, seen_from: System) -> Directory:
    def streams(name: str) -> Inode | None:
        stream = process.descriptors.get(int(name)) if name.isdigit() else None
        return None if stream is None else _owned(StreamInode(stream), process)

    def look_up(name: str) -> Inode | None:
        make = entries.get(name)
        return None if make is None else _owned(make(), process)

    # Made one by one: who opens /proc/self/fd/2 need not pay for the others.
    entries: dict[str, Callable[[], Inode]] = {
        "cmdline": lambda: MadeFile(lambda: _command_line(process)),
        "comm": lambda: MadeFile(lambda: _comm(process).encode() + b"\n"),
        "environ": lambda: MadeFile(lambda: _variables(process), 0o400),
        "status": lambda: MadeFile(lambda: _status(process)),
        "stat": lambda: MadeFile(lambda: _process_stat(process)),
        "mounts": lambda: MadeFile(lambda: _mounts(process)),
        "cgroup": lambda: MadeFile(lambda: b"0::/\n"),
        "uid_map": lambda: MadeFile(lambda: _users_map(process)),
        "gid_map": lambda: MadeFile(lambda: _users_map(process)),
        "ns": lambda: _tree({name: Symlink(None, f"{name}:[{number}]") for name, number in _namespaces(process).items()}),
        "cwd": lambda: Symlink(None, process.directory),
        "root": lambda: Symlink(None, "/") if process.system is seen_from else RootLink(process.system.mounts, uid=process.uid),
        "exe": lambda: Symlink(None, (process.find_program(process.argv[0]) if process.argv else None) or "/"),
        "fd": lambda: MadeDirectory(streams, lambda: [str(number) for number in process.descriptors], 0o500),
    }
    directory = MadeDirectory(look_up, lambda: entries)
    _owned(directory, process)
    return directory


def _owned(node: Inode, process: SimulatedProcess) -> Inode:
    """What tells of a process belongs to its user, who so may look at its own descriptors, its standard output by path among them."""
    node.uid, node.gid = process.uid, process.gid
    return node


def _variables(process: SimulatedProcess) -> bytes:
    return "".join(f"{name}={value}\0" for name, value in process.environment.items()).encode(errors="surrogateescape")


def _command_line(process: SimulatedProcess) -> bytes:
    words = (process.title,) if process.title else process.argv
    return b"".join(word.encode(errors="surrogateescape") + b"\0" for word in words)


def _comm(process: SimulatedProcess) -> str:
    return (process.argv[0] if process.argv else "").rpartition("/")[2][:15]


def _status(process: SimulatedProcess) -> bytes:
    info = process.info()
    title = {"R": "R (running)", "S": "S (sleeping)", "Z": "Z (zombie)", "T": "T (stopped)"}[info.state]
    lines = [
        f"Name:\t{_comm(process)}",
        f"Umask:\t{process.umask:04o}",
        f"State:\t{title}",
        f"Tgid:\t{process.pid}",
        f"Pid:\t{process.pid}",
        f"PPid:\t{process.parent}",
        "Uid:\t" + "\t".join([str(process.uid)] * 4),
        "Gid:\t" + "\t".join([str(process.gid)] * 4),
        "Groups:\t" + "".join(f"{group} " for group in sorted(process.groups)),
        f"VmSize:\t{process.memory // 1024:8d} kB",
        f"VmRSS:\t{process.memory // 1024:8d} kB",
        "Threads:\t1",
        *_privileges(process),
    ]
    return ("\n".join(lines) + "\n").encode()


def _users_map(process: SimulatedProcess) -> bytes:
    first = process.system.privileges.first_user
    return f"{0:10} {first:10} {RANGE if first else 2**32 - 1:10}\n".encode()


def _namespaces(process: SimulatedProcess) -> Mapping[str, int]:
    """The numbers of its namespaces: those that containers share with the node are the kernel's first ones."""
    first, own = process.system.privileges.first_user, 4026532000 + (crc32(process.system.hostname.encode()) % 1_000_000) * 8
    kinds = ("cgroup", "ipc", "mnt", "net", "pid", "uts")
    return {"user": own + 7 if first else 4026531837, "time": 4026531834, **{kind: own + number for number, kind in enumerate(kinds)}}


def _privileges(process: SimulatedProcess) -> list[str]:
    """Users other than root have no capabilities, only the bound of what a program with some of its own could give them."""
    bound, gains_none, is_filtered, _ = process.system.privileges
    held = 0 if process.uid else bound
    sets = {"CapInh": 0, "CapPrm": held, "CapEff": held, "CapBnd": bound, "CapAmb": 0}
    filters = (("NoNewPrivs", gains_none), ("Seccomp", 2 * is_filtered), ("Seccomp_filters", is_filtered))
    return [*(f"{name}:\t{bits:016x}" for name, bits in sets.items()), *(f"{name}:\t{int(value)}" for name, value in filters)]


def _process_stat(process: SimulatedProcess) -> bytes:
    info = process.info()
    ticks = int(info.cpu_s * 100)
    started = int((info.started_s - process.system.started_s) * 100)
    fields = [info.state, info.parent, info.group, info.group, 0, -1, 0, 0, 0, 0, 0, ticks, 0, 0, 0, 20, 0, 1, 0, started, info.memory]
    return f"{info.pid} ({_comm(process)}) {' '.join(map(str, fields))} {info.memory // 4096}\n".encode()


def _mounts(process: SimulatedProcess) -> bytes:
    return "".join(
        f"{one.source} {one.path} {one.type} {'ro' if one.is_read_only else 'rw'},relatime 0 0\n" for one in process.files.mounts()
    ).encode()


def _cpuinfo() -> bytes:
    return b"".join(_CPU % (index, CPUS) for index in range(CPUS))


def _meminfo(system: System) -> bytes:
    free = MEMORY_KB - system.memory // 1024
    figures = {"MemTotal": MEMORY_KB, "MemFree": free, "MemAvailable": free, "Buffers": 0, "Cached": 0, "SwapTotal": 0, "SwapFree": 0}
    return "".join(f"{name + ':':<15}{figure:>9} kB\n" for name, figure in figures.items()).encode()


def _stat(system: System) -> bytes:
    used = int(system.account.used_s * 100)
    idle = int((system.clock.now_s() - system.started_s) * 100) * CPUS
    lines = [f"cpu  {used} 0 0 {idle} 0 0 0 0 0 0", *(f"cpu{index} {used // CPUS} 0 0 {idle // CPUS} 0 0 0 0 0 0" for index in range(CPUS))]
    return ("\n".join([*lines, f"btime {int(system.started_s)}", f"processes {len(system.processes)}"]) + "\n").encode()


def _sys(system: System, above: str = "") -> MadeDirectory:
    """The folder of the parameters whose names begin so; only the sysctl of a privileged container changes any."""

    def look_up(name: str) -> Inode | None:
        full = above + name
        if full in DEFAULTS or full == _HOSTNAME:
            return MadeFile(lambda: f"{_parameter(system, full)}\n".encode(), 0o644, refusal=errno.EROFS)
        return _sys(system, f"{full}.") if any(one.startswith(f"{full}.") for one in DEFAULTS) else None

    def enumerate_() -> Iterable[str]:
        return dict.fromkeys(one[len(above) :].partition(".")[0] for one in (*DEFAULTS, _HOSTNAME) if one.startswith(above))

    return MadeDirectory(look_up, enumerate_)


def _parameter(system: System, name: str) -> str:
    return system.hostname if name == _HOSTNAME else system.network.parameters.get(name, DEFAULTS[name])


def _uptime(system: System) -> bytes:
    up_s = system.clock.now_s() - system.started_s
    return f"{up_s:.2f} {up_s:.2f}\n".encode()


def _loadavg(system: System) -> bytes:
    return f"0.00 0.00 0.00 1/{len(system.processes)} {max(system.processes, default=0)}\n".encode()


_ENTRIES: Final[Mapping[str, Callable[[System], Inode]]] = {
    "self": lambda system: Symlink(None, SELF),
    "mounts": lambda system: Symlink(None, "self/mounts"),
    "cpuinfo": lambda system: MadeFile(_cpuinfo),
    "meminfo": lambda system: MadeFile(lambda: _meminfo(system)),
    "uptime": lambda system: MadeFile(lambda: _uptime(system)),
    "loadavg": lambda system: MadeFile(lambda: _loadavg(system)),
    "version": lambda system: MadeFile(lambda: _VERSION),
    "stat": lambda system: MadeFile(lambda: _stat(system)),
    "filesystems": lambda system: MadeFile(lambda: b"nodev\tproc\nnodev\ttmpfs\nnodev\toverlay\n"),
    "sys": lambda system: _sys(system),
}
