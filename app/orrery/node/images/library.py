"""The images Orrery knows, as data. Tags follow the registries as of Kubernetes 1.35's time; sizes are compressed sizes on amd64.

Only the tags, commands, ports, users and sizes are listed: what runs inside comes from the container runtime.
"""

from typing import Any, Final

COREUTILS: Final = """
[ arch awk base32 base64 basename bash cat chgrp chmod chown chroot cksum clear cmp comm cp csplit cut date dd df diff dir dirname
du echo egrep env expand expr factor false fgrep find flock fmt fold free getconf getent grep groups gunzip gzip head hostname id
install ionice join kill link ln login logname ls md5sum mkdir mkfifo mknod mktemp more mount mountpoint mv nice nl nohup nproc od
paste pgrep pidof pinky pkill pr printenv printf ps ptx pwd readlink realpath renice rev rm rmdir run-parts script sed seq setsid sh
sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty su sum sync tac tail tar tee test
timeout top touch tr true truncate tsort tty uname unexpand uniq unlink uptime users vdir vmstat watch wc whereis which who whoami
xargs yes zcat
"""
DEBIAN: Final = COREUTILS + " apt apt-get apt-cache dpkg perl dash adduser useradd groupadd"
BUSYBOX: Final = (
    COREUTILS.replace(" bash ", " ").replace(" dir ", " ")
    + " ash busybox wget nc nslookup ping ping6 traceroute telnet httpd vi less crond"
    " ip ifconfig route netstat arp tree hexdump xxd sendmail"
)
ALPINE: Final = BUSYBOX.replace(" httpd ", " ") + " apk ldd"
NO_SHELL: Final = "-"
"""Stands for an image with nothing but its own program."""

_MB: Final = 1_000_000
_MONGO_TAGS: Final = "latest 3.6.{0..23} 4.0.{0..28} 4.2.{0..24} 4.4.{0..29} 5.0.{0..31} 6.0.{0..26} 7.0.{0..25} 8.0.{0..15} 8.2.{0..1}"

