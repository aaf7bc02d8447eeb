"""What the corpus cannot show: process trees, signals from outside, endless scripts, standard input, speed in counts."""

import pytest

from orrery.node.shell.fields import has_pattern
from orrery.node.shell.patterns import is_pattern
from tests.node.processes.harness import Sink
from tests.node.shell.playing import box_for, play


async def test_the_lessons_stray_done_is_busyboxs_syntax_error() -> None:
    """Nothing of the line runs: git is not even looked for."""
    result = await play("ash", "git clone x ; done;")

    assert (result.code, result.out, result.err) == (2, "", 'sh: syntax error: unexpected "done"\n')


@pytest.mark.parametrize("shell", ["dash", "ash", "bash"])
async def test_an_endless_loop_leaves_room_for_others_and_dies_of_a_signal(shell: str) -> None:
    box = box_for(shell)
    out = Sink()
    process = box.start(["sh", "-c", "while :; do :; done"], descriptors={1: out, 2: out})
    await box.clock.advance(5)
    assert not box.system.over.done()
    assert process.pid in box.system.processes

    box.system.signal(process.pid, 15)
    await box.clock.advance(1)

    assert process.exit_code == 143
    box.system.kill_all()
    await box.clock.idle()


@pytest.mark.parametrize("shell", ["dash", "ash", "bash"])
async def test_endless_recursion_ends_like_a_stack_overflow(shell: str) -> None:
    result = await play(shell, "f() { f; }; f")

    assert result.code == 139


async def test_recursion_may_go_deeper_than_pythons_own_stack() -> None:
    result = await play("dash", 'f() { if [ "$1" -gt 0 ]; then f $(($1-1)); else echo bottom; fi; }; f 1500')

    assert result.out == "bottom\n"


async def test_a_fork_bomb_meets_the_limit_of_processes() -> None:
    result = await play("dash", "f() { f | f & }; f; echo on", within_s=5)

    assert result.code == 0


async def test_the_last_command_takes_the_shells_place() -> None:
    """So a signal reaches the program, and ps shows no shell."""
    box = box_for("ash")
    process = box.start(["sh", "-c", "echo hi; sleep 100"])
    await box.clock.advance(1)

    assert list(process.argv) == ["sleep", "100"]
    box.system.kill_all()
    await box.clock.idle()


async def test_a_trap_runs_as_soon_as_the_child_in_the_foreground_ends() -> None:
    box = box_for("dash")
    out = Sink()
    process = box.start(["sh", "-c", "trap 'echo caught; exit 7' TERM; while :; do sleep 5; done"], descriptors={1: out, 2: out})
    await box.clock.advance(1)

    box.system.signal(process.pid, 15)
    await box.clock.advance(1)
    assert out.text == ""
    await box.clock.advance(5)

    assert (out.text, process.exit_code) == ("caught\n", 7)
    box.system.kill_all()
    await box.clock.idle()


async def test_wait_is_cut_short_by_a_trapped_signal() -> None:
    box = box_for("dash")
    out = Sink()
    process = box.start(["sh", "-c", "trap 'echo caught' TERM; sleep 100 & wait $!; echo $?"], descriptors={1: out, 2: out})
    await box.clock.advance(1)

    box.system.signal(process.pid, 15)
    await box.clock.advance(1)

    assert (out.text, process.exit_code) == ("caught\n143\n", 0)
    box.system.kill_all()
    await box.clock.idle()


@pytest.mark.parametrize("shell", ["dash", "ash", "bash"])
async def test_a_script_on_standard_input_runs_line_by_line(shell: str) -> None:
    box = box_for(shell)
    result = await box.run(["bash" if shell == "bash" else "sh"], stdin="echo one\nfor i in 1 2\ndo echo $i\ndone\ncat <<E\ndoc\nE\n")

    assert result.out == "one\n1\n2\ndoc\n"
    box.system.kill_all()
    await box.clock.idle()


async def test_bash_leaves_the_rest_of_standard_input_to_its_commands() -> None:
    box = box_for("bash")
    result = await box.run(["bash"], stdin="read x\nvalue\necho got $x\ncat\nrest\n")

    assert result.out == "got value\nrest\n"
    box.system.kill_all()
    await box.clock.idle()


async def test_waiting_for_a_service_really_waits() -> None:
    result = await play("ash", "n=0; until [ $n -ge 3 ]; do echo waiting for mydb; sleep 2; n=$((n+1)); done; echo up")

    assert result.out == "waiting for mydb\n" * 3 + "up\n"


async def test_read_gives_up_after_its_time() -> None:
    result = await play("bash", "sleep 100 | { read -t 2 x; echo $?; exit 4; }; echo $?", within_s=200)

    assert result.out.splitlines()[0] == "142"


@pytest.mark.parametrize("shell", ["dash", "ash", "bash"])
async def test_bytes_that_are_no_text_pass_unchanged(shell: str) -> None:
    result = await play(shell, r"x=$(printf 'a\377b\303\244'); printf '%s' " '"$x" | wc -c; echo ${#x}')

    assert result.out.split() == ["5", "5"]


@pytest.mark.parametrize(("script", "shown"), [("env", ["SHLVL=0", "_=/bin/env"]), ("env; true", ["SHLVL=1", "_=/bin/env"])])
async def test_bash_tells_a_program_its_name_and_how_deep_it_is(script: str, shown: list[str]) -> None:
    result = await play("bash", script)

    assert [line for line in result.out.splitlines() if line.startswith(("SHLVL=", "_="))] == shown


async def test_a_program_in_a_pipeline_of_bash_is_as_deep_as_the_shell() -> None:
    result = await play("bash", "env | grep SHLVL")

    assert result.out == "SHLVL=1\n"


@pytest.mark.parametrize("text", ["[", "]", "][", "a["])
def test_a_bracket_without_the_other_is_no_pattern(text: str) -> None:
    """`[ $i -lt 10 ]` would read a directory at each turn."""
    assert not is_pattern(text)
    assert not has_pattern([(text, False)])


@pytest.mark.parametrize("text", ["[a]", "*", "?", "a[b]c"])
def test_brackets_and_wildcards_are_patterns(text: str) -> None:
    assert has_pattern([(text, False)])
    assert not has_pattern([(text, True)])


def test_what_stands_between_brackets_may_be_quoted() -> None:
    assert has_pattern([("[", False), ("a", True), ("]", False)])
    assert not has_pattern([("[", False), ("]", True)])
