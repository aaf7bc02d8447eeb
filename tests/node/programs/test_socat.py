"""socat as the ambassador of a Pod: a local port that leads elsewhere."""

from tests.node.processes.harness import Box, Sink, run


async def test_a_forking_listener_passes_one_connection_after_the_other_on() -> None:
    box = Box(family="alpine")
    out = Sink()
    box.start(["redis-server"], descriptors={0: Sink(), 1: out, 2: out})
    box.start(["socat", "TCP-LISTEN:7000,fork,reuseaddr", "TCP:localhost:6379"], descriptors={0: Sink(), 1: out, 2: out})
    await box.clock.advance(2)

    answers = [await box.run(["sh", "-c", f"printf 'ECHO {word}\\r\\nQUIT\\r\\n' | nc localhost 7000"]) for word in ("one", "two")]

    assert [answer.out.split("\r\n")[1] for answer in answers] == ["one", "two"]


async def test_it_says_what_it_cannot_open() -> None:
    refused = await run(["socat", "-", "TCP:localhost:7001"])
    unknown = await run(["socat", "-", "NOPE:1"])

    assert (refused.code, unknown.code) == (1, 1)
    assert refused.err.endswith("E connect(5, AF=2 localhost:7001, 16): Connection refused\n")
    assert unknown.err.endswith('E unknown device/address "NOPE"\n')