LIBRARY: Final[dict[str, dict[str, Any]]] = {
    "nginx": {
        "tags": "latest stable mainline alpine stable-alpine mainline-alpine perl alpine-slim stable-perl 1.7.1 1.7.{5..12} 1.8.{0..1}"
        " 1.9.{0..15} 1.10.{0..3} 1.11.{0..13} 1.12.{0..2} 1.13.{0..12} 1.14.{0..2} 1.15.{0..12} 1.16.{0..1} 1.17.{0..10} 1.18.0"
        " 1.19.{0..10} 1.20.{0..2} 1.21.{0..6} 1.22.{0..1} 1.23.{0..4} 1.24.0 1.25.{0..5} 1.26.{0..3} 1.27.{0..5} 1.28.{0..1} 1.29.{0..4}"
        " | -alpine -perl -alpine-slim -bookworm",
        "entrypoint": ["/docker-entrypoint.sh"],
        "command": ["nginx", "-g", "daemon off;"],
        "ports": [80],
        "size_bytes": 62 * _MB,
        "programs": DEBIAN + " nginx curl docker-entrypoint.sh",
    },
    "httpd": {
        "tags": "latest alpine 2.2.{29..34} 2.4.{10..66} | -alpine -bookworm",
        "command": ["httpd-foreground"],
        "ports": [80],
        "workdir": "/usr/local/apache2",
        "size_bytes": 45 * _MB,
        "programs": DEBIAN + " httpd httpd-foreground apachectl",
        "stop_s": 1.1,
    },
    "redis": {
        "tags": "latest alpine bookworm 2.8.{6..23} 3.0.{0..7} 3.2.{0..12} 4.0.{0..14} 5.0.{0..14} 6.0.{0..20} 6.2.{0..20} 7.0.{0..15}"
        " 7.2.{0..11} 7.4.{0..6} 8.0.{0..5} 8.2.{0..3} 8.4.0 | -alpine -bookworm",
        "entrypoint": ["docker-entrypoint.sh"],
        "command": ["redis-server"],
        "ports": [6379],
        "workdir": "/data",
        "size_bytes": 49 * _MB,
        "programs": DEBIAN + " redis-server redis-cli redis-benchmark redis-sentinel docker-entrypoint.sh gosu",
    },
    "memcached": {
        "tags": "latest alpine 1.4.{20..39} 1.5.{0..22} 1.6.{0..39} | -alpine -bookworm",
        "entrypoint": ["docker-entrypoint.sh"],
        "command": ["memcached"],
        "ports": [11211],
        "uid": 11211,
        "gid": 11211,
        "size_bytes": 31 * _MB,
        "programs": DEBIAN + " memcached docker-entrypoint.sh",
    },
    "mysql": {
        "tags": "latest lts innovation oracle debian 5.5.{40..62} 5.6.{17..51} 5.7.{4..44} 8.0.{0..44} 8.1.0 8.2.0 8.3.0 8.4.{0..7}"
        " 9.0.{0..1}"
        " 9.1.0 9.2.0 9.3.0 9.4.0 9.5.0 | -debian -oracle",
        "entrypoint": ["docker-entrypoint.sh"],
        "command": ["mysqld"],
        "ports": [3306, 33060],
        "size_bytes": 230 * _MB,
        "programs": DEBIAN + " mysqld mysql mysqladmin mysqldump docker-entrypoint.sh gosu",
        "needs_one_of": ["MYSQL_ROOT_PASSWORD", "MYSQL_ALLOW_EMPTY_PASSWORD", "MYSQL_RANDOM_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD_FILE"],
        "stop_s": 1.4,
    },
    "mariadb": {
        "tags": "latest lts 5.5 10.0 10.1 10.2.{6..44} 10.3.{0..39} 10.4.{0..34} 10.5.{0..29} 10.6.{0..24} 10.11.{2..15} 11.0.{2..6}"
        " 11.1.{2..6}"
        " 11.2.{2..6} 11.4.{2..9} 11.5.2 11.6.2 11.7.2 11.8.{2..5} 12.0.2 12.1.2 | -jammy -noble",
        "entrypoint": ["docker-entrypoint.sh"],
        "command": ["mariadbd"],
        "ports": [3306],
        "size_bytes": 120 * _MB,
        "programs": DEBIAN + " mariadbd mysqld mariadb mysql mariadb-admin docker-entrypoint.sh gosu",
        "needs_one_of": [
            "MARIADB_ROOT_PASSWORD",
            "MYSQL_ROOT_PASSWORD",
            "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
            "MYSQL_ALLOW_EMPTY_PASSWORD",
            "MARIADB_RANDOM_ROOT_PASSWORD",
            "MYSQL_RANDOM_ROOT_PASSWORD",
            "MARIADB_ROOT_PASSWORD_HASH",
            "MARIADB_ROOT_PASSWORD_FILE",
            "MYSQL_ROOT_PASSWORD_FILE",
        ],
        "stop_s": 1.2,
    },
    "postgres": {
        "tags": "latest alpine bookworm trixie 9.{0..6} 9.6.{0..24} 10.{0..23} 11.{0..22} 12.{0..22} 13.{0..23} 14.{0..20} 15.{0..15}"
        " 16.{0..11}"
        " 17.{0..7} 18.{0..1} | -alpine -bookworm -trixie -bullseye",
        "entrypoint": ["docker-entrypoint.sh"],
        "command": ["postgres"],
        "ports": [5432],
        "size_bytes": 150 * _MB,
        "programs": DEBIAN + " postgres psql pg_isready pg_dump docker-entrypoint.sh gosu",
        "needs_one_of": ["POSTGRES_PASSWORD", "POSTGRES_HOST_AUTH_METHOD", "POSTGRES_PASSWORD_FILE"],
        "stop_s": 0.4,
    },
    "mongo": {
        "tags": _MONGO_TAGS + " | -jammy -noble -focal",
        "entrypoint": ["docker-entrypoint.sh"],
        "command": ["mongod"],
        "ports": [27017],
        "size_bytes": 300 * _MB,
        "programs": DEBIAN + " mongod mongosh mongo docker-entrypoint.sh gosu",
        "stop_s": 0.5,
    },
    "python": {
        "tags": "latest slim alpine 2.7.{7..18} 3.4.{0..10} 3.5.{0..10} 3.6.{0..15} 3.7.{0..17} 3.8.{0..20} 3.9.{0..25} 3.10.{0..19}"
        " 3.11.{0..14}"
        " 3.12.{0..12} 3.13.{0..11} 3.14.{0..2} | -slim -alpine -bookworm -slim-bookworm -trixie -slim-trixie -bullseye",
        "command": ["python3"],
        "is_server": False,
        "size_bytes": 380 * _MB,
        "programs": DEBIAN + " python python3 pip pip3 curl wget git gcc make idle pydoc",
    },
    "node": {
        "tags": "latest lts current slim alpine lts-slim lts-alpine 8.{0..17} 10.{0..24} 12.{0..22} 14.{0..21} 16.{0..20} 18.{0..20}"
        " 20.{0..19}"
        " 21.{0..7} 22.{0..21} 23.{0..11} 24.{0..11} 25.{0..2} | -slim -alpine -bookworm -bookworm-slim -bullseye",
        "entrypoint": ["docker-entrypoint.sh"],
        "command": ["node"],
        "is_server": False,
        "size_bytes": 395 * _MB,
        "programs": DEBIAN + " node npm npx yarn yarnpkg corepack curl wget git docker-entrypoint.sh",
    },
    "golang": {
        "tags": "latest alpine 1.{3..25} 1.19.{0..13} 1.20.{0..14} 1.21.{0..13} 1.22.{0..12} 1.23.{0..12} 1.24.{0..10} 1.25.{0..4}"
        " | -alpine -bookworm -bullseye",
        "command": ["bash"],
        "is_server": False,
        "workdir": "/go",
        "size_bytes": 300 * _MB,
        "programs": DEBIAN + " go gofmt git gcc make curl wget",
    },
    "busybox": {
        "tags": "latest stable glibc musl uclibc stable-glibc stable-musl 1.{24..37} 1.26.2 1.27.{0..2} 1.28.{0..4} 1.29.{0..3} 1.30.{0..1}"
        " 1.31.{0..1} 1.32.{0..1} 1.33.{0..1} 1.34.{0..1} 1.35.0 1.36.{0..1} 1.37.0 | -glibc -musl -uclibc",
        "command": ["sh"],
        "is_server": False,
        "size_bytes": 2_220_000,
        "programs": BUSYBOX,
    },
    "alpine": {
        "tags": "latest edge 2.6 2.7 3.{1..23} 3.12.{0..12} 3.13.{0..12} 3.14.{0..10} 3.15.{0..11} 3.16.{0..9} 3.17.{0..10} 3.18.{0..12}"
        " 3.19.{0..9} 3.20.{0..8} 3.21.{0..5} 3.22.{0..2} 3.23.0",
        "command": ["/bin/sh"],
        "is_server": False,
        "size_bytes": 3_800_000,
        "programs": ALPINE,
    },
    "ubuntu": {
        "tags": "latest rolling devel trusty xenial bionic focal jammy noble plucky questing 14.04 16.04 18.04 20.04 22.04 23.04 23.10"
        " 24.04 24.10"
        " 25.04 25.10",
        "command": ["/bin/bash"],
        "is_server": False,
        "size_bytes": 29_700_000,
        "programs": DEBIAN,
    },
    "debian": {
        "tags": "latest stable oldstable testing unstable sid trixie bookworm bullseye buster stretch 9.{0..13} 10.{0..13} 11.{0..11}"
        " 12.{0..12}"
        " 13.{0..2} | -slim",
        "command": ["bash"],
        "is_server": False,
        "size_bytes": 49_300_000,
        "programs": DEBIAN,
    },
    "centos": {"command": ["/bin/bash"], "is_server": False, "size_bytes": 83 * _MB, "programs": COREUTILS + " yum rpm curl"},
    "fedora": {"command": ["/bin/bash"], "is_server": False, "size_bytes": 64 * _MB, "programs": COREUTILS + " dnf rpm curl"},
    "perl": {"command": ["perl"], "is_server": False, "size_bytes": 340 * _MB, "programs": DEBIAN + " cpan curl wget git"},
    "hello-world": {
        "tags": "latest linux",
        "command": ["/hello"],
        "is_server": False,
        "size_bytes": 3_400,
        "programs": NO_SHELL,
    },
    "haproxy": {
        "entrypoint": ["docker-entrypoint.sh"],
        "command": ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"],
        "uid": 99,
        "gid": 99,
        "size_bytes": 44 * _MB,
    },
    "rabbitmq": {"entrypoint": ["docker-entrypoint.sh"], "command": ["rabbitmq-server"], "ports": [5672], "size_bytes": 100 * _MB},
    "traefik": {"entrypoint": ["/entrypoint.sh"], "command": ["traefik"], "ports": [80], "size_bytes": 48 * _MB},
    "wordpress": {
        "entrypoint": ["docker-entrypoint.sh"],
        "command": ["apache2-foreground"],
        "ports": [80],
        "workdir": "/var/www/html",
        "size_bytes": 240 * _MB,
    },
    "tomcat": {"command": ["catalina.sh", "run"], "ports": [8080], "size_bytes": 170 * _MB, "stop_code": 143},
    "registry": {"entrypoint": ["/entrypoint.sh"], "command": ["/etc/distribution/config.yml"], "ports": [5000], "size_bytes": 18 * _MB},
}
"""Docker's official images, by name under docker.io/library/."""

