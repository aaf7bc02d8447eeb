"""The shells as programs: `sh` is busybox's ash or Debian's dash, by the image's family. The shells themselves are node/shell's."""

from collections.abc import Mapping
from typing import Final

from orrery.node.programs.call import Applet, Call
from orrery.node.shell import main


async def _sh(call: Call) -> int:
    return await (main.ash if call.is_busybox else main.dash)(call.process)


async def _ash(call: Call) -> int:
    return await main.ash(call.process)


async def _dash(call: Call) -> int:
    return await main.dash(call.process)


async def _bash(call: Call) -> int:
    return await main.bash(call.process)


PROGRAMS: Final[Mapping[str, Applet]] = {"sh": _sh, "ash": _ash, "dash": _dash, "bash": _bash}
