"""Asks a running server over HTTP: for subcommands that are clients. Which server, and as whom, a kubeconfig or an option says."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from orrery.api.guard import is_loopback

_PATIENCE_S: Final = 60.0


class Refused(Exception):
    """The server, or the way to it, says no; the message is one line."""


@dataclass(frozen=True, slots=True)
class ServerClient:
    """One server, and the token for it."""

    url: str
    token: str = ""

    @property
    def _opener(self) -> urllib.request.OpenerDirector:
        """Goes through the environment's proxy, never on the way to this machine, as kubectl does it."""
        direct = [urllib.request.ProxyHandler({})] if is_loopback(urlsplit(self.url).hostname or "") else []
        return urllib.request.build_opener(*direct)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON. Refused with the server's own message when it is not a good one."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data=data, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=_PATIENCE_S) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise Refused(_message(error)) from None
        except (OSError, ValueError) as error:
            why = getattr(error, "reason", error)
            why = getattr(why, "strerror", None) or why
            raise Refused(f"cannot reach {self.url}: {str(why)[:1].lower()}{str(why)[1:]}") from None


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"the server answers {error.code} {error.reason}; is it Orrery?"


def client_at(server: str) -> ServerClient:
    """The server of that URL; `http://name:token@host:port` brings a token along."""
    parts = urlsplit(server if "://" in server else f"http://{server}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused(f"{server} is not the URL of a server")
    netloc = parts.netloc.rpartition("@")[2]
    return ServerClient(urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", "")), unquote(parts.password or ""))


def client_of(kubeconfig: Path) -> ServerClient:
    """The server of a kubeconfig's current context."""
    import yaml

    try:
        config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        context = _named(config["contexts"], config["current-context"])["context"]
        cluster = _named(config["clusters"], context["cluster"])["cluster"]
        user = _named(config["users"], context["user"])["user"] or {}
        found = client_at(cluster["server"])
    except FileNotFoundError:
        raise Refused(f"{kubeconfig} is not there: start `orrery serve`, or say --server or --kubeconfig") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, LookupError, TypeError, AttributeError) as problem:
        raise Refused(f"{kubeconfig} is no kubeconfig with a current context ({type(problem).__name__})") from None
    return ServerClient(found.url, user.get("token") or found.token)


def _named(entries: Any, name: str) -> Any:
    return {entry["name"]: entry for entry in entries}[name]
