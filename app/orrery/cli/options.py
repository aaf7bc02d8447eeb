"""The command line of `orrery`, each option also as an ORRERY_… variable. Decides nothing but what the words mean."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from orrery import KUBERNETES_VERSION, __version__
from orrery.cli.node_options import NODES, NodeOptions, NodeWishes, add_node_command, add_serve_options, node_options, node_wishes


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What `orrery serve` was told."""

    host: str
    port: int
    data: Path
    database_url: str
    in_memory: bool
    kubeconfig: Path
    pace: Literal["real", "fast"]
    nodes: int
    token_file: Path | None
    allowed_hosts: tuple[str, ...]
    insecure: bool
    images: Literal["open", "strict"] = "open"
    images_files: tuple[Path, ...] = ()
    wishes: NodeWishes = field(default_factory=NodeWishes)


@dataclass(frozen=True, slots=True)
class ImagesOptions:
    """What `orrery images` was told."""

    name: str
    """The image whose tags are asked for; empty: the list."""
    data: Path
    images_files: tuple[Path, ...]
    output: Literal["table", "json"]


class _FromVariable(str):
    """A default that a variable gave: when it is wrong, the message names the variable."""

    __slots__ = ()


def default_data_directory(environment: Mapping[str, str]) -> Path:
    """Where state lives unless told otherwise: the user's data folder, as the XDG base directories name it."""
    home = environment.get("XDG_DATA_HOME")
    if home:
        return Path(home) / "orrery"
    try:
        return Path.home() / ".local" / "share" / "orrery"
    except RuntimeError:  # A user without an entry anywhere, as containers have them.
        return Path(".orrery")


