"""nslookup (busybox's and bind's) and ping; how names are asked for, for `dig.py` too."""

from collections.abc import Sequence
from typing import Final

from orrery.node.programs.call import Applet, Call
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.text.numbers import duration_s, is_digits

_DOTS_DEFAULT: Final = 1


def resolver_of(call: Call) -> tuple[str, list[str], int]:
    """The name server, the search domains and ndots of /etc/resolv.conf."""
    server, search, dots = "127.0.0.1", [], _DOTS_DEFAULT
    try:
        text = call.process.files.read("/etc/resolv.conf").decode("utf-8", "replace")
    except OSError:
        text = ""
    for line in reversed(text.splitlines()):
        words = line.split()
        if words[:1] == ["nameserver"] and len(words) > 1:
            server = words[1]
        elif words[:1] == ["search"]:
            search = words[1:]
        elif words[:1] == ["options"]:
            for word in words[1:]:
                if word.startswith("ndots:") and is_digits(word[6:]):
                    dots = int(word[6:])
    return server, search, dots


async def nslookup(call: Call) -> int:
    kind = ""
    words: list[str] = []
    for word in call.arguments:
        if word.startswith("-"):
            name, _, value = word.lstrip("-").partition("=")
            if name in ("type", "querytype", "q", "query"):
                kind = value.upper()
        else:
            words.append(word)
    if not words:
        raise Misuse
    server, search, dots = resolver_of(call)
    if len(words) > 1:
        server = words[1]
    if call.family.is_before(busybox=(1, 29), alpine=(3, 9)):
        return await _old_busybox_lookup(call, words[0], server)
    return await (_busybox_lookup if call.is_busybox else _bind_lookup)(call, words[0], kind, server, search, dots)


async def ask(call: Call, name: str, kind: str) -> list[str] | str:
    """Answers, or the name of the failure."""
    try:
        return list(await call.process.network.query(name.rstrip("."), kind))
    except LookupError as error:
        return str(error.args[0]) if error.args else "SERVFAIL"


async def alias_of(call: Call, name: str, kind: str) -> list[str]:
    """The name that stands for this one, if any."""
    answers = [] if kind in ("CNAME", "ANY", "PTR") else await ask(call, name, "CNAME")
    return [] if isinstance(answers, str) else answers


def reverse(address: str) -> str:
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


