"""busybox's time. Where bash runs, `time` is its own word; dash has none."""

from orrery.node.programs.call import Applet, Call
from orrery.node.programs.system.wait import cannot_run


async def time(call: Call) -> int:
    options = call.options("+pvao:f:", minimum=1)
    clock, code, ending = call.process.clock, 127, ""
    began_s, used_before_s = clock.now_s(), _used_s(call)
    try:
        child = await call.process.spawn(options.operands)
    except OSError as error:
        await cannot_run(call, options.operands[0], error)
        code = 127 if isinstance(error, FileNotFoundError) else 126
        ending = f"Command exited with non-zero status {code}\n"
    else:
        code = await child.wait()
        if child.signal is not None:
            code, ending = child.signal, f"Command terminated by signal {child.signal}\n"
        elif code:
            ending = f"Command exited with non-zero status {code}\n"
    spent = (clock.now_s() - began_s, _used_s(call) - used_before_s, 0.0)
    lines = [
        f"{name} {seconds:.2f}\n" if options.has("p") else f"{name}\t{int(seconds) // 60}m {seconds % 60:.2f}s\n"
        for name, seconds in zip(("real", "user", "sys"), spent, strict=True)
    ]
    await call.process.stderr.write((ending + "".join(lines)).encode())
    return code


def _used_s(call: Call) -> float:
    return sum(one.cpu_s for one in call.process.processes() if one.pid == call.process.pid)


PROGRAMS: dict[str, Applet] = {"time": time}
