"""What of a page of help is a fact: the part that recorded answers keep, and by which ours are compared with them.

Of busybox's page: the lines before it (what was wrong), that there is a banner, the synopsis, and of the options the letters and the
names of their arguments. Of any other program's page: the lines before it, the forms of the command, and where the rest is to be had.
How a program explains itself is neither recorded nor compared: those sentences are its authors', and ours are our own.
"""

import re
from typing import Final

_BANNER: Final = "BusyBox"
_OPTION: Final = re.compile(r"(?:\t| (?=%))(?=\S)(.+?)(?:\t| {2,}).*")
_CROWDED: Final = re.compile(r"\t(-\S+(?: (?:[A-Z][A-Z0-9_/,.\[\]]*|[+;])(?!\S))*)(?: .*)?")
_EXPLAINED: Final = re.compile(r"(?<=[^\s:]) {2,}\S.*")
_MORE_FORMS: Final = re.compile(r" {7}\S| *or: ")


def fact_of(text: str) -> str:
    """The text, without what explains if it is or holds a page of help."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if line.startswith(_BANNER) and (line == _BANNER or line.startswith(f"{_BANNER} v")):
            return "\n".join([*lines[:index], *_of_busybox(lines[index + 1 :])])
        if line.lower().startswith("usage:"):
            return "\n".join([*lines[:index], *_of_others(lines[index:])])
    return text


def _of_busybox(page: list[str]) -> list[str]:
    start = next((index for index, line in enumerate(page) if line), len(page))
    end = page.index("", start) if "" in page[start:] else len(page)
    found = (_OPTION.fullmatch(line) or _CROWDED.fullmatch(line) for line in page[end:])
    return [_BANNER, "", *page[start:end], *("\t" + option[1].strip() for option in found if option), ""]


def _of_others(page: list[str]) -> list[str]:
    end = 1
    indented = page[0].strip().lower() == "usage:"
    while end < len(page) and (_MORE_FORMS.match(page[end]) or (indented and page[end].startswith(" "))):
        end += 1
    forms = [_EXPLAINED.sub("", line).rstrip() for line in page[:end]]
    hint = [line for line in page[end : end + 2] if line.startswith("Try ")]
    return [*forms, *hint, ""]
