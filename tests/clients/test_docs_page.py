"""The documentation page in a real browser: chromium without a screen, driven over plain WebDriver."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.conftest import RunningServer, missing

pytestmark = pytest.mark.client

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,1400"),
)
WAIT_S = 120.0
DEPLOYMENTS = "/apis/apps/v1/namespaces/{namespace}/deployments"


class Browser:
    """One window. `script` runs JavaScript in the page; `wait` asks until the answer is neither null nor false."""

    def __init__(self, driver: httpx.Client, session: str) -> None:
        self._driver, self._session = driver, session

    def open(self, url: str) -> None:
        self._post("/url", url=url)

    def script(self, code: str, *arguments: object) -> Any:
        return self._post("/execute/sync", script=code, args=list(arguments))

    def wait(self, code: str, *arguments: object) -> Any:
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            found = self.script(code, *arguments)
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"not within {WAIT_S:g} s: {code}")

    def errors(self) -> list[str]:
        """What the page complained about in its console: refused or missing files, failed scripts."""
        return [line["message"] for line in self._post("/se/log", type="browser") if line["level"] == "SEVERE"]

    def _post(self, path: str, **body: object) -> Any:
        answer = self._driver.post(f"/session/{self._session}{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    driver, program = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or program is None:
        missing("chromium with its driver (apt-get install chromium chromium-driver)")
        return
    process, port = _started(driver)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300, trust_env=False) as client:
            options = {"binary": program, "args": [*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"]}
            wanted = {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}
            answer = client.post("/session", json={"capabilities": wanted})
            assert answer.status_code == 200, answer.text
            session = answer.json()["value"]["sessionId"]
            yield Browser(client, session)
            client.delete(f"/session/{session}")
    finally:
        process.terminate()
        process.wait(timeout=120)
        assert process.stdout is not None
        process.stdout.close()


def _started(driver: str) -> tuple["subprocess.Popen[str]", int]:
    """chromedriver, and the port that it has chosen and prints.

    It chooses one that is free for IPv6, and ends where that one is not free for IPv4: then it has to choose again.
    """
    while True:
        process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "started successfully on port" in line:
                return process, int(line.rstrip().rstrip(".").rpartition(" ")[2])
        process.stdout.close()
        process.wait(timeout=120)
        assert "port not available" in said, said


def try_out(browser: Browser, method: str, path: str) -> int:
    """Open an operation, execute it with the values it comes with, and return the status code."""
    find = (
        "const block = [...document.querySelectorAll('.opblock-' + arguments[0])].find("
        "each => each.querySelector('.opblock-summary-path')?.dataset.path === arguments[1]);"
    )
    browser.wait(find + "if (block) block.querySelector('.opblock-summary-control').click(); return !!block", method, path)
    browser.wait(find + "const b = block.querySelector('.try-out__btn'); if (b) b.click(); return !!b", method, path)
    browser.wait(find + "const b = block.querySelector('.execute'); if (b) b.click(); return !!b", method, path)
    code = "return block.querySelector('.live-responses-table tbody .response-col_status')?.textContent"
    return int(browser.wait(find + code, method, path).split()[0])  # `404 Undocumented`


def open_group(browser: Browser, tag: str) -> None:
    find = "const found = [...document.querySelectorAll('.opblock-tag')].find(each => each.dataset.tag === arguments[0]);"
    browser.wait(find + "if (found) found.click(); return !!found", tag)


def test_someone_reads_and_tries_the_api_in_a_browser(browser: Browser, server: RunningServer) -> None:
    browser.open(f"{server.url}/docs")
    browser.wait("return document.querySelector('.opblock-tag')")

    documents = browser.script("return [...document.querySelectorAll('.topbar select option')].map(each => each.textContent)")
    assert {"v1", "apps/v1", "batch/v1", "networking.k8s.io/v1"} <= set(documents)
    assert any("/orrery/v1" in name for name in documents)
    assert browser.script("return document.querySelectorAll('.opblock').length") == 0

    open_group(browser, "deployments")
    assert try_out(browser, "get", DEPLOYMENTS) == 200
    assert try_out(browser, "post", DEPLOYMENTS) == 201
    assert try_out(browser, "get", DEPLOYMENTS + "/{name}") == 200
    assert try_out(browser, "patch", DEPLOYMENTS + "/{name}") == 200
    assert try_out(browser, "delete", DEPLOYMENTS + "/{name}") == 200
    assert browser.errors() == []


def test_orrerys_own_api_is_one_of_the_documents(browser: Browser, server: RunningServer) -> None:
    browser.open(f"{server.url}/docs?urls.primaryName=Orrery%27s%20own%20API%20(/orrery/v1)")

    open_group(browser, "rollouts")

    path = "/orrery/v1/namespaces/{namespace}/deployments/{name}/revisions"
    assert try_out(browser, "get", path) in (200, 404)
    assert [error for error in browser.errors() if "404" not in error] == []
