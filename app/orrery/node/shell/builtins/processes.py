"""kill, wait, jobs, fg, bg, trap, umask, ulimit and times."""

import errno
import os
import re
from typing import TYPE_CHECKING, Final

from orrery.node.processes.signals import NAMES
from orrery.node.shell.builtins.getopt import bad_option
from orrery.node.shell.errors import CommandError, ShellError
from orrery.node.shell.jobs import Job, signal_text
from orrery.node.shell.quoting import bash_quoted, single_quoted
from orrery.node.shell.traps import EXIT, PSEUDO

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

_NUMBERS: Final = {name: number for number, name in NAMES.items()}
_SIGTERM: Final = 15


def signal_number(text: str, *, traps: bool = False, is_strict: bool = False, has_pseudo: bool = False) -> int | None:
    """A signal by number or name; EXIT and bash's pseudo signals for traps. dash is strict: no SIG before the name."""
    if text.isdigit():
        number = int(text)
        return number if (number in NAMES or (number == 0)) else None
    name = text.upper() if text.isupper() or not is_strict else ""
    name = name if is_strict else name.removeprefix("SIG")
    if traps and name == "EXIT":
        return EXIT
    if traps and name in PSEUDO and has_pseudo:
        return PSEUDO[name]
    return _NUMBERS.get(name)


# --- kill ------------------------------------------------------------------------------------------------------------------------


async def kill(shell: "Shell", arguments: list[str]) -> int:
    words = arguments[1:]
    signal: int | None = _SIGTERM
    if words and words[0] in ("-l", "-L"):
        return await _list_signals(shell, words[1:])
    if words and words[0] in ("-s", "-n") and len(words) > 1:
        signal = signal_number(words[1])
        name, words = words[1], words[2:]
        if signal is None and shell.flavour.is_dash:
            raise CommandError(f"invalid signal number or name: {name}", 2, builtin="kill")
    elif words and len(words[0]) > 1 and words[0][0] == "-" and words[0] != "--":
        signal = signal_number(words[0][1:])
        name, words = words[0][1:], words[1:]
    else:
        name = ""
    if signal is None:
        raise _bad_signal(shell, name)
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        return await _kill_usage(shell)
    code = 0
    for word in words:
        code = await _kill_one(shell, word, signal) or code
    return code


def _bad_signal(shell: "Shell", name: str) -> CommandError:
    if shell.flavour.is_dash:
        return CommandError(
            f"Illegal option -{name[:1]}" if not name.isdigit() else f"invalid signal number or name: {name}", 2, builtin="kill"
        )
    if shell.flavour.is_ash:
        return CommandError(f"bad signal name '{name}'", 1)
    return CommandError(f"{name}: invalid signal specification", 1, builtin="kill")


async def _kill_usage(shell: "Shell") -> int:
    if shell.flavour.is_dash:
        text = "Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]"
        await shell.complain(text, "kill")
        return 2
    if shell.flavour.is_ash:
        await shell.complain_applet("you need to specify whom to kill", "kill")
        return 1
    await shell.write_error("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n")
    return 2


async def _kill_one(shell: "Shell", word: str, signal: int) -> int:
    if word.startswith("%"):
        job = shell.jobs.find(word)
        if job is None:
            if shell.flavour.is_bash:
                await shell.complain(f"{word}: no such job", "kill")
            elif shell.flavour.is_ash:
                await shell.complain(f"{word}: no such job", "kill")
                return 2
            else:
                await shell.complain(f"No such job: {word}", "kill")
            return 1 if not shell.flavour.is_dash else 2
        pid = job.child.pid if not job.group else -job.group
    elif re.match(r"-?[0-9]+\Z", word):
        pid = int(word)
    elif shell.flavour.is_bash:
        await shell.complain(f"{word}: arguments must be process or job IDs", "kill")
        return 1
    elif shell.flavour.is_dash:
        raise CommandError(f"Illegal number: {word}", 2, builtin="kill")
    else:
        await shell.complain_applet(f"invalid number '{word}'", "kill")
        return 1
    try:
        shell.process.kill(pid, signal)
    except OSError as error:
        await _not_killed(shell, pid, os.strerror(error.errno or errno.ESRCH))
        return 1
    return 0


async def _not_killed(shell: "Shell", pid: int, reason: str) -> None:
    if shell.flavour.is_dash:
        await shell.complain(f"{reason}\n", "kill")
    elif shell.flavour.is_ash:
        await shell.complain_applet(f"can't kill pid {pid}: {reason}", "kill")
    else:
        await shell.complain(f"({pid}) - {reason}", "kill")


