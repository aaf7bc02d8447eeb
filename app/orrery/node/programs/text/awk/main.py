"""The awk command: its options, and how a run ends."""

from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.lines import read_all
from orrery.node.programs.options import Options
from orrery.node.programs.patterns.compile import PatternTooHard
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.awk.records import decode
from orrery.node.programs.text.awk.run import Awk
from orrery.node.programs.text.awk.syntax import AwkParser
from orrery.node.programs.text.awk.tokens import AwkSyntax
from orrery.node.programs.text.awk.waiting import Leave


def _mawk_options(call: Call) -> Options:
    """mawk's own words for wrong options."""
    letters = "FvfeW"
    words = call.arguments
    position = 0
    while position < len(words) and words[position][:1] == "-" and words[position] not in ("-", "--"):
        word = words[position]
        if word[1] not in letters:
            raise Fault(f"not an option: {word}", 2)
        if len(word) == 2:
            position += 1
            if position >= len(words):
                raise Fault(f"option {word} lacks argument", 2)
        position += 1
    return call.options("+F:v:f:e:W:")


async def awk(call: Call) -> int:
    options = call.options("+F:v:f:e:W:") if call.is_busybox else _mawk_options(call)
    operands = list(options.operands)
    sources: list[str] = []
    for path in options.values("f"):
        try:
            stream = call.open(path)
        except OSError as error:
            raise Fault(
                f"can't open '{path}': {reason(error)}" if call.is_busybox else f"cannot open {path} ({reason(error)})",
                1 if call.is_busybox else 2,
            ) from None
        sources.append(decode(await read_all(call.process, stream)))
        stream.close()
    sources += [decode(encode(text)) for text in options.values("e")]
    if not sources:
        if not operands:
            if call.is_busybox:
                raise Misuse
            await call.process.complain("Usage: mawk [Options] [Program] [file ...]")
            return 0
        sources.append(decode(encode(operands.pop(0))))
    try:
        program = AwkParser("\n".join(sources), is_busybox=call.is_busybox).parse()
    except AwkSyntax as error:
        if error.mawk and not call.is_busybox:
            raise Fault(f"{'' if error.mawk.startswith('unexpected') else 'line '}{error.line}: {error.mawk}", 2) from None
        near = error.near.replace("\n", "newline") or "end of file"
        if call.is_busybox:
            raise Fault(f"cmd. line:{error.line}: {error.busybox}") from None
        if not error.near:
            raise Fault(f"line {error.line + 1}: missing }} near end of file", 2) from None
        raise Fault(f"line {error.line}: syntax error at or near {near}", 2) from None
    machine = Awk(call, program)
    if (separator := options.value("F")) is not None:
        machine.assign("FS=" + separator)
    for text in options.values("v"):
        if "=" not in text:
            raise Misuse() if call.is_busybox else Fault(f"improper assignment: -v {text}", 2)
        machine.assign(text)
    return await _finish(call, machine, operands)


async def _finish(call: Call, machine: Awk, operands: list[str]) -> int:
    try:
        return await machine.run(operands, name="awk" if call.is_busybox else call.name)
    except Leave:
        return await machine.leave()
    except PatternTooHard as error:
        raise Fault(str(error), 2) from None
    except Fault as fault:
        if not fault.message:
            return fault.code
        await machine.leave()
        raise


PROGRAMS: dict[str, Applet] = {"awk": awk, "mawk": awk, "gawk": awk}
