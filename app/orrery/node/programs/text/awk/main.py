"""The awk command: its options, and how a run ends."""

from orrery.node.programs.call import Applet, Call, encode
from orrery.node.programs.faults import Fault, Misuse
from orrery.node.programs.lines import read_all
from orrery.node.programs.patterns.compile import PatternTooHard
from orrery.node.programs.reasons import reason
from orrery.node.programs.text.awk.records import decode
from orrery.node.programs.text.awk.run import Awk
from orrery.node.programs.text.awk.syntax import AwkParser
from orrery.node.programs.text.awk.tokens import AwkSyntax
from orrery.node.programs.text.awk.waiting import Leave


async def awk(call: Call) -> int:
    options = call.options("+F:v:f:e:W:", {"field-separator": "F", "assign": "v", "file": "f"})
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
            return 2
        sources.append(decode(encode(operands.pop(0))))
    try:
        program = AwkParser("\n".join(sources), has_stars=call.is_busybox or call.name == "gawk").parse()
    except AwkSyntax as error:
        near = error.near.replace("\n", "newline") or "end of file"
        if call.is_busybox:
            raise Fault(f"cmd. line:{error.line}: Unexpected token") from None
        if not error.near:
            raise Fault(f"line {error.line + 1}: missing }} near end of file", 2) from None
        raise Fault(f"line {error.line}: syntax error at or near {near}", 2) from None
    machine = Awk(call, program)
    if (separator := options.value("F")) is not None:
        machine.assign("FS=" + ("\\t" if separator == "t" else separator))
    for text in options.values("v"):
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
