"""exec and attach as clients of every generation see them: channels in WebSockets, streams in SPDY, refusals on either side of 101."""

import asyncio
import base64

import orjson
import pytest

from orrery.api.spdy import frames
from orrery.api.spdy.frames import Control, Data, Parser, Type
from orrery.api.spdy.headers import HeaderWriter
from orrery.verbs.access import Attributes, Decision
from orrery.verbs.call import User
from orrery.verbs.containers import NodeRefusal
from tests.api.conftest import NewServed
from tests.api.fake_containers import FakeContainers
from tests.api.reach import PODS, Reach, reach

EXEC = f"{PODS}/p/exec"
SUCCESS = {"metadata": {}, "status": "Success"}


async def test_v5_carries_stdin_until_its_close_signal_and_ends_with_a_status(reached: Reach) -> None:
    client = await reached.websocket(f"{EXEC}?command=count&stdin=1&stdout=1&stderr=1", "v5.channel.k8s.io")
    await client.send(b"\0" + bytes(100_000))
    await client.send(b"\xff\0")

    messages = await client.messages()

    assert client.answer.headers["sec-websocket-protocol"] == "v5.channel.k8s.io"
    assert client.answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert messages[:2] == [b"\1", b"\x01100000\n"]
    assert orjson.loads(messages[2][1:]) == SUCCESS and messages[2][0] == 3


async def test_what_a_client_sent_before_it_left_reaches_the_command(reached: Reach) -> None:
    """Before v5 there is no other way to end stdin: fabric8's client for Java uploads files so."""
    client = await reached.websocket(f"{EXEC}?command=count&stdin=1&stdout=1", "v4.channel.k8s.io")
    await client.send(b"\0" + bytes(1_000_000))
    client.writer.close()
    session = await reached.containers.first_session()
    await asyncio.wait(reached.state.tasks)

    assert session.is_closed
    assert session.written == 1_000_000


@pytest.mark.parametrize("protocol", ["v5.channel.k8s.io", "v4.channel.k8s.io"])
async def test_an_exit_code_is_a_cause_of_the_status(reached: Reach, protocol: str) -> None:
    client = await reached.websocket(f"{EXEC}?command=exit&command=3&stdout=1", protocol)

    status = orjson.loads((await client.messages())[-1][1:])

    assert status["reason"] == "NonZeroExitCode"
    assert status["details"] == {"causes": [{"reason": "ExitCode", "message": "3"}]}
    why = {"v5": "command terminated with exit code 3", "v4": "error executing command [exit 3], exit code 3"}[protocol[:2]]
    assert status["message"] == f"command terminated with non-zero exit code: {why}"


async def test_base64_channels_speak_text(reached: Reach) -> None:
    client = await reached.websocket(f"{EXEC}?command=echo&command=hi&stdout=1", "base64.channel.k8s.io")

    messages = await client.messages()

    assert messages == [b"1", b"1" + base64.b64encode(b"hi\n")]  # Before v4, success is silence.


async def test_before_v4_a_failure_is_told_in_words(reached: Reach) -> None:
    client = await reached.websocket(f"{EXEC}?command=exit&command=1&stdout=1", "channel.k8s.io")

    assert (await client.messages())[-1] == b"\3command terminated with non-zero exit code: error executing command [exit 1], exit code 1"


async def test_a_terminal_gets_the_clients_size(reached: Reach) -> None:
    client = await reached.websocket(f"{EXEC}?command=size&stdin=1&stdout=1&tty=1&stderr=1", "v5.channel.k8s.io")
    await client.send(b'\4{"Width":120,"Height":40}')

    assert b"\x01120 40\r\n" in await client.messages()
    assert not reached.containers.sessions[0].options.stderr


async def test_a_command_that_cannot_be_run_is_an_internal_error_told_twice_by_v5(reached: Reach) -> None:
    text = 'error executing command in container: failed to exec in container: exec: "x": executable file not found in $PATH: unknown'
    for protocol, repeats in (("v4.channel.k8s.io", 1), ("v5.channel.k8s.io", 2)):
        client = await reached.websocket(f"{EXEC}?command=x&stdout=1", protocol)

        status = orjson.loads((await client.messages())[-1][1:])

        assert status["message"] == "Internal error occurred: " * repeats + text
        assert (status["code"], status["reason"]) == (500, "InternalError")


async def test_what_the_kubelet_refuses_is_plain_http_or_for_v5_the_last_word(reached: Reach) -> None:
    reached.containers.refusal = NodeRefusal('container not found ("web")', 500)

    spdy, _, writer = await reached.upgrade(f"{EXEC}?command=ls&stdout=1", "SPDY/3.1", X_Stream_Protocol_Version="v4.channel.k8s.io")
    client = await reached.websocket(f"{EXEC}?command=ls&stdout=1", "v5.channel.k8s.io")

    assert (spdy.status, spdy.body) == (500, b'container not found ("web")')
    status = orjson.loads((await client.messages())[-1][1:])
    assert status["message"] == 'Internal error occurred: unable to upgrade connection: container not found ("web")'
    writer.close()


