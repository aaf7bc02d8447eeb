"""redis-server and redis-cli: commands by kind, databases, transactions, channels, what outlives a restart, leader and followers."""

import pytest

from orrery.machinery.objects import Object
from tests.node.cluster import NodeCluster
from tests.node.network.stage import endpoint
from tests.node.network.test_stories import lines, service
from tests.node.processes.harness import Box, Sink

_HOSTS = ("REDIS_LEADER_SERVICE_HOST", "REDIS_FOLLOWER_SERVICE_HOST")


async def started(*arguments: str) -> Box:
    box = Box(family="debian:redis")
    box.start(["redis-server", *arguments], descriptors={0: Sink(), 1: Sink(), 2: Sink()})
    await box.clock.advance(1)
    return box


async def said(box: Box, commands: str) -> list[str]:
    """What the commands, separated by `;`, are answered."""
    return [(await box.run(["redis-cli", *one.split()])).out for one in commands.split(";")]


@pytest.mark.parametrize(
    ("commands", "answers"),
    [
        ("SET k abcdef; GETRANGE k 1 -2; SETRANGE k 2 XY; GET k; GETSET k z; STRLEN k", "OK bcde 6 abXYef abXYef 1"),
        ("SET n 5; INCRBYFLOAT n 0.5; DECR m; MSETNX a 1 n 2; RENAME n q; EXISTS n q", "OK 5.5 -1 0 OK 1"),
        ("SETEX k 10 v; TTL k; PERSIST k; TTL k; SET k w EX 0", "OK 10 1 -1 ERR invalid expire time in 'set' command"),
        ("RPUSH l a b c d; LINDEX l -1; LREM l 0 b; LSET l 0 A; LTRIM l 0 1; LRANGE l 0 -1; RPOPLPUSH l o", "4 d 1 OK OK A c c"),
        ("SADD s a b c; SADD t b d; SINTER s t; SDIFF s t; SMOVE s t a; SCARD t", "3 2 b a c 1 3"),
        ("HSET h a 1 b 2; HINCRBY h a 4; HMGET h a z b; HVALS h; HEXISTS h z; HLEN h", "2 5 5 2 5 2 0 2"),
        ("ZADD z 2 b 1 a 3 c; ZRANGE z 0 -1 WITHSCORES; ZINCRBY z 5 a; ZREVRANGE z 0 0; ZRANK z a", "3 a 1 b 2 c 3 6 a 2"),
        ("ZADD z 1 a 2.5 b; ZSCORE z b; ZRANGEBYSCORE z (1 +inf; ZCOUNT z -inf 2; ZPOPMIN z; ZCARD z", "2 2.5 b 1 a 1 1"),
        (
            "ZADD k x a; LPUSH k v; GET k",
            "ERR value is not a valid float 1 WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
        ("SELECT 99; -n 1 SET k v; -n 1 KEYS *; KEYS *; DBSIZE", "ERR DB index is out of range OK k 0"),
        (
            "SET k v; TYPE k; OBJECT ENCODING k; GET; EXEC",
            "OK string embstr ERR wrong number of arguments for 'get' command ERR EXEC without MULTI",
        ),
    ],
)
async def test_commands_do_what_redis_does(commands: str, answers: str) -> None:
    assert " ".join(" ".join(await said(await started(), commands)).split()) == answers


async def test_a_transaction_runs_when_it_is_told_to() -> None:
    box = await started()

    result = await box.run(["redis-cli"], stdin="MULTI\nSET a 1\nINCR a\nEXEC\nGET a\n")

    assert result.out == "OK\nQUEUED\nQUEUED\nOK\n2\n2\n"


async def test_what_is_published_reaches_who_listens() -> None:
    box = await started()
    heard = Sink()
    box.start(["redis-cli", "SUBSCRIBE", "news"], descriptors={0: Sink(), 1: heard, 2: heard})
    await box.clock.advance(1)

    assert await said(box, "PUBLISH news hello; PUBLISH other x") == ["1\n", "0\n"]
    await box.clock.advance(1)
    assert heard.text == "subscribe\nnews\n1\nmessage\nnews\nhello\n"


async def test_a_blocking_pop_waits_for_something_to_pop() -> None:
    box = await started()
    got = Sink()
    box.start(["redis-cli", "BLPOP", "jobs", "0"], descriptors={0: Sink(), 1: got, 2: got})
    await box.clock.advance(1)

    await said(box, "RPUSH jobs one two")
    await box.clock.advance(1)

    assert got.text == "jobs\none\n"
    assert await said(box, "LRANGE jobs 0 -1; BLPOP none 1") == ["two\n", "\n"]


@pytest.mark.parametrize("arguments", [(), ("--appendonly", "yes")])
async def test_data_is_there_again_after_a_restart(arguments: tuple[str, ...]) -> None:
    box = Box(family="debian:redis", files={"/data/.keep": ""})
    words = ["redis-server", *arguments]
    first = box.start(words, descriptors={0: Sink(), 1: Sink(), 2: Sink()})
    await box.clock.advance(1)
    await said(box, "SET a 1; RPUSH l x y; -n 2 ZADD z 1 m; SET gone v EX 5; SPOP none")

    box.init.kill(first.pid, 9 if arguments else 15)
    await box.clock.advance(10)
    log = Sink()
    box.start(words, descriptors={0: Sink(), 1: log, 2: log})
    await box.clock.advance(1)

    assert await said(box, "GET a; LRANGE l 0 -1; -n 2 ZSCORE z m; EXISTS gone") == ["1\n", "x\ny\n", "1\n", "0\n"]
    assert ("DB loaded from append only file: " if arguments else "DB loaded from disk: ") in log.text


async def test_a_change_is_on_the_disk_soon_even_when_redis_is_killed() -> None:
    box = Box(family="debian:redis", files={"/data/.keep": ""})
    first = box.start(["redis-server"], descriptors={0: Sink(), 1: Sink(), 2: Sink()})
    await box.clock.advance(1)
    await said(box, "SET a 1")
    await box.clock.advance(10)

    box.init.kill(first.pid, 9)
    await box.clock.advance(1)
    box.start(["redis-server"], descriptors={0: Sink(), 1: Sink(), 2: Sink()})
    await box.clock.advance(1)

    assert await said(box, "GET a") == ["1\n"]


async def test_what_is_no_redis_is_told_by_its_first_letter() -> None:
    box = Box(family="debian:redis")
    box.start(["sh", "-c", "echo HTTP/1.1 400 | nc -l -p 80"], descriptors={0: Sink(), 1: Sink(), 2: Sink()})
    await box.clock.advance(1)

    result = await box.run(["redis-cli", "-p", "80", "ping"])

    assert (result.code, result.err) == (1, 'Error: Protocol error, got "H" as reply type byte\n')


async def test_followers_of_the_guestbook_show_what_their_leader_was_told(fast: NodeCluster) -> None:
    await fast.run("leader", image="redis:6.0.5")
    await fast.run("follower", image="us-docker.pkg.dev/google-samples/containers/gke/gb-redis-follower:v2")
    await fast.until(lambda: fast.is_ready("leader") and fast.is_ready("follower"))
    await service(fast, "redis-leader", "10.96.0.50")
    slice_: Object = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "leader-1", "namespace": "default", "labels": {"kubernetes.io/service-name": "redis-leader"}},
        "addressType": "IPv4",
        "endpoints": [endpoint(fast.status("leader")["podIP"])],
        "ports": [{"name": "", "port": 6379, "protocol": "TCP"}],
    }
    await fast.client.create("endpointslices.discovery.k8s.io", slice_)
    await fast.client.patch("services", "default", "redis-leader", {"spec": {"ports": [{"port": 6379, "targetPort": 6379}]}})
    address = fast.status("follower")["podIP"]
    script = (
        f"redis-cli -h {fast.status('leader')['podIP']} set messages hi; sleep 5; redis-cli -h {address} get messages;"
        f" redis-cli -h {address} set messages no; redis-cli -h {address} info replication | grep link"
    )
    await fast.run("client", image="redis", command=["sh", "-c", script], restartPolicy="Never")
    await fast.until(lambda: fast.status("client").get("phase") == "Succeeded")

    said = lines(fast, "client", "client")
    assert said[:3] == ["OK", "hi", "READONLY You can't write against a read only replica."]
    assert said[-1].strip() == "master_link_status:up"
    assert any(line.endswith("* MASTER <-> REPLICA sync: Finished with success") for line in lines(fast, "follower", "follower"))


async def test_the_guestbook_keeps_and_shows_entries() -> None:
    box = Box(family="debian:gb-frontend", env={"GET_HOSTS_FROM": "env"} | dict.fromkeys(_HOSTS, "127.0.0.1"))
    for argv in (["redis-server"], ["apache2-foreground"]):
        box.start(argv, descriptors={0: Sink(), 1: Sink(), 2: Sink()})
    await box.clock.advance(1)

    asked = "http://localhost/guestbook.php?cmd=%s&key=messages"
    answers = [(await box.run(["curl", "-s", asked % what])).out for what in ("get", "set&value=,one,two", "get")]

    assert answers == ['{"data": ""}', '{"message": "Updated"}', '{"data": ",one,two"}']
    assert "<title>Guestbook</title>" in (await box.run(["curl", "-s", "localhost"])).out