async def _list_signals(shell: "Shell", words: list[str]) -> int:
    if words:
        for word in words:
            if shell.flavour.is_dash and not word.isdigit():
                raise CommandError(f"Illegal number: {word}", 2, builtin="kill")
            number = int(word) - 128 if word.isdigit() and int(word) > 128 else signal_number(word)
            if number is None or number not in NAMES:
                raise _bad_signal(shell, word)
            await shell.process.print(f"{NAMES[number] if word.isdigit() else number}\n")
        return 0
    if shell.flavour.is_bash:
        names = [f"{number:2}) SIG{name}" for number, name in NAMES.items()]
        rows = ["\t".join(names[index : index + 5]) for index in range(0, len(names), 5)]
        await shell.process.print("\n".join(rows) + "\n")
    elif shell.flavour.is_ash:
        await shell.process.print("".join(f"{number:2}) {name}\n" for number, name in NAMES.items()))
    else:
        await shell.process.print("0\n" + "".join(f"{name}\n" for name in NAMES.values()))
    return 0


# --- wait, jobs ------------------------------------------------------------------------------------------------------------------


async def wait(shell: "Shell", arguments: list[str]) -> int:
    words = arguments[1:]
    if shell.flavour.is_bash and words[:1] == ["-n"]:
        return await _wait_any(shell)
    if not words:
        for job in list(shell.jobs.items):
            if await _wait_job(shell, job) is None:
                return 128 + (shell.traps.pending[0] if shell.traps.pending else 0)
        return 0
    code = 0
    for word in words:
        code = await _wait_word(shell, word)
    return code


async def _wait_word(shell: "Shell", word: str) -> int:
    job = shell.jobs.find(word)
    if job is None:
        if word.isdigit():
            known = shell.jobs.codes.pop(int(word), None)
            if known is not None:
                return known
            if shell.flavour.is_bash:
                await shell.complain(f"pid {word} is not a child of this shell", "wait")
            return 127
        if shell.flavour.is_bash and not word.startswith("%"):
            raise CommandError(f"`{word}': not a pid or valid job spec", 1, builtin="wait")
        return await _no_job(shell, "wait", word)
    code = await _wait_job(shell, job)
    return 128 + (shell.traps.pending[0] if shell.traps.pending else 0) if code is None else code


async def _wait_job(shell: "Shell", job: Job) -> int | None:
    """Its exit code; None when a trapped signal came first."""
    if job.code is None and shell.can_be_interrupted():
        await shell.process.first_of(job.child.wait(), shell.interrupted())
        if job.code is None:
            return None
    code = await job.child.wait()
    shell.jobs.forget(job)
    shell.jobs.codes.pop(job.child.pid, None)
    if job.child.signal is not None and code not in (130, 141):
        if not shell.flavour.is_bash:
            await shell.write_error(signal_text(code) + "\n")
        elif code != 128 + _SIGTERM and not shell.is_interactive:
            await shell.write_error(f"{shell.prefix()}{job.child.pid:>5} {signal_text(code):<23} {job.text}\n")
    return code


async def _wait_any(shell: "Shell") -> int:
    items = list(shell.jobs.items)
    if not items:
        return 127
    done = next((job for job in items if job.code is not None), None)
    if done is None:
        index = await shell.process.first_of(*[job.child.wait() for job in items], shell.interrupted())
        if index == len(items):
            return 128 + (shell.traps.pending[0] if shell.traps.pending else 0)
        done = items[index]
    code = await _wait_job(shell, done)
    return 127 if code is None else code


async def _no_job(shell: "Shell", builtin: str, word: str) -> int:
    if shell.flavour.is_bash:
        await shell.complain(f"{word}: no such job", builtin)
        return 127 if builtin == "wait" else 1
    await shell.complain(f"No such job: {word}" if shell.flavour.is_dash else f"{word}: no such job", builtin)
    return 2


async def jobs(shell: "Shell", arguments: list[str]) -> int:
    letters = {letter for word in arguments[1:] if word.startswith("-") for letter in word[1:]}
    wanted = [word for word in arguments[1:] if not word.startswith("-")]
    items = [job for word in wanted if (job := shell.jobs.find(word))] if wanted else list(shell.jobs.items)
    lines = [f"{job.child.pid}" if "p" in letters else shell.jobs.line(job, long="l" in letters) for job in items]
    await shell.process.print("".join(line + "\n" for line in lines))
    for job in items:
        if job.code is not None:
            shell.jobs.forget(job)
    return 0


