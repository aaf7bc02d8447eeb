"""Which builtins each shell has."""

from functools import lru_cache
from typing import Final

from orrery.node.shell.builtins import declare, directories, flow, history, lookup, printf, processes, reading, tests, variables
from orrery.node.shell.builtins.builtin import Builtin
from orrery.node.shell.builtins.getopt import getopts
from orrery.node.shell.flavours import Flavour

_SPECIAL: Final = {
    ":": flow.succeed,
    "break": flow.break_loop,
    "continue": flow.continue_loop,
    "return": flow.return_from,
    "exit": flow.exit_shell,
    "eval": flow.evaluate,
    "exec": flow.execute,
    ".": flow.source,
    "export": variables.export,
    "readonly": variables.readonly,
    "set": variables.set_options,
    "shift": variables.shift,
    "times": processes.times,
    "trap": processes.trap,
    "unset": variables.unset,
}
_PLAIN: Final = {
    "[": tests.run_test,
    "alias": variables.alias,
    "bg": processes.background,
    "cd": directories.cd,
    "command": lookup.command,
    "echo": printf.echo,
    "false": flow.fail,
    "fg": processes.foreground,
    "getopts": getopts,
    "hash": lookup.hash_names,
    "jobs": processes.jobs,
    "kill": processes.kill,
    "local": variables.local,
    "printf": printf.printf,
    "pwd": directories.pwd,
    "read": reading.read,
    "test": tests.run_test,
    "true": flow.succeed,
    "type": lookup.type_of,
    "ulimit": processes.ulimit,
    "umask": processes.umask,
    "unalias": variables.unalias,
    "wait": processes.wait,
}
_ASH: Final = {"source": flow.source, "let": declare.let, "chdir": directories.cd, "[[": tests.run_test}
_DASH: Final = {"chdir": directories.cd}
_BASH: Final = {
    "source": flow.source,
    "let": declare.let,
    "declare": declare.declare,
    "typeset": declare.declare,
    "local": declare.declare,
    "readonly": variables.readonly,
    "shopt": declare.shopt,
    "mapfile": reading.mapfile,
    "readarray": reading.mapfile,
    "pushd": directories.pushd,
    "popd": directories.popd,
    "dirs": directories.dirs,
    "builtin": lookup.run_named_builtin,
    "logout": flow.exit_shell,
    "caller": flow.caller,
    "disown": processes.disown,
    "suspend": processes.suspend,
    "enable": flow.succeed,
    "history": history.history,
    "fc": history.history,
    "bind": flow.succeed,
    "complete": flow.succeed,
    "compgen": lookup.complete,
}
_DECLARES: Final = frozenset(["export", "readonly", "local", "declare", "typeset"])


@lru_cache(maxsize=3)
def builtins_of(flavour: Flavour) -> dict[str, Builtin]:
    """By name."""
    plain = {**_PLAIN, **(_BASH if flavour.is_bash else _ASH if flavour.is_ash else _DASH)}
    table = {name: Builtin(run, is_special=True, declares=name in _DECLARES) for name, run in _SPECIAL.items()}
    table.update({name: Builtin(run, is_special=name in _SPECIAL, declares=name in _DECLARES) for name, run in plain.items()})
    return table
