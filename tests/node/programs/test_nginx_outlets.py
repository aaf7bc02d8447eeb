"""Where nginx writes its logs, and whom it passes requests on to: what sidecars and ambassadors are about."""

from tests.node.processes.harness import run
from tests.node.programs.test_servers import serving

DAEMON = ["nginx", "-g", "daemon off;"]
CONF = "/etc/nginx/nginx.conf"


async def test_a_volume_over_its_log_folder_gets_nginxs_logs_as_files() -> None:
    box, out, errors = await serving("debian:nginx", DAEMON, files={"/var/log/nginx/keep": "", "/usr/share/nginx/html/index.html": "hi"})

    assert (await box.run(["wc", "-c", "/var/log/nginx/access.log"])).out == "0 /var/log/nginx/access.log\n"
    await box.run(["curl", "-s", "http://localhost/"])

    assert (await box.run(["cut", "-d", '"', "-f", "2", "/var/log/nginx/access.log"])).out == "GET / HTTP/1.1\n"
    assert "start worker processes" in (await box.run(["cat", "/var/log/nginx/error.log"])).out
    assert (out.text, errors.text) == ("", "")


async def test_the_innermost_access_log_counts() -> None:
    places = 'location /quiet { access_log off; return 200 "q"; } location / { return 200 "l"; }'
    conf = f"events {{}}\nerror_log stderr;\nhttp {{ access_log /dev/stdout; server {{ listen 80; {places} }} }}\n"
    box, out, _ = await serving("debian:nginx", DAEMON, files={CONF: conf, "/var/log/nginx/keep": ""})

    await box.run(["curl", "-s", "localhost/quiet"])
    await box.run(["curl", "-s", "localhost/loud"])

    assert ["/quiet" in out.text, "/loud" in out.text] == [False, True]


async def test_nginx_does_not_start_when_nobody_knows_whom_it_is_to_ask() -> None:
    conf = "events {}\nhttp {\n  server { location / {\n    proxy_pass http://web-svc:80; } }\n}\n"

    result = await run(["nginx", "-t"], family="debian:nginx", files={CONF: conf})

    assert result.err.splitlines()[1:] == [
        f'nginx: [emerg] host not found in upstream "web-svc" in {CONF}:4',
        f"nginx: configuration file {CONF} test failed",
    ]


async def test_the_servers_of_an_upstream_are_asked_in_turn() -> None:
    servers = "".join(f'server {{ listen {port}; return 200 "{port} "; }}' for port in (8001, 8002))
    group = "upstream backend { server 127.0.0.1:8001; server 127.0.0.1:8002; }"
    conf = f"events {{}}\nhttp {{ {group} {servers} server {{ listen 80; location / {{ proxy_pass http://backend; }} }} }}\n"
    box, _, _ = await serving("debian:nginx", DAEMON, files={CONF: conf})

    assert [(await box.run(["curl", "-s", "localhost"])).out for _ in range(3)] == ["8001 ", "8002 ", "8001 "]


async def test_a_port_that_is_taken_is_tried_five_times() -> None:
    box, _, _ = await serving("debian:nginx", DAEMON)

    second = await box.run(DAEMON)

    refusals = [line.partition("] ")[2] for line in second.err.splitlines() if line.startswith("nginx: ")]
    assert second.code == 1
    assert refusals == ["bind() to 0.0.0.0:80 failed (98: Address already in use)"] * 5 + ["still could not bind()"]
    assert second.err.count("try again to bind() after 500ms") == 5


async def test_a_log_that_was_moved_away_is_left_when_nginx_is_told_to_open_it_anew() -> None:
    box, _, _ = await serving("debian:nginx", DAEMON, files={"/var/log/nginx/keep": "", "/usr/share/nginx/html/index.html": "hi"})
    moved, log = "/var/log/nginx/old.log", "/var/log/nginx/access.log"

    await box.run(["mv", log, moved])
    await box.run(["curl", "-s", "http://localhost/"])
    assert (await box.run(["wc", "-l", moved])).out == f"1 {moved}\n"
    await box.run(["nginx", "-s", "reopen"])
    await box.run(["curl", "-s", "http://localhost/"])

    assert (await box.run(["wc", "-l", moved, log])).out.split()[:4] == ["1", moved, "1", log]
