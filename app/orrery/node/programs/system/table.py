"""The process table: ps, top, free, uptime, kill, killall, pidof, pgrep, pkill."""

import textwrap
from collections.abc import Sequence
from typing import Final

from orrery.node.processes.program import ProcessInfo
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.patterns.compile import PatternError, compile_pattern
from orrery.node.programs.reasons import reason
from orrery.node.programs.system.moments import format_moment
from orrery.node.programs.system.signals import NAMES, signal_number
from orrery.node.programs.system.wait import sleep_through
from orrery.node.programs.usages import debian_help

_BOOT_BEFORE_S: Final = 86_400 * 3
"""The node has been up three days longer than the container."""
_MEMORY_KB: Final = 16_384_000


def _command(one: ProcessInfo) -> str:
    return " ".join(one.argv) if one.state != "Z" else f"[{_short(one)}]"


def _short(one: ProcessInfo) -> str:
    return one.name or (one.argv[0].rpartition("/")[2] if one.argv else "")


def _minutes(seconds: float, *, hours: bool) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}" if hours else f"{whole // 60}:{whole % 60:02}"


def _size(kilobytes: int) -> str:
    """Five characters, as busybox shows memory."""
    if kilobytes < 100_000:
        return f"{kilobytes:5}" if kilobytes < 10_000 else f"{kilobytes / 1024:4.1f}m"
    return f"{kilobytes // 1024:4}m" if kilobytes < 10_240_000 else f"{kilobytes >> 20:4}g"


async def ps(call: Call) -> int:
    words = call.arguments
    if call.is_busybox:
        options = call.options("o:Taefwlux")
        columns = options.values("o")
        if columns:
            return await _ps_columns(call, columns)
        await call.print("PID   USER     TIME  COMMAND\n")
        for one in call.process.processes():
            await call.print(f"{one.pid:5} {one.user:<8} {_minutes(one.cpu_s, hours=False):>5} {_command(one)}\n")
        return 0
    text = "".join(word for word in words if word[:1] != "-")
    if "aux" in "".join(words) or text in ("ax", "au", "x", "axu") or "auxw" in "".join(words):
        return await _ps_bsd(call)
    options = call.options("efAalo:p:C:u:Hwxjm", {"format": "o", "pid": "p", "no-headers": "nh", "sort": "sort:", "forest": "H"})
    wanted: Sequence[ProcessInfo] = call.process.processes()
    if (pids := options.value("p")) is not None:
        numbers = {int(pid) for pid in pids.replace(",", " ").split() if pid.isdigit()}
        wanted = [one for one in wanted if one.pid in numbers]
    elif (name := options.value("C")) is not None:
        wanted = [one for one in wanted if _short(one) == name]
    elif not options.has("e", "A", "a"):
        mine = next((one.terminal for one in wanted if one.pid == call.process.pid), "?")
        wanted = [one for one in wanted if one.terminal == mine and one.uid == call.process.uid]
    if options.has("o"):
        return await _ps_columns(call, options.values("o"), wanted)
    if options.has("f"):
        await call.print("UID          PID    PPID  C STIME TTY          TIME CMD\n")
        for one in wanted:
            started = format_moment("%H:%M", one.started_s)
            spent = _minutes(one.cpu_s, hours=True)
            await call.print(f"{one.user:<8} {one.pid:7} {one.parent:7}  0 {started} {one.terminal:<8} {spent} {_command(one)}\n")
        return 0 if wanted else 1
    await call.print("    PID TTY          TIME CMD\n")
    for one in wanted:
        await call.print(f"{one.pid:7} {one.terminal:<8} {_minutes(one.cpu_s, hours=True)} {_short(one)}\n")
    return 0 if wanted else 1


async def _ps_bsd(call: Call) -> int:
    await call.print("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n")
    now_s = call.process.clock.now_s()
    for one in call.process.processes():
        kilobytes = one.memory // 1024
        percent = min(one.cpu_s / max(now_s - one.started_s, 1.0) * 100, 100.0)
        memory = kilobytes * 100 / _MEMORY_KB
        state = one.state + ("s" if one.pid == 1 else "")
        started = format_moment("%H:%M", one.started_s)
        await call.print(
            f"{one.user:<8} {one.pid:7} {percent:4.1f} {memory:4.1f} {kilobytes:6} {kilobytes:5} {one.terminal:<8} {state:<4} {started}"
            f" {_minutes(one.cpu_s, hours=False):>6} {_command(one)}\n"
        )
    return 0


_HEADERS: Final = {"pid": ("PID", 5), "ppid": ("PPID", 5), "user": ("USER", -8), "uid": ("UID", 5), "comm": ("COMMAND", -16), "args": ("COMMAND", -1),
                   "cmd": ("CMD", -1), "command": ("COMMAND", -1), "time": ("TIME", 5), "etime": ("ELAPSED", 7), "vsz": ("VSZ", 6),
                   "rss": ("RSS", 5), "stat": ("STAT", -4), "state": ("S", -1), "s": ("S", -1), "pgid": ("PGID", 5), "tty": ("TT", -8),
                   "%cpu": ("%CPU", 4), "%mem": ("%MEM", 4), "ruser": ("RUSER", -8), "nice": ("NI", 5), "ni": ("NI", 3), "etimes": ("ELAPSED", 7)}  # fmt: skip


async def _ps_columns(call: Call, given: list[str], wanted: Sequence[ProcessInfo] | None = None) -> int:
    specs: list[tuple[str, str, int]] = []
    for item in ",".join(given).replace(" ", ",").split(","):
        name, equals, header = item.partition("=")
        if not name:
            continue
        if name not in _HEADERS:
            known = "user,group,comm,args,pid,ppid,pgid,etime,nice,rgroup,ruser,time,tty,vsz,sid,stat,rss"
            busybox = f"bad -o argument '{name}', supported arguments: {known}"
            raise Fault(busybox if call.is_busybox else f'error: unknown user-defined format specifier "{name}"')
        specs.append((name, header if equals else _HEADERS[name][0], _HEADERS[name][1]))
    rows = [[header for _, header, _ in specs]] if any(header for _, header, _ in specs) else []
    rows += [[_cell(call, one, name) for name, _, _ in specs] for one in (wanted if wanted is not None else call.process.processes())]
    for row in rows:
        cells = [cell.rjust(width) if width > 0 else cell.ljust(-width) for cell, (_, _, width) in zip(row, specs, strict=True)]
        await call.print(" ".join(cells).rstrip() + "\n")
    return 0


def _cell(call: Call, one: ProcessInfo, name: str) -> str:
    elapsed_s = call.process.clock.now_s() - one.started_s
    cells = {
        "pid": str(one.pid), "ppid": str(one.parent), "user": one.user, "ruser": one.user, "uid": str(one.uid), "comm": _short(one),
        "args": _command(one), "cmd": _command(one), "command": _command(one), "time": _minutes(one.cpu_s, hours=not call.is_busybox),
        "etime": f"{int(elapsed_s) // 60:02}:{int(elapsed_s) % 60:02}", "etimes": str(int(elapsed_s)), "vsz": str(one.memory // 1024),
        "rss": str(one.memory // 1024), "stat": one.state, "state": one.state, "s": one.state, "pgid": str(one.group), "tty": one.terminal,
        "%cpu": "0.0", "%mem": "0.0", "nice": "0", "ni": "0",
    }  # fmt: skip
    return cells[name]


async def kill(call: Call) -> int:
    words = list(call.arguments)
    if words[:1] == ["-l"] or words[:1] == ["-L"]:
        return await _list_signals(call, words[1:])
    signal: int | None = 15
    if words and words[0][:1] == "-" and words[0] not in ("-", "--"):
        text = words.pop(0)[1:]
        if text in ("s", "n", "-signal"):
            text = words.pop(0) if words else ""
        elif text.startswith("s"):
            text = text[1:] if signal_number(text) is None else text
        signal = signal_number(text)
        if signal is None:
            if not call.is_busybox:
                await call.complain(f"invalid argument {text[:1]}")
                await call.process.complain(debian_help("kill").rstrip("\n"))
                return 1
            raise Fault(f"bad signal name '{text}'")
    if words[:1] == ["--"]:
        words.pop(0)
    if not words:
        if call.is_busybox:
            raise Fault("you need to specify whom to kill")
        await call.process.complain(debian_help("kill").rstrip("\n"))
        return 1
    for word in words:
        if not word.removeprefix("-").isdigit():
            await call.complain(f"invalid number '{word}'" if call.is_busybox else f"failed to parse argument: '{word}'")
            continue
        try:
            call.process.kill(int(word), signal or 0)
        except OSError as error:
            await call.complain(f"can't kill pid {word}: {reason(error)}" if call.is_busybox else f"({word}): {reason(error)}")
    return call.failed


async def _list_signals(call: Call, words: list[str]) -> int:
    if words:
        for word in words:
            number = signal_number(word)
            if word.isdigit():
                await call.print(NAMES.get((int(word) - 128) if int(word) > 128 else int(word), word) + "\n")
            elif number is None:
                raise Fault(f"unknown signal '{word}'" if call.is_busybox else f"unknown signal name {word}")
            else:
                await call.print(f"{number}\n")
        return 0
    if call.is_busybox:
        await call.print("".join(f"{number:2}) {name}\n" for number, name in {**NAMES, 34: "RTMIN", 64: "RTMAX"}.items()))
    else:
        await call.print(textwrap.fill(" ".join(NAMES.values()), 80) + "\n")
    return 0


def _named(call: Call, name: str) -> list[ProcessInfo]:
    return [
        one
        for one in call.process.processes()
        if (_short(one) == name or (one.argv and one.argv[0] == name)) and one.pid != call.process.pid
    ]


async def killall(call: Call) -> int:
    words, signal = list(call.arguments), 15
    quiet = False
    while words and words[0][:1] == "-":
        word = words.pop(0)
        if word == "-q":
            quiet = True
            continue
        text = words.pop(0) if word == "-s" and words else word[1:]
        number = signal_number(text)
        if number is None:
            raise Fault(f"bad signal name '{text}'")
        signal = number
    if not words:
        raise Misuse
    for name in words:
        found = _named(call, name)
        if not found and not quiet:
            await call.complain(f"{name}: no process killed" if call.is_busybox else f"{name}: no process found")
        for one in found:
            try:
                call.process.kill(one.pid, signal)
            except OSError as error:
                await call.complain(f"can't kill pid {one.pid}: {reason(error)}")
    return call.failed


async def pidof(call: Call) -> int:
    options = call.options("so:x", {"single-shot": "s"})
    pids = [one.pid for name in options.operands for one in _named(call, name)]
    pids.sort(reverse=True)
    if options.has("s"):
        pids = pids[:1]
    if not pids:
        return 1
    await call.print(" ".join(map(str, pids)) + "\n")
    return 0


async def pgrep(call: Call) -> int:
    signal = 15
    first = call.arguments[0] if call.name == "pkill" and call.arguments else ""
    if first[:1] == "-" and (number := signal_number(first[1:])) is not None:
        signal = number
        call.arguments.pop(0)
    options = call.options("flvxonac u:P:", {"full": "f", "list-name": "l", "exact": "x", "newest": "n", "oldest": "o", "count": "c"})
    if not options.operands and not options.has("u", "P"):
        raise Misuse("" if call.is_busybox else "no matching criteria specified", 2)
    try:
        source = options.operands[0] if options.operands else ""
        pattern = compile_pattern(source.encode(), extended=True, is_whole_line=options.has("x"))
    except PatternError as error:
        raise Fault(str(error), 2) from None
    found: list[ProcessInfo] = []
    for one in call.process.processes():
        text = _command(one) if options.has("f") else _short(one)[:15]
        fits = pattern.matches(text.encode("utf-8", "surrogateescape")) != options.has("v")
        fits = fits and (options.value("u") in (None, one.user, str(one.uid))) and (options.value("P") in (None, str(one.parent)))
        if fits and one.pid != call.process.pid:
            found.append(one)
    found = found[-1:] if options.has("n") else found[:1] if options.has("o") else found
    for one in found:
        if call.name == "pkill":
            call.process.kill(one.pid, signal)
        elif not options.has("c"):
            extra = f" {_command(one)}" if options.has("a") else f" {_short(one)}" if options.has("l") else ""
            await call.print(f"{one.pid}{extra}\n")
    if options.has("c"):
        await call.print(f"{len(found)}\n")
    return 0 if found else 1


def _memory(call: Call) -> tuple[int, int]:
    """Total and used, in KiB."""
    used = 4_096_000 + sum(one.memory for one in call.process.processes()) // 1024
    return _MEMORY_KB, min(used, _MEMORY_KB)


async def free(call: Call) -> int:
    options = call.options("bkmghtswc:", {"human": "h", "mega": "m", "giga": "g", "bytes": "b"})
    total, used = _memory(call)
    cache, shared = 2_048_000, 12_288
    rest = max(total - used - cache, 0)
    unit = 1024**2 if options.has("g") else 1024 if options.has("m") else 1

    def shown(value: int) -> str:
        if options.has("b"):
            return str(value * 1024)
        if options.has("h"):
            return (
                f"{value / 1024 / 1024:.1f}G{'' if call.is_busybox else 'i'}"
                if value > 1024 * 1024
                else f"{value // 1024}M{'' if call.is_busybox else 'i'}"
            )
        return str(value // unit)

    if call.is_busybox:
        await call.print("              total        used        free      shared  buff/cache   available\n")
        cells = [shown(value) for value in (total, used, rest, shared, cache, total - used)]
        await call.print("Mem:    " + "".join(f"{cell:>12}"[:12] if index else f"{cell:>11}" for index, cell in enumerate(cells)) + "\n")
        await call.print(f"Swap:   {'0':>11}{'0':>12}{'0':>12}\n")
        return 0
    await call.print("               total        used        free      shared  buff/cache   available\n")
    cells = [shown(value) for value in (total, used, rest, shared, cache, total - used)]
    await call.print("Mem:    " + "".join(f"{cell:>12}" for cell in cells) + "\n")
    zero = "0B" if options.has("h") else "0"
    await call.print("Swap:   " + "".join(f"{zero:>12}" for _ in range(3)) + "\n")
    return 0


def _uptime_text(call: Call) -> str:
    now_s = call.process.clock.now_s()
    started_s = min((one.started_s for one in call.process.processes()), default=now_s)
    up = int(now_s - started_s) + _BOOT_BEFORE_S
    days, hours, minutes = up // 86400, up // 3600 % 24, up // 60 % 60
    since = f"{days} day{'s' if days != 1 else ''}, " if days else ""
    clock = f"{hours:2}:{minutes:02}" if hours else f"{minutes} min"
    users = "" if call.is_busybox else " 0 users, "
    return f" {format_moment('%H:%M:%S', now_s)} up {since}{clock}, {users} load average: 0.08, 0.12, 0.10\n"


async def uptime(call: Call) -> int:
    options = call.options("ps", {"pretty": "p", "since": "s"})
    if options.has("p"):
        await call.print("up 3 days\n")
    else:
        await call.print(_uptime_text(call))
    return 0


async def top(call: Call) -> int:
    options = call.options("bn:d:Hp:ciu:o:", {"batch": "b"})
    rounds = options.value("n")
    count = int(rounds) if rounds and rounds.isdigit() else 1 << 30
    delay = options.value("d")
    delay_s = float(delay) if delay and delay.replace(".", "", 1).isdigit() else 5.0 if call.is_busybox else 3.0
    while count > 0:
        await call.print(("" if options.has("b") else "\x1b[H\x1b[J") + (_top_busybox(call) if call.is_busybox else _top(call)))
        count -= 1
        if count:
            await sleep_through(call, max(delay_s, 0.1))
    return 0


def _top_busybox(call: Call) -> str:
    total, used = _memory(call)
    lines = [f"Mem: {used}K used, {total - used}K free, 12288K shrd, 65536K buff, 1982464K cached",
             "CPU:   1% usr   1% sys   0% nic  98% idle   0% io   0% irq   0% sirq",
             f"Load average: 0.08 0.12 0.10 1/{200 + len(call.process.processes())} {call.process.pid}",
             "  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND"]  # fmt: skip
    for one in call.process.processes():
        kilobytes = one.memory // 1024
        lines.append(
            f"{one.pid:5} {one.parent:5} {one.user:<8.8} {one.state:<4} "
            f"{_size(kilobytes)} {kilobytes * 100 // total:3}%   0   0% {_command(one)}"
        )
    return "\n".join(lines) + "\n"


def _top(call: Call) -> str:
    total, used = _memory(call)
    every = call.process.processes()
    running = sum(one.state == "R" for one in every)
    zombies = sum(one.state == "Z" for one in every)
    lines = [
        f"top -{_uptime_text(call)}".rstrip("\n"),
        f"Tasks: {len(every):3} total, {running:3} running, {len(every) - running - zombies:3} sleeping,   0 stopped, {zombies:3} zombie",
        "%Cpu(s):  1.0 us,  1.0 sy,  0.0 ni, 98.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st",
        f"MiB Mem : {total / 1024:8.1f} total, {(total - used) / 1024:8.1f} free, {used / 1024:8.1f} used, {2000.0:8.1f} buff/cache",
        f"MiB Swap: {0.0:8.1f} total, {0.0:8.1f} free, {0.0:8.1f} used. {(total - used) / 1024:8.1f} avail Mem",
        "",
        "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND",
    ]
    for one in every:
        kilobytes = one.memory // 1024
        spent = f"{int(one.cpu_s) // 60}:{one.cpu_s % 60:05.2f}"
        memory = kilobytes * 100 / total
        lines.append(
            f"{one.pid:7} {one.user:<8} 20   0 {kilobytes:7} {kilobytes:6} "
            f"{kilobytes // 2:6} {one.state}   0.0 {memory:5.1f} {spent:>9} {_short(one)}"
        )
    return "\n".join(lines) + "\n"


PROGRAMS: dict[str, Applet] = {
    "ps": ps, "kill": kill, "killall": killall, "pidof": pidof, "pgrep": pgrep, "pkill": pgrep, "free": free, "uptime": uptime, "top": top,
}  # fmt: skip
