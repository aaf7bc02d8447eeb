"""Variables that the shell itself sets or computes: RANDOM, SECONDS, LINENO, PWD, OPTIND and bash's own."""

from typing import TYPE_CHECKING, Final

from orrery.node.shell.errors import SyntaxFault
from orrery.node.shell.nodes import Function

if TYPE_CHECKING:
    from orrery.node.shell.shell import Shell

BASH_VERSION: Final = "5.2.15(1)-release"


def define_dynamic(shell: "Shell") -> None:
    """Computed when read, until somebody assigns or unsets them."""
    process, flavour = shell.process, shell.flavour
    dynamic = shell.variables.dynamic
    if flavour.is_dash:
        return  # Debian's dash is built without LINENO.
    dynamic["LINENO"] = lambda: str(shell.line)
    dynamic["RANDOM"] = lambda: str(process.clock.random.randrange(32768))
    if flavour.is_ash:
        return
    started_s = process.clock.now_s()
    dynamic["SECONDS"] = lambda: str(int(process.clock.now_s() - started_s))
    dynamic["EPOCHSECONDS"] = lambda: str(int(process.clock.now_s()))
    dynamic["EPOCHREALTIME"] = lambda: f"{process.clock.now_s():.6f}"
    dynamic["SRANDOM"] = lambda: str(process.clock.random.getrandbits(32))
    dynamic["BASHPID"] = lambda: str(process.pid)
    dynamic["BASH_SUBSHELL"] = lambda: str(int(shell.is_subshell))
    dynamic["UID"] = dynamic["EUID"] = lambda: str(process.uid)
    dynamic["FUNCNAME"] = lambda: shell.calls[-1] if shell.calls else ""
    dynamic["PIPESTATUS"] = lambda: str(shell.pipe_status[0])
    dynamic["BASH_SOURCE"] = lambda: shell.script or ""
    dynamic["BASH_COMMAND"] = lambda: shell.command_text
    arrays = shell.variables.dynamic_arrays
    arrays["FUNCNAME"] = lambda: list(reversed(shell.calls)) + (["main"] if shell.calls and shell.script else [])
    arrays["BASH_LINENO"] = lambda: [str(line) for line in reversed(shell.call_lines)] + (["0"] if shell.script else [])
    arrays["BASH_SOURCE"] = lambda: [shell.script or "environment"] * (len(shell.calls) + bool(shell.script))
    arrays["DIRSTACK"] = lambda: [shell.variables.get("PWD") or "", *reversed(shell.directory_stack)]
    arrays["GROUPS"] = lambda: [str(process.gid)]
    dynamic["SHELLOPTS"] = lambda: ":".join(sorted(shell.options))


def initialize(shell: "Shell") -> None:
    """What a new shell sets."""
    variables, process = shell.variables, shell.process
    values = variables.values
    values.setdefault("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    process.environment.setdefault("PATH", values["PATH"])
    values["IFS"] = " \t\n"
    values["OPTIND"] = "1"
    values["PPID"] = str(process.parent)
    values["PS2"] = values.get("PS2", "> ")
    values["PS4"] = values.get("PS4", "+ ")
    variables.exported.discard("IFS")
    _initialize_directory(shell)
    if not shell.flavour.is_dash:
        level = values.get("SHLVL", "0")
        values["SHLVL"] = str(int(level) + 1 if level.isdigit() else 1)
        variables.export("SHLVL")
    if shell.flavour.is_bash:
        _initialize_bash(shell)


def _initialize_directory(shell: "Shell") -> None:
    variables, process = shell.variables, shell.process
    known = variables.values.get("PWD")
    try:
        is_right = known is not None and known.startswith("/") and process.files.real_path(known) == process.directory
    except OSError:
        is_right = False
    if not is_right:
        variables.values["PWD"] = process.directory
    if not shell.flavour.is_dash or "PWD" in variables.exported or shell.flavour.is_dash:
        variables.export("PWD")


def _import_functions(shell: "Shell") -> None:
    """What another bash exported with export -f."""
    for name, text in shell.variables.extra.items():
        if name.startswith("BASH_FUNC_") and text.startswith("() "):
            try:
                _, node = shell.parser_of(f"{name[10:].removesuffix('%%')} {text}", 1).next_command()
            except SyntaxFault:
                continue
            if isinstance(node, Function):
                shell.functions[node.name] = node


def _initialize_bash(shell: "Shell") -> None:
    _import_functions(shell)
    values = shell.variables.values
    values["BASH"] = "/bin/bash"
    values["BASH_VERSION"] = BASH_VERSION
    values["HOSTNAME"] = values.get("HOSTNAME", shell.process.network.hostname)
    values["HOSTTYPE"] = "x86_64"
    values["MACHTYPE"] = "x86_64-pc-linux-gnu"
    values["OSTYPE"] = "linux-gnu"
    values["OPTERR"] = "1"
    shell.variables.arrays["BASH_VERSINFO"] = dict(enumerate(("5", "2", "15", "1", "release", "x86_64-pc-linux-gnu")))
    shell.variables.readonly |= {"BASH_VERSINFO", "PPID"}
    shell.options |= {"braceexpand", "hashall", "interactive-comments"}
    if not shell.is_interactive:
        values.setdefault("_", values["BASH"])