_SLEEPER: Final = {
    "entrypoint": ["sleep"],
    "command": ["5"],
    "is_server": False,
    "size_bytes": 29_700_000,
    "programs": DEBIAN,
}
_WEBAPP: Final = {
    "entrypoint": ["python", "app.py"],
    "ports": [8080],
    "workdir": "/opt",
    "size_bytes": 30 * _MB,
    "programs": BUSYBOX + " bash python python3 pip flask",
    "stop_s": 0.1,
    "stop_code": 143,
}
_AGENT: Final = {"entrypoint": ["/run.sh"], "size_bytes": 12 * _MB, "programs": "", "stop_s": 0.1}

LESSON: Final[dict[str, dict[str, Any]]] = {
    "docker.io/library/ubuntu-sleeper": _SLEEPER,
    "docker.io/kodekloud/ubuntu-sleeper": _SLEEPER,
    "docker.io/library/simple-webapp": _WEBAPP,
    "docker.io/library/simple-webapp-color": _WEBAPP,
    "docker.io/library/simple-webapp-mysql": _WEBAPP,
    "docker.io/kodekloud/webapp-color": _WEBAPP,
    "docker.io/kodekloud/simple-webapp": _WEBAPP,
    "docker.io/library/log-agent": _AGENT,
    "docker.io/library/my-app": _AGENT,
    "docker.io/library/some-image": _AGENT,
}
"""Images the lesson uses that no public registry has."""

