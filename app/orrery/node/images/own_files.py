"""The files an image brings beside its distribution's: a web server's first page and settings, where the real ones stand."""

from collections.abc import Mapping
from typing import Final

from orrery.node.images.image import Image

_NGINX_PAGE: Final = """<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page is served by the simulated nginx of an Orrery container. It works, and
its own content goes where this file is.</p>

<p>Documentation: <a href="http://nginx.org/">nginx.org</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
"""
_NGINX_ERROR: Final = (
    "<!DOCTYPE html>\n<html>\n<head>\n<title>Error</title>\n</head>\n<body>\n<h1>An error occurred.</h1>\n</body>\n</html>\n"
)
_NGINX_CONF: Final = """
user  nginx;
worker_processes  auto;

error_log  /var/log/nginx/error.log notice;
pid        /run/nginx.pid;

events {
    worker_connections  1024;
}

http {
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;

    log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                      '$status $body_bytes_sent "$http_referer" '
                      '"$http_user_agent" "$http_x_forwarded_for"';

    access_log  /var/log/nginx/access.log  main;

    sendfile        on;
    keepalive_timeout  65;

    include /etc/nginx/conf.d/*.conf;
}
"""
_NGINX_SITE: Final = """server {
    listen       80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }

    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   /usr/share/nginx/html;
    }
}
"""
_NGINX: Final = {
    "/usr/share/nginx/html/index.html": _NGINX_PAGE,
    "/usr/share/nginx/html/50x.html": _NGINX_ERROR,
    "/etc/nginx/nginx.conf": _NGINX_CONF,
    "/etc/nginx/conf.d/default.conf": _NGINX_SITE,
}
_NGINX_SCRIPTS: Final = (
    "10-listen-on-ipv6-by-default.sh",
    "15-local-resolvers.envsh",
    "20-envsubst-on-templates.sh",
    "30-tune-worker-processes.sh",
)
_HTTPD: Final = {"/usr/local/apache2/htdocs/index.html": "<html><body><h1>It works!</h1></body></html>\n"}

_NGINX_NAMES: Final = ("nginx", "nginx-slim", "nginx-unprivileged", "getting-started", "hello")
_NGINX_LINKS: Final = {"/var/log/nginx/access.log": "/dev/stdout", "/var/log/nginx/error.log": "/dev/stderr"}
_LINKS: Final[Mapping[str, Mapping[str, str]]] = dict.fromkeys(_NGINX_NAMES, _NGINX_LINKS)
_STARTED: Final = """<!DOCTYPE html>
<html>
<head><title>Getting Started</title></head>
<body>
<h1>Getting Started</h1>
<p>The tutorial of docker/getting-started would be here: this is the simulated image.</p>
</body>
</html>
"""
_GREETING: Final = """<!DOCTYPE html>
<html>
<head><title>Hello World</title></head>
<body>
<div class="info">
<p><span>Server&nbsp;address:</span> <span>$server_addr</span></p>
<p><span>Server&nbsp;name:</span> <span>$hostname</span></p>
<p><span>URI:</span> <span>$request_uri</span></p>
</div>
</body>
</html>
"""
_WEBAPP: Final = {
    "/opt/app.py": """\"\"\"A page in the colour of APP_COLOR.\"\"\"

import os
import socket

from flask import Flask, render_template

app = Flask(__name__)
color = os.environ.get("APP_COLOR") or "red"


@app.route("/")
def main():
    return render_template("hello.html", name=socket.gethostname(), color=color)


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8080)
""",
    "/opt/requirements.txt": "flask\n",
}
_BOOTCAMP: Final = {
    "/server.js": """const http = require("http");
const os = require("os");

let requests = 0;
http.createServer((request, response) => {
  requests += 1;
  response.end(`Hello Kubernetes bootcamp! | Running on: ${os.hostname()} | v=1\\n`);
}).listen(8080);
"""
}
_FILES: Final[Mapping[str, Mapping[str, str]]] = {
    **dict.fromkeys(("webapp-color", "simple-webapp", "simple-webapp-color", "simple-webapp-mysql"), _WEBAPP),
    "kubernetes-bootcamp": _BOOTCAMP,
    "nginx": _NGINX,
    "nginx-slim": _NGINX,
    "nginx-unprivileged": {**_NGINX, "/etc/nginx/conf.d/default.conf": _NGINX_SITE.replace("      80;", "      8080;")},
    "getting-started": {**_NGINX, "/usr/share/nginx/html/index.html": _STARTED},
    "hello": {**_NGINX, "/usr/share/nginx/html/index.html": _GREETING},
    "httpd": _HTTPD,
}


def own_links(repository: str) -> Mapping[str, str]:
    """Path and target of the links of an image: servers that write their log to a file let it lead to the container's own."""
    return _LINKS.get(repository.rpartition("/")[2], {})


def own_scripts(image: Image) -> Mapping[str, str]:
    """Executable files of an image. The entry point of nginx does what its scripts stand for."""
    if image.entrypoint[:1] != ("/docker-entrypoint.sh",) or "nginx" not in image.own:
        return {}
    return {f"/docker-entrypoint.d/{name}": f"#!/bin/sh\n# /docker-entrypoint.sh does what {name} is for.\n" for name in _NGINX_SCRIPTS}


def own_files(image: Image) -> Mapping[str, str]:
    """Path and text of the files of an image, by its repository."""
    return _FILES.get(image.repository.rpartition("/")[2], {})
