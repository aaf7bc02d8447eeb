"""Docker's official images, as data. Tags follow the registry as of Kubernetes 1.35's time; sizes are compressed sizes on amd64.

ENV and FROM of most come from facts/, by version; programs are the distribution's and those named here.
"""

from typing import Final

from orrery.node.images.entry import Entry

_SH: Final = ("docker-entrypoint.sh",)
_NGINX: Final = ("nginx", "-g", "daemon off;")
_SIGINT, _SIGQUIT, _SIGWINCH = 2, 3, 28

LIBRARY: Final[dict[str, Entry]] = {
    "nginx": Entry(
        tags="latest stable mainline alpine stable-alpine mainline-alpine perl alpine-slim stable-perl mainline-perl alpine-perl"
        " stable-alpine-slim mainline-alpine-slim bookworm trixie stable-bookworm"
        " mainline-bookworm stable-trixie mainline-trixie 1.7.1 1.7.{5..12} 1.8.{0..1}"
        " 1.9.{0..15} 1.10.{0..3} 1.11.{0..13} 1.12.{0..2} 1.13.{0..12} 1.14.{0..2} 1.15.{0..12} 1.16.{0..1} 1.17.{0..10} 1.18.0"
        " 1.19.{0..10} 1.20.{0..2} 1.21.{0..6} 1.22.{0..1} 1.23.{0..4} 1.24.0 1.25.{0..5} 1.26.{0..3} 1.27.{0..5} 1.28.{0..1} 1.29.{0..4}"
        " | -alpine -perl -alpine-slim -bookworm -trixie -alpine3.18 -alpine3.19 -alpine3.20 -alpine3.21 -alpine3.22",
        facts="nginx", aliases={"stable": "1.28"}, entrypoint=("/docker-entrypoint.sh",), command=_NGINX, ports=(80,), size_mb=62,
        own="nginx nginx-debug curl envsubst", stop_signal=_SIGQUIT,
    ),
    "httpd": Entry(
        tags="latest alpine bookworm trixie alpine3.22 2.4 2.2.{29..34} 2.4.{10..66} | -alpine -bookworm -trixie",
        facts="httpd", command=("httpd-foreground",), ports=(80,), workdir="/usr/local/apache2", size_mb=45,
        own="httpd httpd-foreground apachectl", stop_signal=_SIGWINCH,
    ),
    "redis": Entry(
        tags="latest alpine bookworm trixie alpine3.22 2.8.{6..23} 3.0.{0..7} 3.2.{0..12} 4.0.{0..14} 5.0.{0..14} 6.0.{0..20}"
        " 6.2.{0..20} 7.0.{0..15}"
        " 7.2.{0..11} 7.4.{0..6} 8.0.{0..5} 8.2.{0..3} 8.4.0 | -alpine -bookworm -trixie",
        facts="redis", entrypoint=_SH, command=("redis-server",), ports=(6379,), workdir="/data", size_mb=49,
        own="redis-server redis-cli redis-benchmark redis-sentinel docker-entrypoint.sh gosu",
    ),
    "memcached": Entry(
        tags="latest alpine bookworm trixie alpine3.22 1.4.{20..39} 1.5.{0..22} 1.6.{0..39} | -alpine -bookworm -trixie",
        facts="memcached", entrypoint=_SH, command=("memcached",), ports=(11211,), uid=11211, gid=11211, size_mb=31,
        own="memcached docker-entrypoint.sh",
    ),
    "mysql": Entry(
        tags="latest lts innovation oracle debian lts-oracle lts-oraclelinux9 innovation-oracle innovation-oraclelinux9 oraclelinux9"
        " 5.5.{40..62} 5.6.{17..51} 5.7.{4..44} 8.0.{0..44} 8.1.0 8.2.0 8.3.0 8.4.{0..7}"
        " 9.0.{0..1} 9.1.0 9.2.0 9.3.0 9.4.0 9.5.0 | -debian -oracle -oraclelinux9 -bookworm",
        facts="mysql", aliases={"lts": "8.4"}, base="oraclelinux:9-slim", entrypoint=_SH, command=("mysqld",), ports=(3306, 33060),
        size_mb=230, own="mysqld mysql mysqladmin mysqldump docker-entrypoint.sh gosu",
    ),
    "mariadb": Entry(
        tags="latest lts noble jammy lts-noble lts-jammy 5.5 10.0 10.1 10.2.{6..44} 10.3.{0..39} 10.4.{0..34} 10.5.{0..29}"
        " 10.6.{0..24} 10.11.{2..15} 11.0.{2..6}"
        " 11.1.{2..6} 11.2.{2..6} 11.4.{2..9} 11.5.2 11.6.2 11.7.2 11.8.{2..5} 12.0.2 12.1.2 | -jammy -noble",
        facts="mariadb", aliases={"lts": "11.8"}, base="ubuntu:noble", entrypoint=_SH, command=("mariadbd",), ports=(3306,), size_mb=120,
        own="mariadbd mysqld mariadb mysql mariadb-admin docker-entrypoint.sh gosu healthcheck.sh",
    ),
    "postgres": Entry(
        tags="latest alpine bookworm trixie bullseye alpine3.20 alpine3.21 alpine3.22 9.{0..6} 9.6.{0..24} 10.{0..23} 11.{0..22}"
        " 12.{0..22} 13.{0..23} 14.{0..20} 15.{0..15}"
        " 16.{0..11} 17.{0..7} 18.{0..1} | -alpine -bookworm -trixie -bullseye -alpine3.20 -alpine3.21 -alpine3.22",
        facts="postgres", entrypoint=_SH, command=("postgres",), ports=(5432,), size_mb=150,
        own="postgres psql pg_isready pg_dump docker-entrypoint.sh gosu", stop_signal=_SIGINT,
    ),
    "mongo": Entry(
        tags="latest noble jammy 3.6.{0..23} 4.0.{0..28} 4.2.{0..24} 4.4.{0..29} 5.0.{0..31} 6.0.{0..26} 7.0.{0..25} 8.0.{0..15}"
        " 8.2.{0..1}"
        " | -jammy -noble -focal",
        facts="mongo", base="ubuntu:noble", entrypoint=_SH, command=("mongod",), ports=(27017,), size_mb=300,
        own="mongod mongos mongosh mongo docker-entrypoint.sh gosu",
    ),
    "rabbitmq": Entry(
        tags="latest alpine management management-alpine 3.7.{0..28} 3.8.{0..34} 3.9.{0..29} 3.10.{0..25} 3.11.{0..28} 3.12.{0..14}"
        " 3.13.{0..7} 4.0.{0..9} 4.1.{0..6} 4.2.{0..1} | -alpine -management -management-alpine",
        facts="rabbitmq", base="ubuntu:24.04", entrypoint=_SH, command=("rabbitmq-server",), ports=(5672,), size_mb=100,
        own="rabbitmq-server rabbitmqctl rabbitmq-diagnostics docker-entrypoint.sh",
    ),
    "python": Entry(
        tags="latest slim alpine bookworm slim-bookworm trixie slim-trixie bullseye slim-bullseye alpine3.21 alpine3.22 2.7.{7..18}"
        " 3.4.{0..10} 3.5.{0..10} 3.6.{0..15} 3.7.{0..17}"
        " 3.8.{0..20} 3.9.{0..25} 3.10.{0..19} 3.11.{0..14} 3.12.{0..12} 3.13.{0..11} 3.14.{0..2}"
        " | -slim -alpine -bookworm -slim-bookworm -trixie -slim-trixie -bullseye -slim-bullseye -slim-buster -buster"
        " -alpine3.18 -alpine3.19 -alpine3.20 -alpine3.21 -alpine3.22",
        facts="python", base="buildpack-deps:bookworm", command=("python3",), is_server=False, size_mb=380,
        own="python python3 pip pip3 idle pydoc",
    ),
    "node": Entry(
        tags="latest lts current slim alpine lts-slim lts-alpine current-alpine current-slim bookworm bookworm-slim trixie"
        " trixie-slim bullseye"
        " bullseye-slim lts-bookworm lts-bookworm-slim lts-trixie lts-trixie-slim lts-bullseye lts-bullseye-slim current-bookworm"
        " current-trixie"
        " alpine3.21 alpine3.22 lts-alpine3.22 8.{0..17} 10.{0..24} 12.{0..22} 14.{0..21}"
        " 16.{0..20} 18.{0..20} 20.{0..19} 21.{0..7} 22.{0..21} 23.{0..11} 24.{0..11} 25.{0..2}"
        " | -slim -alpine -bookworm -bookworm-slim -bullseye -bullseye-slim -trixie -alpine3.18 -alpine3.19 -alpine3.20"
        " -alpine3.21 -alpine3.22",
        facts="node", aliases={"lts": "24"}, base="buildpack-deps:bookworm", entrypoint=_SH, command=("node",), is_server=False,
        size_mb=395,
        own="node npm npx yarn yarnpkg corepack docker-entrypoint.sh",
    ),
    "golang": Entry(
        tags="latest alpine bookworm trixie bullseye alpine3.21 alpine3.22 1.{3..25} 1.19.{0..13} 1.20.{0..14} 1.21.{0..13}"
        " 1.22.{0..12} 1.23.{0..12} 1.24.{0..10} 1.25.{0..4}"
        " | -alpine -bookworm -bullseye -trixie",
        facts="golang", base="buildpack-deps:bookworm-scm", command=("bash",), is_server=False, workdir="/go", size_mb=300, own="go gofmt",
    ),
    "busybox": Entry(
        tags="latest stable glibc musl uclibc stable-glibc stable-musl 1.{24..37} 1.26.2 1.27.{0..2} 1.28.{0..4} 1.29.{0..3} 1.30.{0..1}"
        " 1.31.{0..1} 1.32.{0..1} 1.33.{0..1} 1.34.{0..1} 1.35.0 1.36.{0..1} 1.37.0 | -glibc -musl -uclibc",
        base="busybox", command=("sh",), is_server=False, size_mb=2.22,
    ),
    "alpine": Entry(
        tags="latest edge 2.6 2.7 3.{1..23} 3.12.{0..12} 3.13.{0..12} 3.14.{0..10} 3.15.{0..11} 3.16.{0..9} 3.17.{0..10} 3.18.{0..12}"
        " 3.19.{0..9} 3.20.{0..8} 3.21.{0..5} 3.22.{0..2} 3.23.0",
        base="alpine:{}", command=("/bin/sh",), is_server=False, size_mb=3.8,
    ),
    "ubuntu": Entry(
        tags="latest rolling devel trusty xenial bionic focal jammy noble plucky questing 14.04 16.04 18.04 20.04 22.04 23.04 23.10"
        " 24.04 24.10 25.04 25.10",
        base="ubuntu:{}", command=("/bin/bash",), is_server=False, size_mb=29.7,
    ),
    "debian": Entry(
        tags="latest stable oldstable testing unstable sid trixie bookworm bullseye buster stretch stable-slim oldstable-slim"
        " testing-slim unstable-slim"
        " sid-slim trixie-slim bookworm-slim bullseye-slim buster-slim stretch-slim 9.{0..13} 10.{0..13} 11.{0..11}"
        " 12.{0..12} 13.{0..2} | -slim",
        base="debian:{}", command=("bash",), is_server=False, size_mb=49.3,
    ),
    "centos": Entry(base="oraclelinux:8", command=("/bin/bash",), is_server=False, size_mb=83, own="yum dnf"),
    "fedora": Entry(base="oraclelinux:9", command=("/bin/bash",), is_server=False, size_mb=64, own="dnf"),
    "rockylinux": Entry(base="oraclelinux:9", command=("/bin/bash",), is_server=False, size_mb=70, own="dnf"),
    "amazonlinux": Entry(base="oraclelinux:9", command=("/bin/bash",), is_server=False, size_mb=53, own="dnf"),
    "perl": Entry(
        tags="latest slim stable stable-slim bookworm trixie slim-bookworm slim-trixie 5 5.{34..42} 5.34.{0..3} 5.36.{0..3}"
        " 5.38.{0..5} 5.40.{0..3} 5.42.0 | -slim -bookworm -trixie",
        base="buildpack-deps:trixie", command=("perl5", "-de0"), is_server=False, workdir="/usr/src/app", size_mb=340,
        own="perl perl5 cpan cpanm",
        environment={"PERL_VERSION": "{}"},
    ),
    "php": Entry(base="debian:trixie", command=("php", "-a"), is_server=False, size_mb=180, own="php"),
    "ruby": Entry(base="buildpack-deps:trixie", command=("irb",), is_server=False, size_mb=370, own="ruby irb gem bundle"),
    "openjdk": Entry(base="oraclelinux:8", command=("jshell",), is_server=False, size_mb=230, own="java javac jshell"),
    "eclipse-temurin": Entry(base="ubuntu:noble", command=("jshell",), is_server=False, size_mb=210, own="java javac jshell"),
    "bash": Entry(base="alpine:3.22", entrypoint=_SH, command=("bash",), is_server=False, size_mb=6, own="bash docker-entrypoint.sh"),
    "docker": Entry(
        base="alpine:3.22", entrypoint=("docker-entrypoint.sh",), command=("sh",), is_server=False, size_mb=130,
        own="docker docker-entrypoint.sh",
    ),
    "buildpack-deps": Entry(base="buildpack-deps:trixie", command=("bash",), is_server=False, size_mb=330),
    "hello-world": Entry(tags="latest linux", base="scratch", command=("/hello",), is_server=False, size_mb=0.0034),
    "haproxy": Entry(
        base="debian:trixie-slim", entrypoint=_SH, command=("haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"), uid=99, gid=99,
        size_mb=44,
        own="haproxy docker-entrypoint.sh", stop_signal=10,
    ),
    "traefik": Entry(base="alpine:3.22", entrypoint=("/entrypoint.sh",), command=("traefik",), ports=(80,), size_mb=48, own="traefik"),
    "wordpress": Entry(
        base="debian:trixie-slim", entrypoint=_SH, command=("apache2-foreground",), ports=(80,), workdir="/var/www/html", size_mb=240,
        own="apache2-foreground docker-entrypoint.sh php curl", stop_signal=_SIGWINCH,
        environment={"APACHE_CONFDIR": "/etc/apache2", "APACHE_ENVVARS": "/etc/apache2/envvars", "PHP_INI_DIR": "/usr/local/etc/php"},
    ),
    "tomcat": Entry(
        base="ubuntu:noble", command=("catalina.sh", "run"), ports=(8080,), workdir="/usr/local/tomcat", size_mb=170,
        own="catalina.sh java",
        environment={"CATALINA_HOME": "/usr/local/tomcat", "JAVA_HOME": "/opt/java/openjdk", "LANG": "en_US.UTF-8"},
    ),
    "registry": Entry(
        base="alpine:3.22", entrypoint=("/entrypoint.sh",), command=("/etc/distribution/config.yml",), ports=(5000,), size_mb=18,
        own="registry",
    ),
    "ghost": Entry(
        base="debian:bookworm-slim", entrypoint=_SH, command=("node", "current/index.js"), ports=(2368,), size_mb=190,
        own="node docker-entrypoint.sh",
    ),
    "consul": Entry(
        base="alpine:3.22", entrypoint=_SH, command=("agent", "-dev"), ports=(8500,), size_mb=50, own="consul docker-entrypoint.sh",
    ),
    "vault": Entry(
        base="alpine:3.22", entrypoint=_SH, command=("server", "-dev"), ports=(8200,), size_mb=80, own="vault docker-entrypoint.sh",
    ),
    "cassandra": Entry(
        base="ubuntu:jammy", entrypoint=_SH, command=("cassandra", "-f"), ports=(9042,), size_mb=160,
        own="cassandra nodetool docker-entrypoint.sh",
    ),
    "elasticsearch": Entry(base="ubuntu:noble", command=("eswrapper",), ports=(9200, 9300), uid=1000, size_mb=600, own="eswrapper"),
    "zookeeper": Entry(
        base="ubuntu:noble", entrypoint=("/docker-entrypoint.sh",), command=("zkServer.sh", "start-foreground"), ports=(2181,),
        size_mb=110, own="zkServer.sh",
    ),
    "nextcloud": Entry(
        base="debian:trixie-slim", entrypoint=("/entrypoint.sh",), command=("apache2-foreground",), ports=(80,), size_mb=400,
        own="apache2-foreground",
    ),
    "caddy": Entry(
        base="alpine:3.22", command=("caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"), ports=(80,),
        workdir="/srv", size_mb=20,
        own="caddy", environment={"XDG_CONFIG_HOME": "/config", "XDG_DATA_HOME": "/data"},
    ),
}  # fmt: skip
"""By name under docker.io/library/."""