def is_address(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 4 and all(is_digits(part) and int(part) < 256 for part in parts)


async def _busybox_lookup(call: Call, name: str, kind: str, server: str, search: list[str], dots: int) -> int:
    kinds = [kind] if kind else ["PTR"] if is_address(name) else ["A", "AAAA"]
    if is_address(name) and kinds == ["PTR"]:
        names = [reverse(name)]
    else:
        # A name without a dot goes through the search domains, any other is asked as it is: busybox does not know ndots.
        names = [f"{name}.{domain}" for domain in search] if "." not in name and search else [name.rstrip(".")]
    await call.print(f"Server:\t\t{server}\nAddress:\t{server}:53\n\n")
    found = False
    for one in kinds:
        for full in names:
            answers = await ask(call, full, one)
            if answers == "TIMEOUT":
                await call.print(";; connection timed out; no servers could be reached\n\n")
                return 1
            if isinstance(answers, str):
                await call.print(f"** server can't find {full}: {answers}\n\n")
                continue
            found = True
            alias = await alias_of(call, full, one)
            text = "".join(_answer(full, "CNAME", name.rstrip(".")) for name in alias)
            owner = alias[0].rstrip(".") if alias else full
            await call.print(text + "".join(_answer(owner, one, answer.rstrip(".")) for answer in answers) + "\n")
    return 0 if found else 1


async def _old_busybox_lookup(call: Call, name: str, server: str) -> int:
    """busybox before 1.29 asked the C library, search domains and all, and showed every address with its name."""
    await _print_host(call, "Server:", server, [server])
    await call.print("\n")
    addresses = [name] if is_address(name) else await call.process.network.resolve(name)
    if not addresses:
        raise Fault(f"can't resolve '{name}'")
    await _print_host(call, "Name:", name, addresses)
    return 0


async def _print_host(call: Call, title: str, name: str, addresses: Sequence[str]) -> None:
    await call.print(f"{title:<10} {name}\n")
    for number, address in enumerate(addresses, 1):
        answers = await ask(call, reverse(address), "PTR")
        host = "" if isinstance(answers, str) or not answers else f" {answers[0].rstrip('.')}"
        await call.print(f"Address {number}: {address}{host}\n")


def _answer(name: str, kind: str, answer: str) -> str:
    if kind in ("A", "AAAA"):
        return f"Name:\t{name}\nAddress: {answer}\n"
    words = {"PTR": "name", "CNAME": "canonical name", "SRV": "service", "TXT": "text", "NS": "nameserver", "MX": "mail exchanger"}
    return f"{name}\t{words.get(kind, kind.lower())} = {answer}\n"


def candidates(name: str, search: list[str], dots: int) -> list[str]:
    """The names a resolver tries, in order."""
    if name.endswith("."):
        return [name.rstrip(".")]
    searched = [f"{name}.{domain}" for domain in search]
    return [name, *searched] if name.count(".") >= dots else [*searched, name]


async def _bind_lookup(call: Call, name: str, kind: str, server: str, search: list[str], dots: int) -> int:
    await call.print(f"Server:\t\t{server}\nAddress:\t{server}#53\n\n" if not is_address(name) else "")
    if is_address(name):
        answers = await ask(call, reverse(name), "PTR")
        if isinstance(answers, str):
            await call.print(f"** server can't find {reverse(name)}: {answers}\n\n")
            return 1
        await call.print("".join(f"{reverse(name)}\tname = {answer.rstrip('.')}.\n" for answer in answers) + "\n")
        return 0
    failure = "NXDOMAIN"
    for full in candidates(name, search, dots):
        answers = await ask(call, full, kind or "A")
        if isinstance(answers, str):
            failure = answers
            if answers == "NXDOMAIN":
                continue
            break
        alias = await alias_of(call, full, kind)
        text = "".join(_answer(full, "CNAME", name) for name in alias)
        text += "".join(_answer(alias[0].rstrip(".") if alias else full, kind or "A", answer) for answer in answers)
        await call.print(text + "\n" if text else f"*** Can't find {full}: No answer\n\n")
        return 0
    if failure == "TIMEOUT":
        await call.print(";; connection timed out; no servers could be reached\n\n")
    else:
        await call.print(f"** server can't find {name}: {failure}\n\n")
    return 1


async def ping(call: Call) -> int:
    options = call.options("c:i:W:w:s:qI:t:46nA", {}, minimum=1)
    name = options.operands[-1]
    count = options.value("c")
    if count is not None and not is_digits(count):
        raise Fault(f"invalid number '{count}'" if call.is_busybox else f"invalid argument: '{count}'")
    left = int(count) if count else 1 << 40
    wait_s = duration_s(options.value("W") or "10") or 10.0
    deadline = duration_s(options.value("w") or "")
    found = await call.process.network.resolve(name)
    if not found:
        raise Fault(f"bad address '{name}'" if call.is_busybox else f"{name}: Name or service not known", 1 if call.is_busybox else 2)
    address, size = found[0], int(options.value("s") or 56)
    await call.print(
        f"PING {name} ({address}): {size} data bytes\n"
        if call.is_busybox
        else f"PING {name} ({address}) {size}({size + 28}) bytes of data.\n"
    )
    sent = received = 0
    trips: list[float] = []
    started_s = call.process.clock.now_s()
    stopped: list[int] = []
    call.process.handle(2, stopped.append)
    while left > 0 and not stopped and (deadline is None or call.process.clock.now_s() - started_s < deadline):
        trip_s = await call.process.network.reachable(address)
        sent += 1
        left -= 1
        if trip_s is not None:
            received += 1
            trips.append(trip_s * 1000)
            if not options.has("q"):
                await call.print(_ping_line(call, size, address, sent, trip_s * 1000))
        try:
            if left or trip_s is None:
                await call.process.sleep(wait_s if not left else duration_s(options.value("i") or "1") or 1.0)
        except InterruptedError:
            break
    await call.print(_ping_summary(call, name, sent, received, trips, call.process.clock.now_s() - started_s))
    return 0 if received else 1


def _ping_line(call: Call, size: int, address: str, number: int, trip: float) -> str:
    if call.is_busybox:
        return f"{size + 8} bytes from {address}: seq={number - 1} ttl=64 time={trip:.3f} ms\n"
    return f"{size + 8} bytes from {address}: icmp_seq={number} ttl=64 time={trip:.3f} ms\n"


def _ping_summary(call: Call, name: str, sent: int, received: int, trips: list[float], spent_s: float) -> str:
    loss = (sent - received) * 100 // sent if sent else 0
    lines = f"\n--- {name} ping statistics ---\n{sent} packets transmitted, "
    if call.is_busybox:
        lines += f"{received} packets received, {loss}% packet loss\n"
        if trips:
            lines += f"round-trip min/avg/max = {min(trips):.3f}/{sum(trips) / len(trips):.3f}/{max(trips):.3f} ms\n"
        return lines
    lines += f"{received} received, {loss}% packet loss, time {int(spent_s * 1000)}ms\n"
    if trips:
        lines += f"rtt min/avg/max/mdev = {min(trips):.3f}/{sum(trips) / len(trips):.3f}/{max(trips):.3f}/0.000 ms\n"
    return lines


PROGRAMS: dict[str, Applet] = {"nslookup": nslookup, "ping": ping, "ping6": ping}
