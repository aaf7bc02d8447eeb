"""Programs that stream: following files, pipes that end, archives of some size."""

import hashlib

import pytest

from tests.node.processes.harness import Box, Sink, run


async def test_tail_follows_a_file_that_grows_and_is_cut() -> None:
    box = Box(family="busybox", files={"/log": "one\n"})
    out = Sink()
    process = box.start(["tail", "-f", "/log"], descriptors={0: out, 1: out, 2: out})
    await box.clock.advance(0.1)

    box.init.files.write("/log", b"two\n", append=True)
    await box.clock.advance(1)
    box.init.files.write("/log", b"3\n")
    await box.clock.advance(1.5)

    assert out.text == "one\ntwo\n3\n"
    box.init.kill(process.pid, 15)
    await box.clock.idle()
    assert process.exit_code == 143


async def test_tail_by_name_waits_for_a_file_that_does_not_exist_yet() -> None:
    box = Box(family="busybox")
    out, errors = Sink(), Sink()
    box.start(["tail", "-F", "/log"], descriptors={0: out, 1: out, 2: errors})
    await box.clock.advance(2)

    box.init.files.write("/log", b"here\n")
    await box.clock.advance(2)

    assert out.text == "here\n"


async def test_yes_ends_when_nobody_reads_it() -> None:
    result = await run("yes | head -n 3")

    assert result == (0, "y\ny\ny\n", "")


async def test_a_large_tree_survives_tar_and_gzip() -> None:
    data = bytes(range(256)) * 8192
    box = Box(files={"/src/a/b/data.bin": data, "/src/note": "hello\n"})

    made = await box.run("ln -s note /src/link && chmod 640 /src/note && tar czf - -C / src | (mkdir /dst && tar xzf - -C /dst)")

    assert made.code == 0, made.err
    digest = await box.run(["sha256sum", "/dst/src/a/b/data.bin"])
    assert digest.out.split()[0] == hashlib.sha256(data).hexdigest()
    assert (await box.run(["stat", "-c", "%a %F", "/dst/src/note", "/dst/src/link"])).out == "640 regular file\n777 symbolic link\n"


@pytest.mark.parametrize(("family", "code"), [("busybox", 0), ("debian", 141)])
async def test_busyboxs_tar_reads_to_the_end_of_its_input_and_gnus_to_that_of_the_archive(family: str, code: int) -> None:
    box = Box(family=family, files={"/note": "hello\n"})

    result = await box.run("{ tar cf - note; sleep 5; seq 1000; echo $? >/code; } | tar tf -; sleep 10; cat /code || echo 141")

    assert result.out == f"note\n{code}\n"


async def test_tar_never_writes_outside_of_its_directory() -> None:
    box = Box(files={"/in/evil": "x\n"})

    await box.run("cd /in && tar cPf /t.tar ../in/evil && rm /in/evil && mkdir /out && cd /out && tar xf /t.tar")

    assert (await box.run(["ls", "-A", "/out"])).out == ""


async def test_sed_edits_in_place_and_keeps_the_mode() -> None:
    box = Box(files={"/conf": "port=80\n"})
    await box.run(["chmod", "600", "/conf"])

    result = await box.run(["sed", "-i", "s/80/8080/", "/conf"])

    assert result.code == 0
    assert box.read("/conf") == "port=8080\n"
    assert (await box.run(["stat", "-c", "%a", "/conf"])).out == "600\n"


async def test_timeout_ends_a_program_and_says_so_by_its_exit_code() -> None:
    assert (await run(["timeout", "2", "sleep", "60"])).code == 124
    assert (await run(["timeout", "-s", "KILL", "2", "sleep", "60"])).code == 137
    assert (await run(["timeout", "2", "sleep", "60"], family="busybox")).code == 143


async def test_awk_functions_recurse_and_may_fill_arrays() -> None:
    program = "function f(n) { return n < 2 ? n : f(n-1) + f(n-2) } function fill(a, n) { a[n] = n } BEGIN { print f(15); fill(x, 3); print x[3] }"

    assert (await run(["awk", program])).out == "610\n3\n"


async def test_awk_goes_deep_without_breaking_the_host() -> None:
    result = await run(["awk", "function d(n) { return n ? 1 + d(n-1) : 0 } BEGIN { print d(500) }"])

    assert result == (0, "500\n", "")


async def test_busyboxs_tail_says_what_becomes_of_a_file_it_follows_by_name() -> None:
    box = Box(family="busybox")
    out, errors = Sink(), Sink()
    box.start(["tail", "-F", "/a.log"], descriptors={0: Sink(), 1: out, 2: errors})
    await box.clock.advance(2)

    for command in ("echo one > /a.log", "rm /a.log", "echo two > /a.log"):
        await box.run(["sh", "-c", command])
        await box.clock.advance(3)

    assert out.text == "one\ntwo\n"
    assert errors.text.splitlines()[1:] == [
        "tail: /a.log has appeared; following end of new file",
        "tail: /a.log has been renamed or deleted: No such file or directory",
        "tail: /a.log has been replaced; following end of new file",
    ]
