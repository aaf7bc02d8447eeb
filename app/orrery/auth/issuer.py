"""Signing tokens and checking signatures: JSON Web Tokens with RS256, the only algorithm there is. What they say is `accounts.py`'s.

Follows upstream's `pkg/serviceaccount/jwt.go` and openidmetadata.go. A token that was good once need not be checked again: the newest
ones are remembered.
"""

import base64
import hashlib
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import orjson

from orrery.auth.keys import Keys
from orrery.machinery.objects import Object
from orrery.verbs.account_tokens import ISSUER, LEGACY_ISSUER, Claims

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_ISSUERS: Final = frozenset({ISSUER, LEGACY_ISSUER})
_REMEMBERED_MAX: Final = 1024
_BROKEN: Final = "go-jose/go-jose: error in cryptographic primitive"
_NO_KEY: Final = "invalid signature, no keys found"


class TokenRefused(Exception):
    """The token is no good; the message is what a TokenReview tells."""


class Issuer:
    """Makes tokens, and knows its own again."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._good: OrderedDict[str, Object] = OrderedDict()

    def sign(self, claims: Claims) -> str:
        """The token that says this, signed."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        text = f"{_packed({'alg': 'RS256', 'kid': self._key_id})}.{_packed({'iss': ISSUER, **claims})}"
        return f"{text}.{_encoded(self._key.sign(text.encode(), PKCS1v15(), SHA256()))}"

    def is_own(self, token: str) -> bool:
        """Whether the token says that it is from here; nothing is checked."""
        if token in self._good:
            return True
        parts = token.split(".")
        issuer = _unpacked(parts[1]).get("iss") if len(parts) == 3 else None
        return isinstance(issuer, str) and issuer in _ISSUERS

    def read(self, token: str) -> Object:
        """What the token says; TokenRefused when its signature is not ours."""
        claims = self._good.get(token)
        if claims is None:
            claims = self._good[token] = self._checked(token)
            if len(self._good) > _REMEMBERED_MAX:
                self._good.popitem(last=False)
        return claims

    def _checked(self, token: str) -> Object:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        head, claims, signature = token.split(".")
        header = _unpacked(head)
        if header.get("kid", self._key_id) != self._key_id:
            raise TokenRefused(_NO_KEY)
        try:
            if header.get("alg") != "RS256":
                raise TokenRefused(_BROKEN)
            self._key.public_key().verify(_decoded(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            raise TokenRefused(_BROKEN) from None
        return _unpacked(claims)

    def key_set(self) -> bytes:
        """The public key as a JSON Web Key Set."""
        numbers = self._key.public_key().public_numbers()
        key = {
            "use": "sig",
            "kty": "RSA",
            "kid": self._key_id,
            "alg": "RS256",
            "n": _encoded(_big_endian(numbers.n)),
            "e": _encoded(_big_endian(numbers.e)),
        }
        return orjson.dumps({"keys": [key]})

    @property
    def _key(self) -> "RSAPrivateKey":
        return self._keys.signing_key

    @cached_property
    def _key_id(self) -> str:
        """A digest of the public key, as upstream names its keys."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return _encoded(hashlib.sha256(public).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """ValueError when it is not unpadded base64 for URLs."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _packed(part: Claims) -> str:
    return _encoded(orjson.dumps(part, option=orjson.OPT_SORT_KEYS))


def _unpacked(text: str) -> dict[str, Any]:
    """A part of a token; empty when it is none."""
    try:
        part = orjson.loads(_decoded(text))
    except ValueError:
        return {}
    return part if isinstance(part, dict) else {}


def _big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)
