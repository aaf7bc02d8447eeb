"""env, printenv, which, hostname, uname, nproc, tty, stty, getent, logger, arch."""

from collections.abc import Mapping
from typing import Final

from orrery.node.kernel import RELEASE, VERSION
from orrery.node.programs.call import Applet, Call
from orrery.node.programs.disk.owners import accounts, groups
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.flavours import Flavour
from orrery.node.programs.system.wait import cannot_run

_UNAME_LONG: Final = {"all": "a", "kernel-name": "s", "nodename": "n", "kernel-release": "r", "kernel-version": "v", "machine": "m",
                      "processor": "p", "hardware-platform": "i", "operating-system": "o"}  # fmt: skip


async def env(call: Call) -> int:
    long = {"ignore-environment": "i", "unset": "u", "null": "0"}
    if not call.is_busybox:
        long |= {"chdir": "C", "split-string": "S"}
    options = call.options("+iu:0" if call.is_busybox else "+iu:0C:S:v", long)
    words = list(options.operands)
    if (split := options.value("S")) is not None:
        words = split.split() + words
    environment = {} if options.has("i") or words[:1] == ["-"] else dict(call.process.environment)
    words = words[1:] if words[:1] == ["-"] else words
    for name in options.values("u"):
        environment.pop(name, None)
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    if not words:
        end = "\0" if options.has("0") else "\n"
        await call.print("".join(f"{name}={value}{end}" for name, value in environment.items()))
        return 0
    if (folder := options.value("C")) is not None:
        call.process.change_directory(folder)
    search = environment.get("PATH")
    if search is not None:
        call.process.environment["PATH"] = search
    try:
        return await call.process.replace(words, environment=environment)
    except OSError as error:
        await cannot_run(call, words[0], error)
        return 127 if isinstance(error, FileNotFoundError) else 126


async def printenv(call: Call) -> int:
    options = call.options("+0", {"null": "0"})
    end = "\0" if options.has("0") else "\n"
    environment = call.process.environment
    if not options.operands:
        await call.print("".join(f"{name}={value}{end}" for name, value in environment.items()))
        return 0
    for name in options.operands:
        if name in environment:
            await call.print(environment[name] + end)
        else:
            call.failed = 1
    return call.failed


async def which(call: Call) -> int:
    options = call.options("as")
    if not options.operands and call.is_busybox:
        raise Misuse
    code = 0 if options.operands else 1
    for name in options.operands:
        path = call.process.find_program(name)
        if path is None:
            code = 1
        elif not options.has("s"):
            await call.print(path + "\n")
    return code


async def hostname(call: Call) -> int:
    options = call.options("sidfIAF:y", {"short": "s", "ip-address": "i", "fqdn": "f", "long": "f", "domain": "d", "all-ip-addresses": "I"})
    network = call.process.network
    if options.operands or options.has("F"):
        raise Fault("sethostname: Operation not permitted" if call.is_busybox else "you must be root to change the host name")
    name = network.hostname
    if options.has("I"):
        await call.print(" ".join(network.addresses) + " \n")
    elif options.has("i"):
        found = await network.resolve(name)
        if not found:
            raise Fault(f"{name}: Unknown host" if call.is_busybox else "Name or service not known")
        await call.print(" ".join(found) + "\n")
    elif options.has("d"):
        domain = _canonical(call, name).partition(".")[2]
        await call.print(domain + "\n" if domain or call.is_busybox else "")
    elif options.has("f"):
        await call.print(_canonical(call, name) + "\n")
    else:
        await call.print((name.partition(".")[0] if options.has("s") else name) + "\n")
    return 0


def _canonical(call: Call, name: str) -> str:
    """The name that stands first in the line of /etc/hosts that has this one: a Pod's with its domain."""
    try:
        lines = call.process.files.read("/etc/hosts").decode("utf-8", "replace").splitlines()
    except OSError:
        return name
    return next((words[1] for line in lines if name in (words := line.partition("#")[0].split())[1:]), name)


async def domain_name(call: Call) -> int:
    """dnsdomainname."""
    await call.print(_canonical(call, call.process.network.hostname).partition(".")[2] + "\n")
    return 0


