"""sleep, usleep, timeout, watch, nohup, nice, setsid, date."""

import re
from typing import Final

from orrery.node.processes.program import ignore
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.reasons import reason
from orrery.node.programs.system.moments import format_moment, parse_moment
from orrery.node.programs.system.signals import signal_number
from orrery.node.programs.text.numbers import duration_s

_DATE_LONG: Final = {"utc": "u", "universal": "u", "date": "d", "iso-8601": "I", "rfc-2822": "R", "rfc-email": "R", "reference": "r", "set": "s",
                     "rfc-3339": "rfc:"}  # fmt: skip
_BUSYBOX_MOMENT: Final = re.compile(
    r"@-?\d+|\d+:\d+(:\d+)?|(\d+\.)?\d+\.\d+-\d+:\d+(:\d+)?|\d+-\d+-\d+( \d+(:\d+(:\d+)?)?)?( ?[+-]\d{2}:?\d{2}| UTC)?|\d{4,12}(\.\d\d)?"
)
"""The dates that busybox reads."""
_NOT_BUSYBOX: Final = re.compile(r"((?:^|[^%])(?:%%)*)%(\d*N|q|:+z)")
"""Conversions that its strftime has not and prints as they are."""
_PRECISIONS: Final = ("", "hours", "minutes", "date", "seconds", "ns")
_FOREVER_S: Final = 1e12


async def sleep(call: Call) -> int:
    words = call.arguments[call.arguments[:1] == ["--"] :] if call.is_busybox else call.options("+").operands
    if not words:
        raise Misuse("" if call.is_busybox else "missing operand")
    total_s = 0.0
    wrong = [word for word in words if duration_s(word) is None]
    if wrong:
        if call.is_busybox:
            raise Fault(f"invalid number '{wrong[0]}'")
        for word in wrong[:-1]:
            await call.complain(f"invalid time interval '{word}'")
        raise Misuse(f"invalid time interval '{wrong[-1]}'")
    for word in words:
        total_s += duration_s(word) or 0.0
    await sleep_through(call, total_s)
    return 0


async def sleep_through(call: Call, seconds: float) -> None:
    """Sleep the whole time, signals that are handled or not."""
    ends_s = call.process.clock.now_s() + min(seconds, _FOREVER_S)
    while (left_s := ends_s - call.process.clock.now_s()) > 0:
        try:
            await call.process.sleep(left_s)
        except InterruptedError:
            continue
        return


async def usleep(call: Call) -> int:
    options = call.options("+", minimum=1)
    if not options.operands[0].isdigit():
        raise Fault(f"invalid number '{options.operands[0]}'")
    await sleep_through(call, int(options.operands[0][:15]) / 1e6)
    return 0


async def timeout(call: Call) -> int:
    long = {"signal": "s", "kill-after": "k", "foreground": "f", "preserve-status": "p", "verbose": "v"}
    options = call.options("+s:k:fvpt:", long)
    words = list(options.operands)
    if len(words) < 2:
        raise Misuse
    limit_s = duration_s(words[0])
    kill_s = duration_s(options.value("k") or "0")
    if limit_s is None or kill_s is None:
        raise Fault(f"invalid number '{words[0]}'") if call.is_busybox else Misuse(f"invalid time interval '{words[0]}'", 125)
    signal = signal_number(options.value("s") or "TERM")
    if signal is None:
        given = options.value("s")
        raise Fault(f"unknown signal '{given}'") if call.is_busybox else Misuse(f"'{given}': invalid signal")
    try:
        child = await call.process.spawn(words[1:])
    except OSError as error:
        await cannot_run(call, words[1], error)
        return 127 if isinstance(error, FileNotFoundError) else 126
    if limit_s == 0:
        return await child.wait()
    if await call.process.first_of(child.wait(), sleep_through(call, limit_s)) == 0:
        return await child.wait()
    _kill(call, child.pid, signal)
    if kill_s and await call.process.first_of(child.wait(), sleep_through(call, kill_s)) == 1:
        _kill(call, child.pid, 9)
        await child.wait()
        return 137
    code = await child.wait()
    if options.has("p"):
        return code
    return 143 if call.is_busybox and signal == 15 else 137 if signal == 9 else 124


def _kill(call: Call, pid: int, signal: int) -> None:
    try:
        call.process.kill(pid, signal)
    except ProcessLookupError:
        return


async def cannot_run(call: Call, name: str, error: OSError) -> None:
    """What a program says that cannot start another."""
    if call.is_busybox:
        await call.complain(f"can't execute '{name}': {reason(error)}")
    elif call.name in ("timeout", "nohup"):
        await call.complain(f"failed to run command '{name}': {reason(error)}")
    else:
        await call.complain(f"'{name}': {reason(error)}")


async def watch(call: Call) -> int:
    options = call.options("+n:tdbegcx", {"interval": "n", "no-title": "t", "differences": "d", "exec": "x"})
    if not options.operands:
        if call.is_busybox:
            raise Misuse
        await call.process.complain("\nUsage:\n watch [options] command")
        return 1
    every_s = duration_s((options.value("n") or "2").replace(",", "."))
    if every_s is None:
        raise Fault(f"invalid number '{options.value('n')}'" if call.is_busybox else f"failed to parse argument: '{options.value('n')}'")
    command = " ".join(options.operands)
    while True:
        title = ""
        if not options.has("t"):
            left = f"Every {every_s:.1f}s: {command}"
            right = format_moment("%a %b %e %H:%M:%S %Y", call.process.clock.now_s())
            host = "" if call.is_busybox else f"{call.process.network.hostname}: "
            title = f"{left}{(host + right).rjust(max(80 - len(left), len(right) + 1))}\n\n"
        await call.print(f"\x1b[H\x1b[J{title}")
        child = await call.process.spawn(["sh", "-c", command])
        await child.wait()
        await sleep_through(call, max(every_s, 0.1))


