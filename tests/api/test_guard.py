"""Who may talk to a local server, and who may not."""

import pytest

from orrery.api.failures import HostRefused
from orrery.api.guard import Guard
from orrery.verbs.call import User


class Tokens:
    def authenticate(self, token: str, *, is_inside: bool = False) -> User:
        return User(token)


@pytest.mark.parametrize("host", [b"localhost:8080", b"127.0.0.1", b"127.1.2.3:80", b"[::1]:8080", b"LOCALHOST", b"a.localhost"])
def test_loopback_names_are_always_welcome(host: bytes) -> None:
    Guard((), Tokens()).check_host({b"host": host})


@pytest.mark.parametrize("host", [b"evil.example", b"localhost.evil.example", b"127.0.0.1.evil.example", b"", b"10.0.0.1"])
def test_a_foreign_host_is_refused(host: bytes) -> None:
    with pytest.raises(HostRefused):
        Guard((), Tokens()).check_host({b"host": host})


def test_allowed_hosts_are_welcome_with_any_port() -> None:
    guard = Guard(("orrery.example", "fd00::1"), Tokens())

    guard.check_host({b"host": b"orrery.example:6443"})
    guard.check_host({b"host": b"[fd00::1]:6443"})


def test_a_server_on_every_interface_answers_to_addresses_but_not_to_names() -> None:
    guard = Guard(("0.0.0.0",), Tokens())

    guard.check_host({b"host": b"192.168.1.5:8080"})
    with pytest.raises(HostRefused):
        guard.check_host({b"host": b"rebound.example:8080"})


@pytest.mark.parametrize("origin", [b"https://evil.example", b"null", b"http://[bad", b"http://192.168.1.5"])
def test_a_foreign_page_is_refused(origin: bytes) -> None:
    with pytest.raises(HostRefused):
        Guard(("0.0.0.0",), Tokens()).check_host({b"host": b"localhost", b"origin": origin})


def test_a_page_of_our_own_is_welcome() -> None:
    Guard((), Tokens()).check_host({b"host": b"localhost:8080", b"origin": b"http://localhost:8080"})
    Guard(("0.0.0.0",), Tokens()).check_host({b"host": b"192.168.1.5:8080", b"origin": b"http://192.168.1.5:8080"})


def test_a_page_of_another_port_of_an_address_is_not_our_own() -> None:
    with pytest.raises(HostRefused):
        Guard(("0.0.0.0",), Tokens()).check_host({b"host": b"192.168.1.5:8080", b"origin": b"http://192.168.1.5:9090"})


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, ""),
        ({b"authorization": b"Bearer abc"}, "abc"),
        ({b"authorization": b"bearer  abc "}, "abc"),
        ({b"authorization": b"Basic x"}, ""),
        ({b"authorization": b"Basic b3JyZXJ5OnNlY3JldC8r"}, "secret/+"),
        ({b"authorization": b"Digest abc"}, ""),
    ],
)
def test_the_token_says_who_it_is(headers: dict[bytes, bytes], token: str) -> None:
    assert Guard((), Tokens()).user(headers).name == token