KUBERNETES: Final[dict[str, dict[str, Any]]] = {
    "registry.k8s.io/pause": {
        "tags": "latest 3.{0..10} 3.10.1",
        "entrypoint": ["/pause"],
        "uid": 65535,
        "gid": 65535,
        "size_bytes": 320_448,
        "programs": NO_SHELL,
    },
    "registry.k8s.io/e2e-test-images/agnhost": {
        "entrypoint": ["/agnhost"],
        "command": ["pause"],
        "size_bytes": 52 * _MB,
        "programs": ALPINE + " agnhost curl dig iperf",
    },
    "registry.k8s.io/e2e-test-images/nginx": {
        "entrypoint": ["/docker-entrypoint.sh"],
        "command": ["nginx", "-g", "daemon off;"],
        "ports": [80],
        "size_bytes": 7 * _MB,
        "programs": ALPINE + " nginx",
    },
    "registry.k8s.io/e2e-test-images/busybox": {"command": ["sh"], "is_server": False, "size_bytes": 730_000, "programs": BUSYBOX},
    "registry.k8s.io/nginx-slim": {
        "command": ["nginx", "-g", "daemon off;"],
        "ports": [80],
        "size_bytes": 40 * _MB,
        "programs": DEBIAN + " nginx",
    },
    "registry.k8s.io/busybox": {"command": ["sh"], "is_server": False, "size_bytes": 1_130_000, "programs": BUSYBOX},
    "registry.k8s.io/hpa-example": {"command": ["apache2-foreground"], "ports": [80], "size_bytes": 180 * _MB},
    "registry.k8s.io/echoserver": {"command": ["nginx", "-g", "daemon off;"], "ports": [8080], "size_bytes": 45 * _MB},
    "registry.k8s.io/redis": {"command": ["/run.sh"], "ports": [6379], "size_bytes": 150 * _MB},
    "gcr.io/google-samples/gb-frontend": {"command": ["apache2-foreground"], "ports": [80], "size_bytes": 190 * _MB},
    "gcr.io/google-samples/gb-redis-follower": {"command": ["/run.sh"], "ports": [6379], "size_bytes": 35 * _MB},
    "us-docker.pkg.dev/google-samples/containers/gke/gb-frontend": {
        "command": ["apache2-foreground"],
        "ports": [80],
        "size_bytes": 190 * _MB,
    },
    "gcr.io/google-samples/hello-app": {
        "tags": "1.0 2.0",
        "entrypoint": ["/hello-app"],
        "ports": [8080],
        "size_bytes": 13 * _MB,
        "programs": NO_SHELL,
        "stop_code": 2,
    },
    "gcr.io/google-samples/node-hello": {"tags": "1.0", "command": ["node", "server.js"], "ports": [8080], "size_bytes": 240 * _MB},
    "gcr.io/google-samples/kubernetes-bootcamp": {
        "tags": "v1 v2",
        "command": ["node", "server.js"],
        "ports": [8080],
        "size_bytes": 80 * _MB,
    },
    "docker.io/jocatalin/kubernetes-bootcamp": {
        "tags": "v1 v2 latest",
        "command": ["node", "server.js"],
        "ports": [8080],
        "size_bytes": 80 * _MB,
    },
    "docker.io/hashicorp/http-echo": {
        "entrypoint": ["/http-echo"],
        "ports": [5678],
        "uid": 65532,
        "gid": 65532,
        "size_bytes": 3 * _MB,
        "programs": NO_SHELL,
    },
    "docker.io/traefik/whoami": {"entrypoint": ["/whoami"], "ports": [80], "size_bytes": 3 * _MB, "programs": NO_SHELL, "stop_code": 2},
    "docker.io/nginxinc/nginx-unprivileged": {
        "entrypoint": ["/docker-entrypoint.sh"],
        "command": ["nginx", "-g", "daemon off;"],
        "ports": [8080],
        "uid": 101,
        "gid": 101,
        "size_bytes": 62 * _MB,
        "programs": DEBIAN + " nginx curl",
    },
    "docker.io/nginxdemos/hello": {"command": ["nginx", "-g", "daemon off;"], "ports": [80], "size_bytes": 18 * _MB},
    "docker.io/bitnami/kubectl": {"entrypoint": ["kubectl"], "is_server": False, "uid": 1001, "size_bytes": 100 * _MB},
    "docker.io/curlimages/curl": {"entrypoint": ["/entrypoint.sh"], "command": ["curl"], "is_server": False, "uid": 100, "gid": 101},
}
"""Images of Kubernetes' own documents and examples."""