async def uname(call: Call) -> int:
    options = call.options("asnrvmpio", _UNAME_LONG, maximum=0)
    facts = {"s": "Linux", "n": call.process.network.hostname, "r": RELEASE, "v": VERSION, "m": "x86_64", "p": "unknown", "i": "unknown"}
    facts["o"] = "Linux" if call.family.flavour is Flavour.ALPINE else "GNU/Linux"
    letters = "snrvmo" if options.has("a") else "".join(letter for letter in "snrvmpio" if options.has(letter)) or "s"
    await call.print(" ".join(facts[letter] for letter in letters) + "\n")
    return 0


async def arch(call: Call) -> int:
    if call.arguments and not call.is_busybox:
        raise Misuse(f"extra operand '{call.arguments[0]}'")
    await call.print("x86_64\n")
    return 0


async def nproc(call: Call) -> int:
    options = call.options("", {"all": "all", "ignore": "ignore:"}, maximum=None if call.is_busybox else 0)
    ignored = options.value("ignore") or "0"
    if not ignored.isdigit():
        raise Fault(f"invalid number '{ignored}'" if call.is_busybox else f"invalid number: '{ignored}'")
    await call.print(f"{max(4 - int(ignored), 1) if ignored.isdigit() else 4}\n")
    return 0


async def tty(call: Call) -> int:
    options = call.options("s", {"silent": "s", "quiet": "s"}, maximum=None if call.is_busybox else 0)
    if options.operands:
        await call.process.complain("tty: ignoring all arguments")
    is_terminal = call.process.stdin.is_terminal
    if not options.has("s"):
        await call.print("/dev/pts/0\n" if is_terminal else "not a tty\n")
    return 0 if is_terminal else 1


async def stty(call: Call) -> int:
    control = call.process.terminal() if call.process.stdin.is_terminal else None
    if control is None:
        raise Fault("standard input: Not a tty" if call.is_busybox else "'standard input': Inappropriate ioctl for device")
    columns, rows = control.size
    for word in call.arguments:
        if word == "size":
            await call.print(f"{rows} {columns}\n")
        elif word == "raw":
            control.set_mode(canonical=False, echo=False, signals=False)
        elif word in ("sane", "cooked", "-raw"):
            control.set_mode(canonical=True, echo=True, signals=True)
        elif word in ("echo", "-echo"):
            control.set_mode(echo=word == "echo")
        elif word in ("icanon", "-icanon"):
            control.set_mode(canonical=word == "icanon")
        elif word in ("isig", "-isig"):
            control.set_mode(signals=word == "isig")
    if not call.arguments or "-a" in call.arguments:
        await call.print(f"speed 38400 baud; rows {rows}; columns {columns}; line = 0;\n")
    return 0


async def getent(call: Call) -> int:
    if not call.arguments:
        raise Fault("wrong number of arguments")
    database, keys = call.arguments[0], call.arguments[1:]
    if database in ("passwd", "group", "services", "networks", "protocols"):
        return await _lines_of(call, f"/etc/{database}", keys)
    if database in ("hosts", "ahosts", "ahostsv4"):
        if not keys:
            await call.print(call.process.files.read("/etc/hosts").decode("utf-8", "replace"))
            return 0
        for key in keys:
            addresses = await call.process.network.resolve(key)
            if not addresses:
                return 2
            for address in addresses:
                if database == "hosts":
                    await call.print(f"{address:<15} {key}\n")
                else:
                    kinds = ("STREAM", "DGRAM", "RAW")
                    lines = [f"{address:<15} {kind:<6} {key if index == 0 else ''}".rstrip() for index, kind in enumerate(kinds)]
                    await call.print("\n".join(lines) + "\n")
        return 0
    await call.process.complain(f"Unknown database: {database}\nTry `getent --help' or `getent --usage' for more information.")
    return 1


async def _lines_of(call: Call, path: str, keys: list[str]) -> int:
    try:
        lines = call.process.files.read(path).decode("utf-8", "replace").splitlines()
    except OSError:
        return 2
    if not keys:
        await call.print("".join(line + "\n" for line in lines))
        return 0
    for key in keys:
        found = [line for line in lines if key in (line.split(":")[0], *line.split(":")[2:3])]
        if not found:
            return 2
        await call.print(found[0] + "\n")
    return 0