async def foreground(shell: "Shell", arguments: list[str]) -> int:
    job = await _controlled(shell, arguments)
    await shell.process.print(job.text + "\n")
    _continue(shell, job)
    shell.jobs.forget(job)
    return await shell.wait_child(job.child)


async def background(shell: "Shell", arguments: list[str]) -> int:
    job = await _controlled(shell, arguments)
    await shell.process.print(f"[{job.number}] {job.text}{' &' if shell.flavour.is_bash else ''}\n")
    _continue(shell, job)
    return 0


def _continue(shell: "Shell", job: Job) -> None:
    job.is_stopped = False
    try:
        shell.process.kill(-job.group if job.group else job.child.pid, _NUMBERS["CONT"])
    except OSError:
        return


async def _controlled(shell: "Shell", arguments: list[str]) -> Job:
    builtin = arguments[0]
    if shell.flavour.is_bash and not shell.is_interactive and "monitor" not in shell.options:
        raise CommandError("no job control", 1, builtin=builtin)
    word = arguments[1] if len(arguments) > 1 else "%+"
    job = shell.jobs.find(word)
    if job is None:
        shown = "current" if len(arguments) < 2 else word
        if shell.flavour.is_bash:
            raise CommandError(f"{shown}: no such job", 1, builtin=builtin)
        text = "No current job" if len(arguments) < 2 else f"No such job: {word}"
        raise CommandError(text if shell.flavour.is_dash or len(arguments) < 2 else f"{word}: no such job", 2, builtin=builtin)
    return job


async def disown(shell: "Shell", arguments: list[str]) -> int:
    """bash's: the shell forgets jobs, without ending them."""
    words = [word for word in arguments[1:] if not word.startswith("-")]
    if any(word in ("-a", "-r") for word in arguments[1:]):
        shell.jobs.items.clear()
    elif "-h" not in arguments[1:]:
        for word in words or ["%+"]:
            job = shell.jobs.find(word)
            if job is None:
                raise CommandError(f"{word if words else 'current'}: no such job", 1, builtin="disown")
            shell.jobs.items.remove(job)
    return 0


async def suspend(shell: "Shell", _arguments: list[str]) -> int:
    raise CommandError("cannot suspend: no job control", 1, builtin="suspend")


# --- trap ------------------------------------------------------------------------------------------------------------------------


def _shown_name(shell: "Shell", number: int) -> str:
    if number == EXIT:
        return "EXIT"
    pseudo = next((name for name, known in PSEUDO.items() if known == number), None)
    return pseudo or ("SIG" if shell.flavour.is_bash else "") + NAMES[number]


async def _list_traps(shell: "Shell", wanted: list[int]) -> int:
    actions = {**shell.traps.inherited, **shell.traps.actions}
    for number in sorted(actions):
        if not wanted or number in wanted:
            text = bash_quoted(actions[number]) if shell.flavour.is_bash else single_quoted(actions[number])
            await shell.process.print(f"trap -- {text} {_shown_name(shell, number)}\n")
    return 0


async def trap(shell: "Shell", arguments: list[str]) -> int:
    words = arguments[1:]
    if words[:1] == ["-l"]:
        return await _list_signals(shell, [])
    if words[:1] == ["-p"]:
        return await _list_traps(shell, [number for word in words[1:] if (number := signal_number(word, traps=True)) is not None])
    if words[:1] == ["--"]:
        words = words[1:]
    elif words and len(words[0]) > 1 and words[0][0] == "-":
        raise bad_option(shell, "trap", words[0][1])
    if not words:
        return await _list_traps(shell, [])
    action: str | None
    if len(words) == 1 or words[0].isdigit():
        action = None
    else:
        action = None if words[0] == "-" else words[0]
        words = words[1:]
    code = 0
    for word in words:
        number = signal_number(word, traps=True, is_strict=shell.flavour.is_dash, has_pseudo=not shell.flavour.is_dash)
        if number is None:
            code = await _bad_trap(shell, word)
        else:
            shell.traps.set(number, action)
    return code


async def _bad_trap(shell: "Shell", word: str) -> int:
    if shell.flavour.is_dash:
        await shell.write_error(f"trap: {word}: bad trap\n")
    else:
        await shell.complain(f"{word}: invalid signal specification", "trap")
    return 1


