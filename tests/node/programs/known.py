"""The recorded facts that are not ours, and why."""

from typing import Final

FAULT: Final = "a fault of the recorded busybox"
EDITOR: Final = "full-screen editors are not simulated"
MOMENT: Final = "the recording's files, times and /proc are of another machine"

KNOWN: Final[dict[str, dict[str, str]]] = {
    "busybox": {
        "awk 'next {print}' left": "busybox finds the end of the text where we find the brace",
        "timeout 0 true": FAULT,
        "paste - - <<< a\\nb\\nc": FAULT,
        "dd if=left count=1 bs=2": MOMENT,
        "ps -Z9": MOMENT,
    },
    "debian": {
        'awk \'BEGIN {print substr("hello",0), substr("hello",-1,3), substr("hello",4,100)}\'': "a fault of Debian 12's mawk, which counts from before the text; later versions do not",
        "ps --help": MOMENT,
        "top --help": MOMENT,
        "vi --help": EDITOR,
        "find tree/a.txt -ls -quit": MOMENT,
        "dd if=left count=1 bs=2": MOMENT,
        "dd if=left of=o conv=ucase": MOMENT,
        "df nope": MOMENT,
        "df -h nope": MOMENT,
        "ps -Z9": MOMENT,
        "top -Z": MOMENT,
    },
}
