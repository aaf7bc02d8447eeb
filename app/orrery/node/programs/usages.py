"""What programs say to --help, and busybox's after a wrong option. busybox's texts are in busybox_help.txt, as they follow `Usage: `;
the forms of Debian's commands are in debian_usage.txt, the name before each.

DIFFERS: upstream's help follows the options its build was configured with; ours is that of one build (1.37, its default configuration).
DIFFERS: upstream explains each option in its own sentences; we do in ours.
"""

from functools import cache
from pathlib import Path


@cache
def _texts(file: str) -> dict[str, str]:
    whole = Path(__file__).with_name(file).read_text()
    return {text.split(maxsplit=1)[0]: text for text in whole.removesuffix("\n").split("\n\f\n")}


def usage_of(name: str) -> str | None:
    """From the name of the program on; None for one without help."""
    return _texts("busybox_help.txt").get(name)


def debian_forms(name: str) -> str | None:
    """The lines that tell how the command may be written; None where we do not know."""
    return _texts("debian_usage.txt").get(name, "").partition("\n")[2] or None


def debian_help(name: str) -> str:
    """DIFFERS: upstream's GNU programs tell every option; we tell the forms of the command and where the rest is."""
    forms = debian_forms(name) or f"Usage: {name} [OPTION]... [ARGUMENT]..."
    return f"{forms}\n\nThe options are those of the real {name}, as far as Orrery plays it: see its manual.\n"
