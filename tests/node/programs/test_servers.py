"""Servers and the clients that speak to them, inside one simulated Pod and between two."""

import pytest

from tests.node.processes.harness import Box, Result, Sink, run

PAGE = "<h1>hello</h1>\n"


async def serving(
    family: str, argv: list[str], *, files: dict[str, str] | None = None, env: dict[str, str] | None = None
) -> tuple[Box, Sink, Sink]:
    """A container whose server has started."""
    box = Box(family=family, files=files, env=env)
    out, errors = Sink(), Sink()
    box.start(argv, descriptors={0: Sink(), 1: out, 2: errors})
    await box.clock.advance(5)
    return box, out, errors


async def test_nginx_serves_its_files_and_logs_each_request() -> None:
    box, out, errors = await serving(
        "debian:nginx", ["docker-entrypoint.sh", "nginx", "-g", "daemon off;"], files={"/usr/share/nginx/html/index.html": PAGE}
    )

    page = await box.run(["curl", "-s", "http://localhost/"])
    missing = await box.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "localhost/nope"])

    assert page == Result(0, PAGE, "")
    assert missing.out == "404"
    assert "/docker-entrypoint.sh: Configuration complete; ready for start up\n" in out.text
    assert '"GET / HTTP/1.1" 200 15 "-" "curl/7.88.1" "-"\n' in out.text
    assert "[notice] 2#2: start worker process 29\n" in errors.text
    assert 'open() "/usr/share/nginx/html/nope" failed (2: No such file or directory)' in errors.text


@pytest.mark.parametrize(("signal", "name"), [(3, "SIGQUIT"), (15, "SIGTERM")])
async def test_nginx_ends_with_0_on_its_signals(signal: int, name: str) -> None:
    box = Box(family="debian:nginx")
    errors = Sink()
    process = box.start(["nginx", "-g", "daemon off;"], descriptors={0: errors, 1: errors, 2: errors})
    await box.clock.idle()

    box.init.kill(process.pid, signal)
    await box.clock.idle()

    assert process.exit_code == 0
    assert f"({name}) received" in errors.text


async def test_nginx_reads_the_servers_of_its_configuration() -> None:
    conf = 'events {}\nhttp { server { listen 8080; location = /ok { return 200 "fine\\n"; } location / { return 301 /ok; } } }\n'
    box, _, _ = await serving("debian:nginx", ["nginx", "-g", "daemon off;"], files={"/etc/nginx/nginx.conf": conf})

    assert (await box.run(["curl", "-sL", "localhost:8080/x"])).out == "fine\n"


async def test_nginx_refuses_a_wrong_configuration() -> None:
    result = await run(["nginx", "-t"], family="debian:nginx", files={"/etc/nginx/nginx.conf": "events {}\nhtp {}\n"})

    assert result.code == 1
    assert 'nginx: [emerg] unknown directive "htp" in /etc/nginx/nginx.conf:2\n' in result.err


@pytest.mark.parametrize(
    ("site", "message"),
    [
        ("server {\n  listen 80;\n  foo bar;\n}\n", 'unknown directive "foo" in /etc/nginx/conf.d/a.conf:3'),
        ("http { }\n", '"http" directive is not allowed here in /etc/nginx/conf.d/a.conf:1'),
        ("location / { }\n", '"location" directive is not allowed here in /etc/nginx/conf.d/a.conf:1'),
        ("server\n{ location /; }\n", 'directive "location" has no opening "{" in /etc/nginx/conf.d/a.conf:2'),
        ("map $uri $x { foo bar; }\nupstream a { server localhost:80; keepalive 2; }\n", ""),
    ],
)
async def test_nginx_knows_its_directives_and_where_they_stand(site: str, message: str) -> None:
    conf = "events {}\nhttp {\n  include /etc/nginx/conf.d/*.conf;\n}\n"

    result = await run(["nginx", "-t"], family="debian:nginx", files={"/etc/nginx/nginx.conf": conf, "/etc/nginx/conf.d/a.conf": site})

    assert (f"nginx: [emerg] {message}\n" in result.err) == bool(message)
    assert result.code == int(bool(message))


