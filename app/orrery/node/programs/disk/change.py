"""chmod, chown, chgrp, sync."""

import stat
from collections.abc import Callable, Mapping
from typing import Final

from orrery.node.programs.call import Applet, Call
from orrery.node.programs.disk.modes import change_mode, mode_text
from orrery.node.programs.disk.owners import find_group, find_user, group_names, user_names
from orrery.node.programs.disk.walking import join
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.reasons import reason

_LONG: Final = {"recursive": "R", "verbose": "v", "changes": "c", "quiet": "f", "silent": "f", "no-dereference": "h",
                "from": "from:", "reference": "reference:", "dereference": "dereference", "preserve-root": "p", "no-preserve-root": "p"}  # fmt: skip


_MODE_LETTERS: Final = tuple("rwxXstugoa,+=0123456789")


def _is_option(call: Call, word: str) -> bool:
    """chmod takes -x and the like for modes; busybox's takes all but its own letters."""
    return not word[1:].strip("Rcvf") if call.is_busybox else word[1:2] not in _MODE_LETTERS


async def _each(call: Call, paths: list[str], change: Callable[[str], None], what: str, *, recursive: bool, quiet: bool) -> None:
    """Apply `change` to each path and, when asked, to all below it."""
    files = call.process.files
    pending = list(reversed(paths))
    while pending:
        path = pending.pop()
        await call.process.tick()
        try:
            about = files.stat(path, follow=False)
            if not (recursive and stat.S_ISLNK(about.mode)):
                change(path)
            if recursive and stat.S_ISDIR(about.mode):
                pending += [join(path, name) for name in reversed(files.list(path))]
        except OSError as error:
            call.failed = 1
            if not quiet:
                await call.complain(_words(call, path, what, error))


def _words(call: Call, path: str, what: str, error: OSError) -> str:
    if call.is_busybox:
        return f"{path}: {reason(error)}"
    if isinstance(error, FileNotFoundError):
        return f"cannot access '{path}': {reason(error)}"
    return f"changing {what} of '{path}': {reason(error)}"


async def chmod(call: Call) -> int:
    # A mode like -x is no option.
    guarded = [word if word[:1] != "-" or word.startswith("--") or _is_option(call, word) else f"\0{word}" for word in call.arguments]
    call.arguments = guarded
    options = call.options("Rcvf", _LONG)
    operands = [word.removeprefix("\0") for word in options.operands]
    reference = options.value("reference")
    text = "" if reference else operands.pop(0) if operands else ""
    if not operands:
        raise Misuse("" if call.is_busybox else f"missing operand after '{text}'" if text else "missing operand")
    files = call.process.files
    if not reference and change_mode(text, 0o644, call.process.umask) is None:
        raise (Fault if call.is_busybox else Misuse)(f"invalid mode '{text}'" if call.is_busybox else f"invalid mode: '{text}'")
    told: list[str] = []

    def change(path: str) -> None:
        old = files.stat(path).mode
        new = files.stat(reference).mode & 0o7777 if reference else change_mode(text, old, call.process.umask)
        files.change_mode(path, new or 0)
        if options.has("v") or (options.has("c") and (new or 0) != stat.S_IMODE(old)):
            before, after = stat.S_IMODE(old), new or 0
            was, now = f"{before:04o} ({mode_text(before)[1:]})", f"{after:04o} ({mode_text(after)[1:]})"
            if call.is_busybox:
                told.append(f"mode of '{path}' changed to {now}\n")
                return
            told.append(f"mode of '{path}' changed from {was} to {now}\n" if before != after else f"mode of '{path}' retained as {now}\n")

    await _each(call, operands, change, "permissions", recursive=options.has("R"), quiet=options.has("f") and not call.is_busybox)
    await call.print("".join(told))
    return call.failed


async def chown(call: Call) -> int:
    options = call.options("RhLHPcvf", {} if call.is_busybox else _LONG)
    operands = options.operands
    if len(operands) < 2 and not options.has("reference"):
        raise Misuse("" if call.is_busybox else f"missing operand after '{operands[0]}'" if operands else "missing operand")
    reference = options.value("reference")
    what = "group" if call.name == "chgrp" else "ownership"
    if reference:
        about = call.process.files.stat(reference)
        uid, gid = about.uid, about.gid
    elif call.name == "chgrp":
        uid, gid = -1, _group(call, operands.pop(0))
    else:
        text = operands.pop(0)
        uid, gid = _owner(call, text)
        if "." in text and ":" not in text and not call.is_busybox and find_user(call, text) is None:
            await call.process.complain(f"chown: warning: '.' should be ':': '{text}'")

    told: list[str] = []
    users, groups = user_names(call), group_names(call)
    wanted_from = _owner(call, options.value("from") or "") if options.has("from") else (-1, -1)

    def change(path: str) -> None:
        old = call.process.files.stat(path, follow=not options.has("h"))
        if (wanted_from[0] >= 0 and old.uid != wanted_from[0]) or (wanted_from[1] >= 0 and old.gid != wanted_from[1]):
            return
        if call.is_busybox:
            now = (uid if uid >= 0 else old.uid, gid if gid >= 0 else old.gid)
            if options.has("v") or (options.has("c") and now != (old.uid, old.gid)):
                told.append(f"changed ownership of '{path}' to {now[0]}:{now[1]}\n")
        before = _owners(users, groups, old.uid if uid >= 0 else -1, old.gid if gid >= 0 else -1)
        after = _owners(users, groups, uid, gid)
        if not call.is_busybox and (options.has("v") or (options.has("c") and before != after)):
            same = f"{what} of '{path}' retained as {after}\n"
            told.append(same if before == after else f"changed {what} of '{path}' from {before} to {after}\n")
        call.process.files.change_owner(path, uid if uid >= 0 else old.uid, gid if gid >= 0 else old.gid, follow=not options.has("h"))

    await _each(call, operands, change, what, recursive=options.has("R"), quiet=options.has("f"))
    await call.print("".join(told))
    return call.failed


def _owners(users: Mapping[int, str], groups: Mapping[int, str], uid: int, gid: int) -> str:
    """`user:group`, without what is not asked about (below 0)."""
    user, group = users.get(uid, str(uid)) if uid >= 0 else "", groups.get(gid, str(gid)) if gid >= 0 else ""
    return group if uid < 0 and gid >= 0 and not user else f"{user}:{group}" if gid >= 0 else user


def _group(call: Call, text: str) -> int:
    found = find_group(call, text)
    if found is None:
        raise Fault(f"unknown group {text}" if call.is_busybox else f"invalid group: '{text}'")
    return found


def _owner(call: Call, text: str) -> tuple[int, int]:
    separator = ":" if ":" in text or call.is_busybox else "." if "." in text and find_user(call, text) is None else ":"
    user, colon, group = text.partition(separator)
    uid = find_user(call, user) if user else -1
    if uid is None:
        raise Fault(f"unknown user {user}" if call.is_busybox else f"invalid user: '{text}'")
    if colon and group and find_group(call, group) is None:
        raise Fault(f"unknown {'user/group ' + text if user else 'group ' + group}" if call.is_busybox else f"invalid group: '{text}'")
    return uid, find_group(call, group) or 0 if colon and group else -1


async def sync(call: Call) -> int:
    return 0


PROGRAMS: dict[str, Applet] = {"chmod": chmod, "chown": chown, "chgrp": chown, "sync": sync}
