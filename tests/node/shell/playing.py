"""Runs scripts through Orrery's shell in a container of the harness."""

from orrery.node.processes.program import Program
from orrery.node.shell.main import ash, bash, dash
from tests.node.processes.harness import Box, Result
from tools.record_shell_corpus import Outcome, masked

SHELLS: dict[str, Program] = {"dash": dash, "ash": ash, "bash": bash}


def box_for(shell: str) -> Box:
    """A container whose `sh` is that shell."""
    programs = {**SHELLS, "sh": SHELLS[shell if shell != "bash" else "dash"]}
    family = "busybox" if shell == "ash" else "debian"
    return Box(family=family, programs=programs, files={"/work/.keep": ""}, directory="/work")


async def play(shell: str, script: str, *, within_s: float = 60, stdin: str = "") -> Result:
    """`sh -c script` in an empty directory."""
    box = box_for(shell)
    box.init.files.remove("/work/.keep")
    result = await box.run(["bash" if shell == "bash" else "sh", "-c", script], within_s=within_s, stdin=stdin)
    box.system.kill_all()
    await box.clock.idle()
    return result


async def outcome(shell: str, script: str) -> Outcome:
    """What the recording holds for it."""
    result = await play(shell, script)
    return masked(result.out), masked(result.err), result.code
