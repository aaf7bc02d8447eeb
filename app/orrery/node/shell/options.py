"""The options of `set`: letters, names, and how they are listed."""

from typing import Final

NAMES: Final = {
    "a": "allexport",
    "b": "notify",
    "C": "noclobber",
    "e": "errexit",
    "f": "noglob",
    "i": "interactive",
    "I": "ignoreeof",
    "m": "monitor",
    "n": "noexec",
    "s": "stdin",
    "u": "nounset",
    "v": "verbose",
    "x": "xtrace",
    "E": "emacs",
    "V": "vi",
}
"""Of all shells."""
BASH_NAMES: Final = {
    "a": "allexport",
    "B": "braceexpand",
    "E": "errtrace",
    "T": "functrace",
    "h": "hashall",
    "H": "histexpand",
    "C": "noclobber",
    "e": "errexit",
    "f": "noglob",
    "k": "keyword",
    "m": "monitor",
    "n": "noexec",
    "b": "notify",
    "u": "nounset",
    "t": "onecmd",
    "P": "physical",
    "p": "privileged",
    "v": "verbose",
    "x": "xtrace",
}
_BASH_LONG: Final = ("emacs", "history", "ignoreeof", "interactive-comments", "nolog", "pipefail", "posix", "vi")
_DASH_ORDER: Final = (
    "errexit noglob ignoreeof interactive monitor noexec stdin xtrace verbose vi emacs noclobber allexport notify nounset nolog debug"
)
_ASH_ORDER: Final = (
    "errexit noglob ignoreeof interactive monitor noexec stdin xtrace verbose noclobber allexport notify nounset vi pipefail"
)


def letters(name: str) -> dict[str, str]:
    """Letter to name, for a flavour."""
    return BASH_NAMES if name == "bash" else NAMES


def listed(name: str) -> list[str]:
    """All names, in the order in which `set -o` lists them."""
    if name == "bash":
        return sorted([*BASH_NAMES.values(), *_BASH_LONG])
    return (_DASH_ORDER if name == "dash" else _ASH_ORDER).split()


FEATURES: Final = (
    "autocd", "assoc_expand_once", "cdable_vars", "cdspell", "checkhash", "checkjobs", "checkwinsize", "cmdhist", "compat31", "compat32",
    "compat40", "compat41", "compat42", "compat43", "compat44", "complete_fullquote", "direxpand", "dirspell", "dotglob", "execfail",
    "expand_aliases", "extdebug", "extglob", "extquote", "failglob", "force_fignore", "globasciiranges", "globskipdots", "globstar",
    "gnu_errfmt", "histappend", "histreedit", "histverify", "hostcomplete", "huponexit", "inherit_errexit", "interactive_comments",
    "lastpipe", "lithist", "localvar_inherit", "localvar_unset", "login_shell", "mailwarn", "no_empty_cmd_completion", "nocaseglob",
    "nocasematch", "noexpand_translation", "nullglob", "patsub_replacement", "progcomp", "progcomp_alias", "promptvars",
    "restricted_shell", "shift_verbose", "sourcepath", "varredir_close", "xpg_echo",
)  # fmt: skip
"""What bash's shopt knows, in its order."""
FEATURES_AT_START: Final = frozenset(
    ("checkwinsize", "cmdhist", "complete_fullquote", "extquote", "force_fignore", "globasciiranges", "globskipdots", "hostcomplete",
     "interactive_comments", "patsub_replacement", "progcomp", "promptvars", "sourcepath")
)  # fmt: skip
