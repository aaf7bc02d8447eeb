"""What a verb is asked: the kind, the place, who asks, and the options, all decoded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from orrery.kinds.kind import Kind

FieldValidation = Literal["Strict", "Warn", "Ignore"]
Propagation = Literal["Background", "Foreground", "Orphan"]


@dataclass(frozen=True, slots=True)
class User:
    """Who asks, as authentication found out."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


SYSTEM_ADMIN = User("system:admin", ("system:masters", "system:authenticated"))
"""Whoever reaches a server without tokens, and Orrery's own components."""
ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))
"""Whoever has not said who it is, where that matters."""


@dataclass(slots=True)
class Call:
    """One request on one kind. `warnings` is filled on the way and becomes Warning headers."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    user: User = SYSTEM_ADMIN
    dry_run: bool = False
    field_manager: str = ""
    field_validation: FieldValidation = "Strict"
    user_agent: str = ""
    warnings: list[str] = field(default_factory=list)
    strict_errors: list[str] = field(default_factory=list)
    """What parsing found (duplicate fields); decoding adds unknown fields; `field_validation` decides what becomes of them."""
    trusted: bool = False
    """Set by the in-process client: the body was made by Orrery's own code, so schema decoding is skipped."""


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Query parameters of list and watch, decoded. None means: not given."""

    label_selector: str = ""
    field_selector: str = ""
    resource_version: str | None = None
    resource_version_match: str | None = None
    limit: int = 0
    continue_token: str = ""
    timeout_s: float | None = None
    allow_bookmarks: bool = False
    send_initial_events: bool | None = None


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """The body or query of a delete, decoded."""

    grace_period_s: int | None = None
    propagation: Propagation | None = None
    orphan_dependents: bool | None = None
    uid: str | None = None
    resource_version: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