async def test_nginx_redirects_to_whole_addresses() -> None:
    conf = "events {}\nhttp { server { listen 8081; return 301 /new; } server { listen 80; return 302 https://$host/; } }\n"
    box, _, _ = await serving("debian:nginx", ["nginx", "-g", "daemon off;"], files={"/etc/nginx/nginx.conf": conf})

    heads = [(await box.run(["curl", "-sI", f"localhost:{port}/"])).out for port in (8081, 80)]

    assert "\r\nLocation: http://localhost:8081/new\r\nConnection: keep-alive\r\n" in heads[0]
    assert "\r\nLocation: https://localhost/\r\n" in heads[1]


async def test_busybox_wget_words_its_successes_and_failures() -> None:
    box, _, _ = await serving("busybox", ["httpd", "-f", "-p", "8080", "-h", "/www"], files={"/www/a.txt": "data\n"})

    saved = await box.run(["wget", "-O", "-", "http://localhost:8080/a.txt"])
    missing = await box.run(["wget", "-q", "-O", "-", "localhost:8080/nope"])
    refused = await box.run(["wget", "localhost:81"])
    unknown = await box.run(["wget", "nowhere"])

    assert saved.out == "data\n"
    assert saved.err.startswith("Connecting to localhost:8080 (127.0.0.1:8080)\nwriting to stdout\n")
    assert missing == Result(1, "", "wget: server returned error: HTTP/1.1 404 Not Found\n")
    assert refused.err.endswith("wget: can't connect to remote host (127.0.0.1): Connection refused\n")
    assert unknown == Result(1, "", "wget: bad address 'nowhere'\n")


async def test_curl_tells_failures_by_number() -> None:
    refused = await run(["curl", "-sS", "localhost:81"])
    unknown = await run(["curl", "-sS", "http://nowhere/"])

    assert refused == Result(7, "", "curl: (7) Failed to connect to localhost port 81 after 0 ms: Couldn't connect to server\n")
    assert unknown == Result(6, "", "curl: (6) Could not resolve host: nowhere\n")


async def test_curl_shows_its_meter_before_a_failure_too() -> None:
    refused = await run(["curl", "localhost:81"])

    lines = refused.err.split("\n")
    assert lines[0] == "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current"
    assert lines[3] == "curl: (7) Failed to connect to localhost port 81 after 0 ms: Couldn't connect to server"


async def test_gnu_wget_tells_how_it_went() -> None:
    refused = await run(["wget", "127.0.0.1:81"])

    assert refused.code == 4
    assert refused.err.split("\n", 1)[1] == "Connecting to 127.0.0.1:81... failed: Connection refused.\n"


@pytest.mark.parametrize(
    ("family", "argv", "names"),
    [
        (
            "debian:nginx",
            ["nginx", "-g", "daemon off;"],
            "Server Date Content-Type Content-Length Last-Modified Connection ETag Accept-Ranges",
        ),
        ("debian:httpd", ["httpd-foreground"], "Date Server Last-Modified ETag Accept-Ranges Content-Length Content-Type"),
        ("alpine:agnhost", ["agnhost", "netexec", "--http-port=80"], "Date Content-Length Content-Type"),
    ],
)
async def test_headers_stand_in_the_order_of_their_server(family: str, argv: list[str], names: str) -> None:
    page = {"/usr/share/nginx/html/index.html": PAGE, "/usr/local/apache2/htdocs/index.html": PAGE}
    box, _, _ = await serving(family, argv, files=page)

    head = (await box.run(["curl", "-sI", "localhost"])).out.split("\r\n\r\n")[0]

    assert [line.partition(":")[0] for line in head.split("\r\n")[1:]] == names.split()


async def test_apache_lists_a_folder_without_a_first_page() -> None:
    files = {"/usr/local/apache2/htdocs/docs/a b.txt": "x", "/usr/local/apache2/htdocs/docs/more/c": "y"}
    box, _, _ = await serving("debian:httpd", ["httpd-foreground"], files=files)

    page = (await box.run(["curl", "-s", "localhost/docs/"])).out
    moved = (await box.run(["curl", "-s", "localhost/docs"])).out
    head = (await box.run(["curl", "-sI", "localhost/docs/more/c"])).out

    assert "<title>Index of /docs</title>" in page
    assert (
        '<ul><li><a href="/"> Parent Directory</a></li>\n<li><a href="a%20b.txt"> a b.txt</a></li>\n<li><a href="more/"> more/</a></li>'
        in page
    )
    assert '<p>The document has moved <a href="http://localhost/docs/">here</a>.</p>' in moved
    assert '\r\nETag: "1-' in head


