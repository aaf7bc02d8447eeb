"""Plain JSON lists: the stored bytes of the items joined, each without its kind and apiVersion, as upstream prints items.

Nothing is parsed: every body begins with its kind's constant prefix. A list that is very long is sent in pieces, and other
requests get their turn between two of them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import orjson

from orrery.api.responses import CONTENT_TYPES, NO_CACHE, Header, Send, send_bytes
from orrery.api.routing import Served
from orrery.api.table import list_metadata
from orrery.machinery.clock import Clock
from orrery.store.log import Record
from orrery.verbs.results import Listing

RECORDS_AT_ONCE_MAX: Final = 20_000
_HEADERS: Final[tuple[Header, ...]] = (NO_CACHE, CONTENT_TYPES["json"])


def plain_list(served: Served, listing: Listing) -> bytes:
    """The whole list as one string of bytes, final newline included."""
    items = b",".join(_items(served, listing.records))
    return b"".join((_head(served, listing), items, b"]}\n"))


async def send_list(send: Send, served: Served, listing: Listing, *, clock: Clock, extra_headers: Sequence[Header] = ()) -> None:
    """Write the list in one piece, or in several when it is longer than `RECORDS_AT_ONCE_MAX`."""
    if len(listing.records) <= RECORDS_AT_ONCE_MAX:
        await send_bytes(send, 200, (*_HEADERS, *extra_headers), plain_list(served, listing))
        return
    await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *extra_headers]})
    lead = _head(served, listing)
    for piece in _pieces(listing.records):
        await send({"type": "http.response.body", "body": lead + b",".join(_items(served, piece)), "more_body": True})
        await clock.sleep(0)
        lead = b","
    await send({"type": "http.response.body", "body": b"]}\n"})


def _head(served: Served, listing: Listing) -> bytes:
    return b"".join((served.list_head, orjson.dumps(list_metadata(listing)), b',"items":['))


def _pieces(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    for start in range(0, len(records), RECORDS_AT_ONCE_MAX):
        yield records[start : start + RECORDS_AT_ONCE_MAX]


def _items(served: Served, records: Sequence[Record]) -> list[bytes]:
    cut = _item_cutter(served.prefix)
    return [cut(record.body) for record in records]


def _item_cutter(prefix: bytes) -> Callable[[bytes], bytes]:
    length = len(prefix)

    def cut(body: bytes) -> bytes:
        if body.startswith(prefix):
            return b"{" + body[length:]
        obj = orjson.loads(body)  # Not written by the store: a virtual object, whose keys may come in any order.
        obj.pop("kind", None)
        obj.pop("apiVersion", None)
        return orjson.dumps(obj)

    return cut
