"""Get and list: resourceVersion rules, selectors, pages and continue tokens, as apiserver's watch cache and etcd store answer them."""

from operator import attrgetter

from orrery.kinds.kind import Kind
from orrery.machinery.errors import BadRequest, NotFound
from orrery.store.indexes import INDEXED_FIELDS
from orrery.store.log import HistoryGone, Log, Page, Record, Scope
from orrery.verbs.call import Call, ListOptions
from orrery.verbs.options import (
    EXACT,
    ContinueExpired,
    bare_revision,
    check_list_options,
    encode_token,
    list_expired,
    list_revision,
    new_token,
    parse_token,
    too_large,
)
from orrery.verbs.registry import Registry, as_asked
from orrery.verbs.results import Listing
from orrery.verbs.selection import Selection, select


def get(registry: Registry, call: Call, resource_version: str | None = None) -> Record:
    """The newest state; a resourceVersion only says how new it must be at least."""
    if resource_version:
        _check_not_ahead(registry, bare_revision(resource_version))
    record = registry.find(call)
    if record is None:
        raise NotFound(call.kind.group_resource, call.name)
    return as_asked(call.kind, record)


def _check_not_ahead(registry: Registry, wanted: int) -> None:
    current = registry.log.revision
    if wanted > current:
        # DIFFERS: upstream waits three seconds for such a revision to come; we know that none is on its way.
        raise too_large(wanted, current)


def list_objects(registry: Registry, call: Call, options: ListOptions) -> Listing:
    """A page of the kind's objects in key order."""
    check_list_options(options)
    selection = select(call, options)
    wanted = list_revision(options.resource_version)
    if not options.continue_token:
        _check_not_ahead(registry, wanted)
    scope = watch_scope(call, selection)
    limit = max(options.limit, 0)
    after, at = "", 0
    if options.continue_token:
        start, at = parse_token(options.continue_token)
        if wanted:
            raise BadRequest("specifying resource version is not allowed when using continue")
        at = max(at, 0)
        after = _token_prefix(call.kind, scope) + start[1:].rstrip("\0")
    elif options.resource_version_match == EXACT:
        at = wanted
    if options.resource_version == "0":
        limit = 0  # Upstream's watch cache ignores the limit of a list at "0".
    if selection.impossible:
        return Listing((), at or registry.log.revision)
    try:
        return _page(registry, call, selection, scope, after=after, limit=limit, at=at)
    except HistoryGone:
        if not options.continue_token:
            raise list_expired() from None
        raise ContinueExpired(encode_token(parse_token(options.continue_token)[0], -1)) from None


def _page(registry: Registry, call: Call, selection: Selection, scope: Scope, *, after: str, limit: int, at: int) -> Listing:
    kind = call.kind
    if selection.everything:
        page = registry.log.list(scope, after=after, limit=limit, at=at)
        records, more, remaining = page.records, page.more, page.remaining
    else:
        page, records, more = _selected(registry, selection, scope, after, limit, at)
        remaining = None
    if kind.from_storage is not None:
        records = [as_asked(kind, record) for record in records]
    token = ""
    if more:
        token = new_token("/" + records[-1].key[len(_token_prefix(kind, scope)) :], page.revision)
    return Listing(records, page.revision, token, remaining if more else None)


def _selected(registry: Registry, selection: Selection, scope: Scope, after: str, limit: int, at: int) -> tuple[Page, list[Record], bool]:
    """The records that match, read in one go; the limit counts matches."""
    page = _candidates(registry.log, selection, scope, after, at)
    matches = selection.matches
    if not limit:
        return page, [record for record in page.records if matches(record)], False
    found: list[Record] = []
    for record in page.records:
        if matches(record):
            if len(found) == limit:
                return page, found, True
            found.append(record)
    return page, found, False


def _candidates(log: Log, selection: Selection, scope: Scope, after: str, at: int) -> Page:
    """The scope's records that may match: those with the rarest of the labels or fields that the selectors fix, else all of them."""
    if scope.name or (at and at < log.revision):
        return log.list(scope, after=after, at=at)
    fields = selection.fields.equalities if selection.fields_of is None else {}
    for name in INDEXED_FIELDS.get(scope.bucket, ()):
        if fields.get(name):
            found = sorted(log.by_field(scope.bucket, name, fields[name]), key=attrgetter("key"))
            prefix = scope_prefix(scope)
            return Page([record for record in found if record.key > after and record.key.startswith(prefix)], log.revision, False, 0)
    labels = selection.labels.equalities
    if not labels:
        return log.list(scope, after=after, at=at)
    key = (
        min(labels, key=lambda one: log.label_count(scope.bucket, scope.namespace, one, labels[one]))
        if scope.namespace
        else next(iter(labels))
    )
    return Page([record for record in log.by_label(scope, key, labels[key]) if record.key > after], log.revision, False, 0)


def watch_scope(call: Call, selection: Selection) -> Scope:
    """The keys that a list or watch can mean; selectors of one name or namespace narrow it."""
    kind = call.kind
    namespace = (call.namespace or selection.namespace) if kind.namespaced else ""
    return Scope(kind.bucket, namespace, selection.name)


def _token_prefix(kind: Kind, scope: Scope) -> str:
    """What a continue token leaves out of a key; what it names is `name` or `namespace/name`."""
    return scope_prefix(scope) if kind.namespaced else f"{scope.bucket}//"


def scope_prefix(scope: Scope) -> str:
    """What the keys of a scope begin with."""
    return f"{scope.bucket}/{scope.namespace}/" if scope.namespace else f"{scope.bucket}/"
