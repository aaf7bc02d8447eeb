"""File modes as text: `-rw-r--r--`, `u+x,go-w`, 0644."""

import stat
from typing import Final

_BITS: Final = ((0o400, "r"), (0o200, "w"), (0o100, "x"), (0o040, "r"), (0o020, "w"), (0o010, "x"), (4, "r"), (2, "w"), (1, "x"))
_WHO: Final = {"u": 0o4700, "g": 0o2070, "o": 0o1007}
_PERMISSIONS: Final = {"r": 0o444, "w": 0o222, "x": 0o111}
KINDS: Final = {
    stat.S_IFREG: "-",
    stat.S_IFDIR: "d",
    stat.S_IFLNK: "l",
    stat.S_IFCHR: "c",
    stat.S_IFBLK: "b",
    stat.S_IFIFO: "p",
    stat.S_IFSOCK: "s",
}


def mode_text(mode: int) -> str:
    """The ten letters of `ls -l`."""
    letters = [letter if mode & bit else "-" for bit, letter in _BITS]
    for bit, place, small, large in ((0o4000, 2, "s", "S"), (0o2000, 5, "s", "S"), (0o1000, 8, "t", "T")):
        if mode & bit:
            letters[place] = small if letters[place] == "x" else large
    return KINDS.get(stat.S_IFMT(mode), "?") + "".join(letters)


def kind_text(mode: int, size: int) -> str:
    """What `stat` calls a file."""
    names = {
        stat.S_IFDIR: "directory",
        stat.S_IFLNK: "symbolic link",
        stat.S_IFCHR: "character special file",
        stat.S_IFBLK: "block special file",
        stat.S_IFIFO: "fifo",
        stat.S_IFSOCK: "socket",
    }
    return names.get(stat.S_IFMT(mode)) or ("regular file" if size else "regular empty file")


def change_mode(text: str, mode: int, umask: int) -> int | None:
    """The mode after a numeric or symbolic change; None when the text is neither."""
    if text and not text.strip("01234567"):
        return int(text, 8) if len(text) < 8 and int(text, 8) <= 0o7777 else None
    is_directory = stat.S_ISDIR(mode)
    mode = stat.S_IMODE(mode)
    for clause in text.split(","):
        changed = _apply_clause(clause, mode, umask, is_directory=is_directory)
        if changed is None:
            return None
        mode = changed
    return mode


def _apply_clause(clause: str, mode: int, umask: int, *, is_directory: bool) -> int | None:
    end = 0
    while end < len(clause) and clause[end] in "ugoa":
        end += 1
    who = clause[:end]
    mask = 0
    for letter in who:
        mask |= 0o7777 if letter == "a" else _WHO[letter]
    limit = mask or 0o7777 & ~umask
    position = end
    if position >= len(clause):
        return None
    while position < len(clause):
        operator = clause[position]
        if operator not in "+-=":
            return None
        position += 1
        bits = 0
        while position < len(clause) and clause[position] not in "+-=":
            found = _letter_bits(clause[position], mode, is_directory=is_directory)
            if found is None:
                return None
            bits |= found
            position += 1
        bits &= limit if not who or "a" in who else mask
        mode = mode | bits if operator == "+" else mode & ~bits if operator == "-" else mode & ~(mask or 0o777) | bits
    return mode


def _letter_bits(letter: str, mode: int, *, is_directory: bool) -> int | None:
    if letter in _PERMISSIONS:
        return _PERMISSIONS[letter]
    if letter == "X":
        return 0o111 if is_directory or mode & 0o111 else 0
    if letter == "s":
        return 0o6000
    if letter == "t":
        return 0o1000
    if letter in "ugo":
        three = mode >> {"u": 6, "g": 3, "o": 0}[letter] & 7
        return three * 0o111
    return None
