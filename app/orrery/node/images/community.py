"""Images of Kubernetes' own documents, tests and examples, of other people's tutorials, and of the lesson. As data, see `library.py`."""

from typing import Final

from orrery.node.images.entry import Entry

_NGINX: Final = ("nginx", "-g", "daemon off;")
_AGNHOST: Final = Entry(
    tags="2.{0..59} latest", base="alpine:3.21", entrypoint=("/agnhost",), command=("pause",), size_mb=52,
    own="agnhost curl dig host nslookup nc ip ss iperf bash",
)  # fmt: skip
_BUSYBOX: Final = Entry(base="busybox", command=("sh",), is_server=False, size_mb=1.13)
_FRONTEND: Final = Entry(
    base="debian:bookworm-slim", command=("apache2-foreground",), ports=(80,), size_mb=190, own="apache2-foreground php", stop_signal=28
)
_FOLLOWER: Final = Entry(base="debian:bookworm-slim", command=("/run.sh",), ports=(6379,), size_mb=35, own="redis-server redis-cli")
_HELLO: Final = Entry(tags="1.0 2.0", base="scratch", command=("/hello-app",), ports=(8080,), size_mb=13)
_BOOTCAMP: Final = Entry(
    tags="v1 v2 latest", base="debian:bookworm-slim", command=("/bin/sh", "-c", "node server.js"), ports=(8080,), size_mb=80,
    own="node npm curl", environment={"NPM_CONFIG_LOGLEVEL": "info", "NODE_VERSION": "6.3.1"},
)  # fmt: skip
_SIMPLE: Final = Entry(
    tags="latest 0.4.0 0.5.0", base="buildpack-deps:bookworm", command=("python", "./simple-service.py"), ports=(9876,),
    workdir="/usr/src/app", size_mb=260, own="python curl",
)  # fmt: skip
_PODINFO: Final = Entry(
    tags="latest 3.{0..3}.{0..5} 4.0.{0..6} 5.0.{0..3} 5.1.{0..4} 5.2.{0..1} 6.{0..9}.{0..4}", base="alpine:3.22", command=("./podinfo",),
    ports=(9898,), uid=100, gid=101, workdir="/home/app", size_mb=25, own="podinfo curl podcli",
)  # fmt: skip