@pytest.mark.parametrize(
    ("target", "headers", "code", "text"),
    [
        (
            f"{EXEC}?command=ls",
            {"X_Stream_Protocol_Version": "v4.channel.k8s.io"},
            400,
            "you must specify at least 1 of stdin, stdout, stderr",
        ),
        (
            f"{EXEC}?stdout=1",
            {"X_Stream_Protocol_Version": "v9.channel.k8s.io"},
            403,
            "client supports [v9.channel.k8s.io], server accepts [v4",
        ),
        (f"{EXEC}?stdout=1", {}, 400, "unable to upgrade: header X-Stream-Protocol-Version does not exist in request with"),
        (f"{PODS}/unbound/exec?stdout=1", {}, 400, "pod unbound does not have a host assigned"),
        (f"{EXEC}?stdout=1&container=x", {}, 400, "container x is not valid for pod p"),
    ],
)
async def test_refusals_come_before_the_upgrade(reached: Reach, target: str, headers: dict[str, str], code: int, text: str) -> None:
    answer, _, writer = await reached.upgrade(target, "SPDY/3.1", **headers)

    assert answer.status == code
    assert text in answer.body.decode()
    writer.close()


async def test_an_unknown_websocket_protocol_is_refused(reached: Reach) -> None:
    client = await reached.websocket(f"{EXEC}?stdout=1", "chat")

    assert client.answer.status == 403
    client.writer.close()


async def test_without_an_upgrade_there_is_no_exec(reached: Reach) -> None:
    answer = await reached.served.http.post(f"{EXEC}?command=ls&stdout=1")

    assert (answer.status_code, answer.json()["message"]) == (400, "Upgrade request required")


async def test_attach_ends_well_whatever_the_process_returns(reached: Reach) -> None:
    client = await reached.websocket(f"{PODS}/p/attach?stdin=1&stdout=1", "v4.channel.k8s.io")
    await client.send(b"\0typed\n")

    messages = await client.messages()

    assert messages[1] == b"\1typed\n"
    assert orjson.loads(messages[-1][1:]) == SUCCESS


async def test_spdy_carries_each_stream_by_itself(reached: Reach) -> None:
    answer, reader, writer = await reached.upgrade(
        f"{EXEC}?command=cat&stdin=1&stdout=1", "SPDY/3.1", X_Stream_Protocol_Version="v4.channel.k8s.io, channel.k8s.io"
    )
    headers = HeaderWriter()
    for number, name in ((1, "error"), (3, "stdin"), (5, "stdout")):
        block = headers.write({"streamtype": name})
        writer.write(frames.control(Type.SYN_STREAM, number.to_bytes(4, "big") + bytes(6) + block))
    writer.write(frames.data(3, b"through") + frames.data(3, b"", fin=True))

    came: list[frames.Frame] = []
    parser = Parser()
    while not any(isinstance(frame, Control) and frame.type == Type.GOAWAY for frame in came):
        came += parser.feed(await reader.read(65_536))
    writer.close()

    assert answer.headers["x-stream-protocol-version"] == "v4.channel.k8s.io"
    data = {number: b"".join(one.payload for one in came if isinstance(one, Data) and one.stream == number) for number in (1, 5)}
    assert data[5] == b"through"
    assert orjson.loads(data[1]) == SUCCESS
    assert {one.stream for one in came if isinstance(one, Data) and one.fin} == {1, 5}


async def test_output_that_nobody_reads_waits_in_the_container(reached: Reach) -> None:
    client = await reached.websocket(f"{EXEC}?command=zeros&command=1000&stdout=1", "v5.channel.k8s.io")
    session = await reached.containers.first_session()
    for _ in range(2000):
        await asyncio.sleep(0)

    assert not session.stdout._is_finished  # The sixty-five megabytes are still being made.

    messages = await client.messages()
    assert sum(len(one) - 1 for one in messages if one[0] == 1) == 65_536_000


class ReadersOnly:
    """Everybody may read everything."""

    def authorize(self, user: User, attributes: Attributes) -> Decision:
        return Decision(attributes.verb == "get")

    def rules_for(self, user: User, namespace: str) -> tuple[tuple[()], tuple[()]]:
        return (), ()


class Reader:
    """Everybody is a user without privileges."""

    def authenticate(self, token: str, *, is_inside: bool = False) -> User:
        return User("reader", ("system:authenticated",))


async def test_a_websocket_needs_the_right_to_create_as_a_post_does(new_served: NewServed) -> None:
    containers = FakeContainers()
    async with reach(new_served(containers=containers, authenticator=Reader(), authorizer=ReadersOnly()), containers) as reached:
        client = await reached.websocket(f"{EXEC}?command=ls&stdout=1", "v5.channel.k8s.io")
        client.writer.close()
        log = await reached.served.http.get(f"{PODS}/p/log")

    assert client.answer.status == 403
    assert orjson.loads(client.answer.body)["message"].startswith('pods "p" is forbidden')
    assert log.status_code == 200
