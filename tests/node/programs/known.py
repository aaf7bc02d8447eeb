"""The recorded facts that are not ours, and why."""

from typing import Final

BUILD: Final = "the image's busybox is a release, the recorded one the sources of two months before it"
FAULT: Final = "a fault of the recorded busybox"
WORDS: Final = "the images' busybox words the reason by its C library; Debian's build has another one"
EDITOR: Final = "full-screen editors are not simulated"
MOMENT: Final = "the recording's files, times and /proc are of another machine"
ORDER: Final = "the order of names in a directory is the file system's; ours is sorted"
OPEN: Final = "not equal yet"

KNOWN: Final[dict[str, dict[str, str]]] = {
    "busybox": {
        "awk 'next {print}' left": "busybox finds the end of the text where we find the brace",
        "printf '%f %F\\n' 1 2": BUILD,
        "timeout 0 true": FAULT,
        "paste - - <<< a\\nb\\nc": FAULT,
        "dd if=left count=1 bs=2": MOMENT,
        "df nope": MOMENT,
        "df -h nope": MOMENT,
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
        "gzip -c empty": MOMENT,
        "df nope": MOMENT,
        "df -h nope": MOMENT,
        "ps -Z9": MOMENT,
        "top -Z": MOMENT,
    },
}