async def logger(call: Call) -> int:
    options = call.options("+sp:t:ic")
    if options.has("s"):
        tag = options.value("t") or "root"
        await call.process.complain(f"{tag}: {' '.join(options.operands)}")
    return 0


async def users(call: Call) -> int:
    """users and who: nobody is logged in to a container."""
    return 0


async def id_(call: Call) -> int:
    options = call.options("ugGnrz", {"user": "u", "group": "g", "groups": "G", "name": "n", "real": "r"}, maximum=1)
    names: dict[int, str] = {}
    for known in accounts(call):
        names.setdefault(known.uid, known.name)
    group_names: dict[int, str] = {}
    members: dict[str, list[int]] = {}
    for name, number, users_of in groups(call):
        group_names.setdefault(number, name)
        for user in users_of:
            members.setdefault(user, []).append(number)
    process = call.process
    uid, gid, more = process.uid, process.gid, sorted(process.groups)
    if options.operands:
        name = options.operands[0]
        account = next((one for one in accounts(call) if one.name == name or str(one.uid) == name), None)
        if account is None:
            raise Fault(f"unknown user {name}" if call.is_busybox else f"'{name}': no such user")
        uid, gid, more = account.uid, account.gid, members.get(account.name, [])
    every = [gid, *(number for number in more if number != gid)]
    if options.has("u", "g", "G"):
        return await _id_part(call, uid, every, names, group_names, is_name=options.has("n"), letter=options.last("ugG"))
    if options.has("n"):
        raise Fault("cannot print only names or real IDs in default format")

    def shown(number: int, table: dict[int, str]) -> str:
        return f"{number}({table[number]})" if number in table else str(number)

    text = f"uid={shown(uid, names)} gid={shown(gid, group_names)}"
    if every:  # busybox shows the groups of a process as the kernel sorts them; GNU puts its own first.
        in_order = more if call.is_busybox and more and not options.operands else every
        text += " groups=" + ",".join(shown(number, group_names) for number in in_order)
    await call.print(text + "\n")
    return 0


async def _id_part(
    call: Call, uid: int, every: list[int], names: dict[int, str], group_names: dict[int, str], *, is_name: bool, letter: str
) -> int:
    if letter == "u":
        if is_name and uid not in names:
            raise Fault(f"unknown ID {uid}" if call.is_busybox else f"cannot find name for user ID {uid}")
        await call.print((names[uid] if is_name else str(uid)) + "\n")
        return 0
    numbers = every[:1] if letter == "g" else every
    if is_name and letter == "g" and numbers[0] not in group_names:
        await call.complain(f"unknown ID {numbers[0]}" if call.is_busybox else f"cannot find name for group ID {numbers[0]}")
    await call.print(" ".join(group_names.get(number, str(number)) if is_name else str(number) for number in numbers) + "\n")
    return call.failed


async def whoami(call: Call) -> int:
    call.options("", maximum=0)
    name = next((account.name for account in accounts(call) if account.uid == call.process.uid), None)
    if name is None:
        uid = call.process.uid
        raise Fault(f"unknown uid {uid}" if call.is_busybox else f"cannot find name for user ID {uid}")
    await call.print(name + "\n")
    return 0


async def groups_(call: Call) -> int:
    names = {number: name for name, number, _ in reversed(groups(call))}
    process = call.process
    if call.arguments:
        return await _groups_of(call, names)
    every = [process.gid, *(number for number in process.groups if number != process.gid)]
    await call.print(" ".join(names.get(number, str(number)) for number in every) + "\n")
    return 0


async def _groups_of(call: Call, names: Mapping[int, str]) -> int:
    known = {account.name: account.gid for account in accounts(call)}
    for user in call.arguments:
        if user not in known:
            await call.complain(f"unknown user {user}" if call.is_busybox else f"'{user}': no such user")
            continue
        shown = names.get(known[user], str(known[user]))
        await call.print(f"{shown}\n" if call.is_busybox else f"{user} : {shown}\n")
    return call.failed


PROGRAMS: dict[str, Applet] = {
    "env": env, "printenv": printenv, "which": which, "hostname": hostname, "dnsdomainname": domain_name, "uname": uname, "arch": arch, "nproc": nproc, "tty": tty,
    "stty": stty, "getent": getent, "logger": logger, "users": users, "who": users, "id": id_, "whoami": whoami, "groups": groups_,
}  # fmt: skip
