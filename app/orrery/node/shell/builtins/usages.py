"""bash's line of usage per builtin, which follows the complaint about an option."""

from typing import Final

USAGES: Final = {
    "read": "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]",
    "mapfile": "mapfile [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]",
    "declare": "declare [-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]",
    "local": "local [option] name[=value] ...",
    "export": "export [-fn] [name[=value] ...] or export -p",
    "readonly": "readonly [-aAf] [name[=value] ...] or readonly -p",
    "unset": "unset [-f] [-v] [-n] [name ...]",
    "type": "type [-afptP] name [name ...]",
    "command": "command [-pVv] command [arg ...]",
    "hash": "hash [-lr] [-p pathname] [-dt] [name ...]",
    "ulimit": "ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]",
    "umask": "umask [-p] [-S] [mode]",
    "cd": "cd [-L|[-P [-e]] [-@]] [dir]",
    "pwd": "pwd [-LP]",
    "jobs": "jobs [-lnprs] [jobspec ...] or jobs -x command [args]",
    "wait": "wait [-fn] [-p var] [id ...]",
    "trap": "trap [-lp] [[arg] signal_spec ...]",
    "set": "set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]",
    "shopt": "shopt [-pqsu] [-o] [optname ...]",
    "printf": "printf [-v var] format [arguments]",
    "history": "history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]",
    "disown": "disown [-h] [-ar] [jobspec ... | pid ...]",
    "caller": "caller [expr]",
    "dirs": "dirs [-clpv] [+N] [-N]",
}
