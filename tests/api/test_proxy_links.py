"""Links of proxied pages: which are rewritten, and what becomes of the rest of the page."""

import gzip
import time

import pytest

from orrery.api.connect.proxy_links import rewritten_page, rewritten_url

PREFIX = "/api/v1/namespaces/default/pods/p/proxy"


def rewrite(url: str) -> str:
    return rewritten_url(url, PREFIX, target="10.244.0.5:80", host="localhost:8001")


def page_of(text: str) -> str:
    return rewritten_page(text.encode(), "", rewrite).decode()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/a/../b//c/?q=1#top", f"{PREFIX}/b/c/?q=1#top"),
        ("next", "next"),
        ("", ""),
        ("#top", "#top"),
        ("http://10.244.0.5:80/x", f"{PREFIX}/x"),
        ("http://localhost:8001/x", f"http://localhost:8001{PREFIX}/x"),
        ("http://10.244.0.5/x", "http://10.244.0.5/x"),
        ("https://elsewhere.example/x", "https://elsewhere.example/x"),
        (f"{PREFIX}/x", f"{PREFIX}/x"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_only_what_the_target_serves_leads_through_the_proxy(url: str, shown: str) -> None:
    assert rewrite(url) == shown


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ('<a href="/x">x</a>', f'<a href="{PREFIX}/x">x</a>'),
        ("<IMG SRC='/x' alt=y>", f'<img src="{PREFIX}/x" alt="y">'),
        ("<br/><input disabled>", '<br/><input disabled="">'),
        ('<link href="/x?a=1&amp;b=2"/>', f'<link href="{PREFIX}/x?a=1&amp;b=2"/>'),
        ('<a title="/x">', '<a title="/x">'),
        ('<!-- <a href="/x"> --><p>5 < 6</p>', '<!-- <a href="/x"> --><p>5 < 6</p>'),
        ("<script src=/x>if (a<b) '<a href=\"/x\">'</script>", f'<script src="{PREFIX}/x">if (a<b) \'<a href="/x">\'</script>'),
        ('<a href="/x', '<a href="/x'),
        ("<!doctype html>\r\n<p>", "<!doctype html>\r\n<p>"),
    ],
)
def test_links_of_a_page_are_rewritten_and_its_text_is_not(page: str, shown: str) -> None:
    assert page_of(page) == shown


def test_bytes_that_are_no_text_stay(page: bytes = b'<a href="/x">\xff\xfe') -> None:
    assert rewritten_page(page, "", rewrite).endswith(b">\xff\xfe")


def test_compressed_pages_are_rewritten_and_compressed_again() -> None:
    page = rewritten_page(gzip.compress(b'<a href="/x">'), "gzip", rewrite)

    assert gzip.decompress(page) == f'<a href="{PREFIX}/x">'.encode()


@pytest.mark.parametrize(("body", "encoding"), [(b"<a href=/x>", "br"), (b"no gzip", "gzip")])
def test_what_cannot_be_read_stays_as_it_is(body: bytes, encoding: str) -> None:
    assert rewritten_page(body, encoding, rewrite) == body


@pytest.mark.parametrize("piece", ["<a ", "<!-- ", "<a '", "<a b=", "<script>"])
def test_a_page_made_to_be_slow_is_not(piece: str) -> None:
    begin = time.process_time()

    page_of(piece * 300_000)

    assert time.process_time() - begin < 5