async def test_redis_keeps_values_and_counts() -> None:
    box, out, _ = await serving("debian:redis", ["docker-entrypoint.sh", "redis-server"])

    answers = [
        (await box.run(["redis-cli", *words.split()])).out for words in ("PING", "SET a b", "GET a", "INCR n", "INCR n", "DEL a", "KEYS *")
    ]

    assert answers == ["PONG\n", "OK\n", "b\n", "1\n", "2\n", "1\n", "n\n"]
    assert "* Ready to accept connections tcp\n" in out.text


async def test_redis_reads_its_file_and_then_its_command_line() -> None:
    conf = "# sizes\nmaxmemory 2mb\nmaxmemory-policy   allkeys-lru\nport 7000\n"
    box, out, _ = await serving("debian:redis", ["redis-server", "/conf", "--port", "6379", "--save", "60", "1"], files={"/conf": conf})

    answers = [
        (await box.run(["redis-cli", *words.split()])).out
        for words in ("CONFIG GET maxmemory*", "CONFIG GET save", "CONFIG SET maxmemory 1k", "CONFIG GET maxmemory", "CONFIG SET nope 1")
    ]

    assert answers[0] == "maxmemory\n2097152\nmaxmemory-policy\nallkeys-lru\nmaxmemory-samples\n5\n"
    assert answers[1:4] == ["save\n60 1\n", "OK\n", "maxmemory\n1000\n"]
    assert answers[4] == "ERR Unknown option or number of arguments for CONFIG SET - 'nope'\n\n"
    assert "# Warning: no config file" not in out.text
    assert "* Configuration loaded\n" in out.text


async def test_redis_wants_its_password() -> None:
    box, _, _ = await serving("debian:redis", ["redis-server", "--requirepass", "hush"])

    told, wrong, right, quiet = [
        await box.run(words)
        for words in (
            "redis-cli ping",
            "redis-cli -a nope ping",
            "redis-cli -a hush ping",
            "REDISCLI_AUTH=hush redis-cli ping",
        )
    ]

    assert told.out == "NOAUTH Authentication required.\n\n"
    assert wrong.err.splitlines()[1] == "AUTH failed: WRONGPASS invalid username-password pair or user is disabled."
    assert right.out == quiet.out == "PONG\n"
    assert right.err == "Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.\n"


async def test_redis_cannot_do_without_its_file() -> None:
    result = await run(["redis-server", "/nope.conf"], family="debian:redis")

    assert result.code == 1
    assert result.out.endswith("# Fatal error, can't open config file '/nope.conf': No such file or directory\n")


async def test_memcached_speaks_its_text_protocol() -> None:
    box, _, _ = await serving("debian:memcached", ["memcached", "-u", "memcache"])

    result = await box.run(["nc", "-q", "1", "localhost", "11211"], stdin="set k 0 0 2\r\nhi\r\nget k\r\nquit\r\n")

    assert result.out == "STORED\r\nVALUE k 0 2\r\nhi\r\nEND\r\n"


@pytest.mark.parametrize(
    ("family", "server", "words"),
    [
        ("debian:mysql", "mysqld", "Database is uninitialized and password option is not specified"),
        ("debian:mariadb", "mariadbd", "Database is uninitialized and password option is not specified"),
        ("debian:postgres", "postgres", "Error: Database is uninitialized and superuser password is not specified."),
    ],
)
async def test_databases_do_not_start_without_a_password(family: str, server: str, words: str) -> None:
    result = await run(["docker-entrypoint.sh", server], family=family)

    assert result.code == 1
    assert words in result.err


async def test_a_database_with_a_password_is_there_for_its_probe() -> None:
    box, _, errors = await serving("debian:postgres", ["docker-entrypoint.sh", "postgres"], env={"POSTGRES_PASSWORD": "x"})

    assert "database system is ready to accept connections" in errors.text
    assert (await box.run(["pg_isready"])).code == 0