COMMUNITY: Final[dict[str, Entry]] = {
    # Kubernetes' documents, examples and tests.
    "registry.k8s.io/pause": Entry(
        tags="latest 3.{0..10} 3.10.1", base="scratch", entrypoint=("/pause",), uid=65535, gid=65535, size_mb=0.32,
    ),
    "registry.k8s.io/e2e-test-images/agnhost": _AGNHOST,
    "registry.k8s.io/e2e-test-images/busybox": _BUSYBOX,
    "registry.k8s.io/e2e-test-images/nginx": Entry(
        base="alpine:3.22", facts="", entrypoint=("/docker-entrypoint.sh",), command=_NGINX, ports=(80,), size_mb=7, own="nginx",
        stop_signal=3,
    ),
    "registry.k8s.io/e2e-test-images/httpd": Entry(
        base="alpine:3.22", command=("httpd-foreground",), ports=(80,), workdir="/usr/local/apache2", size_mb=20,
        own="httpd httpd-foreground", stop_signal=28,
    ),
    "registry.k8s.io/e2e-test-images/nonewprivs": Entry(base="alpine:3.22", entrypoint=("/nnp",), is_server=False, size_mb=2),
    "registry.k8s.io/e2e-test-images/jessie-dnsutils": Entry(
        base="debian:bookworm-slim", command=("sleep", "infinity"), size_mb=40, own="dig nslookup host nc",
    ),
    "registry.k8s.io/e2e-test-images/perl": Entry(base="debian:bookworm", command=("perl",), is_server=False, size_mb=300, own="perl"),
    "registry.k8s.io/nginx-slim": Entry(
        tags="0.{1..27} latest", base="debian:bookworm-slim", command=_NGINX, ports=(80,), size_mb=40, own="nginx curl", stop_signal=3,
    ),
    "registry.k8s.io/busybox": Entry(tags="latest 1.24 1.27 1.27.2", base="busybox", command=("sh",), is_server=False, size_mb=1.13),
    "registry.k8s.io/hpa-example": Entry(
        base="debian:bookworm-slim", command=("apache2-foreground",), ports=(80,), size_mb=180, own="apache2-foreground php",
        stop_signal=28,
    ),
    "registry.k8s.io/echoserver": Entry(
        tags="1.{0..10} latest", base="ubuntu:jammy", command=("/usr/local/bin/run.sh",), ports=(8080,), size_mb=45, own="nginx",
    ),
    "registry.k8s.io/redis": Entry(
        base="debian:bookworm-slim", command=("/run.sh",), ports=(6379,), size_mb=150, own="redis-server redis-cli",
    ),
    "registry.k8s.io/serve_hostname": Entry(base="scratch", entrypoint=("/serve_hostname",), ports=(9376,), size_mb=3),
    "registry.k8s.io/liveness": Entry(base="scratch", entrypoint=("/server",), ports=(8080,), size_mb=3),
    "registry.k8s.io/goproxy": Entry(base="scratch", entrypoint=("/goproxy",), ports=(8080,), size_mb=3),
    "gcr.io/google-samples/gb-frontend": _FRONTEND,
    "gcr.io/google-samples/gb-redis-follower": _FOLLOWER,
    "gcr.io/google-samples/gb-redisslave": _FOLLOWER,
    "us-docker.pkg.dev/google-samples/containers/gke/gb-frontend": _FRONTEND,
    "us-docker.pkg.dev/google-samples/containers/gke/gb-redis-follower": _FOLLOWER,
    "gcr.io/google-samples/hello-app": _HELLO,
    "us-docker.pkg.dev/google-samples/containers/gke/hello-app": _HELLO,
    "gcr.io/google-samples/node-hello": Entry(
        tags="1.0", base="debian:bookworm-slim", command=("/bin/sh", "-c", "node server.js"), ports=(8080,), size_mb=240, own="node npm",
    ),
    "gcr.io/google-samples/hello-go-gke": Entry(tags="1.0", base="alpine:3.22", command=("/hello-go-gke",), ports=(80,), size_mb=7),
    "docker.io/luksa/kubia": Entry(
        tags="latest v1 v2", aliases={"latest": "0"}, base="buildpack-deps:bookworm", entrypoint=("node", "app.js"), ports=(8080,),
        size_mb=250, own="node",
    ),
    "gcr.io/kuar-demo/kuard-amd64": Entry(
        tags="blue green purple 1 2 3 v0.10.0-blue v0.10.0-green v0.10.0-purple", base="alpine:3.22", command=("/kuard",), ports=(8080,),
        size_mb=11,
    ),
    "quay.io/openshiftlabs/simpleservice": _SIMPLE,
    "docker.io/mhausenblas/simpleservice": _SIMPLE,
    "gcr.io/google-samples/kubernetes-bootcamp": _BOOTCAMP,
    "docker.io/jocatalin/kubernetes-bootcamp": _BOOTCAMP,
    # What tutorials, charts and tests take.
    "docker.io/hashicorp/http-echo": Entry(base="scratch", entrypoint=("/http-echo",), ports=(5678,), uid=65532, gid=65532, size_mb=3),
    "docker.io/traefik/whoami": Entry(base="scratch", entrypoint=("/whoami",), ports=(80,), size_mb=3),
    "docker.io/containous/whoami": Entry(base="scratch", entrypoint=("/whoami",), ports=(80,), size_mb=3),
    "docker.io/nginxinc/nginx-unprivileged": Entry(
        facts="nginx",
        tags="latest stable mainline alpine stable-alpine mainline-alpine alpine-slim 1.{18..29} 1.25.{0..5}"
        " 1.26.{0..3} 1.27.{0..5} 1.28.{0..1} 1.29.{0..4} | -alpine -alpine-slim",
        aliases={"stable": "1.28"}, entrypoint=("/docker-entrypoint.sh",), command=_NGINX, ports=(8080,), uid=101, gid=101, size_mb=62,
        own="nginx curl envsubst", stop_signal=3,
    ),
    "docker.io/nginxdemos/hello": Entry(
        base="alpine:3.22", entrypoint=("/docker-entrypoint.sh",), command=_NGINX, ports=(80,), size_mb=18, own="nginx", stop_signal=3,
    ),
    "docker.io/kennethreitz/httpbin": Entry(
        tags="latest", base="ubuntu:bionic", command=("gunicorn", "-b", "0.0.0.0:80", "httpbin:app", "-k", "gevent"), ports=(80,),
        size_mb=200,
        own="gunicorn python3", environment={"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"},
    ),
    "docker.io/mccutchen/go-httpbin": Entry(base="scratch", command=("/bin/go-httpbin",), ports=(8080,), uid=65532, gid=65532, size_mb=6),
    "docker.io/curlimages/curl": Entry(
        base="alpine:3.22", entrypoint=("/entrypoint.sh",), command=("curl",), is_server=False, uid=100, gid=101,
        workdir="/home/curl_user", size_mb=9, own="curl",
    ),
    "quay.io/curl/curl": Entry(
        base="alpine:3.22", entrypoint=("/entrypoint.sh",), command=("curl",), is_server=False, uid=100, gid=101,
        workdir="/home/curl_user", size_mb=9, own="curl",
    ),
    "docker.io/alpine/git": Entry(
        base="alpine:3.22", entrypoint=("git",), command=("--help",), is_server=False, workdir="/git", size_mb=26, own="git",
    ),
    "docker.io/nicolaka/netshoot": Entry(
        base="alpine:3.22", command=("zsh",), is_server=False, workdir="/root", size_mb=205,
        own="zsh bash curl dig host nslookup nc ncat tcpdump iperf openssl git vim ss ping traceroute",
    ),
    "docker.io/jmalloc/echo-server": Entry(base="scratch", entrypoint=("/bin/echo-server",), ports=(8080,), size_mb=4),
    "docker.io/ealen/echo-server": Entry(base="alpine:3.22", command=("node", "server.js"), ports=(80,), size_mb=50, own="node"),
    "docker.io/polinux/stress": Entry(base="alpine:3.22", command=("stress",), is_server=False, size_mb=4, own="stress bash"),
    "docker.io/vish/stress": Entry(base="scratch", entrypoint=("/stress",), size_mb=2),
    "docker.io/docker/getting-started": Entry(
        base="alpine:3.18", entrypoint=("/docker-entrypoint.sh",), command=_NGINX, ports=(80,), size_mb=18, own="nginx", stop_signal=3,
    ),
    "docker.io/alpine/socat": Entry(base="alpine:3.22", entrypoint=("socat",), size_mb=4, own="socat"),
    "docker.io/stefanprodan/podinfo": _PODINFO,
    "ghcr.io/stefanprodan/podinfo": _PODINFO,
    "docker.io/paulbouwer/hello-kubernetes": Entry(base="alpine:3.18", command=("npm", "start"), ports=(8080,), size_mb=40, own="node npm"),
    "docker.io/bitnami/kubectl": Entry(
        base="debian:bookworm-slim", entrypoint=("kubectl",), is_server=False, uid=1001, size_mb=100, own="kubectl",
    ),
    "docker.io/rancher/kubectl": Entry(base="scratch", entrypoint=("/bin/kubectl",), is_server=False, uid=1000, size_mb=20),
    "docker.io/kodekloud/webapp-color": Entry(
        base="alpine:3.18", entrypoint=("python", "app.py"), ports=(8080,), workdir="/opt", size_mb=30, own="bash python python3 pip flask",
    ),
}  # fmt: skip

_WEBAPP: Final = COMMUNITY["docker.io/kodekloud/webapp-color"]
_SLEEPER: Final = Entry(base="ubuntu:noble", entrypoint=("sleep",), command=("5",), is_server=False, size_mb=29.7)
_AGENT: Final = Entry(base="alpine:3.22", entrypoint=("/run.sh",), size_mb=12, own="log-agent")

LESSON: Final[dict[str, Entry]] = {
    "docker.io/library/ubuntu-sleeper": _SLEEPER,
    "docker.io/kodekloud/ubuntu-sleeper": _SLEEPER,
    "docker.io/library/simple-webapp": _WEBAPP,
    "docker.io/library/simple-webapp-color": _WEBAPP,
    "docker.io/library/simple-webapp-mysql": _WEBAPP,
    "docker.io/kodekloud/simple-webapp": _WEBAPP,
    "docker.io/library/log-agent": _AGENT,
    "docker.io/library/my-app": _AGENT,
    "docker.io/library/some-image": _AGENT,
}
"""Images the lesson uses that no public registry has."""
