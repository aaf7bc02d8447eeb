"""IP addresses and CIDRs as fields of objects: what counts as one, and the warnings about odd spellings.

Follows apimachinery's `util/validation/ip.go` without the strict gate (off in 1.35): old fields accept leading zeros and
IPv4-mapped IPv6 addresses and only warn; new fields want the canonical spelling.
"""

from collections.abc import Collection
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

from orrery.machinery.field_errors import FieldError, go_quote, invalid

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_NOT_AN_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_NOT_A_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


@lru_cache(maxsize=8192)
def parse_ip(text: str) -> Address | None:
    """The address, IPv4-mapped ones as IPv4 and leading zeros read as decimal; None when it is none.

    >>> parse_ip("010.1.2.3")
    IPv4Address('10.1.2.3')
    """
    if ":" not in text:
        return _parse_ipv4(text)
    if "%" in text:
        return None
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return None
    return address.ipv4_mapped or address


def _parse_ipv4(text: str) -> IPv4Address | None:
    parts = text.split(".")
    if len(parts) != 4:
        return None
    value = 0
    for part in parts:
        if not (part.isascii() and part.isdigit()) or int(part) > 255:
            return None
        value = value << 8 | int(part)
    return IPv4Address(value)


def parse_cidr(text: str) -> tuple[Address, Network] | None:
    """The address before the slash and the network it lies in."""
    head, slash, tail = text.partition("/")
    address = parse_ip(head) if slash else None
    if address is None or not (tail.isascii() and tail.isdigit()):
        return None
    length = int(tail)
    if ":" in head and isinstance(address, IPv4Address):  # An IPv4-mapped address counts its prefix in 128 bits.
        if length > 128:
            return None
        if length < 96:
            return address, IPv6Network((IPv6Address(f"::ffff:{address}"), length), strict=False)
        return address, IPv4Network((address, length - 96), strict=False)
    if length > address.max_prefixlen:
        return None
    if isinstance(address, IPv4Address):
        return address, IPv4Network((address, length), strict=False)
    return address, IPv6Network((address, length), strict=False)


def is_ipv6(text: str) -> bool:
    return isinstance(parse_ip(text), IPv6Address)


def _has_odd_spelling(text: str, address: Address) -> bool:
    """Leading zeros, or an IPv4 address in IPv6 clothes."""
    return isinstance(address, IPv4Address) and str(address) != text


def legacy_ip_errors(path: str, text: str, still_valid: Collection[str] = ()) -> list[FieldError]:
    """For fields older than strict checking; what the old object held may stay."""
    if text in still_valid or parse_ip(text) is not None:
        return []
    return [invalid(path, text, _NOT_AN_IP)]


def strict_ip_errors(path: str, text: str) -> list[FieldError]:
    """For new fields: valid and in canonical form."""
    address = parse_ip(text)
    if address is None:
        return [invalid(path, text, _NOT_AN_IP)]
    if _has_odd_spelling(text, address):
        mapped = ":" in text
        return [invalid(path, text, "must not be an IPv4-mapped IPv6 address" if mapped else "must not have leading 0s")]
    if str(address) != text:
        return [invalid(path, text, f'must be in canonical form ("{address}")')]
    return []


def legacy_cidr_errors(path: str, text: str, still_valid: Collection[str] = ()) -> list[FieldError]:
    if text in still_valid or parse_cidr(text) is not None:
        return []
    return [invalid(path, text, _NOT_A_CIDR)]


def strict_cidr_errors(path: str, text: str) -> list[FieldError]:
    """For new fields: a network, without host bits, in canonical form."""
    parsed = parse_cidr(text)
    if parsed is None:
        return [invalid(path, text, _NOT_A_CIDR)]
    address, network = parsed
    head, _, tail = text.partition("/")
    if ":" in head and isinstance(address, IPv4Address):
        return [invalid(path, text, "must not have an IPv4-mapped IPv6 address")]
    if _has_odd_spelling(head, address) or str(int(tail)) != tail:
        return [invalid(path, text, "must not have leading 0s in IP or prefix length")]
    if address != network.network_address:
        return [invalid(path, text, "must not have bits set beyond the prefix length")]
    if str(network) != text:
        return [invalid(path, text, f'must be in canonical form ("{network}")')]
    return []


def endpoint_ip_errors(path: str, text: str) -> list[FieldError]:
    """Addresses that traffic may be sent to: not unspecified, loopback or link-local."""
    return [invalid(path, text, problem) for problem in _endpoint_ip_problems(text)]


@lru_cache(maxsize=8192)
def _endpoint_ip_problems(text: str) -> tuple[str, ...]:
    address = parse_ip(text)
    if address is None:
        return ("must be a valid IP address",)
    problems = []
    if address.is_unspecified:
        problems.append(f"may not be unspecified ({text})")
    if address.is_loopback:
        problems.append("may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if address.is_link_local:
        problems.append("may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    if _is_link_local_multicast(address):
        problems.append("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")
    return tuple(problems)


def _is_link_local_multicast(address: Address) -> bool:
    packed = address.packed
    if len(packed) == 4:
        return packed[:3] == b"\xe0\x00\x00"
    return packed[0] == 0xFF and packed[1] & 0x0F == 0x02


def ip_warnings(path: str, text: str) -> list[str]:
    address = parse_ip(text)
    if address is None or str(address) == text:
        return []
    if _has_odd_spelling(text, address):
        return [
            f'{path}: non-standard IP address {go_quote(text)} will be considered invalid in a future Kubernetes release: use "{address}"'
        ]
    return [f'{path}: IPv6 address {go_quote(text)} should be in RFC 5952 canonical format ("{address}")']


def cidr_warnings(path: str, text: str) -> list[str]:
    parsed = parse_cidr(text)
    if parsed is None:
        return []
    address, network = parsed
    head, _, tail = text.partition("/")
    warnings = []
    if address != network.network_address:
        single = f"{address}/{address.max_prefixlen}"
        warnings.append(f'{path}: CIDR value {go_quote(text)} is ambiguous in this context (should be "{network}" or "{single}"?)')
    if _has_odd_spelling(head, address) or str(int(tail)) != tail:
        warnings.append(
            f'{path}: non-standard CIDR value {go_quote(text)} will be considered invalid in a future Kubernetes release: use "{network}"'
        )
    if not warnings and str(network) != text:
        warnings.append(f'{path}: IPv6 CIDR value {go_quote(text)} should be in RFC 5952 canonical format ("{network}")')
    return warnings