def parse(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> ServeOptions | ImagesOptions | NodeOptions | None:
    """Read a command line; None when there is none, and help was printed. argparse prints usage errors and exits with code 2."""
    variables = os.environ if environment is None else environment
    parser = _parser(variables)
    parsed = parser.parse_args(arguments)
    if parsed.command is None:
        parser.print_help()
        return None
    if parsed.command == "node":
        return node_options(parsed)
    data: Path = parsed.data
    files = tuple(Path(name).expanduser() for name in parsed.images_file)
    if parsed.command == "images":
        return ImagesOptions(name=parsed.name, data=data, images_files=files, output=parsed.output)
    return ServeOptions(
        host=parsed.host,
        port=parsed.port,
        data=data,
        database_url=parsed.database_url,
        in_memory=parsed.in_memory,
        kubeconfig=parsed.kubeconfig or data / "kubeconfig",
        pace=parsed.pace,
        nodes=NODES if parsed.nodes is None else parsed.nodes,
        token_file=parsed.token_file,
        allowed_hosts=tuple(parsed.allowed_host),
        insecure=parsed.insecure,
        images=parsed.images,
        images_files=files,
        wishes=node_wishes(parsed),
    )


def _parser(variables: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="orrery", description="A clockwork Kubernetes: a working model of a cluster in one process.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"orrery {__version__} (Kubernetes {KUBERNETES_VERSION})")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    serve = commands.add_parser(
        "serve", help="start the server", description="Start the server. Each option is also an ORRERY_… variable.", allow_abbrev=False
    )

    def option(name: str, text: str, **rest: Any) -> None:
        _add(serve, variables, name, text, **rest)

    option("--host", "address to listen on", default="127.0.0.1", metavar="ADDRESS")
    option("--port", "port to listen on; 0 takes a free one", default="8080", type=_port, metavar="PORT")
    option("--data", "directory for state and kubeconfig", default=str(default_data_directory(variables)), type=_path, metavar="DIR")
    option("--database-url", "keep the log in this database instead (postgresql+psycopg://…, sqlite:///…)", default="", metavar="URL")
    option("--in-memory", "keep nothing: state ends with the process", flag=True)
    option("--kubeconfig", "write the kubeconfig there (default: in the data directory)", type=_path, metavar="FILE")
    option("--pace", "how long pulling, starting and stopping take: real or fast", default="real", type=_pace, metavar="PACE")
    add_serve_options(option, _nodes)
    option("--token-file", 'static bearer tokens, a line each: token,user,uid,"group1,group2"', type=_path, metavar="FILE")
    option("--allowed-host", "a further name under which clients may address the server", repeated=True, metavar="NAME")
    option("--insecure", "listen on other than loopback addresses without tokens", flag=True)
    option(
        "--images",
        "whether images nobody knows run as quiet servers (open) or are not there (strict)",
        default="open",
        type=_openness,
        metavar="HOW",
    )
    option("--images-file", "a YAML file with images of your own", repeated=True, metavar="FILE")
    _add_images(commands, variables)
    given = variables.get("KUBECONFIG", "").partition(os.pathsep)[0]
    data = Path(variables["ORRERY_DATA"]) if variables.get("ORRERY_DATA") else default_data_directory(variables)
    add_node_command(commands, Path(given) if given else data / "kubeconfig")
    return parser


def _add_images(commands: Any, variables: Mapping[str, str]) -> None:
    images = commands.add_parser(
        "images", help="list the images there are", description="List the images a server has.", allow_abbrev=False
    )
    images.add_argument("name", nargs="?", default="", metavar="IMAGE", help="list the tags of this one")
    _add(images, variables, "--data", "directory of the server", default=str(default_data_directory(variables)), type=_path, metavar="DIR")
    _add(images, variables, "--images-file", "a YAML file with images of your own", repeated=True, metavar="FILE")
    images.add_argument("-o", "--output", default="table", choices=("table", "json"), metavar="FORMAT", help="table or json")


def _add(
    parser: argparse.ArgumentParser,
    variables: Mapping[str, str],
    name: str,
    text: str,
    *,
    flag: bool = False,
    repeated: bool = False,
    **rest: Any,
) -> None:
    """One option whose default is its variable: `--token-file` is ORRERY_TOKEN_FILE."""
    variable = "ORRERY_" + name.removeprefix("--").replace("-", "_").upper()
    given = variables.get(variable, "")
    shown = rest.get("default", "")
    text = f"{text} [{variable}{f', default {shown}' if shown else ''}]".replace("%", "%%")
    if given and not repeated:
        rest["default"] = _FromVariable(given)
    if flag:
        # argparse reads a default that is a text as it reads an argument, and only when the option is not given.
        rest = {"nargs": "?", "const": "true", "default": "false", "metavar": "BOOL"} | rest
        parser.add_argument(name, type=_named(variable, _is_true), help=text, **rest)
    elif repeated:
        names = [part.strip() for part in given.split(",") if part.strip()]
        parser.add_argument(name, action="append", default=names, help=text + "; may be repeated", **rest)
    else:
        parser.add_argument(name, help=text, **rest | {"type": _named(variable, rest.get("type", str))})


def _named(variable: str, read: Callable[[str], Any]) -> Callable[[str], Any]:
    """`read`, whose complaint about a default names the variable it came from."""

    def named(text: str) -> Any:
        try:
            return read(text)
        except argparse.ArgumentTypeError as problem:
            where = f" (from {variable})" if isinstance(text, _FromVariable) else ""
            raise argparse.ArgumentTypeError(f"{problem}{where}") from None

    return named


def _is_true(text: str) -> bool:
    if text.lower() in ("0", "false", "no"):
        return False
    if text.lower() in ("1", "true", "yes"):
        return True
    raise argparse.ArgumentTypeError(f"{str(text)!r} is not true or false")


def _pace(text: str) -> str:
    if text not in ("real", "fast"):
        raise argparse.ArgumentTypeError(f"{str(text)!r} is not real or fast")
    return text


def _openness(text: str) -> str:
    if text not in ("open", "strict"):
        raise argparse.ArgumentTypeError(f"{str(text)!r} is not open or strict")
    return text


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as problem:
        raise argparse.ArgumentTypeError(f"{str(text)!r}: {problem}") from None


def _port(text: str) -> int:
    return _bounded(text, 0, 65535)


def _nodes(text: str) -> int:
    return _bounded(text, 0, 1000)


def _bounded(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{str(text)!r} is not a number from {least} to {most}")
    return int(text)