async def test_the_lesson_s_web_application_shows_its_colour() -> None:
    box, _, _ = await serving("debian:simple-webapp-color", ["python", "app.py"], env={"APP_COLOR": "pink"})

    assert (await box.run(["curl", "-s", "localhost:8080/color"])).out == "pink"
    assert "#be2edd" in (await box.run(["curl", "-s", "localhost:8080/"])).out


async def test_agnhost_netexec_echoes_and_tells_its_name() -> None:
    box, _, _ = await serving("alpine:agnhost", ["agnhost", "netexec"])

    assert (await box.run(["wget", "-qO-", "localhost:8080/hostname"])).out == "box"
    assert (await box.run(["wget", "-qO-", "localhost:8080/echo?msg=hi%20there"])).out == "hi there"
    assert (await box.run(["wget", "-qO-", "localhost:8080/shell?cmd=echo%20ok"])).out == '{"output":"ok\\n"}'


async def test_nc_carries_bytes_from_a_listener_to_a_client() -> None:
    result = await run("echo hello | nc -l -p 9000 & sleep 1; nc localhost 9000 </dev/null; wait", family="busybox")

    assert result.out == "hello\n"


async def test_nslookup_without_a_server_that_answers_fails() -> None:
    resolv = "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"

    result = await run(["nslookup", "mydb"], family="busybox", files={"/etc/resolv.conf": resolv})

    assert result.code == 1
    assert result.out.startswith("Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n** server can't find mydb.default.svc.cluster.local: ")


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["python3", "-c", "print(1)"], 126, "python3: not simulated by Orrery\n"),
        (["vi", "/etc/passwd"], 126, "vi: full-screen editors are not simulated by Orrery"),
        (["apt-get", "install", "nosuch"], 100, "E: Unable to locate package nosuch\n"),
        (["git", "clone", "https://github.com/x/y"], 128, "fatal: repository 'https://github.com/x/y/' not found\n"),
        (["git", "clone", "https://nowhere.example/x"], 128, "Could not resolve host: nowhere.example\n"),
    ],
)
async def test_what_is_not_played_says_so(argv: list[str], code: int, words: str) -> None:
    result = await run(argv)

    assert result.code == code
    assert words in result.err


async def test_git_clones_a_simulated_repository() -> None:
    result = await run("git clone https://github.com/octocat/Hello-World && cat Hello-World/README && cd Hello-World && git status")

    assert result.out.startswith("Hello World!\nOn branch master\n")
    assert result.err == "Cloning into 'Hello-World'...\n"


@pytest.mark.parametrize(("query", "code"), [("code=3", 3), ("code=42&timeout=5s", 42), ("code=7&wait=2s", 7), ("", 0)])
async def test_agnhost_ends_with_the_code_it_is_told(query: str, code: int) -> None:
    box = Box(family="alpine:agnhost")
    errors = Sink()
    process = box.start(["agnhost", "netexec"], descriptors={0: errors, 1: errors, 2: errors})
    await box.clock.advance(1)

    await box.run(["wget", "-qO-", "-T", "5", f"localhost:8080/exit?{query}"])
    await box.clock.advance(3)

    assert process.exit_code == code


async def test_agnhosts_guestbook_keeps_what_it_is_told() -> None:
    box, _, _ = await serving("alpine:agnhost", ["agnhost", "guestbook", "--backend-port", "80"])

    assert (await box.run(["wget", "-qO-", "localhost:80/set?key=a&value=1"])).out == '{"message":"Updated"}'
    assert (await box.run(["wget", "-qO-", "localhost:80/get?key=a"])).out == '{"data":"1"}'
    assert (await box.run(["wget", "-qO-", "localhost:80/get"])).out == '{"data":{"a":"1"}}'


