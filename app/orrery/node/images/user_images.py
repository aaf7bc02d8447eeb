"""Images that users add: the model of one, as a YAML file or a Python entry point gives it. docs/images.md describes it.

The words are Kubernetes' where it has them: `command` here is CMD, as `entrypoint` is ENTRYPOINT; sizes are quantities.
"""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from orrery.machinery.quantities import QuantityError, parse
from orrery.node.images.brought import Brought, File, Scope, Starts
from orrery.node.images.entry import expand_cached
from orrery.node.images.image import Image
from orrery.node.images.references import InvalidReference, Reference, parse_reference
from orrery.node.images.toolsets import NO_SHELL, programs_of

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_SIGNALS: Final = {"SIGHUP": 1, "SIGINT": 2, "SIGQUIT": 3, "SIGUSR1": 10, "SIGUSR2": 12, "SIGTERM": 15, "SIGWINCH": 28}
_BASES: Final = ("alpine", "busybox", "buildpack-deps", "debian", "oraclelinux", "scratch", "ubuntu")
_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash"})
_SCRIPT: Final = "/run-script"


def _seconds(value: object) -> object:
    """`1.5`, `500ms`, `10s`, `2m`: seconds."""
    if isinstance(value, str):
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|)", value)
        if found is None:
            raise ValueError(f"{value!r} is no duration: write 10s, 500ms, 2m or a number of seconds")
        return float(found[1]) * _UNITS[found[2]]
    return value


def _bytes(value: object) -> object:
    """A quantity: `12Mi`."""
    if isinstance(value, str):
        try:
            return int(parse(value).value)
        except QuantityError:
            raise ValueError(f"{value!r} is no quantity: write 12Mi or a number of bytes") from None
    return value


def _cores(value: object) -> object:
    """A quantity: `250m`."""
    if isinstance(value, str):
        try:
            return parse(value).nano / 10**9
        except QuantityError:
            raise ValueError(f"{value!r} is no quantity: write 250m or a number of cores") from None
    return value


Cores = Annotated[float, BeforeValidator(_cores), Field(ge=0, le=1024)]
Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0, le=10_000_000)]
Bytes = Annotated[int, BeforeValidator(_bytes), Field(ge=0)]
Port = Annotated[int, Field(ge=1, le=65535)]
Code = Annotated[int, Field(ge=0, le=255)]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )


class LogLine(_Part):
    """A line of the log."""

    line: str
    after: Seconds = 0.0
    """How long after the line before it, or after the start."""
    stream: Literal["stdout", "stderr"] = "stdout"


class Repeat(_Part):
    """A line that comes again and again, once the others are out. `{n}` in it counts from 1."""

    line: str
    every: Seconds = Field(gt=0)
    stream: Literal["stdout", "stderr"] = "stdout"


class Exit(_Part):
    """The program ends by itself."""

    after: Seconds = 0.0
    """Counted from the last line of `log`."""
    code: Code = 0


class Fail(_Part):
    """The first starts end with an error."""

    times: Annotated[int, Field(ge=1)]
    code: Annotated[int, Field(ge=1, le=255)] = 1
    after: Seconds = 0.0
    line: str = ""
    """Written to standard error."""
    per: Scope = "container"
    """Which starts count together: restarts of a container, those of all containers of a Pod, or all in a namespace (Pods of a Job)."""


class Ready(_Part):
    """Until then HTTP answers are 503, and the ports of `listen` are closed."""

    after: Seconds
    file: str = ""
    """Made when it is ready, for probes that look for a file."""


class HttpAnswer(_Part):
    """What a request gets."""

    path: Annotated[str, Field(pattern="^/")] = "/"
    """Ends with * for all that begin so."""
    method: str = ""
    """Empty: every method."""
    port: Port | None = None
    """None: the first of the image's ports, or 8080."""
    status: Annotated[int, Field(ge=200, le=599)] = 200
    headers: dict[str, str] = Field(default_factory=dict)
    body: str = ""
    """`{hostname}`, `{path}`, `{n}` (requests so far) and `{env:NAME}` are filled in."""
    delay: Seconds = 0.0
    cpu: Seconds = 0.0
    """Processor time that it costs; at the container's limit it takes longer."""


class Stop(_Part):
    """What SIGTERM does."""

    after: Seconds = 0.0
    code: Code = 0
    line: str = ""
    ignore: bool = False
    """The program is deaf to it: SIGKILL ends it, after the grace period."""


class Run(_Part):
    """What the image's own program does."""

    log: tuple[LogLine, ...] = ()
    repeat: Repeat | None = None
    http: tuple[HttpAnswer, ...] = ()
    listen: tuple[Port, ...] = ()
    ready: Ready | None = None
    memory: Bytes = 0
    cpu: Cores = 0.0
    """What it uses all the time."""
    exit: Exit | None = None
    fail: Fail | None = None
    stop: Stop = Field(default_factory=Stop)

    @field_validator("log", mode="before")
    @classmethod
    def _lines(cls, value: object) -> object:
        """A line may be a plain text."""
        return [{"line": one} if isinstance(one, str) else one for one in value] if isinstance(value, (list, tuple)) else value


