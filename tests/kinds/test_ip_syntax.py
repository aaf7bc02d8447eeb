"""Addresses and networks as old and new fields take them."""

import pytest

from orrery.kinds.rules.ip_syntax import (
    cidr_warnings,
    endpoint_ip_errors,
    ip_warnings,
    legacy_cidr_errors,
    legacy_ip_errors,
    strict_cidr_errors,
    strict_ip_errors,
)


@pytest.mark.parametrize("text", ["10.0.0.1", "010.000.000.001", "fd00::1", "FD00:0:0::1", "::ffff:1.2.3.4"])
def test_an_old_field_takes_odd_spellings(text: str) -> None:
    assert legacy_ip_errors("ip", text) == []


@pytest.mark.parametrize("text", ["", "10.0.0", "10.0.0.256", "fe80::1%eth0", "a.b.c.d", "10.0.0.1/8"])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert [error.detail for error in legacy_ip_errors("ip", text)] == ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]


def test_what_the_old_object_held_may_stay() -> None:
    assert legacy_ip_errors("ip", "x", ["x"]) == []
    assert legacy_cidr_errors("cidr", "x/y", ["x/y"]) == []


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("010.0.0.1", "must not have leading 0s"),
        ("::ffff:1.2.3.4", "must not be an IPv4-mapped IPv6 address"),
        ("fd00:0::1", 'must be in canonical form ("fd00::1")'),
    ],
)
def test_a_new_field_wants_the_canonical_spelling(text: str, detail: str) -> None:
    assert [error.detail for error in strict_ip_errors("ip", text)] == [detail]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("10.0.0.1/8", "must not have bits set beyond the prefix length"),
        ("10.0.0.0/08", "must not have leading 0s in IP or prefix length"),
        ("fd00:0::/64", 'must be in canonical form ("fd00::/64")'),
    ],
)
def test_a_new_field_wants_a_network_without_host_bits(text: str, detail: str) -> None:
    assert [error.detail for error in strict_cidr_errors("cidr", text)] == [detail]


def test_traffic_cannot_be_sent_to_loopback_or_link_local() -> None:
    details = [error.detail for text in ("127.0.0.1", "169.254.0.1", "224.0.0.9", "0.0.0.0") for error in endpoint_ip_errors("ip", text)]

    assert [detail.split(" (")[0] for detail in details] == [
        "may not be in the loopback range",
        "may not be in the link-local range",
        "may not be in the link-local multicast range",
        "may not be unspecified",
    ]


def test_odd_spellings_warn() -> None:
    assert ip_warnings("ip", "10.0.0.1") == []
    assert ip_warnings("ip", "010.0.0.1") == [
        'ip: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"'
    ]
    assert cidr_warnings("cidr", "10.0.0.1/8") == [
        'cidr: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)'
    ]