async def nohup(call: Call) -> int:
    if not call.arguments:
        raise Misuse("" if call.is_busybox else "missing operand", 127 if call.is_busybox else None)
    call.process.handle(1, ignore)
    return await _become(call, call.arguments)


async def nice(call: Call) -> int:
    words = list(call.arguments)
    while words and words[0][:1] == "-":
        word = words.pop(0)
        text = word[2:] if word[:2] == "-n" else word.partition("=")[2] if word[:12] == "--adjustment" else word[1:]
        if not text and word in ("-n", "--adjustment") and words:
            text = words.pop(0)
        if call.name == "nice" and not text.removeprefix("-").removeprefix("+").isdigit():
            if word[1:2] not in ("n", "-"):
                raise Misuse("" if call.is_busybox else f"invalid option -- '{word[1:2]}'")
            raise Fault(f"invalid number '{text}'" if call.is_busybox else f"invalid adjustment '{text}'", 1 if call.is_busybox else 125)
    if not words:
        await call.print("0\n")
        return 0
    return await _become(call, words)


async def setsid(call: Call) -> int:
    options = call.options("+cwf", {"wait": "w", "fork": "f", "ctty": "c"}, minimum=1)
    return await _become(call, options.operands)


async def stdbuf(call: Call) -> int:
    options = call.options("+i:o:e:", {"input": "i", "output": "o", "error": "e"}, minimum=1)
    return await _become(call, options.operands)


async def _become(call: Call, command: list[str]) -> int:
    try:
        return await call.process.replace(command)
    except OSError as error:
        await cannot_run(call, command[0], error)
        return 127 if isinstance(error, FileNotFoundError) else 126


async def date(call: Call) -> int:
    options = call.options("ud:I::Rr:s:" + "D:" * call.is_busybox, _DATE_LONG)
    if not call.is_busybox and options.value("I") not in (None, *_PRECISIONS):
        shown = "".join(f"\n  - '{word}'" for word in ("hours", "minutes", "date", "seconds", "ns"))
        raise Misuse(f"invalid argument '{options.value('I')}' for '--iso-8601'\nValid arguments are:{shown}")
    if call.is_busybox and options.value("I") not in (None, *_PRECISIONS):
        raise Misuse
    if options.has("s") and parse_moment(options.value("s") or "", 0.0) is None:
        raise Fault(f"invalid date '{options.value('s')}'")
    template: str | None = None
    for operand in options.operands:
        if operand[:1] != "+":
            raise Fault(f"invalid date '{operand}'")
        if template is not None and call.is_busybox:
            raise Fault(f"invalid date '{operand}'")
        if template is not None:
            raise Misuse(f"extra operand '{operand}'")
        template = operand[1:]
    if options.has("s"):
        await call.complain("can't set date: Operation not permitted" if call.is_busybox else "cannot set date: Operation not permitted")
        return 1
    moment_s = call.process.clock.now_s()
    if (text := options.value("d")) is not None:
        parsed = parse_moment(text, moment_s)
        if parsed is None or (call.is_busybox and not options.has("D") and not _BUSYBOX_MOMENT.fullmatch(text)):
            raise Fault(f"invalid date '{text}'")
        moment_s = parsed
    if (path := options.value("r")) is not None:
        try:
            moment_s = call.process.files.stat(path).modified_s
        except OSError as error:
            await call.complain_of(error, path, busybox="can't stat '{}'")
            return 1
    if template is None:
        template = _default(call, options.value("I"), options.value("rfc"), has_r=options.has("R"))
    elif call.is_busybox:
        template = _NOT_BUSYBOX.sub(r"\1%%\2", template)
    await call.print(format_moment(template, moment_s) + "\n")
    return 0


def _default(call: Call, precision: str | None, rfc: str | None, *, has_r: bool) -> str:
    zone = "%:z" if not call.is_busybox else "+00:00"
    if precision is not None:
        suffix = {"hours": "T%H", "minutes": "T%H:%M", "seconds": "T%H:%M:%S", "s": "T%H:%M:%S", "ns": "T%H:%M:%S,%N"}.get(precision, "")
        return "%Y-%m-%d" + suffix + (zone if suffix else "")
    if rfc is not None:
        return "%Y-%m-%d" + ("" if rfc == "date" else f" %H:%M:%S{zone}")
    if has_r:
        return "%a, %d %b %Y %H:%M:%S %z"
    return "%a %b %e %H:%M:%S %Z %Y"


PROGRAMS: dict[str, Applet] = {
    "sleep": sleep,
    "usleep": usleep,
    "timeout": timeout,
    "watch": watch,
    "nohup": nohup,
    "nice": nice,
    "ionice": nice,
    "setsid": setsid,
    "stdbuf": stdbuf,
    "date": date,
}