# --- limits ----------------------------------------------------------------------------------------------------------------------


async def umask(shell: "Shell", arguments: list[str]) -> int:
    words = arguments[1:]
    symbolic = words[:1] == ["-S"]
    if symbolic:
        words = words[1:]
    mask = shell.process.umask
    if not words:
        await shell.process.print((_symbolic(mask) if symbolic else f"{mask:04o}") + "\n")
        return 0
    text = words[0]
    if re.match(r"[0-7]{1,4}\Z", text):
        shell.process.umask = int(text, 8) & 0o777
        return 0
    if text.isdigit():
        if shell.flavour.is_bash:
            raise CommandError(f"{text}: octal number out of range", 1, builtin="umask")
        raise CommandError(f"Illegal number: {text}" if shell.flavour.is_dash else f"illegal mode: {text}", 2, builtin="umask")
    shell.process.umask = _parse_mask(shell, text, mask)
    return 0


def _symbolic(mask: int) -> str:
    pieces: list[str] = []
    for name, shift in (("u", 6), ("g", 3), ("o", 0)):
        bits = ~(mask >> shift) & 7
        pieces.append(f"{name}=" + "".join(letter for letter, bit in (("r", 4), ("w", 2), ("x", 1)) if bits & bit))
    return ",".join(pieces)


def _parse_mask(shell: "Shell", text: str, mask: int) -> int:
    allowed = ~mask & 0o777
    for clause in text.split(","):
        match = re.match(r"([ugoa]*)([-+=])([rwx]*)\Z", clause)
        if match is None:
            if shell.flavour.is_bash:
                raise CommandError(f"`{clause[:1]}': invalid symbolic mode operator", 1, builtin="umask")
            raise CommandError(f"{'Illegal' if shell.flavour.is_dash else 'illegal'} mode: {text}", 2, builtin="umask")
        bits = sum({"r": 4, "w": 2, "x": 1}[letter] for letter in set(match[3]))
        for name in match[1].replace("a", "ugo") or "ugo":
            shift = {"u": 6, "g": 3, "o": 0}[name]
            current = allowed >> shift & 7
            new = bits if match[2] == "=" else current | bits if match[2] == "+" else current & ~bits
            allowed = allowed & ~(7 << shift) | new << shift
    return ~allowed & 0o777


_LIMITS: Final = {"c": "0", "d": "unlimited", "f": "unlimited", "l": "8192", "m": "unlimited", "n": "1048576", "p": "unlimited",
                  "s": "8192", "t": "unlimited", "u": "unlimited", "v": "unlimited"}  # fmt: skip
_LIMIT_NAMES: Final = {
    "t": "time(seconds)", "f": "file(blocks)", "d": "data(kbytes)", "s": "stack(kbytes)", "c": "coredump(blocks)", "m": "memory(kbytes)",
    "l": "locked memory(kbytes)", "p": "process", "n": "nofiles", "v": "vmemory(kbytes)",
}  # fmt: skip


async def ulimit(shell: "Shell", arguments: list[str]) -> int:
    """Tells a container's usual limits; setting one is accepted."""
    letters = "".join(word[1:] for word in arguments[1:] if word.startswith("-")).replace("H", "").replace("S", "")
    values = [word for word in arguments[1:] if not word.startswith("-")]
    if "a" in letters:
        for letter, name in _LIMIT_NAMES.items():
            await shell.process.print(f"{name:<20} {_LIMITS[letter]}\n")
        return 0
    letter = letters[:1] or "f"
    if letter not in _LIMITS:
        raise bad_option(shell, "ulimit", letter)
    if not values:
        await shell.process.print(_LIMITS[letter] + "\n")
    elif values[0] not in ("unlimited", "hard", "soft") and not values[0].isdigit():
        if shell.flavour.is_bash:
            raise CommandError(f"{values[0]}: invalid number", 1, builtin="ulimit")
        raise ShellError("bad number", 2, builtin="ulimit")
    return 0


async def times(shell: "Shell", _arguments: list[str]) -> int:
    """DIFFERS: upstream accounts user and system time; we show none."""
    zero = "0m0.000s" if shell.flavour.is_bash or shell.flavour.is_ash else "0m0.000000s"
    await shell.process.print(f"{zero} {zero}\n{zero} {zero}\n")
    return 0
