"""What a container gets when its shell wants too much: the messages and exit codes of a real one, and room for others meanwhile."""

import pytest

from orrery.node.processes.system import Limits
from orrery.node.processes.turns import SLICE_S
from orrery.node.shell.main import ash, bash, dash
from orrery.node.shell.patterns import each
from tests.node.processes.harness import Box, Result

_SMALL = Limits(memory_bytes=16 * 1024 * 1024, processes_max=40)
_UNAVAILABLE = "Resource temporarily unavailable"


def _box(shell: str = "bash") -> Box:
    programs = {"bash": bash, "dash": dash, "ash": ash}
    family = "busybox" if shell == "ash" else "debian"
    return Box(family=family, programs={**programs, "sh": programs[shell if shell != "bash" else "dash"]}, limits=_SMALL)


async def _run(script: str, shell: str = "bash") -> tuple[Box, Result]:
    box = _box(shell)
    result = await box.run(["bash" if shell == "bash" else "sh", "-c", script], within_s=600)
    box.system.kill_all()
    await box.clock.idle()
    return box, result


@pytest.mark.parametrize(
    "script",
    [
        "x=xxxxxxxx; while :; do x=$x$x; done",
        'x=xxxxxxxx; while :; do x="$x$x"; done',
        "x=xxxxxxxx; while :; do x+=$x; done",
        "x=$(head -c 100000 /dev/zero | tr '\\0' a); y=${x//a/$x}",
        "a=(1 2 3 4); while :; do a=(${a[@]} ${a[@]}); done",
        "set -- 1 2 3 4; while :; do set -- $@ $@; done",
        "i=0; x=$(head -c 5000 /dev/zero | tr '\\0' a); while :; do a[$i]=$x; i=$((i+1)); done",
        "for i in {1..100000000}; do :; done",
        "x=$(yes)",
        "yes | sort",
        "cat /dev/zero | sort",
        "tail -c 2G /dev/zero",
        "sed s/a/b/ /dev/zero",
        "awk 1 /dev/zero",
    ],
)
async def test_who_takes_more_memory_than_the_limit_is_killed_for_it(script: str) -> None:
    box, _ = await _run(script)

    assert box.system.is_out_of_memory


@pytest.mark.parametrize(
    ("shell", "code", "message"),
    [("bash", 254, f"bash: fork: {_UNAVAILABLE}\n"), ("dash", 2, "sh: 1: Cannot fork\n"), ("ash", 2, f"sh: can't fork: {_UNAVAILABLE}\n")],
)
async def test_a_shell_that_cannot_fork_says_so(shell: str, code: int, message: str) -> None:
    _, result = await _run("while :; do sleep 1000 & done", shell)

    assert (result.code, result.err.removeprefix("bash: line 1: ").removeprefix("bash: ")) == (code, message.removeprefix("bash: "))


async def test_jobs_that_have_ended_make_room_for_new_ones() -> None:
    _, result = await _run("i=0; while [ $i -lt 300 ]; do true & i=$((i+1)); done; wait; echo $i")

    assert (result.code, result.out) == (0, "300\n")


async def test_what_is_unset_is_given_back() -> None:
    _, result = await _run("for i in 1 2 3 4 5 6 7 8; do x=$(head -c 1000000 /dev/zero | tr '\\0' a); unset x; done; echo $?")

    assert (result.code, result.out) == (0, "0\n")


async def test_a_sequence_that_fits_is_never_cut_short() -> None:
    _, result = await _run("set -- {1..101000}; echo $# $1 ${101000}; echo {08..11} x{a..c}y")

    assert result.out == "101000 1 101000\n08 09 10 11 xay xby xcy\n"


async def test_an_argument_that_never_ends_is_refused_by_xargs() -> None:
    _, result = await _run("xargs echo < /dev/zero; echo $?; printf 'a b\\nc' | xargs -n1 echo; printf 'a,b' | xargs -d, -n1 echo")

    assert result.err == "xargs: argument line too long\n"
    assert result.out == "1\na\nb\nc\na\nb\n"


@pytest.mark.parametrize(
    "script",
    [
        "x=$(seq 200000); set -- $x; echo $#",
        "x=$(head -c 2000000 /dev/zero | tr '\\0' a); y=${x//a/bb}; z=${y^^}; echo ${#z}",
        "seq 60000 | sort -r | sort -n | tail -1",
        "x=$(seq 30000); echo ${x//1*2/y}; echo ${x//$'\\n'/,} | wc -c",
    ],
)
async def test_long_work_lets_others_go_on(script: str) -> None:
    """Counted in ticks, which are what a process yields by."""
    box = Box(programs={"bash": bash, "sh": dash}, limits=Limits(memory_bytes=1 << 30))

    result = await box.run(["bash", "-c", script], within_s=600)
    box.system.kill_all()
    await box.clock.idle()

    assert result.code == 0
    assert box.system.account.used_s > 20 * SLICE_S


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("a", "banana", [(1, 2), (3, 4), (5, 6)]),
        ("a*n", "banana!", [(1, 5)]),
        ("*n", "banana!", [(0, 5)]),
        ("n*", "banana", [(2, 6)]),
        ("a*x", "banana", []),
        ("b?n", "ban bin bn", [(0, 3), (4, 7)]),
        ("", "banana", []),
    ],
)
def test_where_a_pattern_is_found(pattern: str, text: str, found: list[tuple[int, int]]) -> None:
    assert list(each(pattern, text)) == found
