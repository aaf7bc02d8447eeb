"""Base64 as Go's standard encoding reads it in JSON: newlines are skipped, padding is required, the position of a mistake is told."""

import binascii
from typing import Final

_ALPHABET: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_NEWLINES: Final = frozenset(b"\r\n")
_PAD: Final = ord("=")


class Base64Error(ValueError):
    """Not base64; the text is Go's."""


def canonical_base64(text: str) -> str:
    """The same bytes in their one canonical spelling: no newlines, no stray bits in the last letter. Base64Error when it is no base64.

    >>> canonical_base64("bXlzcWn=")
    'bXlzcWk='
    """
    raw = text.encode()
    try:
        decoded = binascii.a2b_base64(raw, strict_mode=True)
    except binascii.Error:
        mistake = _first_mistake(raw)
        if mistake is not None:
            raise Base64Error(f"illegal base64 data at input byte {mistake}") from None
        decoded = binascii.a2b_base64(raw.replace(b"\n", b"").replace(b"\r", b""))
    return binascii.b2a_base64(decoded, newline=False).decode()


def _first_mistake(raw: bytes) -> int | None:
    """Where Go's decoder stops, or None when it does not."""
    letters, at, end = 0, 0, len(raw)
    while at < end:
        byte = raw[at]
        at += 1
        if byte in _ALPHABET:
            letters = (letters + 1) % 4
        elif byte not in _NEWLINES:
            return at - 1 if byte != _PAD or letters < 2 else _mistake_in_padding(raw, at, letters=letters)
    return at - letters if letters else None


def _mistake_in_padding(raw: bytes, at: int, *, letters: int) -> int | None:
    """After the first padding sign, at `at`: two letters need a second one, and nothing may follow."""
    if letters == 2:
        at = _skip_newlines(raw, at)
        if at == len(raw):
            return at
        if raw[at] != _PAD:
            return at - 1
        at += 1
    at = _skip_newlines(raw, at)
    return at if at < len(raw) else None


def _skip_newlines(raw: bytes, at: int) -> int:
    while at < len(raw) and raw[at] in _NEWLINES:
        at += 1
    return at
