#!/usr/bin/env python3
"""Ask a server the corpus: `record URL [TOKEN]` keeps a real one's answers, `check URL [TOKEN] [-v]` holds one against them.

Run from the project's root: python -m tests.parity.ask record https://127.0.0.1:6443 "$TOKEN"
"""

import json
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from tests.parity.answers import differences, normal
from tests.parity.corpus import steps
from tests.parity.steps import Step, encoded

ANSWERS = Path(__file__).with_name("answers.json")
WAIT_S = 15.0


def send(url: str, token: str, step: Step) -> dict[str, Any]:
    """One answer: status code, media type, warnings, body made normal."""
    if step.method == "WAIT":
        return _wait(url, token, step)
    headers = {"Accept": "application/json", "User-Agent": "parity", **step.headers}
    if step.content_type:
        headers["Content-Type"] = step.content_type
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url + step.path, data=encoded(step), method=step.method, headers=headers)
    context = ssl._create_unverified_context() if url.startswith("https") else None
    try:
        with urllib.request.urlopen(request, timeout=20, context=context) as answer:
            return _answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return _answer(error.code, error.headers, error.read())


def _answer(code: int, headers: Any, raw: bytes) -> dict[str, Any]:
    text = raw.decode(errors="replace")
    try:
        body = normal(json.loads(text))
    except ValueError:
        body = _lines(text)
    media_type = (headers.get("Content-Type") or "").partition(";")[0]
    return {"code": code, "type": media_type, "warnings": headers.get_all("Warning") or [], "body": body}


def _lines(text: str) -> Any:
    """The events of a watch, or plain text."""
    try:
        return [normal(json.loads(line)) for line in text.splitlines()] if text.startswith("{") else normal(text)
    except ValueError:
        return normal(text)


def _wait(url: str, token: str, step: Step) -> dict[str, Any]:
    """Ask again until the object is there, for what a controller makes a moment later."""
    deadline = time.monotonic() + WAIT_S
    while True:
        answer = send(url, token, step._replace(method="GET"))
        if answer["code"] == 200 or time.monotonic() > deadline:
            return answer
        time.sleep(0.05)


def record(url: str, token: str) -> None:
    """Write answers.json."""
    answers = {step.name: send(url, token, step) for step in steps()}
    lines = [f"{json.dumps(name)}: {json.dumps(answer, sort_keys=True, separators=(',', ':'))}" for name, answer in answers.items()]
    ANSWERS.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(len(answers), "recorded:", dict(Counter(answer["code"] for answer in answers.values())))


def compare(url: str, token: str = "") -> tuple[int, int, list[str]]:
    """How many answers are equal, of how many, and a line for each that is not."""
    wanted = json.loads(ANSWERS.read_text())
    equal, total, lines = 0, 0, []
    for step in steps():
        got = send(url, token, step)
        if step.name.startswith("!"):
            continue
        total += 1
        want = wanted[step.name]
        found = list(differences({**want, "body": normal(want["body"])}, got))
        equal += not found
        if found:
            lines.append(f"{step.name}: " + " | ".join(found[:4]))
    return equal, total, lines


def main() -> int:
    mode, url = sys.argv[1], sys.argv[2].rstrip("/")
    token = next((word for word in sys.argv[3:] if word != "-v"), "")
    if mode == "record":
        record(url, token)
        return 0
    equal, total, lines = compare(url, token)
    if "-v" in sys.argv:
        print("\n".join(lines))
    print(f"{equal} of {total} answers equal ({equal / total:.1%})")
    return 0 if equal >= 0.95 * total else 1


if __name__ == "__main__":
    sys.exit(main())
