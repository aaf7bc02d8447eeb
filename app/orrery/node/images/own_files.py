"""The files an image brings beside its distribution's: a web server's first page and settings, where the real ones stand."""

from collections.abc import Mapping
from typing import Final

from orrery.node.images.facts import numbers
from orrery.node.images.image import Image

_NEW_STYLE: Final = """html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
"""
_OLD_STYLE: Final = """    body {
        width: 35em;
        margin: 0 auto;
        font-family: Tahoma, Verdana, Arial, sans-serif;
    }
"""
_NEW_STYLE_SINCE: Final = (1, 21, 4)
# As long as the real page, in our own words.
_NGINX_PAGE: Final = """<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
{}</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page is served by the simulated nginx of an Orrery container. It works, and
its own content goes where this file is, or into a volume that is mounted there.</p>

<p>Documentation of the real server is found at <a href="http://nginx.org/">nginx.org</a>,
where all its directives are told one by one.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
"""
_NGINX_ERROR: Final = """<!DOCTYPE html>
<html>
<head>
<title>Error</title>
<style>
{}</style>
</head>
<body>
<h1>An error occurred.</h1>
<p>The server could not do what it was asked for. What went wrong is in its log.</p>
</body>
</html>
"""
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
    #tcp_nopush     on;

    keepalive_timeout  65;

    #gzip  on;

    include /etc/nginx/conf.d/*.conf;
}
"""
_TEMPORARY: Final = "".join(f"    {name}_temp_path /tmp/{name}_temp;\n" for name in ("proxy", "fastcgi", "uwsgi", "scgi"))
_UNPRIVILEGED_CONF: Final = (
    _NGINX_CONF.replace("\nuser  nginx;", "")
    .replace("/run/nginx.pid", "/tmp/nginx.pid")
    .replace("http {\n", "http {\n" + _TEMPORARY.replace("    proxy", "    client_body_temp_path /tmp/client_temp;\n    proxy", 1))
)
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
_NGINX_TYPES: Final = """
types {
    text/html                             html htm shtml;
    text/css                              css;
    text/xml                              xml;
    image/gif                             gif;
    image/jpeg                            jpeg jpg;
    application/javascript                js;
    text/plain                            txt;
    image/png                             png;
    image/svg+xml                         svg svgz;
    image/x-icon                          ico;
    application/json                      json;
    application/pdf                       pdf;
    application/zip                       zip;
    application/wasm                      wasm;
}
"""
_CGI: Final = {"REQUEST_METHOD": "request_method", "CONTENT_TYPE": "content_type", "CONTENT_LENGTH": "content_length",
               "REQUEST_URI": "request_uri", "DOCUMENT_ROOT": "document_root", "REMOTE_ADDR": "remote_addr"}  # fmt: skip
_NGINX: Final = {
    "/usr/share/nginx/html/index.html": _NGINX_PAGE,
    "/usr/share/nginx/html/50x.html": _NGINX_ERROR,
    "/etc/nginx/nginx.conf": _NGINX_CONF,
    "/etc/nginx/conf.d/default.conf": _NGINX_SITE,
    "/etc/nginx/mime.types": _NGINX_TYPES,
    **{
        f"/etc/nginx/{kind}_params": "\n" + "".join(f"{kind}_param  {name:<18} ${value};\n" for name, value in _CGI.items())
        for kind in ("fastcgi", "scgi", "uwsgi")
    },
}
_NGINX_SCRIPTS: Final = (
    "10-listen-on-ipv6-by-default.sh",
    "15-local-resolvers.envsh",
    "20-envsubst-on-templates.sh",
    "30-tune-worker-processes.sh",
)
_APACHE: Final = "/usr/local/apache2"
_HTTPD_CONF: Final = f"""ServerRoot "{_APACHE}"
Listen 80
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule mime_module modules/mod_mime.so
LoadModule log_config_module modules/mod_log_config.so
LoadModule dir_module modules/mod_dir.so
User www-data
Group www-data
ServerAdmin you@example.com
DocumentRoot "{_APACHE}/htdocs"
<Directory "{_APACHE}/htdocs">
    Options Indexes FollowSymLinks
    AllowOverride None
    Require all granted
</Directory>
DirectoryIndex index.html
ErrorLog /proc/self/fd/2
LogLevel warn
CustomLog /proc/self/fd/1 common
TypesConfig conf/mime.types
"""
_HTTPD: Final = {
    f"{_APACHE}/htdocs/index.html": "<html><body><h1>It works!</h1></body></html>\n",
    f"{_APACHE}/conf/httpd.conf": _HTTPD_CONF,
    f"{_APACHE}/conf/mime.types": "text/html\thtml htm\ntext/plain\ttxt\n",
}

_NGINX_NAMES: Final = ("nginx", "nginx-slim", "nginx-unprivileged", "getting-started", "hello")
_NGINX_LINKS: Final = {
    "/var/log/nginx/access.log": "/dev/stdout",
    "/var/log/nginx/error.log": "/dev/stderr",
    "/etc/nginx/modules": "/usr/lib/nginx/modules",
}
_ENTRY: Final = {"/entrypoint.sh": "usr/local/bin/docker-entrypoint.sh"}
_LINKS: Final[Mapping[str, Mapping[str, str]]] = {**dict.fromkeys(_NGINX_NAMES, _NGINX_LINKS), "mysql": _ENTRY}
_INITIAL: Final = "/docker-entrypoint-initdb.d"
_FOLDERS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(_NGINX_NAMES, ("/usr/lib/nginx/modules", "/var/cache/nginx")),
    "httpd": tuple(
        f"{_APACHE}/{name}" for name in ("bin", "build", "cgi-bin", "conf/extra", "error", "htdocs", "icons", "include", "logs", "modules")
    ),
    "mysql": (_INITIAL, "/etc/mysql/conf.d", "/var/lib/mysql", "/var/lib/mysql-files", "/var/run/mysqld"),
    "mariadb": (_INITIAL, "/etc/mysql/conf.d", "/etc/mysql/mariadb.conf.d", "/var/lib/mysql", "/run/mysqld"),
    "postgres": (_INITIAL, "/var/lib/postgresql", "/var/run/postgresql"),
    "mongo": (_INITIAL, "/data/db", "/data/configdb"),
    "golang": ("/go/bin", "/go/src", "/usr/local/go/bin"),
}
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
    "nginx-unprivileged": {
        **_NGINX,
        "/etc/nginx/nginx.conf": _UNPRIVILEGED_CONF,
        "/etc/nginx/conf.d/default.conf": _NGINX_SITE.replace("      80;", "      8080;"),
    },
    "getting-started": {**_NGINX, "/usr/share/nginx/html/index.html": _STARTED},
    "hello": {**_NGINX, "/usr/share/nginx/html/index.html": _GREETING},
    "httpd": _HTTPD,
}


def own_folders(repository: str) -> tuple[str, ...]:
    """Folders of an image, which its program or its users fill."""
    return _FOLDERS.get(repository.rpartition("/")[2], ())


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
    files = _FILES.get(image.repository.rpartition("/")[2], {})
    if image.repository.rpartition("/")[2] not in _NGINX_NAMES:
        return files
    style = _OLD_STYLE if () < numbers(image.version) < _NEW_STYLE_SINCE else _NEW_STYLE
    return {
        path: text.replace("{}", style) if path.startswith("/usr/share/nginx/html/") and "\n{}</style>" in text else text
        for path, text in files.items()
    }
