"""Container logs: lines, parts, limits, following."""

import asyncio

from orrery.machinery.clock import VirtualClock
from orrery.node.logs import LINE_MAX, LogLimits, LogQuery, Logs, LogStream, RunLog, nano_timestamp


async def text(log: RunLog, query: LogQuery | None = None) -> bytes:
    return b"".join([piece async for piece in log.read(query or LogQuery())])


async def test_a_line_shows_when_it_ends_and_the_rest_when_the_run_ends() -> None:
    log = RunLog(VirtualClock())

    log.add("stdout", b"one\ntw")
    assert await text(log) == b"one\n"
    log.add("stdout", b"o\nthree")
    log.close()

    assert await text(log) == b"one\ntwo\nthree"


async def test_long_lines_are_kept_in_parts_and_read_as_one() -> None:
    log = RunLog(VirtualClock())
    line = b"x" * (LINE_MAX * 2 + 5)

    log.add("stdout", line + b"\n")

    assert await text(log) == line + b"\n"
    assert (await text(log, LogQuery(timestamps=True))).count(b"Z ") == 1


async def test_tail_since_stream_and_limit_choose_what_is_read() -> None:
    clock = VirtualClock()
    log = RunLog(clock)
    for number in range(5):
        log.add("stderr" if number == 3 else "stdout", b"%d\n" % number)
        await clock.advance(1)

    assert await text(log, LogQuery(tail=2)) == b"3\n4\n"
    assert await text(log, LogQuery(tail=0)) == b""
    assert await text(log, LogQuery(since_s=clock.START_S + 3)) == b"3\n4\n"
    assert await text(log, LogQuery(stream="Stderr")) == b"3\n"
    assert await text(log, LogQuery(limit_bytes=3)) == b"0\n1"


async def test_timestamps_have_nine_digits() -> None:
    log = RunLog(VirtualClock())

    log.add("stdout", b"x\n")

    assert await text(log, LogQuery(timestamps=True)) == b"2026-01-02T03:04:05.000000000Z x\n"
    assert nano_timestamp(1.25) == "1970-01-01T00:00:01.250000000Z"


async def test_only_the_newest_lines_are_kept() -> None:
    log = RunLog(VirtualClock(), LogLimits(bytes_max=1300))

    for number in range(100):
        log.add("stdout", b"%d\n" % number)

    assert (await text(log)).split() == [b"%d" % number for number in range(90, 100)]
    assert log.size <= 1300


async def test_following_goes_on_until_the_run_ends() -> None:
    clock = VirtualClock()
    log = RunLog(clock)
    log.add("stdout", b"old\n")
    following = asyncio.create_task(text(log, LogQuery(follow=True, tail=1)))
    await clock.idle()

    log.add("stdout", b"new\n")
    await clock.idle()
    assert not following.done()
    log.close()

    assert await following == b"old\nnew\n"


async def test_who_floods_the_log_is_slowed_down() -> None:
    clock = VirtualClock()
    stream = LogStream(RunLog(clock, LogLimits(rate_bytes=1000)), "stdout")

    async def flood() -> None:
        for _ in range(10):
            await stream.write(b"x" * 999 + b"\n")

    task = asyncio.create_task(flood())
    await clock.until(task.done)

    assert 8.9 < clock.now_s() - clock.START_S < 9.2


async def test_the_run_before_stays_readable() -> None:
    logs, clock = Logs(), VirtualClock()
    first = logs.book("uid", "web").begin(RunLog(clock))
    second = logs.book("uid", "web").begin(RunLog(clock))

    assert logs.find("uid", "web") is second
    assert logs.find("uid", "web", previous=True) is first
    assert logs.find("uid", "other") is None
    logs.forget("uid")
    assert logs.find("uid", "web") is None


async def test_short_lines_take_little_more_than_their_text() -> None:
    log = RunLog(VirtualClock(), LogLimits(bytes_max=1 << 20))
    for number in range(100):
        log.add("stderr" if number % 2 else "stdout", b"".join(b"%d\n" % line for line in range(number * 300, (number + 1) * 300)))

    text = b"".join([piece async for piece in log.read(LogQuery())])
    assert text.split() == [b"%d" % number for number in range(30_000)]
    assert log.size < 1 << 20
    assert [piece async for piece in log.read(LogQuery(tail=2))] == [b"29998\n29999\n"]
    assert len([piece async for piece in log.read(LogQuery(stream="Stderr"))]) > 1


async def test_the_oldest_lines_go_when_packed_ones_are_too_many() -> None:
    log = RunLog(VirtualClock(), LogLimits(bytes_max=50_000))
    for number in range(20_000):
        log.add("stdout", b"%d\n" % number)

    numbers = [int(line) for line in b"".join([piece async for piece in log.read(LogQuery())]).split()]
    assert numbers == list(range(numbers[0], 20_000))
    assert len(numbers) > 1000
    assert log.size <= 50_000
    run = log.run_from(0)
    log.add("stdout", b"later\n")
    texts = [text for batch in run.batches for text in batch.texts]
    assert (run.first, run.length, texts) == (numbers[0], len(numbers), [b"%d" % number for number in numbers])
    assert sum(map(len, texts)) <= run.text_bytes_max
    run = log.run_from(19_999)
    assert (run.first, run.length, [text for batch in run.batches for text in batch.texts]) == (19_999, 2, [b"19999", b"later"])


async def test_who_follows_misses_nothing_that_comes_while_he_reads() -> None:
    log = RunLog(VirtualClock())
    log.add("stdout", b"x" * 1000 + b"\n" + b"".join(b"%d\n" % number for number in range(5000)))
    pieces: list[bytes] = []
    async for piece in log.read(LogQuery(follow=True)):
        if not pieces:
            log.add("stdout", b"late\n")
            log.close()
        pieces.append(piece)

    assert b"".join(pieces).endswith(b"4999\nlate\n")