class UserFile(_Part):
    """A file of the image."""

    text: str = ""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0

    @field_validator("mode", mode="before")
    @classmethod
    def _octal(cls, value: object) -> object:
        if isinstance(value, str):
            if not re.fullmatch("0?[0-7]{3,4}", value):
                raise ValueError(f'{value!r} is no mode: write "0755"')
            return int(value, 8)
        return value


class UserImage(_Part):
    """One image. `programs` can be given from Python only: coroutine functions by name or absolute path, see docs/images.md."""

    name: str
    """As in a Pod, without a tag: `example.com/team/app`."""
    tags: tuple[str, ...] = ()
    """Tags that exist; none given: all do. `1.{0..3}` is four tags, and 1.0 to 1.3 bring the tag 1."""
    base: str = "debian:trixie-slim"
    """Whose files and utilities it has: `alpine:3.22`, `busybox`, `debian:bookworm`, `ubuntu:24.04`, `scratch` (none)."""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)
    user: str = "0"
    """A number, or two with a colon: `1000:1000`."""
    workdir: Annotated[str, Field(pattern="^/")] = "/"
    ports: tuple[Port, ...] = ()
    files: dict[str, UserFile] = Field(default_factory=dict)
    size: Bytes = 30_000_000
    stop_signal: Literal["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTERM", "SIGWINCH"] = "SIGTERM"
    run: Run | None = None
    programs: dict[str, Any] = Field(default_factory=dict, exclude=True)

    @field_validator("name")
    @classmethod
    def _is_repository(cls, value: str) -> str:
        try:
            reference = parse_reference(value)
        except InvalidReference as error:
            raise ValueError(str(error)) from None
        if reference.digest or value.rpartition("/")[2].partition(":")[1]:
            raise ValueError("a name has no tag; list it under tags")
        return value

    @field_validator("base")
    @classmethod
    def _is_base(cls, value: str) -> str:
        if value.partition(":")[0] not in _BASES:
            raise ValueError(f"{value!r} is none of {', '.join(_BASES)}, with a version behind a colon")
        return value

    @field_validator("user", mode="before")
    @classmethod
    def _is_user(cls, value: object) -> object:
        text = str(value)
        if not re.fullmatch(r"\d+(:\d+)?", text):
            raise ValueError(f"{text!r} is no user: write 1000 or 1000:1000")
        return text

    @field_validator("files", mode="before")
    @classmethod
    def _texts(cls, value: object) -> object:
        """A file may be a plain text."""
        return {path: {"text": one} if isinstance(one, str) else one for path, one in value.items()} if isinstance(value, dict) else value

    @field_validator("files")
    @classmethod
    def _absolute(cls, value: dict[str, UserFile]) -> dict[str, UserFile]:
        if wrong := next((path for path in value if not path.startswith("/") or path.endswith("/")), None):
            raise ValueError(f"{wrong!r} is no absolute path of a file")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> "UserImage":
        first = self._first()
        if self.run is not None and first.rpartition("/")[2] in _SHELLS:
            raise ValueError(f"run tells what the image's own program does, and {first!r} is a shell: leave entrypoint out, or run")
        if self.run is None and not first:
            raise ValueError("an image needs run, entrypoint or command")
        return self

    def _first(self) -> str:
        return (*self.entrypoint, *self.command, "")[0]

    @property
    def repository(self) -> str:
        return parse_reference(self.name).repository

    def tag_set(self) -> frozenset[str]:
        return expand_cached(" ".join(self.tags))

    def has(self, reference: Reference) -> bool:
        return bool(reference.digest) or not self.tags or reference.tag in self.tag_set()

    def all_ports(self) -> tuple[int, ...]:
        if self.run is None:
            return self.ports
        answers = (answer.port or self.main_port() for answer in self.run.http)
        return tuple(dict.fromkeys((*self.ports, *answers, *self.run.listen)))

    def main_port(self) -> int:
        return self.ports[0] if self.ports else 8080

    def image(self) -> Image:
        """What a node pulls: a new one each time, so the catalogue keeps it."""
        uid, _, gid = self.user.partition(":")
        first = self._first()
        programs = dict(self.programs)
        if self.run is not None:
            programs.setdefault(first or _SCRIPT, None)
        files = tuple(File(path, one.text.encode(), one.mode, one.uid, one.gid) for path, one in self.files.items())
        return Image(
            self.repository,
            base=self.base,
            entrypoint=self.entrypoint if first else (_SCRIPT,),
            command=self.command,
            ports=self.all_ports(),
            uid=int(uid),
            gid=int(gid or 0),
            workdir=self.workdir,
            size_bytes=self.size,
            programs=programs_of(self.base) if self.base != "scratch" else frozenset({NO_SHELL}),
            environment=self.env,
            stop_signal=_SIGNALS[self.stop_signal],
            brought=Brought(files, programs, self._script()),
        )

    def _script(self) -> Any:
        if self.run is None:
            return None
        from orrery.node.programs.servers.scripted import scripted

        run, port, starts = self.run, self.main_port(), Starts()
        return lambda start: scripted(run, port=port, before=starts.number(start, run.fail.per) if run.fail is not None else 0)