async def test_agnhost_tells_about_its_container() -> None:
    files = {"/etc/resolv.conf": "search a.svc b\nnameserver 10.96.0.10\n", "/data/file": "hi"}

    async def agnhost(*words: str) -> Result:
        return await run(["agnhost", *words], family="alpine:agnhost", files=files)

    assert (await agnhost("dns-suffix")).out == "a.svc,b\n"
    assert (await agnhost("dns-server-list")).out == "10.96.0.10\n"
    assert (await agnhost("entrypoint-tester", "a", "b")).out == "[agnhost entrypoint-tester a b]\n"
    assert (await agnhost("mounttest", "--file_content=/data/file")).out == 'content of file "/data/file": hi\n'
    assert await agnhost("connect", "localhost:1") == Result(1, "", "REFUSED\n")
    assert (await agnhost("logs-generator", "-t", "3", "-d", "3s")).err.count("/api/v1/namespaces/") == 3


@pytest.mark.parametrize(
    ("family", "argv", "address", "text"),
    [
        ("alpine:podinfo", ["podinfo"], "localhost:9898/version", '"version": "6.9.3"'),
        ("alpine:podinfo", ["podinfo"], "localhost:9898/healthz", '"status": "OK"'),
        ("debian:httpbin", ["gunicorn"], "localhost/get?a=1", '"a": "1"'),
        ("alpine:echo-server", ["echo-server"], "localhost:8080/x", "Request served by box"),
        ("alpine:echoserver", ["echoserver"], "localhost:8080/x", "\treal path=/x\n"),
        ("alpine:python", ["python3", "-m", "http.server"], "localhost:8000/etc/", '<li><a href="passwd">passwd</a></li>'),
    ],
)
async def test_small_servers_tell_about_the_request(family: str, argv: list[str], address: str, text: str) -> None:
    box, _, _ = await serving(family, argv)

    assert text in (await box.run(["wget", "-qO-", address])).out


async def test_nginx_fills_its_templates_from_variables() -> None:
    template = "server { listen ${PORT}; location / { return 200 '$host says $GREETING'; } }\n"
    files = {
        "/etc/nginx/templates/default.conf.template": template,
        "/etc/nginx/conf.d/.keep": "",
        "/etc/nginx/nginx.conf": "events {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n",
    }
    argv = ["docker-entrypoint.sh", "nginx", "-g", "daemon off;"]
    box, out, _ = await serving("debian:nginx", argv, files=files, env={"PORT": "8080", "GREETING": "hi"})

    assert (await box.run(["curl", "-s", "localhost:8080/"])).out == "localhost says hi"
    assert "Running envsubst on /etc/nginx/templates/default.conf.template to /etc/nginx/conf.d/default.conf\n" in out.text


async def test_servers_show_their_workers() -> None:
    box, _, errors = await serving("alpine:nginx", ["nginx", "-g", "daemon off;"])
    shown = (await box.run("ps -o pid,ppid,args")).out.splitlines()

    assert "    2     0 nginx: master process nginx -g daemon off;" in shown
    assert [line.split(maxsplit=2)[2] for line in shown if line.split()[1] == "2"] == ["nginx: worker process"] * 4
    assert f"start worker process {shown[3].split()[0]}\n" in errors.text
    assert (await box.run("pidof nginx")).out.split()[-1] == "2"
    assert (await box.run("killall -0 nginx; cat /proc/2/cmdline")).out == "nginx: master process nginx -g daemon off;\0"


@pytest.mark.parametrize(("sent", "code", "end"), [("abc", 0, "Done\n"), ("abd", 3, 'Expect to read "abc", but got "abd". err=<nil>\n')])
async def test_agnhost_tests_forwarded_ports(sent: str, code: int, end: str) -> None:
    env = {"BIND_PORT": "80", "EXPECTED_CLIENT_DATA": "abc", "CHUNKS": "3", "CHUNK_SIZE": "4", "CHUNK_INTERVAL": "100"}
    box = Box(family="alpine:agnhost", env=env)
    out = Sink()
    process = box.start(["agnhost", "port-forward-tester"], descriptors={0: Sink(), 1: out, 2: out})
    await box.clock.idle()

    got = await box.run(f"printf {sent} | nc -N localhost 80")
    await box.clock.until(lambda: process.exit_code is not None)

    assert got.out == ("x" * 12 if code == 0 else "")
    assert process.exit_code == code
    assert out.text.startswith("Accepted client connection\n")
    assert out.text.endswith(end)
