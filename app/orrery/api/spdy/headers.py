"""Header blocks of SPDY/3: names and values with their lengths, deflated with one dictionary for the whole connection.

The dictionary is a constant of the protocol (its Adler-32 is e3c6a7c2): common words, each with its length before it, then a text.
"""

import zlib
from typing import Final

_WORDS: Final = (
    b"options,head,post,put,delete,trace,accept,accept-charset,accept-encoding,accept-language,accept-ranges,age,allow,"
    b"authorization,cache-control,connection,content-base,content-encoding,content-language,content-length,content-location,"
    b"content-md5,content-range,content-type,date,etag,expect,expires,from,host,if-match,if-modified-since,if-none-match,if-range,"
    b"if-unmodified-since,last-modified,location,max-forwards,pragma,proxy-authenticate,proxy-authorization,range,referer,"
    b"retry-after,server,te,trailer,transfer-encoding,upgrade,user-agent,vary,via,warning,www-authenticate,method,get,status,"
    b"200 OK,version,HTTP/1.1,url,public,set-cookie,keep-alive,origin"
)
_TEXT: Final = (
    b"100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information20"
    b"4 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Im"
    b"plemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, "
    b"GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicpri"
    b"vatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY: Final = b"".join(len(word).to_bytes(4, "big") + word for word in _WORDS.split(b",")) + _TEXT

BLOCK_BYTES_MAX: Final = 64 * 1024
"""More than this in one inflated block is no honest client."""


class BadHeaders(ValueError):
    """A block that cannot be read; the connection cannot go on, because compression has lost its place."""


class HeaderReader:
    """Inflates and reads the blocks of one direction, in order."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)

    def read(self, block: bytes) -> dict[str, str]:
        """Names in lower case; several values of one name are joined by NUL, as SPDY has it."""
        try:
            plain = self._inflate.decompress(block, BLOCK_BYTES_MAX)
        except zlib.error as problem:
            raise BadHeaders(str(problem)) from problem
        if self._inflate.unconsumed_tail:
            raise BadHeaders("the header block is too large")
        return _parse(plain)


class HeaderWriter:
    """Writes and deflates the blocks of the other direction."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def write(self, headers: dict[str, str]) -> bytes:
        parts = [len(headers).to_bytes(4, "big")]
        for name, value in headers.items():
            for text in (name.encode("latin-1"), value.encode("latin-1")):
                parts += (len(text).to_bytes(4, "big"), text)
        return self._deflate.compress(b"".join(parts)) + self._deflate.flush(zlib.Z_SYNC_FLUSH)


def _parse(plain: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    count, at = _number(plain, 0)
    for _ in range(count):
        name, at = _text(plain, at)
        value, at = _text(plain, at)
        headers[name.lower()] = value
    return headers


def _number(plain: bytes, at: int) -> tuple[int, int]:
    if at + 4 > len(plain):
        raise BadHeaders("the header block is cut off")
    return int.from_bytes(plain[at : at + 4], "big"), at + 4


def _text(plain: bytes, at: int) -> tuple[str, int]:
    length, at = _number(plain, at)
    if at + length > len(plain):
        raise BadHeaders("the header block is cut off")
    return plain[at : at + length].decode("latin-1"), at + length
